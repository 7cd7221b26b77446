package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	convertTime  = 10 * time.Second
	convertWait  = time.Second // for the program to end after it was told to
	maxConvert   = 8 << 20     // bytes that come out
	maxComplain  = 512         // bytes of what it says about errors
	convertSlots = 2           // programs running
)

// converter makes sound that browsers play of sound that they do not: by a
// program of the operator's, from its standard input to its standard output.
type converter struct {
	command []string
	kind    string // media type of what comes out
	slots   chan struct{}
}

// newConverter is nil without a program.
func newConverter(command []string, kind string) *converter {
	if len(command) == 0 {
		return nil
	}
	return &converter{command: command, kind: kind, slots: make(chan struct{}, convertSlots)}
}

// capped keeps the first bytes, and fails or forgets the rest. The buffer is not
// embedded: io.Copy would fill it past Write.
type capped struct {
	kept  bytes.Buffer
	limit int
	fail  bool
}

var errConvertLong = errors.New("too much came out")

func (c *capped) Write(p []byte) (int, error) {
	room := c.limit - c.kept.Len()
	if len(p) <= room {
		return c.kept.Write(p)
	}
	if c.fail {
		return 0, errConvertLong
	}
	c.kept.Write(p[:max(room, 0)])
	return len(p), nil
}

func (c *converter) run(ctx context.Context, in []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, convertTime)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, errors.New("too many are being converted")
	}
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	out, complain := capped{limit: maxConvert, fail: true}, capped{limit: maxComplain}
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(in), &out, &complain, convertWait
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %.200q", c.command[0], err, strings.TrimSpace(complain.kept.String()))
	}
	if out.kept.Len() == 0 {
		return nil, fmt.Errorf("%s: nothing came out", c.command[0])
	}
	return out.kept.Bytes(), nil
}
