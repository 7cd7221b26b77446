package wechat

import (
	"context"
	"errors"
	"strconv"
	"time"

	"parley/internal/chat"
	"parley/store"
)

const (
	consentTime = 365 * 24 * time.Hour // after which one that was not used is forgotten
	maxConsents = 100                  // of one person and template
	casTries    = 20
)

// consentKey is where the number of somebody's unused consents is.
func consentKey(app, template string, u chat.UID) string {
	return "wechat:consent:" + app + ":" + template + ":" + u.String()
}

// Consent notes what somebody answered when he was asked to be told by a
// template. One yes is good for one message; a no takes back all of them.
func (s *Sender) Consent(ctx context.Context, app string, u chat.UID, template string, yes bool) error {
	if !s.wanted(app, template) {
		return nil
	}
	_, err := s.change(ctx, consentKey(app, template, u), func(n int) (int, bool) {
		if !yes {
			return 0, n > 0
		}
		return n + 1, n < maxConsents
	})
	return err
}

// wanted tells whether a template needs consents, so that nobody can fill the
// store with others.
func (s *Sender) wanted(app, template string) bool {
	for i := range s.Routes {
		if r := &s.Routes[i]; r.App == app && r.TemplateID == template && r.Kind != Template {
			return true
		}
	}
	return false
}

// takeConsent uses one up; false: there is none.
func (s *Sender) takeConsent(ctx context.Context, r *Route, u chat.UID) (bool, error) {
	return s.change(ctx, consentKey(r.App, r.TemplateID, u), func(n int) (int, bool) { return n - 1, n > 0 })
}

// noConsent forgets those that WeChat does not know of.
func (s *Sender) noConsent(ctx context.Context, r *Route, u chat.UID) error {
	return s.Values.DropValue(ctx, consentKey(r.App, r.TemplateID, u), nil)
}

// change stores another number, unless f says that there is nothing to change.
// Other nodes may do the same at the same time.
func (s *Sender) change(ctx context.Context, key string, f func(int) (int, bool)) (bool, error) {
	for range casTries {
		now := s.Now().UTC().Truncate(time.Millisecond)
		var old []byte
		v, err := s.Values.Value(ctx, key, now)
		switch {
		case err == nil:
			old = v.Data
		case !errors.Is(err, store.ErrNotFound):
			return false, err
		}
		n, _ := strconv.Atoi(string(old))
		n, ok := f(n)
		if !ok {
			return false, nil
		}
		if n == 0 && old != nil {
			// Swapped, not dropped: two nodes must not use up the same one.
			err = s.Values.SwapValue(ctx, &store.Value{Key: key, Data: []byte("0"), Updated: now, Expires: now.Add(time.Minute)}, old, now)
		} else {
			err = s.Values.SwapValue(ctx, &store.Value{Key: key, Data: []byte(strconv.Itoa(n)), Updated: now, Expires: now.Add(consentTime)}, old, now)
		}
		if !errors.Is(err, store.ErrChanged) {
			return err == nil, err
		}
	}
	return false, errors.New("wechat: a consent is being changed by too many at once")
}
