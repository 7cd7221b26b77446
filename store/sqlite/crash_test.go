package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"parley/internal/chat"
)

const (
	crashEnv     = "PARLEY_TEST_CRASH"
	crashTopics  = 6
	crashRounds  = 12
	crashMaxAcks = 120 // acknowledgements seen before the process is killed
)

func crashTopic(i int) string { return chat.P2PName(chat.UID(i+1), 1000) }

// crashChild appends to several topics until it is killed, and prints what was
// acknowledged.
func crashChild(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	s.checkpoints.every = 50 // so that many are under way at the end
	var wg sync.WaitGroup
	for i := range crashTopics {
		wg.Go(func() {
			name := crashTopic(i)
			t, err := s.Topic(ctx, name)
			for n := 1; err == nil; n = n%5 + 1 {
				s.SetMarks(name, 1000, t.Seq, t.Seq)
				if err = s.Append(ctx, benchMessages(name, t.Seq+1, n)...); err == nil {
					t.Seq += n
					fmt.Println(i, t.Seq)
				}
			}
			fmt.Println("error", err)
		})
	}
	wg.Wait()
}

// TestCrash kills a process at random moments. What it acknowledged is there
// afterwards, once and without gaps.
func TestCrash(t *testing.T) {
	t.Parallel()
	path := testPath(t)
	s := openTest(t, path)
	for i := range crashTopics {
		benchP2P(t, s, chat.UID(i+1), 1000)
	}
	mustClose(t, s)
	total := 0
	for range crashRounds {
		acked := runCrashChild(t, path, 1+rand.IntN(crashMaxAcks))
		s := openTest(t, path)
		total = 0
		for i := range crashTopics {
			total += checkLog(t, s, crashTopic(i), acked[i])
		}
		mustClose(t, s)
	}
	t.Logf("%d messages survived %d crashes", total, crashRounds)
}

// runCrashChild kills a child when it has acknowledged so often, and returns
// the highest seq acknowledged per topic.
func runCrashChild(t *testing.T, path string, acks int) (acked [crashTopics]int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a half line is no acknowledgement
		}
		var topic, seq int
		if _, err := fmt.Sscan(strings.TrimSpace(line), &topic, &seq); err != nil {
			t.Fatalf("child: got %q, want a topic and a seq", line)
		}
		acked[topic] = max(acked[topic], seq)
		if n == acks {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed, as it should be
	return acked
}
