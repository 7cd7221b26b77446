package topic

import (
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// list is the user's list of conversations (wire.md §6.4).
func (t *meTopic) list(_ *Request, _ *Attachment, o *wsproto.GetOpts) ([]wsproto.MetaSub, error) {
	q := store.ContactQuery{Limit: t.Config.MaxResults}
	if o != nil {
		if o.User != "" {
			return nil, wsproto.ErrMalformed
		}
		if o.Limit > 0 {
			q.Limit = min(o.Limit, q.Limit)
		}
		if o.IMS != nil {
			q.Since = o.IMS.UTC()
		}
		if o.Topic != "" {
			name, err := t.canonical(o.Topic)
			if err != nil {
				return nil, err
			}
			q.Topic = name
		}
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	list, err := t.Store.Contacts(ctx, t.user.ID, q)
	if err != nil {
		return nil, err
	}
	out := make([]wsproto.MetaSub, 0, len(list))
	listed := make(map[string]bool, len(list))
	for i := range list {
		listed[list[i].Topic] = true
		out = append(out, t.entry(&list[i], o))
	}
	if !q.Since.IsZero() && q.Topic == "" && len(list) < q.Limit { // unchanged, but online; with the last page
		for name, c := range t.contacts {
			if c.online && !listed[name] {
				out = append(out, wsproto.MetaSub{Topic: t.seenAs(name), Online: true})
			}
		}
	}
	return out, nil
}

// canonical is the name of a conversation that the user calls name.
func (t *meTopic) canonical(name string) (string, error) {
	if group, _, ok := chat.GroupName(name); ok {
		return group, nil
	}
	switch name {
	case "slf":
		return t.user.ID.SlfName(), nil
	case "sys":
		return name, nil
	}
	peer, err := chat.ParseUID(name)
	if err != nil || peer == t.user.ID {
		return "", wsproto.ErrMalformed
	}
	return chat.P2PName(t.user.ID, peer), nil
}

func (t *meTopic) entry(c *store.Contact, o *wsproto.GetOpts) wsproto.MetaSub {
	name := t.seenAs(c.Topic)
	if c.Reader {
		name = chat.ChannelName(c.Topic)
	}
	if !c.Deleted.IsZero() {
		return wsproto.MetaSub{Topic: name, Deleted: wsproto.Time{Time: c.Deleted}}
	}
	mode := c.Mode()
	s := wsproto.MetaSub{
		Topic: name, Updated: wsproto.Time{Time: later(c.Updated, c.TopicUpdated)},
		Acs: wsproto.NewAcs(c.Want, c.Given), Clear: c.Del,
	}
	if chat.KindOf(c.Topic) == chat.KindGroup {
		s.SubCnt = c.SubCount
	}
	if mode.Has(chat.ModeJoin) {
		s.Touched = wsproto.Time{Time: c.Updated}
		if mode.Has(chat.ModeRead) {
			s.Touched, s.Seq = wsproto.Time{Time: c.Touched}, c.Seq
			s.Read, s.Recv = c.Read, c.Recv
		}
		if known := t.contacts[c.Topic]; known != nil && mode.Has(chat.ModePres) {
			s.Online = known.online
		}
	}
	if changedSince(o, c.TopicUpdated) {
		s.Public, s.Trusted = c.Public, c.Trusted
	}
	if changedSince(o, c.Updated) {
		s.Private = c.Private
	}
	if c.Peer != 0 && !s.Online && !c.LastSeen.IsZero() {
		s.Seen = &wsproto.Seen{When: wsproto.Time{Time: c.LastSeen}, UA: c.UserAgent}
	}
	return s
}

// changedSince tells whether one of the times is after the "if modified since"
// of a query, or there is none.
func changedSince(o *wsproto.GetOpts, times ...time.Time) bool {
	if o == nil || o.IMS == nil {
		return true
	}
	for _, at := range times {
		if at.After(*o.IMS) {
			return true
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
