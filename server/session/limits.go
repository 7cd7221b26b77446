package session

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"parley/auth/totp"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/wsproto"
)

// Limits are how often clients may do what; see tinode.conf. The zero value of
// each is no limit.
type Limits struct {
	SessionsPerAddress int

	SessionRequests, UserRequests, AddressRequests limit.Rate
	SessionMessages, UserMessages, AddressMessages limit.Rate

	AddressAccounts, UserGroups, UserSearches limit.Rate
	UserCodes, AddressCodes                   limit.Rate
	AddressHTTP, AddressTokens                limit.Rate
	UserUploads, AddressAvatars               limit.Rate

	Passwords limit.GuardConfig
	Exempt    []netip.Prefix
}

const (
	// holdBack is how long a session over its limits is not read from: its
	// client's TCP connection fills up, and its requests cost us next to nothing.
	holdBack = 250 * time.Millisecond
	// keptUses is how many addresses, and users, without a session are remembered.
	keptUses = 1 << 16
)

// addressUse is what came from an address of late, userUse from a user.
type (
	addressUse struct{ requests, messages, accounts, codes, http, tokens, avatars limit.Bucket }
	userUse    struct{ requests, messages, groups, searches, codes, uploads limit.Bucket }

	heldAddress = limit.Entry[netip.Prefix, addressUse]
	heldUser    = limit.Entry[chat.UID, userUse]
)

// limiter is what sessions share of their limits.
type limiter struct {
	Limits
	addresses *limit.Table[netip.Prefix, addressUse]
	users     *limit.Table[chat.UID, userUse]
	guard     *limit.Guard
}

func newLimiter(l Limits, now func() time.Time) *limiter {
	full := func(buckets ...*limit.Bucket) bool {
		at := now().UnixNano()
		return !slices.ContainsFunc(buckets, func(b *limit.Bucket) bool { return !b.Full(at) })
	}
	return &limiter{
		Limits: l, guard: limit.NewGuard(l.Passwords, now),
		addresses: limit.NewTable[netip.Prefix](keptUses, func(u *addressUse) bool {
			return full(&u.requests, &u.messages, &u.accounts, &u.codes, &u.http, &u.tokens, &u.avatars)
		}),
		users: limit.NewTable[chat.UID](keptUses, func(u *userUse) bool {
			return full(&u.requests, &u.messages, &u.groups, &u.searches, &u.codes, &u.uploads)
		}),
	}
}

// placeOf is the part of an address that belongs to one customer of a provider:
// a whole address of IPv4, a /64 of IPv6. What has no IP address, such as a Unix
// socket, is on this machine.
func placeOf(remote string) netip.Prefix {
	ip, ok := ipOf(remote)
	if !ok {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	ip = ip.WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // possible for every address
	return p
}

// ipOf is the address of a client without its port.
func ipOf(remote string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(remote)
	return a.Unmap(), err == nil
}

// hostOf is the same as a text; what is no address is left as it is.
func hostOf(remote string) string {
	if ip, ok := ipOf(remote); ok {
		return ip.String()
	}
	return remote
}

func (l *limiter) exempt(place netip.Prefix) bool {
	return slices.ContainsFunc(l.Exempt, func(p netip.Prefix) bool {
		return p.Bits() <= place.Bits() && p.Contains(place.Addr()) ||
			p.Bits() > place.Bits() && place.Contains(p.Addr()) && place.Addr().Is6() // ::1/128
	})
}

// holdAddress is what is counted of an address; nil if nothing is.
func (l *limiter) holdAddress(place netip.Prefix) *heldAddress {
	if l.exempt(place) {
		return nil
	}
	return l.addresses.Hold(place)
}

// Crowded tells whether an address has as many sessions as it may have.
func (r *Registry) Crowded(remote string) bool {
	l, place := r.limits, placeOf(remote)
	return l.SessionsPerAddress > 0 && !l.exempt(place) && l.addresses.Held(place) >= l.SessionsPerAddress
}

// ChargeHTTP counts an HTTP request and returns how long its sender has to wait;
// 0: it is welcome.
func (r *Registry) ChargeHTTP(remote string) time.Duration {
	e := r.limits.holdAddress(placeOf(remote))
	if e == nil {
		return 0
	}
	defer r.limits.addresses.Release(e)
	return e.Value.http.Take(r.Now().UnixNano(), r.limits.AddressHTTP)
}

// ChargeUpload counts a file that a user is about to send, or for nobody the
// avatar of a stranger, and returns how long he has to wait; 0: it is welcome.
func (r *Registry) ChargeUpload(remote string, u chat.UID) time.Duration {
	l, now := r.limits, r.Now().UnixNano()
	a := l.holdAddress(placeOf(remote))
	if a == nil {
		return 0
	}
	defer l.addresses.Release(a)
	if u == 0 {
		return a.Value.avatars.Take(now, l.AddressAvatars)
	}
	e := l.users.Hold(u)
	defer l.users.Release(e)
	return e.Value.uploads.Take(now, l.UserUploads)
}

// charge counts a message against the limits and returns how long its sender
// has to wait; mostly 0. nil is a message that cannot be read.
func (s *Session) charge(m *wsproto.ClientMsg) time.Duration {
	if s.addr == nil {
		return 0
	}
	l, now := s.reg.limits, s.active.Load()
	root := s.level == chat.LevelRoot
	// From the narrowest to the widest, so that what is refused to a session is
	// not held against the user's others.
	if !root {
		if wait := s.requests.Take(now, l.SessionRequests); wait > 0 {
			return wait
		}
	}
	if s.account != nil {
		if wait := s.account.Value.requests.Take(now, l.UserRequests); wait > 0 {
			return wait
		}
	}
	if wait := s.addr.Value.requests.Take(now, l.AddressRequests); wait > 0 {
		return wait
	}
	switch {
	case m == nil:
		return 0
	case m.Pub != nil:
		return s.chargePub(now, root)
	case m.Sub != nil, m.Get != nil, m.Set != nil:
		return s.chargeUser(m, now)
	case m.Login != nil, m.Acc != nil && !root:
		return s.chargeAccount(m, now)
	}
	return 0
}

func (s *Session) chargePub(now int64, root bool) time.Duration {
	l := s.reg.limits
	if !root {
		if wait := s.messages.Take(now, l.SessionMessages); wait > 0 {
			return wait
		}
	}
	if s.account != nil {
		if wait := s.account.Value.messages.Take(now, l.UserMessages); wait > 0 {
			return wait
		}
	}
	return s.addr.Value.messages.Take(now, l.AddressMessages)
}

// chargeUser counts what is limited per user.
func (s *Session) chargeUser(m *wsproto.ClientMsg, now int64) time.Duration {
	if s.account == nil {
		return 0
	}
	l, u := s.reg.limits, &s.account.Value
	search := func(q *wsproto.GetQuery) time.Duration {
		if q == nil || m.Topic() != "fnd" || !strings.Contains(q.What, "sub") {
			return 0
		}
		return u.searches.Take(now, l.UserSearches)
	}
	switch {
	case m.Get != nil:
		return search(&m.Get.GetQuery)
	case m.Sub != nil:
		if isNew, _ := chat.IsNewTopic(m.Sub.Topic); isNew {
			return u.groups.Take(now, l.UserGroups)
		}
		return search(m.Sub.Get)
	case m.Set.Cred != nil && m.Set.Cred.Resp == "" && m.Set.Cred.Meth != totp.Method: // for that nothing is sent
		return s.chargeCode(now)
	}
	return 0
}

// chargeCode counts a code that is to be sent to somebody.
func (s *Session) chargeCode(now int64) time.Duration {
	l := s.reg.limits
	if s.account != nil {
		if wait := s.account.Value.codes.Take(now, l.UserCodes); wait > 0 {
			return wait
		}
	}
	return s.addr.Value.codes.Take(now, l.AddressCodes)
}

// chargeAccount counts what is done before a login, or to get one.
func (s *Session) chargeAccount(m *wsproto.ClientMsg, now int64) time.Duration {
	l, a := s.reg.limits, m.Acc
	switch {
	case a != nil && strings.HasPrefix(a.User, "new"):
		if wait := s.addr.Value.accounts.Take(now, l.AddressAccounts); wait > 0 || len(a.Cred) == 0 {
			return wait
		}
		return s.chargeCode(now)
	case a != nil && a.Scheme == "" && len(a.Cred) > 0:
		return s.chargeCode(now)
	case a != nil:
		return 0
	case strings.EqualFold(m.Login.Scheme, "reset"):
		return s.chargeCode(now)
	case s.reg.isToken(m.Login.Scheme):
		return s.addr.Value.tokens.Take(now, l.AddressTokens)
	}
	return 0
}

// limited refuses a message and lets its sender wait. Notes are dropped.
func (s *Session) limited(m *wsproto.ClientMsg, wait time.Duration) {
	if !s.flooded {
		s.flooded = true
		s.log().Warn("over the limits", "addr", s.remote, "wait", wait)
	}
	id, name, refusal := "", "", wsproto.TooMany(wait)
	if m != nil {
		id, name = m.ID(), m.Topic()
		if l := m.Login; l != nil && s.reg.isToken(l.Scheme) {
			// Clients forget a token that they are told 4xx for (wire.md §15.1 #31).
			refusal = wsproto.ErrUnavailable.With("retry", wsproto.Seconds(wait))
		}
	}
	if m == nil || m.Note == nil {
		s.ctrl(refusal, id, name)
	}
	time.Sleep(min(wait, holdBack))
}
