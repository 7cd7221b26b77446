package session

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// A device is what people call a session: a chain of login tokens, with the
// connections that its client has now, if any. Its record is a store.Token.

// renewNoted is how old the token must be that a device logs in with for its
// record to be written: who loses the connection all the time costs nothing.
const renewNoted = time.Hour

// noteLogin makes the device known; issued is when the token was with which it
// logged in, zero if it was with something else.
func (s *Session) noteLogin(chain string, issued, expires time.Time) {
	now := s.reg.now()
	d := &store.Token{
		ID: chain, User: s.uid, Created: now, Seen: now, Expires: expires,
		UserAgent: s.ua, Platform: s.platform, Lang: s.lang, Addr: s.host,
	}
	s.device.Store(d)
	if now.Sub(issued) >= renewNoted {
		s.reg.Store.NoteToken(d)
	}
}

// noteEnd notes when the device was last seen; nothing if it was logged out.
func (s *Session) noteEnd() {
	d := s.device.Load()
	if d == nil || s.reg.revoked.void(d.ID, d.User, d.Created) || s.reg.roster.mayLogin(d.User) != nil {
		return
	}
	end := *d
	end.Seen = s.reg.now()
	s.reg.Store.NoteToken(&end)
}

// chain is the chain of tokens of the session; empty before the login.
func (s *Session) chain() string {
	if d := s.device.Load(); d != nil {
		return d.ID
	}
	return ""
}

// Sessions implements topic.Devices: where a user is logged in, first the
// session that asks, then the others, those seen last first.
func (r *Registry) Sessions(ctx context.Context, uid chat.UID, by topic.Session) ([]wsproto.MetaSession, error) {
	known, err := r.Store.Tokens(ctx, uid, r.now())
	if err != nil {
		return nil, err
	}
	list := make([]wsproto.MetaSession, 0, len(known))
	index := make(map[string]int, len(known))
	for i := range known {
		index[known[i].ID] = len(list)
		list = append(list, metaSession(&known[i]))
	}
	r.mu.Lock()
	live := slices.Clone(r.users[uid])
	r.mu.Unlock()
	for _, s := range live {
		d := s.device.Load()
		if d == nil {
			continue // it is logging in
		}
		i, ok := index[d.ID]
		if !ok {
			i = len(list)
			index[d.ID], list = i, append(list, metaSession(d))
		}
		e := &list[i]
		if seen := s.LastActive().UTC(); !e.Online || seen.After(e.Seen.Time) {
			e.UA, e.Platf, e.Lang, e.Addr, e.Seen = d.UserAgent, d.Platform, d.Lang, d.Addr, wsproto.Time{Time: seen}
		}
		e.Online = true
		e.Current = e.Current || topic.Session(s) == by
	}
	slices.SortFunc(list, func(a, b wsproto.MetaSession) int {
		switch {
		case a.Current != b.Current:
			return first(a.Current)
		case a.Online != b.Online:
			return first(a.Online)
		}
		return cmp.Or(b.Seen.Compare(a.Seen.Time), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

func first(a bool) int {
	if a {
		return -1
	}
	return 1
}

func metaSession(t *store.Token) wsproto.MetaSession {
	return wsproto.MetaSession{
		ID: t.ID, UA: t.UserAgent, Platf: t.Platform, Lang: t.Lang, Addr: t.Addr,
		Since: wsproto.Time{Time: t.Created}, Seen: wsproto.Time{Time: t.Seen},
	}
}

// everyOther is the ID that means all devices but the one that asks.
const everyOther = "*"

// LogOut implements topic.Devices. An administrator who acts for a user is at
// none of his devices.
func (r *Registry) LogOut(ctx context.Context, uid chat.UID, by topic.Session, id string) (end func(), err error) {
	own, ok := by.(*Session)
	if !ok {
		return nil, wsproto.ErrDenied
	}
	ctx = audit.WithOrigin(ctx, own.host)
	detail := "one session"
	if id == everyOther {
		except := ""
		if own.uid == uid {
			except = own.chain()
		}
		detail = "every other session"
		end, err = r.revokeUser(ctx, uid, r.now(), except)
	} else {
		var list []wsproto.MetaSession
		if list, err = r.Sessions(ctx, uid, by); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(e wsproto.MetaSession) bool { return e.ID == id }) {
			return nil, wsproto.ErrNotFound
		}
		end, err = r.revokeSession(ctx, uid, id)
	}
	if err == nil {
		own.audit(audit.TokenRevoked, uid, detail)
	}
	return end, err
}
