//go:build linux

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes of Main.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

var (
	errUsage  = errors.New("wrong arguments") // has been explained on stderr
	errShown  = errors.New("not everything could be measured")
	errMissed = errors.New("a target was missed")
)

// Main runs `parley bench` with the arguments behind that word. Results go to stdout, progress and
// errors to stderr. It returns the exit code: 0; 1 if something could not be run, or a target was
// missed and -strict given; 2 for wrong arguments; 130 after an interrupt.
//
// It starts children from os.Executable: the bare hub by the arguments "bench hub", and, for the
// whole table, the server by "--data DIR --listen ADDRESS --config FILE".
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(stderr, "parley bench:", err)
		return exitFailed
	}
	b := &bench{self: self, stdout: stdout, stderr: stderr}
	err = b.main(ctx, args)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "parley bench: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "parley bench:", err)
	return exitFailed
}

// bench is one call of Main.
type bench struct {
	self           string // the program which children are started from
	stdout, stderr io.Writer
}

func (b *bench) main(ctx context.Context, args []string) error {
	var o options
	fs := flag.NewFlagSet("parley bench", flag.ContinueOnError)
	o.define(fs)
	if err := b.parse(fs, args, func() { printUsage(b.stdout) }); err != nil {
		return err
	}
	name, rest := fs.Arg(0), fs.Args()
	if len(rest) > 0 {
		rest = rest[1:]
	}
	switch name {
	case "":
		return b.runTable(ctx, &o)
	case "hub":
		hs := flag.NewFlagSet("parley bench hub", flag.ContinueOnError)
		listen := hs.String("listen", "127.0.0.1:0", "address to listen on")
		if err := b.parse(hs, rest, hs.PrintDefaults); err != nil {
			return err
		}
		return serveHub(ctx, *listen, b.stdout)
	case "table":
		return b.markdown(rest)
	}
	s, ok := findScenario(name)
	if !ok {
		fmt.Fprintf(b.stderr, "parley bench: no scenario %q; `parley bench -h` lists them\n", name)
		return errUsage
	}
	return b.runScenario(ctx, s, &o, rest)
}

// parse reads flags; help writes to stdout when it is asked for.
func (b *bench) parse(fs *flag.FlagSet, args []string, help func()) error {
	fs.Usage = func() {}
	fs.SetOutput(b.stderr)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(b.stdout)
		help()
		return err
	case err != nil:
		fmt.Fprintf(b.stderr, "`%s -h` lists the flags\n", fs.Name())
		return errUsage
	}
	return nil
}
