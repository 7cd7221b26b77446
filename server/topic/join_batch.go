package topic

import (
	"slices"

	"parley/store"
)

// join is somebody who becomes a member of a group and waits for the rest of
// the batch: a thousand people who join at once cost a few commits, not a
// thousand.
type join struct {
	r   *Request
	sub store.Sub
}

// collectJoin adds a {sub} to the batch if it is that of a newcomer whom nothing
// speaks against. Everything else, refusals included, takes the usual way.
func (t *Topic) collectJoin(r *Request) bool {
	g, ok := t.kind.(*groupTopic)
	q := r.Msg.Sub
	switch {
	case !ok || r.Channel || !t.exists || t.loadErr != nil || r.Create || t.members.of(r.User) != nil,
		r.Session.Attachment(t.name) != nil,
		q.Set != nil && q.Set.Sub != nil && q.Set.Sub.User != "",
		slices.ContainsFunc(t.joins, func(j join) bool { return j.r.User == r.User }):
		return false
	}
	want, explicit, err := parseMode(wantedMode(q))
	if err != nil {
		return false
	}
	t.flushPubs()
	ctx, cancel := t.storeCtx()
	defer cancel()
	s, former, err := g.draft(ctx, r, q, want, explicit)
	if err != nil || liveReader(former) {
		return false
	}
	t.joins = append(t.joins, join{r, s})
	return true
}

// flushJoins stores the batch and lets everybody in. If it can't be stored as a
// whole, each is tried and answered by himself.
func (t *Topic) flushJoins() {
	if len(t.joins) == 0 {
		return
	}
	batch := t.joins
	t.joins = nil
	subs := make([]store.Sub, len(batch))
	for i := range batch {
		subs[i] = batch[i].sub
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.PutSubs(ctx, subs...); err != nil {
		for i := range batch {
			batch[i].r.apply(t)
		}
		return
	}
	for i := range batch {
		t.members.add(&subs[i])
		t.rec.SubCount++
	}
	for i := range batch {
		r := batch[i].r
		r.id, r.name = r.Msg.ID(), r.Name
		t.subscribed(r, r.Msg.Sub, joined{member: t.members.of(r.User), isNew: true})
		r.finish()
	}
}
