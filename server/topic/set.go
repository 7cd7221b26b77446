package topic

import (
	"encoding/json"
	"errors"
	"slices"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// set handles {set}: each part is done, and answered, by itself (wire.md §7.1).
func (t *Topic) set(r *Request, q *wsproto.SetQuery) {
	a := t.attachment(r)
	if a == nil {
		t.setUnattached(r, q)
		return
	}
	r.name = a.name
	for _, part := range []struct {
		given bool
		do    func() error
	}{
		{q.Desc != nil, func() error { return t.setDesc(r, a, q.Desc) }},
		{q.Sub != nil, func() error { return t.setSub(r, a, q.Sub) }},
		{q.Tags != nil, func() error { return t.setTags(r, a, q.Tags) }},
		{q.Cred != nil, func() error { return t.setCred(r, q.Cred) }},
		{q.Aux != nil, func() error { return t.setAux(r, a, q.Aux) }},
	} {
		if !part.given {
			continue
		}
		if err := part.do(); err != nil {
			t.refuse(r, err)
		}
	}
}

func (t *Topic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	if err := t.kind.setDesc(r, a, d); err != nil {
		return err
	}
	r.reply(wsproto.OK)
	return nil
}

func (t *Topic) setSub(r *Request, a *Attachment, s *wsproto.SetSub) error {
	if s.User == "" || s.User == r.User.String() {
		return t.setOwn(r, a.member, s.Mode)
	}
	return t.kind.setOther(r, a, s)
}

// mergeProfile updates what others see. What it returns is nil where nothing
// was to be done.
func mergeProfile(public, trusted *json.RawMessage, d *wsproto.SetDesc) (newPublic, newTrusted *json.RawMessage) {
	if v, changed := merge(*public, d.Public); changed {
		*public, newPublic = v, &v
	}
	if v, changed := merge(*trusted, d.Trusted); changed {
		*trusted, newTrusted = v, &v
	}
	return newPublic, newTrusted
}

// setPrivate stores the member's own data about the topic.
func (t *Topic) setPrivate(r *Request, m *member, d *wsproto.SetDesc) error {
	if wsproto.IsNull(d.Private) {
		return wsproto.NotModified
	}
	if _, ok := t.kind.(*fndTopic); ok && !isText(d.Private) { // a query
		return wsproto.ErrMalformed
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	s, err := t.Store.Sub(ctx, t.name, m.uid)
	if err != nil {
		return err
	}
	private, changed := merge(s.Private, d.Private)
	if !changed {
		return wsproto.NotModified
	}
	if err := t.Store.UpdateSubs(ctx, store.SubUpdate{Topic: t.name, User: m.uid, Updated: &r.TS, Private: &private}); err != nil {
		return err
	}
	m.touch(r.TS)
	switch k := t.kind.(type) {
	case *meTopic:
		k.private = private
	case *fndTopic:
		k.private = private
	}
	if chat.KindOf(t.name) != chat.KindFnd { // clients know no such contact
		t.presMe(m, notice{pres: wsproto.Pres{What: "upd"}, except: r.Session})
	}
	return nil
}

// setPrivateBySub is setPrivate for what comes with a {sub} to an existing
// subscription (wire.md §2.6).
func (t *Topic) setPrivateBySub(r *Request, m *member, q *wsproto.Sub) error {
	if q.Set == nil || q.Set.Desc == nil {
		return nil
	}
	if err := t.setPrivate(r, m, q.Set.Desc); !errors.Is(err, wsproto.NotModified) {
		return err
	}
	return nil
}

// setUnattached changes what a member may change without being attached: his
// own private data and mode (wire.md §7.3).
func (t *Topic) setUnattached(r *Request, q *wsproto.SetQuery) {
	if q.Tags != nil || q.Cred != nil || q.Aux != nil {
		r.reply(wsproto.ErrDenied)
		return
	}
	if err := t.setOwnParts(r, q); err != nil {
		t.refuse(r, err)
	}
}

func (t *Topic) setOwnParts(r *Request, q *wsproto.SetQuery) error {
	if q.Sub != nil && q.Sub.User != "" && q.Sub.User != r.User.String() {
		return wsproto.ErrDenied
	}
	m, err := t.subscriber(r)
	if err != nil {
		return err
	}
	if m == nil {
		return wsproto.ErrNotFound
	}
	done := false
	if q.Desc != nil {
		switch err := t.setPrivate(r, m, q.Desc); {
		case err == nil:
			done = true
		case !errors.Is(err, wsproto.NotModified):
			return err
		}
	}
	if q.Sub == nil {
		return doneOr(r, done)
	}
	want, ok, err := parseMode(q.Sub.Mode)
	if err != nil || !ok {
		if err == nil {
			err = doneOr(r, done)
		}
		return err
	}
	if want.Has(chat.ModeOwner) != m.want.Has(chat.ModeOwner) {
		return wsproto.ErrDenied
	}
	switch {
	case m.reader:
		want = readerWant(want)
	case chat.KindOf(t.name) == chat.KindP2P:
		want = t.normP2P(want)
	}
	changed, err := t.changeOwn(r, m, want, m.given)
	if err == nil && !changed {
		err = doneOr(r, done)
	}
	return err
}

// doneOr replies 200 if something was done, else returns 304.
func doneOr(r *Request, done bool) error {
	if !done {
		return wsproto.NotModified
	}
	r.reply(wsproto.OK)
	return nil
}

// memberOf is the subscription of a user, on me and fnd too.
func (t *Topic) memberOf(u chat.UID) *member {
	switch k := t.kind.(type) {
	case *meTopic:
		return k.self
	case *fndTopic:
		return k.self
	}
	return t.members.of(u)
}

// setTags replaces the tags of a user or a group (wire.md §7.5).
func (t *Topic) setTags(r *Request, a *Attachment, given []string) error {
	old, err := t.kind.tags(a)
	if err != nil {
		return err
	}
	tags, unique, err := t.Config.NewTags(old, given)
	if err != nil {
		return err
	}
	added, removed := 0, 0
	for _, tag := range tags {
		if !slices.Contains(old, tag) {
			added++
		}
	}
	for _, tag := range old {
		if !slices.Contains(tags, tag) {
			removed++
		}
	}
	if added+removed == 0 {
		return wsproto.NotModified
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	switch err := t.kind.setTags(ctx, tags, unique); {
	case errors.Is(err, store.ErrDuplicate):
		return wsproto.ErrMalformed // the alias is taken
	case err != nil:
		return err
	}
	reply := wsproto.OK
	if added > 0 {
		reply = reply.With("added", added)
	}
	if removed > 0 {
		reply = reply.With("removed", removed)
	}
	r.reply(reply)
	t.presTopic(wsproto.Pres{What: "tags"}, r.Session, func(b *Attachment) bool { return b.member == a.member })
	return nil
}

// NewTags is what becomes of tags when a client asks for given, and which of
// them are aliases that nobody else may have. Tags in namespaces that clients
// cannot change must be the same in both; the clear marker keeps them.
func (c *Config) NewTags(old, given []string) (tags, unique []string, err error) {
	tags = chat.NormalizeTags(given, c.MaxTags)
	fixed := chat.TagsIn(old, c.ImmutableTags...)
	switch {
	case given == nil:
		return old, nil, nil
	case tags == nil:
		return nil, nil, wsproto.NotModified
	case len(tags) == 0:
		return fixed, nil, nil
	case !slices.Equal(chat.TagsIn(tags, c.ImmutableTags...), fixed):
		return nil, nil, wsproto.ErrDenied
	}
	if c.AliasTag == "" {
		return tags, nil, nil
	}
	aliases := chat.TagsIn(tags, c.AliasTag)
	if len(aliases) > 1 {
		return nil, nil, wsproto.ErrMalformed
	}
	return tags, aliases, nil
}

// hasAux tells topics with data that their members share.
func (t *Topic) hasAux() bool {
	k := chat.KindOf(t.name)
	return k == chat.KindP2P || k == chat.KindGroup || k == chat.KindSlf
}

// setAux changes the data that the members of a topic share (wire.md §7.6).
func (t *Topic) setAux(r *Request, a *Attachment, aux map[string]json.RawMessage) error {
	if !t.hasAux() {
		return wsproto.ErrNotAllowed
	}
	if !a.mode().IsAdmin() {
		return wsproto.ErrDenied
	}
	v, changed := mergeFields(t.rec.Aux, aux)
	if !changed {
		return wsproto.NotModified
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.UpdateTopic(ctx, t.name, store.TopicUpdate{Aux: &v}); err != nil {
		return err
	}
	t.rec.Aux = v
	r.reply(wsproto.OK)
	t.presTopic(wsproto.Pres{What: "aux"}, r.Session, everybody)
	return nil
}
