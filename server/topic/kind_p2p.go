package topic

import (
	"context"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// p2pTopic is the conversation of two users (wire.md §4.5).
type p2pTopic struct {
	*Topic
	seen map[chat.UID]*wsproto.Seen // as of the loading
}

func (t *p2pTopic) load(ctx context.Context) error {
	a, b, ok := chat.P2PUsers(t.name)
	if !ok {
		return wsproto.ErrTopicNotFound
	}
	rec, err := t.Store.Topic(ctx, t.name)
	if errors.Is(err, store.ErrNotFound) || err == nil && rec.State == store.StateDeleted {
		return nil // made by the first {sub}
	}
	if err != nil {
		return err
	}
	t.exists, t.rec = true, rec
	if err := t.loadMembers(ctx); err != nil {
		return err
	}
	users, err := t.Store.UsersByID(ctx, a, b)
	if err != nil {
		return err
	}
	t.seen = make(map[chat.UID]*wsproto.Seen, 2)
	for i := range users {
		u := &users[i]
		t.readOnly = t.readOnly || u.State != store.StateOK
		if !u.LastSeen.IsZero() {
			t.seen[u.ID] = &wsproto.Seen{When: wsproto.Time{Time: u.LastSeen}, UA: u.UserAgent}
		}
	}
	return t.endLostCall(ctx)
}

// nameFor: each calls the topic by the other's ID.
func (t *p2pTopic) nameFor(u chat.UID) string { return chat.P2PPeer(t.name, u).String() }

func (t *p2pTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	ctx, cancel := t.storeCtx()
	defer cancel()
	peer := chat.P2PPeer(t.name, r.User)
	m := t.members.of(r.User)
	if m == nil {
		return t.meet(ctx, r, q, peer)
	}
	j := still(m)
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return j, err
	}
	newWant, newGiven := m.want, m.given
	switch {
	case !ok && m.want.Has(chat.ModeJoin): // asks for nothing: nothing changes
		err = t.admits(m)
	case !ok: // back from a self-ban
		newWant, newGiven, err = t.newWant(m, m.given)
	default:
		newWant, newGiven, err = t.newWant(m, want)
	}
	if err != nil {
		return j, err
	}
	if t.fresh && t.members.of(peer) == nil { // a deleted chat comes back for the peer
		_, theirs, err := t.firstSubs(ctx, r, q, peer)
		if err != nil {
			return j, err
		}
		if j.peerNew, err = t.addSub(ctx, theirs); err != nil {
			return j, err
		}
	}
	_, err = t.setWant(ctx, r, m, newWant, newGiven)
	return j, err
}

func (t *p2pTopic) attached(a *Attachment, j joined) {
	if j.peerNew != nil {
		t.tellAccess(j.peerNew, 0, 0, a.member.uid, a.Session, true)
		t.pushInvited(a.member.uid, j.peerNew)
	}
	if j.changed() {
		t.tellAccess(a.member, j.oldWant, j.oldGiven, a.member.uid, a.Session, j.isNew)
	}
}

// detached ends the call of a session that leaves.
func (t *p2pTopic) detached(a *Attachment, _ bool) { t.partyGone(party{a.Session, a.member.uid}) }

func (t *p2pTopic) sleep() {}

func (t *p2pTopic) describe(r *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	d, err := t.describeFor(a.member, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	peer := chat.P2PPeer(t.name, r.User)
	u, err := t.Store.User(ctx, peer) // not from memory: the profile may have changed
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if u != nil && changedSince(o, u.Updated) {
		d.Public, d.Trusted = u.Public, u.Trusted
	}
	if a.mode().Has(chat.ModePres) {
		d.Seen = t.seen[peer]
	}
	return d, nil
}

// describeFor is the part of a description that p2p topics and groups share.
func (t *Topic) describeFor(m *member, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	d := &wsproto.MetaDesc{
		Updated: wsproto.Time{Time: t.rec.Updated}, Touched: wsproto.Time{Time: t.rec.Updated},
		Acs: wsproto.NewAcs(m.want, m.given),
	}
	if o == nil || o.IMS == nil {
		d.Created = wsproto.Time{Time: t.rec.Created}
	}
	if m.mode().Has(chat.ModeRead) {
		d.Touched = wsproto.Time{Time: t.rec.Touched}
		d.Seq, d.Read, d.Recv, d.Clear = t.rec.Seq, m.read, m.recv, max(t.rec.Del, m.del)
	}
	if !changedSince(o, m.updatedAt(), t.rec.Updated) {
		return d, nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	s, err := t.Store.Sub(ctx, t.name, m.uid)
	if err != nil {
		return nil, err
	}
	d.Private = s.Private
	return d, nil
}

func (t *p2pTopic) list(r *Request, a *Attachment, o *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	return t.listMembers(a, o, false)
}

func (t *p2pTopic) glance(r *Request) (*wsproto.MetaDesc, error) {
	ctx, cancel := t.storeCtx()
	defer cancel()
	u, err := t.Store.User(ctx, chat.P2PPeer(t.name, r.User))
	if errors.Is(err, store.ErrNotFound) || err == nil && u.State == store.StateDeleted && !r.Root {
		return nil, wsproto.ErrUserNotFound
	}
	if err != nil {
		return nil, err
	}
	d := glanceUser(r, u)
	return d, t.glanceMember(ctx, r, d)
}

// glanceMember adds what a member who is not attached may know of his own.
func (t *Topic) glanceMember(ctx context.Context, r *Request, d *wsproto.MetaDesc) error {
	m, err := t.subscriber(r)
	if m == nil || err != nil {
		return err
	}
	s, err := t.Store.Sub(ctx, t.name, m.uid)
	if err != nil {
		return err
	}
	d.Acs, d.Private = wsproto.NewAcs(m.want, m.given), s.Private
	return nil
}

func (t *p2pTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if !wsproto.IsNull(d.Public) || !wsproto.IsNull(d.Trusted) || d.DefAcs != nil {
		return wsproto.ErrDenied
	}
	return t.setPrivate(r, a.member, d)
}

func (t *p2pTopic) tags(*Attachment) ([]string, error) { return nil, wsproto.ErrNotAllowed }

func (t *p2pTopic) setTags(context.Context, []string, []string) error { return wsproto.ErrNotAllowed }

// remove unsubscribes the requester; the topic goes with the last of the two.
func (t *p2pTopic) remove(r *Request, _ bool) error {
	m := t.members.of(r.User)
	if m == nil {
		return wsproto.NoAction
	}
	return t.unsubscribe(r, m)
}
