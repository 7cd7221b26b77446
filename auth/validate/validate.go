// Package validate proves that an address belongs to a user: he is sent a code
// and returns it (surfaces.md §3). Refusals are those of the wire.
package validate

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/internal/outgoing"
	"parley/store"
	"parley/wsproto"
)

// Method is one kind of address and its rules.
type Method struct {
	Name          string // "email" or "tel"
	AddToTags     bool   // a confirmed address becomes a tag
	Required      []chat.Level
	Domains       []string // allowed for e-mail; empty: all
	CodeLength    int
	MaxRetries    int
	DebugResponse string // accepted beside the real code; empty: none
	Post          Post   // sends the code; nil: nobody does
}

// Post sends codes to addresses. It never waits for a mail server.
type Post interface {
	// Ready tells whether Confirm would take a message now.
	Ready() error
	// Confirm asks to confirm an address in the language nearest to lang. token
	// is escaped for a URL.
	Confirm(to, lang, code, token string) error
}

// Issuer makes the tokens that go with codes, so that a link is enough.
type Issuer interface {
	Issue(rec *auth.Record, expires time.Time) ([]byte, error)
}

// Store is what the validators need of the store.
type Store interface{ store.Credentials }

// Set is all methods that are in use.
type Set struct {
	methods []Method
	store   Store
	tokens  Issuer
	now     func() time.Time
	again   *outgoing.Pace  // by user, method and value
	all     *outgoing.Pace  // by user
	turns   *outgoing.Turns // by method and value, whoever asks
	keys    [][]byte        // of codes: the first one makes them, all of them verify
}

// New makes a set of validators. tokens may be nil if no method has a Post.
// tokenKeys are those of the tokens, from which those of codes are derived; none:
// codes are good until the program ends.
func New(st Store, tokens Issuer, tokenKeys [][]byte, now func() time.Time, methods ...Method) *Set {
	if len(tokenKeys) == 0 {
		tokenKeys = [][]byte{[]byte(rand.Text())}
	}
	s := &Set{
		methods: methods, store: st, tokens: tokens, now: now,
		again: outgoing.NewPace(1, longestInterval, now), all: outgoing.NewPace(freeMessages, longestInterval, now),
		turns: outgoing.NewTurns(outgoing.NewPace(1, longestInterval, now), now),
	}
	for _, k := range tokenKeys {
		s.keys = append(s.keys, sum(k, "parley confirmation 1"))
	}
	return s
}

// Close drops the messages that wait for their turn.
func (s *Set) Close() { s.turns.Close() }

func (s *Set) method(name string) *Method {
	for i := range s.methods {
		if s.methods[i].Name == name {
			return &s.methods[i]
		}
	}
	return nil
}

// Required lists the methods that users of a level must have confirmed.
func (s *Set) Required(l chat.Level) []string {
	var out []string
	for _, m := range s.methods {
		if slices.Contains(m.Required, l) {
			out = append(out, m.Name)
		}
	}
	return out
}

// RequiredByLevel is Required for {hi}: nil if nothing is.
func (s *Set) RequiredByLevel() map[string][]string {
	var out map[string][]string
	for _, l := range []chat.Level{chat.LevelAnon, chat.LevelAuth, chat.LevelRoot} {
		if req := s.Required(l); len(req) > 0 {
			if out == nil {
				out = make(map[string][]string)
			}
			out[l.String()] = req
		}
	}
	return out
}

// Known tells whether a method is in use.
func (s *Set) Known(method string) bool { return s.method(method) != nil }

// Pending makes the record of an address that is yet to be confirmed. Its Code is
// not what the user is sent, but what that is made of: see codeOf.
func (s *Set) Pending(u chat.UID, method, value string) store.Credential {
	at := s.now().UTC().Truncate(time.Millisecond)
	return store.Credential{User: u, Method: method, Value: value, Created: at, Updated: at, Code: rand.Text()}
}

// Confirm checks the answer to the pending request of a method and returns the
// tag that was earned, if any: 404 if there is no request, 422 after too many
// wrong answers, 406 for one more of them.
func (s *Set) Confirm(ctx context.Context, u chat.UID, c *wsproto.Cred) (tag string, err error) {
	m := s.method(c.Meth)
	if m == nil {
		return "", nil
	}
	rec, err := s.store.PendingCredential(ctx, u, m.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", wsproto.ErrNotFound
	case err != nil:
		return "", err
	case rec.Failed > m.MaxRetries:
		return "", wsproto.ErrPolicy
	}
	// Counted first and compared then: many guesses at the same moment see each
	// other's counts, so that no more of them are looked at than one by one.
	if err := s.store.FailCredential(ctx, u, m.Name, s.now().UTC().Truncate(time.Millisecond)); err != nil {
		return "", err
	}
	switch rec, err = s.store.PendingCredential(ctx, u, m.Name); {
	case errors.Is(err, store.ErrNotFound): // confirmed at the same moment
		return "", wsproto.ErrNotFound
	case err != nil:
		return "", err
	case rec.Failed > m.MaxRetries+1:
		return "", wsproto.ErrPolicy
	case !s.accepts(m, rec, c.Resp):
		return "", wsproto.ErrResponse
	}
	done, err := s.store.ConfirmCredential(ctx, u, m.Name, s.now().UTC().Truncate(time.Millisecond))
	if err != nil || !m.AddToTags {
		return "", err
	}
	return m.Name + ":" + done.Value, nil
}

// Remove forgets an address and returns the tag that goes with it. The last
// confirmed one of a required method stays: 422. For country see Check.
func (s *Set) Remove(ctx context.Context, u chat.UID, level chat.Level, c *wsproto.Cred, country string) (tag string, err error) {
	m := s.method(c.Meth)
	if m == nil {
		return "", wsproto.ErrMalformed
	}
	value := s.stored(c, country)
	list, err := s.store.Credentials(ctx, u, m.Name)
	if err != nil {
		return "", err
	}
	done, found := 0, false
	for _, rec := range list {
		if rec.Done {
			done++
		}
		if rec.Value == value {
			found = rec.Done
		}
	}
	if found && done == 1 && slices.Contains(m.Required, level) {
		return "", wsproto.ErrPolicy
	}
	if err := s.store.DeleteCredential(ctx, u, m.Name, value); err != nil {
		return "", err
	}
	if !m.AddToTags || !found {
		return "", nil
	}
	return m.Name + ":" + value, nil
}

// Missing lists the required methods that a user has not confirmed yet.
func (s *Set) Missing(ctx context.Context, u chat.UID, level chat.Level) ([]string, error) {
	required := s.Required(level)
	if len(required) == 0 {
		return nil, nil
	}
	list, err := s.store.Credentials(ctx, u, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(required, func(method string) bool {
		return slices.ContainsFunc(list, func(c store.Credential) bool { return c.Done && c.Method == method })
	}), nil
}
