package topic

import (
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

func (t *Topic) getSub(r *Request, a *Attachment, o *wsproto.GetOpts) error {
	if o != nil && (o.Since != 0 || o.Before != 0 || o.Limit < 0) {
		return wsproto.ErrMalformed
	}
	list, err := t.kind.list(r, a, o)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return nothing("sub")
	}
	t.meta(r, wsproto.Meta{Sub: list})
	return nil
}

// listMembers lists the subscribers of a topic (wire.md §3.3, §6.4).
func (t *Topic) listMembers(a *Attachment, o *wsproto.GetOpts, profiles bool) ([]wsproto.MetaSub, error) {
	q := store.MemberQuery{Limit: t.Config.MaxResults}
	if o != nil {
		if o.User != "" {
			uid, err := chat.ParseUID(o.User)
			if err != nil {
				return nil, wsproto.ErrMalformed
			}
			q.User = uid
		}
		if o.IMS != nil {
			q.DeletedSince = o.IMS.UTC()
		}
		if o.Limit > 0 {
			q.Limit = min(o.Limit, q.Limit)
		}
	}
	if a.member.reader { // sees nobody but himself
		q.User = a.member.uid
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	list, err := t.Store.Members(ctx, t.name, q)
	if err != nil {
		return nil, err
	}
	out := make([]wsproto.MetaSub, len(list))
	for i := range list {
		out[i] = t.memberEntry(a, &list[i], o, profiles)
	}
	return out, nil
}

func (t *Topic) memberEntry(a *Attachment, m *store.Member, o *wsproto.GetOpts, profiles bool) wsproto.MetaSub {
	e := wsproto.MetaSub{User: m.User}
	if !m.Deleted.IsZero() {
		e.Deleted = wsproto.Time{Time: m.Deleted}
		return e
	}
	e.Updated = wsproto.Time{Time: m.Updated}
	own := m.User == a.member.uid
	mode := m.Mode()
	if own || a.mode().IsSharer() || mode.IsAdmin() {
		e.Acs = wsproto.NewAcs(m.Want, m.Given)
	}
	if mode.Has(chat.ModeRead) && (!profiles || mode.Has(chat.ModeJoin)) {
		e.Read, e.Recv = m.Read, m.Recv
	}
	if own {
		e.Clear = m.Del
		if changedSince(o, m.Updated) {
			e.Private = m.Private
		}
	}
	if profiles {
		live := t.members.of(m.User)
		if own {
			live = a.member
		}
		if live != nil && a.mode().Has(chat.ModePres) {
			e.Online = live.online > 0
		}
		if changedSince(o, m.UserUpdated) {
			e.Public, e.Trusted = m.Public, m.Trusted
		}
	}
	return e
}
