//go:build linux

package bench

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scenario, args string
		positive       string // metrics which must be above zero
		zero           string
	}{
		{"accounts", "-n 20", "accounts_per_s acc_p50_ms", ""},
		{"login", "-d 100ms -users 10", "logins_per_s login_p99_ms", ""},
		{"login", "-d 100ms -users 10 -scheme basic", "logins_per_s", ""},
		{"storm", "-pairs 2 -logins 10 -users 10 -warm 50ms -d 300ms -rate 100", "storm_data_p50_ms login_p50_ms storm_s", "lost dropped_connections"},
		{"idle", "-n 50 -settle 10ms -hold 10ms", "still_open rss_mb", "dropped_connections"},
		{"churn", "-d 100ms -users 10 -settle 10ms", "cycles_per_s", "subs_put_off_pct"},
		{
			"p2p", "-pairs 3 -warm 50ms -d 200ms -both -notes",
			"acked_per_s delivered_per_s echoed_per_s other_frames_per_s data_p50_ms prepare_s",
			"refused lost dropped_connections",
		},
		{"p2p", "-pairs 1 -warm 10ms -d 100ms -noecho", "acked_per_s", "echoed_per_s lost"},
		{
			"group", "-groups 2 -subs 5 -warm 50ms -d 200ms", "acked_per_s delivered_per_s last_p50_ms",
			"refused lost dropped_connections other_frames_per_s",
		},
		{"group", "-groups 1 -subs 4 -warm 10ms -d 100ms -anonymous", "delivered_per_s", "refused lost"},
		{"rate", "-pairs 3 -max 1000 -levels 50 -warm 50ms -d 300ms", "at50%_acked_per_s at50%_data_p50_ms", ""},
		{"rate", "-kind group -groups 2 -subs 3 -levels 20 -warm 50ms -d 100ms", "max_per_s at20%_last_p50_ms", ""},
		{"history", "-msgs 500 -warm 50ms -d 200ms", "pages_per_s page_p50_ms fill_messages_per_s", ""},
		{"join", "-members 20 -n 5", "warm_p50_ms", ""},
		{
			"crowd", "-members 9 -online 4 -on-me 2 -window 2 -warm 10ms -d 200ms", "delivered_per_s server_cpu_pct",
			"refused lost dropped_connections",
		},
		{"reconnect", "-n 45 -size 6 -dials 5", "sessions_per_s any_max_ms sub_max_ms me_max_ms", "dropped_connections"},
		{
			"slow", "-groups 1 -subs 3 -warm 50ms -d 200ms -control", "with_delivered_per_s slow_still_connected",
			"lost others_dropped",
		},
	} {
		t.Run(c.scenario+" "+c.args, func(t *testing.T) {
			t.Parallel()
			e := hubEnv(t)
			got, err := runOn(t, e, c.scenario, c.args)
			idle := func(m string) bool { return !(got.get(m) > 0) }
			if err == nil && strings.Contains(c.args, "-d ") && slices.ContainsFunc(strings.Fields(c.positive), idle) {
				// On a busy machine nothing may happen in so short a time.
				got, err = runOn(t, e, c.scenario, c.args+" -d 3s")
			}
			if err != nil {
				t.Fatal(err)
			}
			for name := range strings.FieldsSeq(c.positive) {
				if v := got.get(name); !(v > 0) {
					t.Errorf("%s = %v", name, v)
				}
			}
			for name := range strings.FieldsSeq(c.zero) {
				if v := got.get(name); v != 0 {
					t.Errorf("%s = %v", name, v)
				}
			}
			if n := e.loop.open.Load(); n != 0 {
				t.Errorf("%d connections left open", n)
			}
		})
	}
}

// runOn does one run of a scenario.
func runOn(t *testing.T, e *env, name, args string) (metrics, error) {
	t.Helper()
	s, ok := findScenario(name)
	if !ok {
		t.Fatalf("no scenario %s", name)
	}
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	once := s.setup(fs)
	if err := fs.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	r, err := once(t.Context(), e)
	return r.metrics, err
}

// A page of history is what was asked for.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	got, err := runOn(t, hubEnv(t), "history", "-msgs 300 -limit 7 -c 3 -warm 10ms -d 200ms")
	if err != nil {
		t.Fatal(err)
	}
	if v := got.get("messages_per_page"); v < 6.5 || v > 7.5 { // pages on their way are cut at both ends
		t.Errorf("%v messages per page", v)
	}
}

// An open loop must hold its rate, and a group must get each message once for each subscriber.
func TestRates(t *testing.T) {
	t.Parallel()
	e := hubEnv(t)
	users, err := e.ensureUsers(t.Context(), 10, false)
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.groups(t.Context(), users, groupOptions{groups: 2, subs: 5, pubs: 1, sizeBytes: 64}, flowConfig{window: 2, awaitAll: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.hangUp(f)
	s, err := f.runOpen(t.Context(), e.target, 500, 100*time.Millisecond, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.counts.acks; n < 400 || n > 600 {
		t.Errorf("%d acks in a second at a rate of 500", n)
	}
	var c flowCounts
	e.loop.do(func() { c = f.counts })
	if c.deliveries != 5*c.acks || c.published != c.acks || c.lost != 0 || s.saturated {
		t.Errorf("%+v, saturated %v", c, s.saturated)
	}
}

func TestHeldByServer(t *testing.T) {
	t.Parallel()
	e := hubEnv(t)
	c, err := e.dial(t.Context(), dialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	port := c.localPort()
	if !heldByServer(e.addr.addr.Port, port) {
		t.Error("an open connection is not found")
	}
	gone, stop := watchDrop(e.addr.addr.Port, port)
	defer stop()
	c.close()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("a closed connection is still found")
	}
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "http://127.0.0.1:1/", "ws://10.0.0.1:80/", "ws://127.0.0.1/", "ws://example.com:80/"} {
		if _, err := parseEndpoint(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	e, err := parseEndpoint("ws://localhost:6060/v0/channels?a=b")
	if err != nil || e.addr.Port != 6060 || e.addr.Addr != [4]byte{127, 0, 0, 1} || e.path != "/v0/channels?a=b" {
		t.Errorf("%+v, %v", e, err)
	}
}
