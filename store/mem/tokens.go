package mem

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// NoteToken implements store.Tokens.
func (s *Store) NoteToken(t *store.Token) {
	if s.lock(context.Background()) != nil {
		return
	}
	defer s.mu.Unlock()
	rec := *t
	if old, ok := s.tokens[t.ID]; ok {
		rec.Created = old.Created
	}
	s.tokens[t.ID] = rec
	if all := s.tokensOf(t.User); len(all) > store.MaxTokens {
		for _, old := range all[store.MaxTokens:] {
			delete(s.tokens, old.ID)
		}
	}
}

// tokensOf lists a user's, the one seen last first.
func (s *Store) tokensOf(id chat.UID) []store.Token {
	var out []store.Token
	for _, t := range s.tokens {
		if t.User == id {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b store.Token) int {
		return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Tokens implements store.Tokens.
func (s *Store) Tokens(ctx context.Context, id chat.UID, at time.Time) ([]store.Token, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return slices.DeleteFunc(s.tokensOf(id), func(t store.Token) bool { return !t.Expires.After(at) }), nil
}

// ExpireTokens implements store.Tokens.
func (s *Store) ExpireTokens(ctx context.Context, at time.Time, limit int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	maps.DeleteFunc(s.tokens, func(_ string, t store.Token) bool {
		if n == limit || t.Expires.After(at) {
			return false
		}
		n++
		return true
	})
	return n, nil
}
