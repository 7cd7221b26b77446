// Package faults lets a fake service misbehave as real ones do: late, wrong,
// not at all. It knows no service.
package faults

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// Mode is a way to misbehave.
type Mode int

// The modes. A fake that "does" a request has changed its state when it answers.
const (
	None     Mode = iota
	Refuse        // 500 without doing anything
	Gateway       // 504 without doing anything
	Reset         // the connection breaks, nothing is done
	Lost          // it is done, and the connection breaks before the answer
	Truncate      // it is done, and the answer is cut off
	Gzip          // it is done, and the answer is compressed
	Hang          // nothing happens until Release, or the client goes
	Redirect      // sends the client to another host
)

// Faults decide about requests. The zero value lets all pass.
type Faults struct {
	mu      sync.Mutex
	next    []Mode
	always  Mode
	choose  func(path string, n int) Mode
	n       int
	delay   time.Duration
	release chan struct{}
}

// Next is for the coming requests, one each.
func (f *Faults) Next(modes ...Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, modes...)
}

// Always is for all requests from now on that Next says nothing about.
func (f *Faults) Always(m Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = m
}

// Choose decides about each request: its path, and how many there were before.
func (f *Faults) Choose(choose func(path string, n int) Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.choose = choose
}

// Delay makes every answer late.
func (f *Faults) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// Release ends what hangs.
func (f *Faults) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.release != nil {
		close(f.release)
		f.release = nil
	}
}

func (f *Faults) take(path string) (Mode, time.Duration, chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.always
	if f.choose != nil {
		m = f.choose(path, f.n)
	}
	f.n++
	if len(f.next) > 0 {
		m, f.next = f.next[0], f.next[1:]
	}
	if m == Hang && f.release == nil {
		f.release = make(chan struct{})
	}
	return m, f.delay, f.release
}

// Serve answers a request with h, or misbehaves. refused is the body of Refuse
// and Gateway.
func (f *Faults) Serve(w http.ResponseWriter, r *http.Request, refused string, h http.HandlerFunc) {
	// Only when the body has been read does the server notice that a client goes.
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	m, delay, release := f.take(r.URL.Path)
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	switch m {
	case Refuse, Gateway:
		status := map[Mode]int{Refuse: http.StatusInternalServerError, Gateway: http.StatusGatewayTimeout}[m]
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(refused))
		return
	case Reset:
		panic(http.ErrAbortHandler)
	case Hang:
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return
	case Redirect:
		http.Redirect(w, r, "https://elsewhere.invalid"+r.URL.Path, http.StatusTemporaryRedirect)
		return
	case None:
		h(w, r)
		return
	}
	rec := httptest.NewRecorder()
	h(rec, r)
	body = rec.Body.Bytes()
	switch m {
	case Lost:
		panic(http.ErrAbortHandler)
	case Truncate:
		body = body[:len(body)/2]
	case Gzip:
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		body = b.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}
