//go:build linux

package bench

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// searchRun are the flags of the scenario search.
type searchRun struct {
	n, conc, limit int
	d              time.Duration
}

func searchScenario(fs *flag.FlagSet) runFunc {
	o := &searchRun{}
	fs.IntVar(&o.n, "n", 100_000, "users with five tags each")
	fs.IntVar(&o.conc, "c", 1, "who search at a time, each with one query in flight")
	fs.IntVar(&o.limit, "most", 1024, "rows of an answer at most (max_results)")
	fs.DurationVar(&o.d, "d", 8*time.Second, "duration")
	return o.run
}

// Of how many users one has a tag of each kind: everybody has one of two languages, one of fifty
// cities, and shares a team with nineteen others.
const (
	langs    = 2
	cities   = 50
	teamSize = 20
)

// searchTags are the five tags of user i. One of them everybody has, and one nobody else.
func searchTags(i int) string {
	return fmt.Sprintf(`["user%d","team%d","city%d","lang%d","everybody"]`, i, i/teamSize, i%cities, i%langs)
}

// searchKind is a kind of query, and how many users it finds.
type searchKind struct {
	name string
	// query is a query and the number of users who match.
	query func(n int) (text string, hits int)
	times *hist
}

func searchKinds() []*searchKind {
	kinds := []*searchKind{
		{name: "rare", query: func(n int) (string, int) {
			return fmt.Sprintf("team%d", rand.IntN(n/teamSize)), teamSize
		}},
		{name: "common", query: func(n int) (string, int) { return "everybody", n }},
		{name: "and", query: func(n int) (string, int) {
			team := rand.IntN(n / teamSize)
			return fmt.Sprintf("everybody lang%d team%d", team%langs, team), teamSize / langs
		}},
		{name: "or", query: func(n int) (string, int) {
			city, step := rand.IntN(cities), 1+rand.IntN(cities-1)
			return fmt.Sprintf("city%d,city%d", city, (city+step)%cities), 2 * n / cities
		}},
	}
	for _, k := range kinds {
		k.times = newHist()
	}
	return kinds
}

func (o *searchRun) run(ctx context.Context, e *env) (result, error) {
	o.n -= o.n % (teamSize * cities) // so that the answers can be counted
	users, err := e.spareUsers(ctx, 1)
	if err != nil {
		return result{}, err
	}
	if err := e.populate(ctx, o.n); err != nil {
		return result{}, err
	}
	defer e.settle()
	conns := make(chan *conn, o.conc)
	for range o.conc {
		c, err := e.connect(ctx, users[0], nil)
		if err != nil {
			return result{}, err
		}
		defer c.close()
		if _, err := c.sub(ctx, "fnd"); err != nil {
			return result{}, err
		}
		conns <- c
	}
	return o.measure(ctx, e, conns)
}

func (o *searchRun) measure(ctx context.Context, e *env, conns chan *conn) (result, error) {
	kinds, all, wrong := searchKinds(), newHist(), 0
	var mu sync.Mutex
	u, n, err := e.repeat(ctx, o.conc, o.d, func(i int) error {
		c, k := <-conns, kinds[i%len(kinds)]
		defer func() { conns <- c }()
		text, want := k.query(o.n)
		began := e.loop.nanotime()
		got, err := c.find(ctx, text)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all.record(e.loop.nanotime() - began)
		k.times.record(e.loop.nanotime() - began)
		if got != min(want, o.limit) {
			wrong++
		}
		return nil
	})
	if err != nil {
		return result{}, err
	}
	var r result
	r.add("searches_per_s", float64(n)/u.wall.Seconds())
	r.latency("search", all)
	for _, k := range kinds {
		r.add(k.name+"_p50_ms", k.times.percentile(50))
		r.quiet(k.name+"_p99_ms", k.times.percentile(99))
	}
	r.cost(u, "search", float64(n))
	r.add("wrong_answers", float64(wrong))
	return r, nil
}

// find sets the query of the session and asks for the results in one go, as clients do; it returns
// how many there are.
func (c *conn) find(ctx context.Context, query string) (int, error) {
	r, err := c.ask(ctx, func(id string) []byte {
		return fmt.Appendf(nil, `{"get":{"id":%q,"topic":"fnd","what":"sub"}}`, id)
	}, fmt.Appendf(nil, `{"set":{"id":"q","topic":"fnd","desc":{"public":%q}}}`, query))
	if r, err = expectAnswer("get sub", r, err); err != nil {
		return 0, err
	}
	return bytes.Count(r.raw, []byte(`"topic":"usr`)), nil
}

// populate makes the users that are searched for, once. They cannot log in: nobody learns their
// secrets.
func (e *env) populate(ctx context.Context, n int) error {
	key := fmt.Sprintf("search %d", n)
	if e.pool.furnished(key) != nil {
		return nil
	}
	conns := make(chan *conn, 4*e.workers)
	for range cap(conns) {
		c, err := e.dial(ctx, dialOptions{})
		if err != nil {
			return err
		}
		defer c.close()
		conns <- c
	}
	err := each(n, cap(conns), func(i int) error {
		c := <-conns
		defer func() { conns <- c }()
		r, err := c.call(ctx, func(id string) []byte {
			return fmt.Appendf(nil, `{"acc":{"id":%q,"user":"new","scheme":"anonymous","tags":%s,"desc":{"public":{"fn":"User %d"}}}}`,
				id, searchTags(i), i)
		})
		_, err = expect("acc", r, err)
		return err
	})
	if err != nil {
		return fmt.Errorf("make %d users: %w", n, err)
	}
	e.pool.keep(key, "done")
	return nil
}
