//go:build linux

package bench

import (
	"context"
	"errors"
	"flag"
)

// crowdRun are the flags of the scenario crowd.
type crowdRun struct {
	flowFlags
	members, online, onMe int
}

func crowdScenario(fs *flag.FlagSet) runFunc {
	o := &crowdRun{}
	o.defineFlow(fs)
	o.kind = kindGroup
	fs.IntVar(&o.members, "members", 10_000, "members of the group")
	fs.IntVar(&o.online, "online", 1000, "those who are attached to it")
	fs.IntVar(&o.onMe, "on-me", 100, "those who are attached to their me only, and are told of each message")
	return o.run
}

func (o *crowdRun) run(ctx context.Context, e *env) (result, error) {
	if o.online+o.onMe > o.members {
		return result{}, errors.New("more people are there than members")
	}
	users, err := e.ensureUsers(ctx, o.members, true)
	if err != nil {
		return result{}, err
	}
	present := o.members
	if e.name == hubName { // it knows nobody but those who are attached
		present = 1
	}
	name, err := e.largeGroup(ctx, users, present)
	if err != nil {
		return result{}, err
	}
	f, err := o.gather(ctx, e, users, name)
	if f != nil {
		defer e.hangUp(f)
	}
	if err != nil {
		return result{}, err
	}
	s, err := f.runClosed(ctx, e.target, o.warm, o.d)
	if err != nil {
		return result{}, err
	}
	r := o.report(s)
	r.quiet("server_cpu_us_per_message", float64(s.usage.server.Microseconds())/float64(s.counts.acks))
	r.add("rss_mb", mb(memoryOf(e.pid).rss))
	return r, nil
}

// gather connects those who are online, the first of whom publishes.
func (o *crowdRun) gather(ctx context.Context, e *env, users []*user, name string) (*flow, error) {
	f := newFlow(e.loop, flowConfig{window: o.window, awaitAll: true})
	t := &topic{conns: make([]*conn, o.online+o.onMe), expect: int32(o.online)}
	f.topics = []*topic{t}
	err := each(len(t.conns), e.workers, func(i int) (err error) {
		if t.conns[i], err = e.connect(ctx, users[i], f); err == nil && i < o.online {
			_, err = t.conns[i].sub(ctx, name)
		}
		return err
	})
	e.loop.do(func() {
		f.pubs = []*publisher{{c: t.conns[0], topic: t, tmpl: newPub(name, o.sizeBytes, false)}}
	})
	return f, err
}
