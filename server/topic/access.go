package topic

import (
	"context"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// parseMode reads a mode from a client; ok is false if none was given.
func parseMode(text string) (m chat.Mode, ok bool, err error) {
	m, ok, err = chat.ParseMode(text)
	if err != nil {
		err = wsproto.ErrMalformed
	}
	return m, ok, err
}

// newWant works out what becomes of a member's modes when he asks for want
// (wire.md §5.5). It changes nothing.
func (t *Topic) newWant(m *member, want chat.Mode) (chat.Mode, chat.Mode, error) {
	given := m.given
	owner := chat.ModeOwner
	switch {
	case m.reader:
		want = readerWant(want)
	case chat.KindOf(t.name) == chat.KindP2P:
		want = t.normP2P(want)
	case chat.KindOf(t.name) == chat.KindSys:
		want = sysWant(want)
	}
	switch {
	case t.owner() == m.uid && !want.Has(owner|chat.ModeJoin):
		return 0, 0, wsproto.ErrDenied
	case want.Has(owner) && !given.Has(owner):
		return 0, 0, wsproto.ErrDenied
	case want.Has(owner):
		given |= want
	case given.IsAdmin() && want.IsAdmin() && chat.KindOf(t.name) == chat.KindGroup:
		given |= want &^ (chat.ModeDelete | owner)
	}
	if !given.Has(chat.ModeJoin) {
		return 0, 0, wsproto.ErrDenied
	}
	return want, given, nil
}

// rejoin gives a member who subscribes again the modes he asks for.
func (t *Topic) rejoin(r *Request, m *member, want chat.Mode) (joined, error) {
	j := still(m)
	want, given, err := t.newWant(m, want)
	if err != nil {
		return j, err
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	_, err = t.setWant(ctx, r, m, want, given)
	return j, err
}

// admits refuses a member who is banned.
func (t *Topic) admits(m *member) error {
	if !m.given.Has(chat.ModeJoin) {
		return wsproto.ErrDenied
	}
	return nil
}

// normP2P brings a mode into the bounds of p2p topics: A can't be taken away
// (wire.md §4.5).
func (t *Topic) normP2P(m chat.Mode) chat.Mode { return m&t.maskP2P() | chat.ModeApprove }

func (t *Topic) maskP2P() chat.Mode { return t.Config.MaskP2P() }

// NewUserDefault is what new accounts grant to peers.
func (c *Config) NewUserDefault() chat.Access { return chat.Access{Auth: chat.ModeUser | c.MaskP2P()} }

// MaskP2P are the rights that exist in p2p topics.
func (c *Config) MaskP2P() chat.Mode {
	if c.P2PDelete {
		return chat.ModeP2P | chat.ModeDelete
	}
	return chat.ModeP2P
}

// setWant stores new modes of a member, taking over the topic if he accepts its
// ownership. It reports whether anything changed.
func (t *Topic) setWant(ctx context.Context, r *Request, m *member, want, given chat.Mode) (bool, error) {
	if want == m.want && given == m.given {
		return false, nil
	}
	at := r.TS
	up := store.SubUpdate{Topic: t.name, User: m.uid, Updated: &at, Want: &want, Given: &given}
	former := t.members.of(t.owner())
	if !(want & given).Has(chat.ModeOwner) || former == m || t.owner() == 0 {
		if err := t.Store.UpdateSubs(ctx, up); err != nil {
			return false, err
		}
		m.want, m.given = want, given
		m.touch(at)
		return true, nil
	}
	// There is exactly one owner at all times (wire.md §5.7).
	update := store.TopicUpdate{Owner: &m.uid, Subs: []store.SubUpdate{up}}
	var oldWant, oldGiven chat.Mode
	if former != nil {
		oldWant, oldGiven = former.want, former.given
		w, g := oldWant&^chat.ModeOwner, oldGiven&^chat.ModeOwner
		update.Subs = append(update.Subs, store.SubUpdate{Topic: t.name, User: former.uid, Updated: &at, Want: &w, Given: &g})
	}
	if err := t.Store.UpdateTopic(ctx, t.name, update); err != nil {
		return false, err
	}
	t.rec.Owner, t.readOnly = m.uid, false // who acts is not suspended
	t.record(r, audit.GroupOwner, m.uid, "")
	m.want, m.given = want, given
	m.touch(at)
	if former != nil {
		former.want, former.given = *update.Subs[1].Want, *update.Subs[1].Given
		former.touch(at)
		t.tellAccess(former, oldWant, oldGiven, m.uid, r.Session, false)
	}
	return true, nil
}

// setOwn handles {set sub} about oneself.
func (t *Topic) setOwn(r *Request, m *member, text string) error {
	want, ok, err := parseMode(text)
	switch {
	case err != nil:
		return err
	case !ok:
		return wsproto.NotModified
	}
	newWant, newGiven, err := t.newWant(m, want)
	if err != nil {
		return err
	}
	changed, err := t.changeOwn(r, m, newWant, newGiven)
	if err == nil && !changed {
		err = wsproto.NotModified
	}
	return err
}

// changeOwn gives the requester other modes, answers, and tells those concerned.
// It reports whether there was anything to change.
func (t *Topic) changeOwn(r *Request, m *member, want, given chat.Mode) (bool, error) {
	oldWant, oldGiven := m.want, m.given
	ctx, cancel := t.storeCtx()
	defer cancel()
	if changed, err := t.setWant(ctx, r, m, want, given); err != nil || !changed {
		return false, err
	}
	r.reply(wsproto.OK.With("acs", wsproto.NewAcs(m.want, m.given)))
	t.tellAccess(m, oldWant, oldGiven, r.User, r.Session, false)
	if !m.want.Has(chat.ModeJoin) {
		r.flush()
		t.evict(m, false, nil)
	}
	return true, nil
}

// setGiven stores what a member is granted, tells those concerned, and answers.
func (t *Topic) setGiven(r *Request, m *member, given chat.Mode) error {
	if given == m.given {
		return wsproto.NotModified
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.UpdateSubs(ctx, store.SubUpdate{Topic: t.name, User: m.uid, Updated: &r.TS, Given: &given}); err != nil {
		return err
	}
	oldWant, oldGiven := m.want, m.given
	m.given = given
	m.touch(r.TS)
	t.replyGranted(r, m)
	t.tellAccess(m, oldWant, oldGiven, r.User, r.Session, false)
	if !given.Has(chat.ModeJoin) {
		r.flush()
		t.evict(m, false, nil)
	}
	return nil
}

func (t *Topic) replyGranted(r *Request, m *member) {
	r.reply(wsproto.OK.With("acs", wsproto.NewAcs(m.want, m.given)).With("user", m.uid.String()))
}

// owner is the owner of a group; nobody for other topics.
func (t *Topic) owner() chat.UID {
	if t.rec == nil {
		return 0
	}
	return t.rec.Owner
}
