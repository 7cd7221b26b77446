package topic

import (
	"strings"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Parts of a topic in the order in which {get} and {sub} answer them
// (wire.md §2.6, §6.2).
var (
	getOrder = []string{"desc", "sub", "data", "del", "tags", "cred", "aux", "sessions", "sync"}
	subOrder = []string{"desc", "sub", "tags", "cred", "aux", "sessions", "data", "del", "sync"}
)

// maxWhat is how many words of "what" are looked at.
const maxWhat = 8

// whatSet reads the parts asked for; unknown ones are ignored.
func whatSet(what string) map[string]bool {
	words := strings.Fields(what)
	set := make(map[string]bool, len(words))
	for _, w := range words[:min(len(words), maxWhat)] {
		switch w {
		case "desc", "sub", "data", "del", "tags", "cred", "aux", "sessions", "sync":
			set[w] = true
		}
	}
	return set
}

// KnownWhat tells whether a {get} asks for anything that there is.
func KnownWhat(what string) bool { return len(whatSet(what)) > 0 }

// get handles {get}.
func (t *Topic) get(r *Request, q *wsproto.GetQuery) {
	if a := t.attachment(r); a != nil {
		r.name = a.name
		t.answer(r, a, q, getOrder)
		return
	}
	what := whatSet(q.What)
	switch {
	case what["desc"] && len(what) == 1:
		t.glance(r)
	case what["desc"] || what["sub"]:
		t.glanceSub(r, q.Sub)
	default:
		r.reply(wsproto.ErrDenied)
	}
}

// answer replies to each part asked for by somebody attached.
func (t *Topic) answer(r *Request, a *Attachment, q *wsproto.GetQuery, order []string) {
	what := whatSet(q.What)
	for _, part := range order {
		if !what[part] {
			continue
		}
		if err := t.answerPart(r, a, q, part); err != nil {
			t.refuse(r, err)
		}
	}
}

func (t *Topic) answerPart(r *Request, a *Attachment, q *wsproto.GetQuery, part string) error {
	switch part {
	case "desc":
		if o := q.Desc; o != nil && (o.User != "" || o.Limit != 0) {
			return wsproto.ErrMalformed
		}
		d, err := t.kind.describe(r, a, q.Desc)
		if err != nil {
			return err
		}
		t.meta(r, wsproto.Meta{Desc: d})
	case "sub":
		return t.getSub(r, a, q.Sub)
	case "data":
		return t.getData(r, a, q.Data)
	case "del":
		return t.getDel(r, a, q.Del)
	case "tags":
		tags, err := t.kind.tags(a)
		if err != nil {
			return err
		}
		if len(tags) == 0 {
			return nothing("tags")
		}
		t.meta(r, wsproto.Meta{Tags: tags})
	case "cred":
		return t.getCred(r)
	case "aux":
		return t.getAux(r)
	case "sessions":
		return t.getSessions(r)
	case "sync":
		me, ok := t.kind.(*meTopic)
		if !ok {
			return wsproto.ErrNotAllowed
		}
		return me.sync(r, q.Sync)
	}
	return nil
}

// nothing is the answer to a part that is empty.
func nothing(what string) error { return wsproto.NoContent.With("what", what) }

// meta adds one part to the answer.
func (t *Topic) meta(r *Request, m wsproto.Meta) {
	m.ID, m.Topic, m.TS = r.id, r.name, wsproto.Time{Time: r.TS}
	r.add(m.Frame())
}

// glance answers {get desc} of somebody who is not attached.
func (t *Topic) glance(r *Request) {
	d, err := t.kind.glance(r)
	if err != nil {
		t.refuse(r, err)
		return
	}
	t.meta(r, wsproto.Meta{Desc: d})
}

// glanceSub answers {get sub} of somebody who is not attached: only his own
// subscription (wire.md §6.2).
func (t *Topic) glanceSub(r *Request, o *wsproto.GetOpts) {
	if o != nil && o.User != "" && o.User != r.User.String() {
		r.reply(wsproto.ErrDenied)
		return
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	s, err := t.Store.Sub(ctx, t.name, r.User)
	if err != nil {
		t.refuse(r, err)
		return
	}
	if s.Reader != r.Channel {
		r.reply(wsproto.ErrNotFound)
		return
	}
	e := wsproto.MetaSub{User: r.User}
	if !s.Deleted.IsZero() {
		e.Deleted = wsproto.Time{Time: s.Deleted}
	} else {
		e.Updated, e.Acs, e.Private = wsproto.Time{Time: s.Updated}, wsproto.NewAcs(s.Want, s.Given), s.Private
		if chat.KindOf(t.name) == chat.KindFnd { // a query is nobody's business
			e.Private = nil
		}
		if s.Mode().Has(chat.ModeRead | chat.ModeJoin) {
			e.Clear, e.Read, e.Recv = s.Del, s.Read, s.Recv
		}
	}
	t.meta(r, wsproto.Meta{Sub: []wsproto.MetaSub{e}})
}

// getData answers with a page of messages, newest first (wire.md §6.5).
func (t *Topic) getData(r *Request, a *Attachment, o *wsproto.GetOpts) error {
	if !a.mode().Has(chat.ModeRead) {
		return wsproto.ErrDenied
	}
	q := store.HistoryQuery{Limit: t.Config.MaxPage}
	if a.member.del > 0 {
		q.For = a.member.uid
	}
	if o != nil {
		if o.IMS != nil || o.User != "" || o.Topic != "" || o.Since < 0 || o.Before < 0 || o.Limit < 0 {
			return wsproto.ErrMalformed
		}
		q.Since, q.Before = o.Since, o.Before
		if q.Before <= 1 {
			q.Before = 0
		}
		if o.Limit > 0 {
			q.Limit = min(o.Limit, q.Limit)
		}
		for _, w := range o.Ranges {
			rg := w.Range()
			if rg.Low < 0 || rg.Hi < rg.Low {
				return wsproto.ErrMalformed
			}
			q.Ranges = append(q.Ranges, rg)
		}
		q.Ranges = chat.MergeRanges(q.Ranges)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	ms, err := t.Store.History(ctx, t.name, q)
	if err != nil {
		return err
	}
	if len(ms) == 0 {
		return nothing("data")
	}
	for i := range ms {
		r.add(dataFrame(&ms[i], a.name, a.member.reader))
	}
	r.reply(wsproto.Delivered.With("what", "data").With("count", len(ms)))
	return nil
}

// getDel answers with the log of deletions (wire.md §6.6).
func (t *Topic) getDel(r *Request, a *Attachment, o *wsproto.GetOpts) error {
	since, before, limit := 0, 0, t.Config.MaxResults
	if o != nil {
		if o.IMS != nil || o.User != "" || o.Topic != "" || o.Since < 0 || o.Before < 0 || o.Limit < 0 {
			return wsproto.ErrMalformed
		}
		since, before = o.Since, o.Before
		if before <= 1 {
			before = 0
		}
		if o.Limit > 0 {
			limit = min(o.Limit, limit)
		}
	}
	if !a.mode().Has(chat.ModeRead) {
		return nothing("del")
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	log, err := t.Store.Deletions(ctx, t.name, a.member.uid, since, before, limit)
	if err != nil {
		return err
	}
	if len(log) == 0 {
		return nothing("del")
	}
	t.meta(r, wsproto.Meta{Del: metaDel(log)})
	return nil
}

// metaDel puts a log of deletions together; nil if it is empty.
func metaDel(log []store.Deletion) *wsproto.MetaDel {
	if len(log) == 0 {
		return nil
	}
	d := &wsproto.MetaDel{}
	var ranges []chat.Range
	for _, e := range log {
		d.Clear = max(d.Clear, e.ID)
		ranges = append(ranges, e.Ranges...)
	}
	d.DelSeq = wsproto.SeqRanges(chat.MergeRanges(ranges))
	return d
}

func (t *Topic) getCred(r *Request) error {
	if _, ok := t.kind.(*meTopic); !ok {
		return wsproto.ErrNotAllowed
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	list, err := t.Store.Credentials(ctx, r.User, "")
	if err != nil {
		return err
	}
	factor, err := t.factorCred(ctx, r.User)
	if err != nil {
		return err
	}
	if len(list)+len(factor) == 0 {
		return nothing("creds") // sic (wire.md §6.7)
	}
	creds := make([]wsproto.MetaCred, len(list), len(list)+len(factor))
	for i, c := range list {
		creds[i] = wsproto.MetaCred{Meth: c.Method, Val: c.Value, Done: c.Done}
	}
	creds = append(creds, factor...)
	t.meta(r, wsproto.Meta{Cred: creds})
	return nil
}

func (t *Topic) getAux(r *Request) error {
	if !t.hasAux() {
		return wsproto.ErrNotAllowed
	}
	if len(t.rec.Aux) == 0 {
		return nothing("aux")
	}
	t.meta(r, wsproto.Meta{Aux: t.rec.Aux})
	return nil
}
