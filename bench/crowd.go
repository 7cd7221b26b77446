//go:build linux

package bench

import "context"

// pairOptions says who publishes in peer to peer topics, and how.
type pairOptions struct {
	sizeBytes int
	both      bool // both users of a pair publish
	noecho    bool
}

// pairs connects users two by two in peer to peer topics, in which the first of each pair, or both,
// publish. The caller hangs up.
func (e *env) pairs(ctx context.Context, users []*user, opt pairOptions, cfg flowConfig) (*flow, error) {
	cfg.peerOnly = true
	f := newFlow(e.loop, cfg)
	topics := make([]*topic, len(users)/2)
	err := each(len(topics), e.workers, func(i int) (err error) {
		topics[i], err = e.pair(ctx, users[2*i], users[2*i+1], f)
		return err
	})
	if err != nil {
		e.hangUpTopics(topics)
		return nil, err
	}
	e.loop.do(func() {
		f.topics = topics
		for _, t := range topics {
			a, b := t.conns[0], t.conns[1]
			f.pubs = append(f.pubs, &publisher{c: a, topic: t, tmpl: newPub(b.user.UID, opt.sizeBytes, opt.noecho)})
			if opt.both {
				f.pubs = append(f.pubs, &publisher{c: b, topic: t, tmpl: newPub(a.user.UID, opt.sizeBytes, opt.noecho)})
			}
		}
	})
	return f, nil
}

// pair connects two users and attaches them to their common topic. After an error the topic holds
// the connections which were made.
func (e *env) pair(ctx context.Context, a, b *user, h handler) (*topic, error) {
	t := &topic{expect: 1}
	for _, u := range []*user{a, b} {
		c, err := e.connect(ctx, u, h)
		if err != nil {
			return t, err
		}
		t.conns = append(t.conns, c)
	}
	if _, err := t.conns[0].sub(ctx, b.UID); err != nil {
		return t, err
	}
	_, err := t.conns[1].sub(ctx, a.UID)
	return t, err
}

// groupOptions says how large groups are and who publishes in them.
type groupOptions struct {
	groups, subs int
	pubs         int // subscribers of each group who publish
	sizeBytes    int
	anonymous    bool // let anonymous users in
}

// groups makes groups of online subscribers, the first of which publish. The caller hangs up.
func (e *env) groups(ctx context.Context, users []*user, opt groupOptions, cfg flowConfig) (*flow, error) {
	f := newFlow(e.loop, cfg)
	topics := make([]*topic, opt.groups)
	names := make([]string, opt.groups)
	for g := range topics {
		topics[g] = &topic{conns: make([]*conn, opt.subs), expect: int32(opt.subs)}
	}
	join := func(g, s int) error {
		c, err := e.connect(ctx, users[g*opt.subs+s], f)
		if err != nil {
			return err
		}
		topics[g].conns[s] = c
		if s == 0 {
			names[g], err = c.newGroup(ctx, opt.anonymous)
		} else {
			_, err = c.sub(ctx, names[g])
		}
		return err
	}
	err := each(opt.groups, e.workers, func(g int) error { return join(g, 0) })
	if err == nil {
		err = each(opt.groups*(opt.subs-1), e.workers, func(i int) error {
			return join(i%opt.groups, 1+i/opt.groups)
		})
	}
	if err != nil {
		e.hangUpTopics(topics)
		return nil, err
	}
	e.loop.do(func() {
		f.topics = topics
		for p := range opt.pubs {
			for g, t := range topics {
				f.pubs = append(f.pubs, &publisher{c: t.conns[p%opt.subs], topic: t, tmpl: newPub(names[g], opt.sizeBytes, false)})
			}
		}
	})
	return f, nil
}

// hangUp closes all connections of a flow.
func (e *env) hangUp(f *flow) { e.hangUpTopics(f.topics) }

func (e *env) hangUpTopics(topics []*topic) {
	for _, t := range topics {
		if t == nil {
			continue
		}
		for _, c := range t.conns {
			if c != nil {
				c.handle(nil)
				c.close()
			}
		}
	}
	e.settle()
}
