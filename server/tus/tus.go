// Package tus takes files in pieces, over the tus protocol 1.0 (tus.io): what
// came in survives lost connections and the end of the process, and the client
// continues where it was. Pieces wait in a folder of this machine, wherever files
// are kept in the end. The package knows neither how users prove who they are nor
// what becomes of a whole file.
package tus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/chat"
	"parley/internal/disk"
	"parley/media"
	"parley/wsproto"
)

// File is one that has come in whole.
type File struct {
	Owner chat.UID
	Body  io.Reader
	Type  string // media type as its sender says; empty: he does not say
	Name  string // as its sender says; empty: he does not say
	Size  int64
}

// Later is a refusal that is not the file's fault: its pieces are kept.
type Later struct{ Err error }

func (l Later) Error() string { return l.Err.Error() }

// Unwrap is the refusal.
func (l Later) Unwrap() error { return l.Err }

// Result is what became of it.
type Result struct {
	URL    string          `json:"url"`    // where it can be fetched
	Params json.RawMessage `json:"params"` // of the {ctrl} that an upload in one piece would be answered with
}

// Deps is what a Service is made of.
type Deps struct {
	Folder string // of the pieces; made when missing
	Files  string // folder that whole files are copied to; empty: not of this machine
	// Finish does with a whole file what is done with any upload. A *wsproto.Error
	// with a code below 500, or 507, refuses it for good, as media.ErrFull does;
	// after another error, and after a Later, it is tried again when the client asks.
	// ctx has the values of the request's, and does not end with it.
	Finish func(context.Context, File) (Result, error)
	Config Config
	Log    *slog.Logger
	Now    func() time.Time
}

// Config are the rules.
type Config struct {
	Path         string        // of the URLs, ending in /
	MaxFile      int64         // bytes of one file; 0: any number
	MaxPerUser   int           // unfinished uploads of one user
	BytesPerUser int64         // that they may have together, by what they are to become
	Bytes        int64         // the same of all users together
	KeepFor      time.Duration // after the last piece
}

const (
	resultFor  = time.Hour        // what became of a file is remembered after its end
	maxResults = 10_000           // but not of more than these
	lockWait   = 20 * time.Second // for an earlier request to end
	sweepEvery = time.Minute
	// reserves are kept free by pieces, where files that come whole keep one: they
	// still have room when pieces have none.
	reserves = 2
)

// Service is all uploads in pieces. Its methods may be called from any goroutine.
type Service struct {
	Deps
	folder   *os.Root
	paceTime time.Duration
	space    disk.Look
	copies   int64 // of a whole file that are on this disk, with its pieces, in the end

	mu    sync.Mutex // guards the following, and what upload says it guards
	all   map[string]*upload
	users map[chat.UID]usage // of those who have unfinished uploads
	total usage
}

// usage is what unfinished uploads take.
type usage struct {
	count int
	bytes int64 // that they are to become
	came  int64 // of these
}

// upload is a file that comes in.
type upload struct {
	// Fixed when it is made.
	id string
	record

	// Owned by who holds it.
	offset int64 // bytes that are there

	// Guarded by Service.mu.
	touched time.Time // when the last piece came, or it was finished
	came    int64     // offset, for the books
	result  *Result   // nil: it is not finished
	held    *hold     // nil: nobody works on it
	gone    bool
}

// hold is a request that works on an upload.
type hold struct {
	interrupt func()        // makes it end soon, if it waits for its client
	done      chan struct{} // closed when it has ended
}

// New finds what there is in the folder. Run keeps it tidy; Close ends it.
func New(d Deps) (*Service, error) {
	s := &Service{
		Deps: d, paceTime: paceTime, space: disk.Folder(d.Folder), copies: 1,
		all: make(map[string]*upload), users: make(map[chat.UID]usage),
	}
	if err := os.MkdirAll(d.Folder, 0o700); err != nil {
		return nil, err
	}
	var err error
	if s.folder, err = os.OpenRoot(d.Folder); err != nil {
		return nil, err
	}
	if d.Files != "" && disk.Same(d.Folder, d.Files) {
		s.copies = 2
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

// Run removes what nobody continues until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		s.Sweep()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep removes what has expired and returns how many uploads.
func (s *Service) Sweep() int {
	var old []*upload
	now := s.Now()
	s.mu.Lock()
	for _, u := range s.all {
		if u.held == nil && !now.Before(s.expires(u)) {
			s.forget(u)
			old = append(old, u)
		}
	}
	old = append(old, s.oldest(len(s.all)-s.total.count-maxResults)...)
	s.mu.Unlock()
	for _, u := range old {
		s.remove(u.id)
	}
	if len(old) > 0 {
		s.Log.Info("expired uploads removed", "count", len(old))
	}
	return len(old)
}

// oldest forgets so many finished uploads. Called with mu held.
func (s *Service) oldest(n int) (old []*upload) {
	if n <= 0 {
		return nil
	}
	for _, u := range s.all {
		if u.result != nil && u.held == nil {
			old = append(old, u)
		}
	}
	slices.SortFunc(old, func(a, b *upload) int { return a.touched.Compare(b.touched) })
	old = old[:min(n, len(old))]
	for _, u := range old {
		s.forget(u)
	}
	return old
}

// Close interrupts requests that wait for their clients. What they brought is
// kept.
func (s *Service) Close() {
	s.mu.Lock()
	var all []*hold
	for _, u := range s.all {
		if u.held != nil {
			all = append(all, u.held)
		}
	}
	s.mu.Unlock()
	for _, h := range all {
		h.interrupt()
	}
}

// expires is when an upload is given up. Called with mu held.
func (s *Service) expires(u *upload) time.Time {
	if u.result != nil {
		return u.touched.Add(min(resultFor, s.Config.KeepFor))
	}
	return u.touched.Add(s.Config.KeepFor)
}

// forget takes an upload out of the books. Called with mu held.
func (s *Service) forget(u *upload) {
	if u.gone {
		return
	}
	u.gone = true
	delete(s.all, u.id)
	if u.result == nil {
		s.count(u, -1)
	}
}

// count adds an unfinished upload to the books, or takes it out. Called with mu
// held.
func (s *Service) count(u *upload, sign int) {
	add := func(v usage) usage {
		return usage{v.count + sign, v.bytes + int64(sign)*u.Size, v.came + int64(sign)*u.came}
	}
	s.total = add(s.total)
	if v := add(s.users[u.Owner]); v.count > 0 {
		s.users[u.Owner] = v
	} else {
		delete(s.users, u.Owner)
	}
}

// came notes that bytes of an upload came. The caller holds it.
func (s *Service) came(u *upload, n int64) {
	u.offset += n
	s.mu.Lock()
	defer s.mu.Unlock()
	u.touched = s.Now()
	if u.gone {
		return
	}
	s.count(u, -1)
	u.came = u.offset
	s.count(u, 1)
}

// need is the room that unfinished uploads will still take, with the files that
// they become. Called with mu held.
func (s *Service) need() int64 { return s.copies*s.total.bytes - s.total.came }

// create begins an upload. The error is a refusal, or media.ErrFull.
func (s *Service) create(r record) (*upload, error) {
	c := &s.Config
	u := &upload{id: strings.ToLower(rand.Text()), record: r, touched: s.Now()}
	space, known := s.space()
	s.mu.Lock()
	mine, total := s.users[r.Owner], s.total
	var refusal error
	switch {
	case c.MaxFile > 0 && r.Size > c.MaxFile:
		refusal = errTooLarge.With("what", "size").With("limit", c.MaxFile)
	case mine.count >= c.MaxPerUser:
		refusal = wsproto.ErrPolicy.With("what", "too many unfinished uploads: continue or delete some")
	case r.Size > c.BytesPerUser-mine.bytes:
		refusal = wsproto.ErrPolicy.With("what", "your unfinished uploads would be too large together: continue or delete some")
	case r.Size > c.Bytes-total.bytes:
		refusal = errFull
	case known && s.need()+s.copies*r.Size > space.Free-reserves*space.Reserve():
		refusal = fmt.Errorf("begin one of %d bytes: %w", r.Size, media.ErrFull)
	}
	if refusal == nil {
		s.all[u.id] = u
		s.count(u, 1)
	}
	s.mu.Unlock()
	if refusal != nil {
		return nil, refusal
	}
	if err := s.writeRecord(u); err != nil {
		s.drop(u)
		return nil, err
	}
	return u, nil
}

// find is an upload of a user; nil if there is none.
func (s *Service) find(owner chat.UID, id string) *upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.all[id]
	if u == nil || u.Owner != owner || !s.Now().Before(s.expires(u)) {
		return nil // others' are not told from none
	}
	return u
}

// take gives an upload to a request alone. An earlier one that waits for its
// client is interrupted: that client has most likely gone, and come back by
// another connection. The error is a refusal.
func (s *Service) take(ctx context.Context, u *upload, interrupt func()) (release func(), err error) {
	timer := time.NewTimer(lockWait)
	defer timer.Stop()
	for {
		s.mu.Lock()
		if u.gone {
			s.mu.Unlock()
			return nil, wsproto.ErrNotFound
		}
		earlier := u.held
		if earlier == nil {
			h := &hold{interrupt, make(chan struct{})}
			u.held = h
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				u.held = nil
				s.mu.Unlock()
				close(h.done)
			}, nil
		}
		s.mu.Unlock()
		earlier.interrupt()
		select {
		case <-earlier.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, errLocked
		}
	}
}

// drop removes an upload that the caller holds, or that nobody knows yet.
func (s *Service) drop(u *upload) {
	s.mu.Lock()
	s.forget(u)
	s.mu.Unlock()
	s.remove(u.id)
}

// finish hands a whole file on, once; the caller holds u. After a refusal, and
// where there is no room for it, nothing is left of it.
func (s *Service) finish(ctx context.Context, u *upload) (*Result, error) {
	if u.result != nil {
		return u.result, nil
	}
	f, err := s.folder.Open(dataName(u.id))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// It goes on when the client goes: the end is remembered for it.
	result, err := s.Finish(context.WithoutCancel(ctx), File{Owner: u.Owner, Body: f, Type: u.Type, Name: u.Name, Size: u.Size})
	if err != nil {
		if isRefusal(err) || isFull(err) {
			s.drop(u)
		}
		return nil, err
	}
	s.mu.Lock()
	if !u.gone {
		s.count(u, -1)
	}
	u.result, u.touched = &result, s.Now()
	s.mu.Unlock()
	if err := s.writeRecord(u); err != nil { // then a restart hands it on once more, and the first one is collected
		s.Log.Error("the end of an upload was not written down", "err", err)
	} else if err := s.folder.Remove(dataName(u.id)); err != nil {
		s.Log.Error("the pieces of an upload were not removed", "err", err)
	}
	return &result, nil
}
