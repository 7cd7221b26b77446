//go:build linux

package bench

import (
	"fmt"
	"strconv"
	"time"
)

// scale is how large and how long the measurements of the table are.
type scale struct {
	about string // for people: how long it takes

	runs, workers int
	warm, d       time.Duration
	pairs         int
	groups        []groupTarget
	page          int // messages in the topic whose pages are read
	users         int // who log in and come and go
	idle          []int
	settle, hold  time.Duration // of idle sessions
	stored        int           // messages before the first kill
	rounds        int           // kills
	starts        int
	people        int           // who have tags
	crowd, online int           // members of a large group, and those who are there
	storm         int           // sessions that connect at once
	logins        int           // by password, at once
	rest          time.Duration // before the server is weighed
}

// stormPairs publish while others log in.
const stormPairs = 20

// groupTarget is a size of groups and the most CPU per delivery, as a ratio to the hub.
type groupTarget struct {
	groups, subs int
	most         float64
}

// scale is the size that the flags ask for.
func (o *options) scale() scale {
	sc := scale{
		about: "about 13 minutes", runs: 3, workers: o.workers, warm: time.Second, d: 5 * time.Second,
		pairs: 50, groups: []groupTarget{{50, 10, 2.5}, {10, 100, 1.3}, {1, 1000, 1.2}},
		page: 10_000, users: 100, idle: []int{5000}, settle: 5 * time.Second, hold: 20 * time.Second,
		stored: 100_000, rounds: 3, starts: 5, rest: 2 * time.Second,
		people: 100_000, crowd: 10_000, online: 1000, storm: 5000, logins: 200,
	}
	switch {
	case o.quick:
		sc.about, sc.runs, sc.warm, sc.d = "about 3 minutes", 1, 500*time.Millisecond, 2*time.Second
		sc.settle, sc.hold, sc.rounds, sc.starts, sc.rest = 3*time.Second, time.Second, 1, 2, time.Second
		sc.people, sc.crowd, sc.online, sc.storm = 20_000, 4000, 500, 2000
	case o.full:
		sc.about, sc.d, sc.idle = "about 25 minutes", 10*time.Second, []int{5000, 19_500}
		sc.hold, sc.rounds = 50*time.Second, 6 // long enough for a ping to each session
	}
	if o.runs > 0 {
		sc.runs = o.runs
	}
	return sc
}

// row is a part of the table: a scenario and what is read off it.
type row struct {
	key     string
	brief   string
	command []string // the scenario and its flags
	runs    int
	at      place
	checks  []check

	named, nameless int // accounts that it needs; those with a password take time to make
}

// place says which data folder the server of a row has.
type place int

const (
	shared  place = iota // one for all
	apart                // one of its own
	peopled              // one for the rows that need many accounts
	emptied              // one of its own, which is empty at each start
)

// rows are the table of README.md.
func rows(sc scale) []row {
	out := []row{
		{
			key: "p2p", brief: fmt.Sprintf("%d pairs × 4 in flight", sc.pairs), named: 2 * sc.pairs,
			command: sc.flow("p2p", "-pairs", sc.pairs, "-window", 4), runs: sc.runs,
			checks: []check{
				costs("message", "CPU per message", 4),
				atLeast("acked_per_s", "acks per second", 0.25),
			},
		},
		{
			key: "pair16", brief: "1 pair × 16 in flight", named: 2,
			command: sc.flow("p2p", "-pairs", 1, "-window", 16), runs: sc.runs,
			checks: []check{atLeast("acked_per_s", "acks per second", 0.15)},
		},
		{
			key: "pair1", brief: "1 pair × 1 in flight", named: 2,
			command: sc.flow("p2p", "-pairs", 1, "-window", 1), runs: sc.runs,
			checks: []check{atMost("ack_p50_ms", "time to the ack", " ms", 10)},
		},
	}
	out = append(out, sc.groupRows()...)
	out = append(out, sc.sessionRows()...)
	out = append(out, sc.largeRows()...)
	return append(out, sc.lifeRows()...)
}

// flow is the command of a scenario which publishes.
func (sc scale) flow(name string, flags ...any) []string {
	return command(append([]any{name, "-warm", sc.warm, "-d", sc.d}, flags...)...)
}

// command turns the words of a command line into text.
func command(words ...any) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprint(w)
	}
	return out
}

func (sc scale) groupRows() []row {
	var out []row
	for i, g := range sc.groups {
		r := row{
			key: fmt.Sprintf("group%d", g.subs), brief: fmt.Sprintf("groups of %s", thousands(g.subs)),
			command: sc.flow("group", "-groups", g.groups, "-subs", g.subs, "-anonymous"), runs: sc.runs,
			nameless: g.groups * g.subs,
			checks:   []check{costs("delivery", "CPU per delivery", g.most)},
		}
		if i == len(sc.groups)-1 {
			r.checks = append(r.checks, atMost("prepare_s", "making one (connect, join)", " s", 4))
		}
		out = append(out, r)
	}
	return out
}

func (sc scale) sessionRows() []row {
	out := []row{
		{
			key: "history", brief: fmt.Sprintf("page of 24 out of %s", thousands(sc.page)), named: 2,
			command: sc.flow("history", "-msgs", sc.page), runs: sc.runs,
			checks: []check{costs("page", "CPU", 2)},
		},
		{
			key: "login", brief: "connect, hi, login by token", named: sc.users,
			command: command("login", "-scheme", schemeToken, "-users", sc.users, "-d", sc.d), runs: sc.runs,
			checks: []check{costs("login", "CPU", 2)},
		},
		{
			key: "storm", brief: fmt.Sprintf("%s log in by password at once", thousands(sc.logins)), named: 2*stormPairs + sc.users,
			command: sc.flow("storm", "-pairs", stormPairs, "-logins", sc.logins, "-users", sc.users), runs: sc.runs,
			checks: []check{plain("storm_to_quiet_p99", "p99 of a message, to that without", " ×", 2)},
		},
		{
			key: "churn", brief: "connect, login, me, peer, leave, close", named: sc.users,
			command: command("churn", "-users", sc.users, "-d", sc.d, "-settle", sc.rest), runs: sc.runs,
			checks: []check{costs("cycle", "CPU", 3)},
		},
	}
	for _, n := range sc.idle {
		out = append(out, row{
			key: "idle", brief: fmt.Sprintf("%s idle sessions", thousands(n)), nameless: n,
			command: command("idle", "-n", n, "-settle", sc.settle, "-hold", sc.hold), runs: 1,
			checks: []check{plain("rss_per_conn_kb", "memory each", " KB", 12)},
		})
	}
	return out
}

// largeRows are about large numbers of people. Those of a running server cannot be measured: most
// rows begin with a restart.
func (sc scale) largeRows() []row {
	colds := 2*sc.runs - 1
	return []row{
		{
			key: "search", brief: fmt.Sprintf("search among %s users", thousands(sc.people)), named: 1,
			command: command("search", "-n", sc.people, "-d", sc.d), runs: sc.runs, at: peopled,
			checks: []check{plain("search_p99_ms", "p99", " ms", 20)},
		},
		{
			key: "join", brief: fmt.Sprintf("subscribe to a group of %s", thousands(sc.crowd)), nameless: sc.crowd,
			command: command("join", "-members", sc.crowd, "-colds", colds, "-settle", 2*sc.rest), runs: 1, at: peopled,
			checks: []check{
				plain("cold_ms", "after a start", " ms", 50),
				plain("warm_p99_ms", "loaded, p99", " ms", 50),
				plain("bytes_per_member", "memory of a member", " B", 400),
			},
		},
		{
			key: "crowd", brief: fmt.Sprintf("%s members, %s there", thousands(sc.crowd), thousands(sc.online)),
			command: sc.flow("crowd", "-members", sc.crowd, "-online", sc.online, "-on-me", sc.online/10), runs: sc.runs, at: peopled,
			nameless: sc.crowd,
			checks:   []check{costs("delivery", "CPU per delivery", 1.2)},
		},
		{
			key: "sync", brief: "50 of 1,000 topics have changed", named: 2,
			command: command("sync", "-topics", 1000, "-changed", 50, "-new", 5), runs: sc.runs, at: peopled,
			checks: []check{plain("sync_p99_ms", "p99 of a sync", " ms", 100)},
		},
		{
			key: "reconnect", brief: fmt.Sprintf("%s connect at once", thousands(sc.storm)), nameless: sc.storm,
			command: command("reconnect", "-n", sc.storm), runs: sc.runs, at: peopled,
			checks: []check{
				costs("session", "CPU per session", 4),
				atLeast("sessions_per_s", "sessions per second", 0.25),
				plain("any_max_ms", "the slowest answer", " ms", 5000),
			},
		},
	}
}

// lifeRows kill and start the server, and therefore have no hub beside it.
func (sc scale) lifeRows() []row {
	wrong := check{
		what: "lost, doubled or renumbered", most: true,
		metrics: []string{
			"acked_but_missing", "delivered_but_missing", "acked_with_other_seq", "duplicates", "messages_with_same_seq",
		},
	}
	return []row{
		{
			key: "crash", brief: fmt.Sprintf("kill with %s stored", thousands(sc.stored)),
			command: command("crash", "-pairs", sc.pairs, "-stored", sc.stored, "-rounds", sc.rounds, "-warm", sc.warm, "-d", sc.d),
			runs:    1, at: apart, named: 2 * sc.pairs,
			checks: []check{
				plain("kill_to_first_publish_ms", "until the first publish", " ms", 300),
				plain("gaps_in_seq", "gaps in seq", "", 0),
				wrong,
			},
		},
		{
			key: "startup", brief: "empty folder",
			command: command("startup", "-n", sc.starts, "-settle", sc.rest), runs: 1, at: emptied,
			checks: []check{
				plain("first_hi_ms", "until the first hi", " ms", 300),
				plain("rss_mb", "memory then", " MB", 40),
			},
		},
	}
}

// thousands writes a number with a comma, as 19,500.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
