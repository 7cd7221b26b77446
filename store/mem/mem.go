// Package mem keeps a store in plain maps, for tests and for trying things
// out: nothing survives the process. It is also the shortest description of
// what a store does. It knows no files and no clock.
package mem

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"parley/internal/chat"
	"parley/store"
)

// Store is a store.Store in memory. Every method may be called from any
// goroutine. What goes in and out is copied.
type Store struct {
	mu        sync.Mutex // guards the following
	closed    bool
	users     map[chat.UID]*store.User
	purged    map[chat.UID]bool // their IDs are never free again
	logins    []store.Login
	creds     []credential
	devices   map[string]store.Device
	tokens    map[string]store.Token
	topics    map[string]*topic
	subs      map[subKey]*store.Sub
	published map[onceKey]published
	files     map[chat.FileID]*file

	codes       map[string]*store.Code
	invites     map[string]*store.Invite
	revocations map[revocationKey]store.Revocation
	audit       []store.AuditEntry // by ID
}

var _ store.Store = (*Store)(nil)

// New makes an empty store.
func New() *Store {
	return &Store{
		users:     map[chat.UID]*store.User{},
		purged:    map[chat.UID]bool{},
		devices:   map[string]store.Device{},
		tokens:    map[string]store.Token{},
		topics:    map[string]*topic{},
		subs:      map[subKey]*store.Sub{},
		published: map[onceKey]published{},
		files:     map[chat.FileID]*file{},

		codes:       map[string]*store.Code{},
		invites:     map[string]*store.Invite{},
		revocations: map[revocationKey]store.Revocation{},
	}
}

// lock enters the store, unless it is closed or ctx has ended.
func (s *Store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	if err := s.lock(context.Background()); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Backup implements store.Store: it writes a JSON text that a person can read
// and nothing reads back.
func (s *Store) Backup(ctx context.Context, path string, progress func(done, total int)) (err error) {
	b, err := s.dump(ctx)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("backup: %w", err), os.Remove(path))
	}
	if progress != nil {
		progress(1, 1)
	}
	return nil
}

func (s *Store) dump(ctx context.Context) ([]byte, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var subs []*store.Sub
	for _, sub := range s.subs {
		subs = append(subs, sub)
	}
	slices.SortFunc(subs, func(a, b *store.Sub) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.User, b.User))
	})
	return json.MarshalIndent(map[string]any{
		"users": s.users, "logins": s.logins, "credentials": s.creds,
		"devices": s.devices, "topics": s.topics, "subs": subs,
		"codes": s.codes, "invites": s.invites, "revocations": slices.Collect(maps.Values(s.revocations)), "audit": s.audit, "files": slices.Collect(maps.Values(s.files)),
	}, "", "  ")
}

// raw copies a JSON value; an empty one becomes nil.
func raw(v json.RawMessage) json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	return slices.Clone(v)
}

// set changes a field if there is something to change it to.
func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

func setRaw(field *json.RawMessage, to *json.RawMessage) {
	if to != nil {
		*field = raw(*to)
	}
}

// sortedTags copies tags in order, each once; none is nil.
func sortedTags(tags []string) []string {
	if len(tags) == 0 {
		return nil
	}
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return slices.Compact(tags)
}

// tagsFree tells whether nobody but the holder has one of the tags. The holder
// is the text of a user ID or the name of a topic.
func (s *Store) tagsFree(tags []string, holder string) bool {
	for _, tag := range tags {
		for id, u := range s.users {
			if id.String() != holder && slices.Contains(u.Tags, tag) {
				return false
			}
		}
		for name, t := range s.topics {
			if name != holder && slices.Contains(t.Tags, tag) {
				return false
			}
		}
	}
	return true
}

// TagHolder implements store.Users.
func (s *Store) TagHolder(ctx context.Context, tag string) (string, error) {
	if err := s.lock(ctx); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	for id, u := range s.users {
		if u.State == store.StateOK && slices.Contains(u.Tags, tag) {
			return id.String(), nil
		}
	}
	for name, t := range s.topics {
		if t.State == store.StateOK && slices.Contains(t.Tags, tag) {
			return name, nil
		}
	}
	return "", store.ErrNotFound
}
