package topic

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Bounds of one {get what:"sync"}.
const (
	maxSyncTopics   = 10_000 // that a client may name
	syncMessages    = 24     // of one topic, unless the client says otherwise
	maxSyncMessages = 2_000  // of all topics together
)

// sync answers a client that has been away with all that is new: the entries of
// the conversations that changed, then their deletions and messages, then a
// {ctrl 208} (docs/protocol.md). What does not fit is marked with
// recovered:false, and the client gets it page by page as usual.
func (t *meTopic) sync(r *Request, o *wsproto.SyncOpts) error {
	if o == nil {
		o = &wsproto.SyncOpts{}
	}
	if len(o.Topics) > maxSyncTopics || o.Limit < 0 {
		return wsproto.ErrMalformed
	}
	known := make(map[string]*knownTopic, len(o.Topics)) // by canonical name
	for name, s := range o.Topics {
		canonical, err := t.canonical(name)
		if err != nil || s.Seq < 0 || s.Del < 0 {
			return wsproto.ErrMalformed
		}
		known[canonical] = &knownTopic{SyncState: s, name: name}
	}
	run := syncRun{meTopic: t, r: r, limit: syncMessages, left: maxSyncMessages}
	if o.Limit > 0 {
		run.limit = min(o.Limit, t.Config.MaxPage)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	// Ever since: deleted subscriptions are told, too.
	list, err := t.Store.Contacts(ctx, t.user.ID, store.ContactQuery{Since: time.UnixMilli(1)})
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- { // the latest first
		if err := run.add(ctx, &list[i], known[list[i].Topic]); err != nil {
			return err
		}
	}
	for _, k := range known {
		if !k.found { // purged
			run.subs = append(run.subs, wsproto.MetaSub{Topic: k.name, Deleted: wsproto.Time{Time: r.TS}})
		}
	}
	run.finish()
	return nil
}

// knownTopic is a conversation that the client named.
type knownTopic struct {
	wsproto.SyncState
	name  string // as he did
	found bool
}

// syncRun collects the answer to one request.
type syncRun struct {
	*meTopic
	r      *Request
	limit  int // messages of one topic
	left   int // messages that may still be sent
	sent   int
	subs   []wsproto.MetaSub
	frames []wsproto.Frame // what follows the entries
}

// add compares a conversation with what the client has of it; known is nil if
// he did not name it.
func (s *syncRun) add(ctx context.Context, c *store.Contact, known *knownTopic) error {
	listed := known != nil
	var have wsproto.SyncState
	if listed {
		have, known.found = known.SyncState, true
	}
	if !c.Deleted.IsZero() {
		if listed {
			s.subs = append(s.subs, s.entry(c, nil))
		}
		return nil
	}
	reads := c.Mode().Has(chat.ModeRead | chat.ModeJoin)
	if !reads {
		have, c.Seq, c.Del, c.TopicDel = wsproto.SyncState{}, 0, 0, 0
	}
	clear := max(c.Del, c.TopicDel)
	// A client with more than there is comes from another past: a backup was restored.
	recovered := have.Seq <= c.Seq && have.Del <= clear
	if listed && recovered && have.Seq == c.Seq && have.Del >= c.Del {
		return nil
	}
	e := s.entry(c, nil)
	e.Clear = clear
	if reads && recovered {
		var err error
		if recovered, err = s.news(ctx, c, have, e.Topic); err != nil {
			return err
		}
	}
	e.Recovered = &recovered
	s.subs = append(s.subs, e)
	return nil
}

// news adds the deletions and messages that the client does not have. It tells
// whether these are all of them.
func (s *syncRun) news(ctx context.Context, c *store.Contact, have wsproto.SyncState, name string) (bool, error) {
	all := true
	if have.Del < c.Del {
		limit := s.Config.MaxResults
		log, err := s.Store.Deletions(ctx, c.Topic, s.user.ID, have.Del+1, 0, limit)
		if err != nil {
			return false, err
		}
		all = len(log) < limit
		if d := metaDel(log); d != nil {
			m := wsproto.Meta{ID: s.r.id, Topic: name, TS: wsproto.Time{Time: s.r.TS}, Del: d}
			s.frames = append(s.frames, m.Frame())
		}
	}
	if have.Seq >= c.Seq {
		return all, nil
	}
	limit := min(s.limit, s.left)
	if limit == 0 {
		return false, nil
	}
	ms, err := s.Store.History(ctx, c.Topic, store.HistoryQuery{
		For: s.user.ID, Since: have.Seq + 1, Before: c.Seq + 1, Limit: limit,
	})
	if err != nil {
		return false, err
	}
	for i := range ms {
		s.frames = append(s.frames, dataFrame(&ms[i], name, c.Reader))
	}
	s.left -= len(ms)
	s.sent += len(ms)
	return all && (len(ms) < limit || ms[len(ms)-1].Seq == have.Seq+1), nil
}

// finish puts the answer together.
func (s *syncRun) finish() {
	if len(s.subs) == 0 {
		s.r.reply(wsproto.NoContent.With("what", "sync"))
		return
	}
	s.meta(s.r, wsproto.Meta{Sub: s.subs})
	for _, f := range s.frames {
		s.r.add(f)
	}
	s.r.reply(wsproto.Delivered.WithAll(&syncParams{What: "sync", Topics: len(s.subs), Count: s.sent}))
}

// syncParams end the answer: how many entries and messages it had.
type syncParams struct {
	What   string `json:"what"`
	Topics int    `json:"topics"`
	Count  int    `json:"count"`
}
