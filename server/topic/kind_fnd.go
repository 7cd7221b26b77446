package topic

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"parley/internal/chat"
	"parley/internal/tagquery"
	"parley/store"
	"parley/wsproto"
)

// fndTopic finds people and groups by their tags (wire.md §4.4, §11). It has no
// record, only its user's subscription, which keeps his lasting query.
type fndTopic struct {
	*Topic
	user    *store.User
	self    *member
	private json.RawMessage        // the lasting query
	queries map[*Attachment]string // of each session
}

func (t *fndTopic) load(ctx context.Context) error {
	uid, err := chat.ParseFndName(t.name)
	if err != nil {
		return wsproto.ErrTopicNotFound
	}
	if t.user, err = t.Store.User(ctx, uid); err != nil {
		return err
	}
	t.exists, t.queries = true, make(map[*Attachment]string, 1)
	s, err := t.Store.Sub(ctx, t.name, uid)
	if errors.Is(err, store.ErrNotFound) { // his first search
		now := t.now()
		s = &store.Sub{Topic: t.name, User: uid, Created: now, Updated: now, Want: chat.ModeMe, Given: chat.ModeMe}
		err = t.Store.PutSubs(ctx, *s)
	}
	if err != nil {
		return err
	}
	t.self, t.private = newMember(s), s.Private
	return nil
}

func (t *fndTopic) nameFor(chat.UID) string { return "fnd" }

func (t *fndTopic) join(r *Request, q *wsproto.Sub) (joined, error) {
	want, ok, err := parseMode(wantedMode(q))
	if err != nil || !ok {
		return still(t.self), err
	}
	return t.rejoin(r, t.self, want)
}

func (t *fndTopic) attached(*Attachment, joined) {}

func (t *fndTopic) detached(a *Attachment, _ bool) { delete(t.queries, a) }

func (t *fndTopic) sleep() {}

func (t *fndTopic) describe(_ *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error) {
	d := &wsproto.MetaDesc{
		Updated: wsproto.Time{Time: t.user.Updated}, Acs: wsproto.NewAcs(t.self.want, t.self.given), Private: t.private,
	}
	if o == nil || o.IMS == nil {
		d.Created = wsproto.Time{Time: t.user.Created}
	}
	if q := t.queries[a]; q != "" {
		d.Public, _ = json.Marshal(q) // a text always encodes
	}
	return d, nil
}

func (t *fndTopic) glance(*Request) (*wsproto.MetaDesc, error) { return nil, wsproto.ErrMalformed }

// setDesc takes a query for this session (public), or a lasting one (private).
func (t *fndTopic) setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error {
	var query string
	switch {
	case !wsproto.IsNull(d.Trusted):
		return wsproto.ErrDenied
	case wsproto.IsNull(d.Public) && wsproto.IsNull(d.Private):
		return wsproto.NotModified
	case !wsproto.IsNull(d.Public) && json.Unmarshal(d.Public, &query) != nil:
		return wsproto.ErrMalformed
	}
	if !wsproto.IsNull(d.Private) {
		if err := t.setPrivate(r, a.member, d); err != nil {
			return err
		}
	}
	switch {
	case wsproto.IsNull(d.Public):
	case query == "" || query == chat.Clear:
		delete(t.queries, a)
	default:
		t.queries[a] = query
	}
	return nil
}

func isText(raw json.RawMessage) bool {
	var text string
	return json.Unmarshal(raw, &text) == nil
}

func (t *fndTopic) setOther(*Request, *Attachment, *wsproto.SetSub) error { return wsproto.ErrDenied }

// query is what a session searches for.
func (t *fndTopic) query(a *Attachment, country string) (tagquery.Query, error) {
	text := t.queries[a]
	if text == "" && len(t.private) > 0 {
		_ = json.Unmarshal(t.private, &text) // we stored a text
	}
	return tagquery.Parse(text, tagquery.Rules{
		Email: slices.Contains(t.Config.ImmutableTags, "email"), Tel: slices.Contains(t.Config.ImmutableTags, "tel"),
		Country: country, TagsFor: t.Config.TagsFor,
	})
}

// list searches (wire.md §11.4). A query that can't be read finds nothing.
func (t *fndTopic) list(r *Request, a *Attachment, _ *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	q, err := t.query(a, r.Country)
	if err != nil || q.Empty() {
		return nil, nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.mayAsk(ctx, q); err != nil {
		return nil, err
	}
	found, err := t.Store.Search(ctx, store.Search{
		All: q.All, Any: q.Any, Heavy: t.Config.AliasTag, Except: t.self.uid, Hidden: r.Root, Limit: t.Config.MaxResults,
	})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(f store.Found) bool { return f.User != 0 && !foundByPrefix(q, &f) })
	out := make([]wsproto.MetaSub, len(found))
	for i := range found {
		out[i] = hit(&found[i], r.Level)
		// Most have matched by the same tags.
		if i > 0 && slices.Equal(found[i].Tags, found[i-1].Tags) {
			out[i].Private = out[i-1].Private
		} else {
			out[i].Private, _ = json.Marshal(found[i].Tags) // texts always encode
		}
	}
	return out, nil
}

// foundByPrefix tells a user whom a query finds by tags with a prefix alone:
// people are not found by common words (wire.md §7.5).
func foundByPrefix(q tagquery.Query, f *store.Found) bool {
	prefixed := func(tag string) bool { return chat.TagPrefix(tag) != "" && slices.Contains(f.Tags, tag) }
	for _, group := range q.All {
		if !slices.ContainsFunc(group, prefixed) {
			return false
		}
	}
	return len(q.All) > 0 || slices.ContainsFunc(q.Any, prefixed)
}

// mayAsk refuses tags of masked namespaces that are not the user's own.
func (t *fndTopic) mayAsk(ctx context.Context, q tagquery.Query) error {
	masked := chat.TagsIn(slices.Collect(q.Terms()), t.Config.MaskedTags...)
	if len(masked) == 0 {
		return nil
	}
	u, err := t.Store.User(ctx, t.self.uid)
	if err != nil {
		return err
	}
	for _, tag := range masked {
		if !slices.Contains(u.Tags, tag) {
			return wsproto.ErrDenied
		}
	}
	return nil
}

// hit is a result of a search, as the requester would get it, but for the tags.
func hit(f *store.Found, level chat.Level) wsproto.MetaSub {
	s := wsproto.MetaSub{
		Topic: f.Topic, Updated: wsproto.Time{Time: f.Updated}, Acs: &wsproto.Acs{Mode: f.Access.For(level).String()},
		SubCnt: f.SubCount, Public: f.Public, Trusted: f.Trusted,
	}
	switch {
	case f.User != 0:
		s.Topic = f.User.String()
	case f.Channel:
		s.Topic, s.Acs.Mode = chat.ChannelName(f.Topic), chat.ModeReader.String()
	}
	return s
}

// tags tells who has the one tag that the session asks for, so that a client can
// see whether an alias is free (wire.md §11.6).
func (t *fndTopic) tags(a *Attachment) ([]string, error) {
	q, err := t.query(a, "")
	if err != nil {
		return nil, nil
	}
	tag, ok := q.Single()
	if !ok {
		return nil, nil
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.mayAsk(ctx, q); err != nil {
		return nil, err
	}
	holder, err := t.Store.TagHolder(ctx, tag)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return []string{holder}, err
}

func (t *fndTopic) setTags(context.Context, []string, []string) error { return wsproto.ErrNotAllowed }

func (t *fndTopic) remove(*Request, bool) error { return wsproto.ErrDenied }
