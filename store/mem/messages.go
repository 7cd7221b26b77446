package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// deletion is an entry of a topic's log: for one user or, for nobody, for all.
type deletion struct {
	store.Deletion
	User chat.UID
}

func copyMessage(m *store.Message) store.Message {
	c := *m
	c.Head, c.Content, c.Once = raw(m.Head), raw(m.Content), ""
	c.Files = nil
	return c
}

// Append implements store.Messages.
func (s *Store) Append(ctx context.Context, ms ...*store.Message) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if len(ms) == 0 {
		return nil
	}
	t := s.topics[ms[0].Topic]
	if t == nil || t.State == store.StateDeleted {
		return store.ErrSeqTaken
	}
	for i, m := range ms {
		if m.Topic != t.Name || m.Seq != t.Seq+1+i || len(m.Content) == 0 {
			return store.ErrSeqTaken
		}
	}
	for _, m := range ms {
		t.Messages = append(t.Messages, copyMessage(m))
		s.keep(m)
		for _, f := range m.Files {
			s.link(f, link{Topic: t.Name, Seq: m.Seq})
		}
		t.Seq, t.Touched = m.Seq, m.At
	}
	return nil
}

// History implements store.Messages.
func (s *Store) History(ctx context.Context, topic string, q store.HistoryQuery) ([]store.Message, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t := s.topics[topic]
	if t == nil {
		return nil, nil
	}
	var ms []store.Message
	for _, m := range slices.Backward(t.Messages) {
		if m.Content != nil && asked(&q, m.Seq) && !t.deletedFor(q.For, m.Seq) {
			ms = append(ms, copyMessage(&m))
		}
	}
	return cut(ms, q.Limit), nil
}

func asked(q *store.HistoryQuery, seq int) bool {
	if len(q.Ranges) > 0 {
		return inRanges(q.Ranges, seq)
	}
	return q.Since <= seq && (q.Before == 0 || seq < q.Before)
}

func inRanges(rs []chat.Range, seq int) bool {
	return slices.ContainsFunc(rs, func(r chat.Range) bool { return r.Low <= seq && seq < r.Hi })
}

func (t *topic) deletedFor(id chat.UID, seq int) bool {
	return id != 0 && slices.ContainsFunc(t.Deletions, func(d deletion) bool {
		return d.User == id && inRanges(d.Ranges, seq)
	})
}

// DeleteMessages implements store.Messages.
func (s *Store) DeleteMessages(ctx context.Context, name string, d store.NewDeletion) ([]chat.Range, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t := s.topics[name]
	if t == nil || d.ID != t.Del+1 {
		return nil, store.ErrSeqTaken
	}
	ranges := slices.Clone(d.Ranges)
	if d.User == 0 {
		ranges = t.erase(d.Ranges, d.After)
		s.unlink(func(l link) bool { return l.Topic == name && l.Seq > 0 && inRanges(ranges, l.Seq) })
	}
	if len(ranges) == 0 {
		return nil, nil
	}
	t.Del = d.ID
	t.Deletions = append(t.Deletions, deletion{User: d.User, Deletion: store.Deletion{ID: d.ID, Ranges: ranges}})
	for key, sub := range s.subs {
		if key.topic == name && sub.Deleted.IsZero() && (d.User == 0 || d.User == key.user) {
			sub.Del = d.ID
		}
	}
	return slices.Clone(ranges), nil
}

// erase deletes messages for everybody and returns which.
func (t *topic) erase(ranges []chat.Range, after time.Time) []chat.Range {
	var done []chat.Range
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Content == nil || !inRanges(ranges, m.Seq) || m.At.Before(after) {
			continue
		}
		m.From, m.Head, m.Content = 0, nil, nil
		done = append(done, chat.Range{Low: m.Seq, Hi: m.Seq + 1})
	}
	return chat.MergeRanges(done)
}

// Deletions implements store.Messages.
func (s *Store) Deletions(ctx context.Context, topic string, id chat.UID, since, before, limit int) ([]store.Deletion, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t := s.topics[topic]
	if t == nil {
		return nil, nil
	}
	var ds []store.Deletion
	for _, d := range t.Deletions {
		if (d.User == 0 || d.User == id) && since <= d.ID && (before == 0 || d.ID < before) {
			ds = append(ds, store.Deletion{ID: d.ID, Ranges: slices.Clone(d.Ranges)})
		}
	}
	slices.SortFunc(ds, func(a, b store.Deletion) int { return cmp.Compare(a.ID, b.ID) })
	return cut(ds, limit), nil
}
