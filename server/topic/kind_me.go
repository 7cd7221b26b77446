package topic

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// meTopic is a user's own topic: profile, list of conversations, presence
// (wire.md §4.3).
type meTopic struct {
	*Topic
	user     store.User
	self     *member
	private  json.RawMessage
	contacts map[string]*contact // by canonical name
	live     bool                // the contacts are known
	shown    bool                // announced to the contacts
	ua       string              // user agent last told
	uaTimer  *time.Timer         // a change of it is waiting to be told
}

func (t *meTopic) load(ctx context.Context) error {
	uid, err := chat.ParseUID(t.name)
	if err != nil {
		return wsproto.ErrTopicNotFound
	}
	u, err := t.Store.User(ctx, uid)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.State == store.StateDeleted {
		return wsproto.ErrUserNotFound
	}
	if err != nil {
		return err
	}
	s, err := t.Store.Sub(ctx, t.name, uid)
	if err != nil {
		return err
	}
	t.exists, t.user, t.self, t.private = true, *u, newMember(s), s.Private
	return nil
}

func (t *meTopic) nameFor(chat.UID) string { return "me" }

func (t *meTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	if r.User != t.user.ID {
		return joined{}, wsproto.ErrDenied
	}
	m := t.self
	want, ok, err := parseMode(wantedMode(q))
	if err != nil {
		return still(m), err
	}
	if !ok {
		want = m.want
		if !want.Has(chat.ModeJoin) {
			want = m.given
		}
	}
	return t.rejoin(r, m, want)
}

// attached makes the user known as online with the first session that is not in
// the background. One that is gets to know who is online all the same.
func (t *meTopic) attached(a *Attachment, j joined) {
	t.Router.AddOnMe(t.user.ID, 1)
	first := !t.live
	if first {
		t.goLive()
	}
	switch {
	case !a.background:
		t.arrived(a)
	case first && t.self.mode().Has(chat.ModePres):
		for name := range t.contacts {
			t.ask(name)
		}
	}
	if j.changed() {
		t.tellAccess(t.self, j.oldWant, j.oldGiven, t.user.ID, a.Session, false)
	}
}

// arrived implements announcer.
func (t *meTopic) arrived(a *Attachment) {
	if t.shown {
		t.noticeUA()
		return
	}
	t.shown, t.ua = true, a.Session.UserAgent()
	t.announce(true, t.ua)
}

// detached notes when the user was last seen.
func (t *meTopic) detached(a *Attachment, lost bool) {
	t.Router.AddOnMe(t.user.ID, -1)
	if a.background {
		return // it was not he
	}
	ua := a.Session.UserAgent()
	if t.foreground > 0 {
		ua = t.activeUA()
		t.noticeUA()
	}
	now := t.now()
	t.user.LastSeen, t.user.UserAgent = now, ua
	t.Store.Seen(t.user.ID, now, ua)
	if t.foreground == 0 {
		// The reference tells the agent of a client that left, not of one that
		// was lost.
		if t.ua = ua; lost {
			t.ua = ""
		}
	}
}

// sleep tells the contacts that the user is gone.
func (t *meTopic) sleep() {
	if t.uaTimer != nil {
		t.uaTimer.Stop()
		t.uaTimer = nil
	}
	t.announce(false, t.ua)
	t.contacts, t.live, t.shown = nil, false, false
}

func (t *meTopic) describe(r *Request, _ *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	u := &t.user
	d := &wsproto.MetaDesc{
		Updated: wsproto.Time{Time: u.Updated}, Touched: wsproto.Time{Time: u.Updated},
		DefAcs: wsproto.NewDefAcs(u.Access), Acs: wsproto.NewAcs(t.self.want, t.self.given),
	}
	if r.Root {
		d.State = stateText(u.State)
	}
	if o == nil || o.IMS == nil {
		d.Created = wsproto.Time{Time: u.Created}
	}
	if changedSince(o, u.Updated, t.self.updatedAt()) {
		d.Public, d.Trusted, d.Private = u.Public, u.Trusted, t.private
	}
	return d, nil
}

func (t *meTopic) glance(r *Request) (*wsproto.MetaDesc, error) {
	return glanceUser(r, &t.user), nil
}

// glanceUser is what a stranger may know of a user (wire.md §6.2).
func glanceUser(r *Request, u *store.User) *wsproto.MetaDesc {
	d := &wsproto.MetaDesc{
		Created: wsproto.Time{Time: u.Created}, Updated: wsproto.Time{Time: u.Updated},
		Acs: &wsproto.Acs{Mode: u.Access.For(r.Level).String()}, Public: u.Public, Trusted: u.Trusted,
	}
	if r.Root {
		d.State = stateText(u.State)
	}
	return d
}

func stateText(s store.State) string {
	switch s {
	case store.StateSuspended:
		return "susp"
	case store.StateDeleted:
		return "del"
	}
	return "ok"
}

func (t *meTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if !wsproto.IsNull(d.Trusted) && !r.Root {
		return wsproto.ErrDenied
	}
	u := t.user
	up := store.UserUpdate{}
	if d.DefAcs != nil {
		access, err := t.Config.UserAccess(u.Access, d.DefAcs)
		if err != nil {
			return err
		}
		if access != u.Access {
			u.Access, up.Access = access, &access
		}
	}
	var err error
	if up.Public, up.Trusted, err = t.Config.mergeProfile(&u.Public, &u.Trusted, d); err != nil {
		return err
	}
	profile := up.Public != nil || up.Trusted != nil
	if profile {
		u.Updated, up.Updated = r.TS, &r.TS
		up.Avatar = t.avatar(r, up.Public)
	}
	private, privateChanged := merge(t.private, d.Private)
	if err := t.Config.fits(t.private, private); err != nil {
		return err
	}
	if !profile && up.Access == nil && !privateChanged {
		return wsproto.NotModified
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if profile || up.Access != nil {
		if err := t.Store.UpdateUser(ctx, u.ID, up); err != nil {
			return err
		}
		t.user = u
	}
	if privateChanged {
		if err := t.Store.UpdateSubs(ctx, store.SubUpdate{Topic: t.name, User: u.ID, Updated: &r.TS, Private: &private}); err != nil {
			return err
		}
		t.private = private
		t.self.touch(r.TS)
	}
	if profile || privateChanged { // not defacs alone
		t.presTopic(wsproto.Pres{What: "upd", Src: "me"}, r.Session, everybody)
	}
	if profile {
		t.tellContacts("upd", "")
	}
	return nil
}

// UserAccess is what becomes of a user's default access when he asks for d
// (wire.md §4.3).
func (c *Config) UserAccess(old chat.Access, d *wsproto.DefAcs) (chat.Access, error) {
	return maskAccess(old, d, chat.ModeUser|c.MaskP2P(), c.MaskP2P())
}

// NewUserAccess is UserAccess for a new account (wire.md §12.3).
func (c *Config) NewUserAccess(old chat.Access, d *wsproto.DefAcs) (chat.Access, error) {
	return maskAccess(old, d, c.MaskP2P(), c.MaskP2P())
}

func maskAccess(old chat.Access, d *wsproto.DefAcs, auth, anon chat.Mode) (chat.Access, error) {
	for _, f := range []struct {
		mode *chat.Mode
		text string
		mask chat.Mode
	}{{&old.Auth, d.Auth, auth}, {&old.Anon, d.Anon, anon}} {
		m, ok, err := parseMode(f.text)
		if err != nil || m.Has(chat.ModeOwner) {
			return old, wsproto.ErrMalformed
		}
		if !ok {
			continue
		}
		if *f.mode = m & f.mask; *f.mode != 0 {
			*f.mode |= chat.ModeApprove
		}
	}
	return old, nil
}

func (t *meTopic) setOther(*Request, *Attachment, *wsproto.SetSub) error { return wsproto.ErrDenied }

func (t *meTopic) tags(*Attachment) ([]string, error) { return t.user.Tags, nil }

func (t *meTopic) setTags(ctx context.Context, tags, unique []string) error {
	if err := t.Store.UpdateUser(ctx, t.user.ID, store.UserUpdate{Tags: &tags, Unique: unique}); err != nil {
		return err
	}
	t.user.Tags = tags
	return nil
}

func (t *meTopic) remove(*Request, bool) error { return wsproto.ErrDenied }
