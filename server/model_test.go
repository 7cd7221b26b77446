package server

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/config"
)

var (
	modelSeed = flag.Uint64("seed", 0, "TestModel: play this sequence only")
	modelTime = flag.Duration("model", envDuration("PARLEY_MODEL", 4*time.Second), "TestModel: how long to try sequences")
)

func envDuration(name string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(name)); err == nil {
		return d
	}
	return otherwise
}

// scriptLength is how many operations a sequence has.
const scriptLength = 120

// TestModel plays random sequences of operations against the server and the
// model, then restarts the server and compares what has survived. What fails is
// shrunk and printed with its seed; -seed plays it again.
func TestModel(t *testing.T) {
	t.Parallel()
	if *modelSeed != 0 {
		playSeed(t, *modelSeed)
		return
	}
	end := time.Now().Add(*modelTime)
	n := 0
	for seed := rand.Uint64(); time.Now().Before(end) && !t.Failed(); seed++ {
		playSeed(t, seed)
		n++
	}
	t.Logf("%d sequences of %d operations", n, scriptLength)
}

// shapeFor draws the circumstances of a sequence.
func shapeFor(seed uint64) modelShape {
	r := rand.New(rand.NewPCG(seed, 2))
	shape := modelShape{users: 3 + r.IntN(3), limit: 8, anon: -1}
	if r.IntN(4) == 0 {
		shape.limit = 3
	}
	if r.IntN(4) == 0 {
		shape.anon = shape.users - 1
	}
	if r.IntN(3) == 0 {
		shape.deleteAge = 10 * time.Second
	}
	return shape
}

func playSeed(t *testing.T, seed uint64) {
	t.Helper()
	shape := shapeFor(seed)
	cfg := testConfig(t, fmt.Sprintf(`{"max_subscriber_count": %d, "msg_delete_age": %d}`,
		shape.limit, int(shape.deleteAge.Seconds())))
	ops := script(seed, shape, scriptLength)
	problem := playScript(t, cfg, shape, ops)
	if problem == "" {
		return
	}
	ops, problem = shrink(ops, problem, func(ops []op) string { return playScript(t, cfg, shape, ops) })
	lines := make([]string, len(ops))
	for i, o := range ops {
		lines[i] = o.String()
	}
	t.Errorf("seed %d (%+v)\n%s\n%s", seed, shape, strings.Join(lines, "\n"), problem)
}

// playScript plays a sequence, and what follows it; it returns the first
// difference.
func playScript(t *testing.T, cfg *config.Config, shape modelShape, ops []op) (problem string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, err := newRig(t, cfg, shape)
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(shape)
		if r.play(m, ops) && r.play(m, lookAround(m)) {
			if err := r.restart(t, m); err != nil {
				r.problem = err.Error()
			} else if !r.play(m, lookAround(m)) {
				r.problem = "after a restart: " + r.problem
			}
		}
		problem = r.problem
		if err := r.h.end(); err != nil && problem == "" {
			problem = err.Error()
		}
	})
	return problem
}

// restart stops the server and starts another on the same store.
func (r *rig) restart(t *testing.T, m *model) error {
	for s, c := range r.clients {
		if c != nil {
			m.down(s)
			r.clients[s] = nil
		}
	}
	if err := r.h.end(); err != nil {
		return err
	}
	for _, x := range m.all() {
		x.used = false
	}
	r.again(t)
	return nil
}

// lookAround looks at everything from everywhere: by sessions attached, and by
// others.
func lookAround(m *model) []op {
	var ops []op
	add := func(o op) { ops = append(ops, o.build(1000+len(ops))) }
	for s := range m.up {
		if s%devices == 0 && !m.up[s] {
			add(op{do: "up", session: s})
		}
	}
	const all = "desc sub data del"
	for u := range m.shape.users {
		s := u * devices
		add(op{do: "sub", session: s, topic: "me"})
		add(op{do: "get", session: s, topic: "me", what: "sub"})
		for _, t := range m.all() {
			if t.isPair() && t.pair[0] != u && t.pair[1] != u {
				continue
			}
			for x := range devices {
				if t.attached[s+x] {
					add(op{do: "get", session: s + x, topic: t.nameFor(u), what: all})
				}
			}
			if !t.attached[s] {
				add(op{do: "get", session: s, topic: t.nameFor(u), what: "sub"})
				add(op{do: "sub", session: s, topic: t.nameFor(u), what: all})
				add(op{do: "leave", session: s, topic: t.nameFor(u)})
			}
		}
	}
	return ops
}

// shrink takes operations out of a sequence as long as it still fails.
func shrink(ops []op, problem string, play func([]op) string) ([]op, string) {
	for size := len(ops) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(ops); {
			fewer := slices.Delete(slices.Clone(ops), i, i+size)
			if p := play(fewer); p != "" {
				ops, problem = fewer, p
			} else {
				i += size
			}
		}
	}
	return ops, problem
}
