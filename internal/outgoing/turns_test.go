package outgoing

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// desk notes what is sent through turns, and when.
type desk struct {
	*Turns
	begun time.Time

	mu   sync.Mutex
	sent []string // "<who>@<minutes>"
}

func newDesk() *desk {
	return &desk{Turns: NewTurns(NewPace(1, 15*time.Minute, time.Now), time.Now), begun: time.Now()}
}

func (d *desk) note(who string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = append(d.sent, fmt.Sprintf("%s@%.0f", who, time.Since(d.begun).Minutes()))
}

func (d *desk) ask(who, network string) {
	_ = d.Send("a@b.c", who, network, func() error { d.note(who); return nil }, func() bool { d.note(who); return true })
}

func (d *desk) sentIs(t *testing.T, want string) {
	t.Helper()
	if got := fmt.Sprint(d.list()); got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// list is what was sent.
func (d *desk) list() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sent)
}

// size is how many lines there are, and how many wait in them.
func (d *desk) size() (lines, waiting int) {
	synctest.Wait()
	d.Turns.mu.Lock()
	defer d.Turns.mu.Unlock()
	n := 0
	for _, l := range d.lines {
		n += len(l.waiting)
	}
	if n != d.waiting {
		return len(d.lines), -1
	}
	return len(d.lines), n
}

// TestTurns: whoever asks, one address gets what its pace allows; what waits goes
// in its order.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		for i := range 4 {
			d.ask(fmt.Sprint(i), "x")
		}
		d.ask("2", "x") // again: has its place
		d.sentIs(t, "[0@0]")
		time.Sleep(time.Hour)
		d.sentIs(t, "[0@0 1@1 2@3 3@7]")
		if lines, waiting := d.size(); lines != 0 || waiting != 0 {
			t.Errorf("%d lines, %d wait", lines, waiting)
		}
		time.Sleep(time.Hour) // all is forgotten
		d.ask("4", "x")
		d.sentIs(t, "[0@0 1@1 2@3 3@7 4@120]")
	})
}

// TestTurnsAreFair: a flood for an address from one network fills the line, and
// whoever asks from another is the next all the same.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		for i := range 100 {
			d.ask(fmt.Sprint("evil", i), "x")
		}
		time.Sleep(90 * time.Second)
		d.ask("owner", "y")
		for i := range 100 {
			d.ask(fmt.Sprint("more", i), "x")
		}
		if lines, waiting := d.size(); lines != 1 || waiting != maxLine {
			t.Errorf("%d wait in %d lines", waiting, lines)
		}
		time.Sleep(2 * time.Minute)
		if sent := d.list(); len(sent) != 3 || sent[2] != "owner@3" {
			t.Errorf("%v", sent)
		}
		time.Sleep(3 * time.Hour) // what is left does not come for ever
		if lines, waiting := d.size(); len(d.list()) > 9 || lines != 0 || waiting != 0 {
			t.Errorf("%v; %d lines, %d wait", d.list(), lines, waiting)
		}
	})
}

// TestTurnsNotUsed go to the next one; errors are those of what is sent at once;
// after Close nothing comes.
func TestTurnsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		away := errors.New("away")
		if err := d.Send("k", "1", "x", func() error { return away }, nil); !errors.Is(err, away) {
			t.Error(err)
		}
		d.ask("0", "x")
		_ = d.Send("a@b.c", "1", "x", nil, func() bool { return false })
		d.ask("2", "x")
		time.Sleep(time.Minute)
		d.sentIs(t, "[0@0 2@1]")
		d.ask("3", "x")
		d.Close()
		d.ask("4", "x")
		time.Sleep(time.Hour)
		d.sentIs(t, "[0@0 2@1]")

		d = newDesk()
		nothing := func() bool { return false }
		for i := range maxTurns + 100 {
			_ = d.Send(fmt.Sprint(i), "1", "x", func() error { return nil }, nothing)
			_ = d.Send(fmt.Sprint(i), "2", "x", func() error { return nil }, nothing)
		}
		if lines, waiting := d.size(); lines != maxTurns || waiting != maxTurns {
			t.Errorf("%d wait in %d lines", waiting, lines)
		}
		d.Close()
	})
}
