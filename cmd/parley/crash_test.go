package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// answer is what the crash test needs of messages from the server.
type answer struct {
	Ctrl *struct {
		ID, Topic, Text string
		Code            int
		Params          struct {
			Seq, Count int
			Token      string
		}
	}
	Data *struct {
		Topic, Content string
		Seq            int
	}
}

// ask sends a request and reads until it is answered.
func ask(ws *websocket.Conn, id string, request map[string]any) (*answer, []answer, error) {
	for _, body := range request {
		body.(map[string]any)["id"] = id
	}
	if err := ws.WriteJSON(request); err != nil {
		return nil, nil, err
	}
	var before []answer
	for {
		var a answer
		if err := ws.ReadJSON(&a); err != nil {
			return nil, before, err
		}
		if a.Ctrl != nil && a.Ctrl.ID == id {
			if a.Ctrl.Code >= 400 {
				return nil, before, fmt.Errorf("%v: %d %s", request, a.Ctrl.Code, a.Ctrl.Text)
			}
			return &a, before, nil
		}
		before = append(before, a)
	}
}

type m = map[string]any

// writer is one of several clients that publish into a group of their own until
// the server dies.
type writer struct {
	login, token, topic string
	next                int             // number of the message to be sent
	acked               map[int]string  // seq → content of what the server acknowledged
	tick                chan<- struct{} // told of acknowledgements, if anybody listens
}

func (w *writer) enter(ctx context.Context, url string) (*websocket.Conn, error) {
	ws, err := dial(ctx, url)
	if err != nil {
		return nil, err
	}
	_ = ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, _, err = ask(ws, "hi", m{"hi": m{"ver": "0.25"}}); err == nil && w.token == "" {
		secret := base64.StdEncoding.EncodeToString([]byte(w.login + ":password"))
		var a *answer
		if a, _, err = ask(ws, "acc", m{"acc": m{"user": "new", "scheme": "basic", "secret": secret, "login": true}}); err == nil {
			w.token = a.Ctrl.Params.Token
		}
	} else if err == nil {
		_, _, err = ask(ws, "login", m{"login": m{"scheme": "token", "secret": w.token}})
	}
	if err == nil {
		name := w.topic
		if name == "" {
			name = "new1"
		}
		var a *answer
		if a, _, err = ask(ws, "sub", m{"sub": m{"topic": name}}); err == nil {
			w.topic = a.Ctrl.Topic
		}
	}
	if err != nil {
		ws.Close()
		return nil, err
	}
	return ws, nil
}

// write keeps eight messages in flight until the connection breaks.
func (w *writer) write(ws *websocket.Conn) error {
	send := func() error {
		w.next++
		text := fmt.Sprintf("%s-%d", w.login, w.next)
		return ws.WriteJSON(m{"pub": m{"id": strconv.Itoa(w.next), "topic": w.topic, "noecho": true, "content": text}})
	}
	for range 8 {
		if err := send(); err != nil {
			return nil // it may have been killed already
		}
	}
	for {
		var a answer
		if err := ws.ReadJSON(&a); err != nil {
			return nil
		}
		if a.Ctrl == nil {
			continue
		}
		if a.Ctrl.Code != 202 {
			return fmt.Errorf("%s: %d %s", w.login, a.Ctrl.Code, a.Ctrl.Text)
		}
		content := w.login + "-" + a.Ctrl.ID
		if old, ok := w.acked[a.Ctrl.Params.Seq]; ok {
			return fmt.Errorf("%s: seq %d acknowledged for %s and for %s", w.topic, a.Ctrl.Params.Seq, old, content)
		}
		w.acked[a.Ctrl.Params.Seq] = content
		select {
		case w.tick <- struct{}{}:
		default:
		}
		if err := send(); err != nil {
			return nil
		}
	}
}

// check reads the whole topic: every acknowledged message is there once, with its
// seq, and the seqs have no gaps.
func (w *writer) check(ws *websocket.Conn) error {
	got := make(map[int]string)
	contents := make(map[string]int)
	for before := 0; ; {
		a, data, err := ask(ws, "get", m{"get": m{"topic": w.topic, "what": "data", "data": m{"before": before, "limit": 100}}})
		if err != nil {
			return err
		}
		if a.Ctrl.Code == 204 {
			break
		}
		for _, d := range data {
			if d.Data == nil {
				continue
			}
			got[d.Data.Seq] = d.Data.Content
			contents[d.Data.Content]++
			before = d.Data.Seq
		}
		if before <= 1 {
			break
		}
	}
	var errs []error
	seqs := slices.Sorted(maps.Keys(got))
	for i, seq := range seqs {
		if seq != i+1 {
			errs = append(errs, fmt.Errorf("%s: a gap before %d", w.topic, seq))
			break
		}
	}
	for seq, content := range w.acked {
		if got[seq] != content {
			errs = append(errs, fmt.Errorf("%s: seq %d is %q, %q was acknowledged", w.topic, seq, got[seq], content))
		}
	}
	for content, n := range contents {
		if n > 1 || !strings.HasPrefix(content, w.login+"-") {
			errs = append(errs, fmt.Errorf("%s: %q is there %d times", w.topic, content, n))
		}
	}
	return errors.Join(errs...)
}

// TestCrash kills the server with SIGKILL while several clients publish, again
// and again: it starts by itself, and what it acknowledged is there.
func TestCrash(t *testing.T) {
	t.Parallel()
	kills := 12
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	ticks := make(chan struct{})
	writers := make([]*writer, 4)
	for i := range writers {
		writers[i] = &writer{login: fmt.Sprintf("writer%d", i), acked: make(map[int]string), tick: ticks}
	}
	each := func(url string, do func(w *writer, ws *websocket.Conn) error) *sync.WaitGroup {
		all := new(sync.WaitGroup)
		for _, w := range writers {
			ws, err := w.enter(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				defer ws.Close()
				if err := do(w, ws); err != nil {
					t.Error(err)
				}
			})
		}
		return all
	}
	for range kills {
		p := start(t, dir)
		busy := each(p.url, (*writer).write)
		for range 1 + rand.IntN(100) { // in mid-flight
			select {
			case <-ticks:
			case <-time.After(30 * time.Second):
				t.Fatal("nothing is acknowledged")
			}
		}
		p.kill()
		busy.Wait()
	}
	p := start(t, dir)
	each(p.url, (*writer).check).Wait()
	total := 0
	for _, w := range writers {
		total += len(w.acked)
	}
	t.Logf("%d messages were acknowledged in %d lives", total, kills)
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
}
