package server

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wstest"
	"parley/server/session"
	"parley/store/mem"
	"parley/store/sqlite"
)

// transcripts are the files of testdata/transcripts by their names:
// "sub/already_subscribed".
func transcripts(t *testing.T) map[string]*wstest.Transcript {
	t.Helper()
	const root = "testdata/transcripts"
	all := make(map[string]*wstest.Transcript)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		tr, err := wstest.Parse(path)
		all[strings.TrimSuffix(filepath.ToSlash(name), ".txt")] = tr
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var write = flag.Bool("write", false, "let TestTranscripts write what comes into the files that have no frames yet")

// record drafts the frames of a transcript that has none.
func record(p *wstest.Player, name string) error {
	path := filepath.Join("testdata/transcripts", filepath.FromSlash(name)+".txt")
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "< {") {
		return err
	}
	out, err := p.Record(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(out), 0o600)
}

// TestTranscripts plays all transcripts inside the process, where time is
// simulated and silence is certain.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t, tr.Config)
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(t, cfg, mem.New())
				p := h.player(h.memory(settled))
				if *write {
					if err := record(p, name); err != nil {
						t.Error(err)
					}
				} else {
					for _, problem := range p.Play(tr) {
						t.Error(problem)
					}
				}
				p.Close()
				if err := h.end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// settled waits until nothing happens any more, frames that wait for company
// included (session.Registry.flushSoon).
func settled() {
	synctest.Wait()
	time.Sleep(session.Settle)
	synctest.Wait()
}

func playOver(d *wstest.Socket, h *harness, tr *wstest.Transcript) []string {
	p := h.player(d)
	defer p.Close()
	return p.Play(tr)
}

// quiet is how long a socket must be silent before a step counts as over. With
// the few sessions of a transcript, frames that wait for company leave within a
// quarter of it.
const quiet = 120 * time.Millisecond

// TestTranscriptsOverSocket plays them over WebSocket, on the store that is the
// default.
func TestTranscriptsOverSocket(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "parley.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	common := newHarness(t, testConfig(t, ""), st) // for all that do not want a configuration of their own
	dialer := common.socket(t, quiet)
	type result struct {
		name     string
		problems []string
	}
	results := make(chan result)
	places := make(chan struct{}, 40) // at a time: they mostly wait
	var all sync.WaitGroup
	for name, tr := range transcripts(t) {
		if tr.MemoryOnly {
			continue
		}
		h, d := common, dialer
		if tr.Config != "" {
			h = newHarness(t, testConfig(t, tr.Config), mem.New())
			d = h.socket(t, quiet)
		}
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			problems := playOver(d, h, tr)
			if len(problems) > 0 { // frames that came after the quiet time, on a busy machine?
				slow := *d
				slow.Quiet *= 6
				problems = playOver(&slow, h, tr)
			}
			results <- result{name, problems}
		})
	}
	go func() { all.Wait(); close(results) }()
	for r := range results {
		for _, problem := range r.problems {
			t.Errorf("%s: %s", r.name, problem)
		}
	}
}
