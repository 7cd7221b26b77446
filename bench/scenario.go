//go:build linux

package bench

import (
	"context"
	"flag"
	"time"
)

// runFunc does one run of a scenario.
type runFunc func(ctx context.Context, e *env) (result, error)

// scenario is one kind of measurement.
type scenario struct {
	name       string
	brief      string
	noHub      bool // makes no sense for the hub
	needsStart bool // starts and ends the server itself
	// setup defines the flags and returns the function which does one run with their values.
	setup func(fs *flag.FlagSet) runFunc
}

// scenarios lists everything that can be measured.
func scenarios() []scenario {
	return []scenario{
		{
			name: "accounts", brief: "create accounts by {acc} with login, each on a fresh connection",
			setup: accountsScenario,
		},
		{name: "login", brief: "log in on fresh connections: hi, login by token or password", setup: loginScenario},
		{
			name: "storm", brief: "pairs publish at a fixed rate while many log in by password", noHub: true, // it checks no passwords
			setup: stormScenario,
		},
		{name: "churn", brief: "connect, hi, login, sub me, sub a peer, leave, close, over and over", setup: churnScenario},
		{name: "p2p", brief: "pairs publish with a window of outstanding acks", setup: p2pScenario},
		{name: "group", brief: "publish in groups with a window of messages not yet delivered to all", setup: groupScenario},
		{name: "rate", brief: "publish at fixed rates; times count from when a message was due", setup: rateScenario},
		{name: "history", brief: "read random pages of a long history", setup: historyScenario},
		{
			name: "search", brief: "find people by their tags", noHub: true, // it has no tags
			setup: searchScenario,
		},
		{
			name: "sync", brief: "a client which was away asks for all that is new", noHub: true, // it knows no sync
			setup: syncScenario,
		},
		{
			name: "join", brief: "subscribe to a large group, loaded and not", noHub: true, // it loads nothing
			setup: joinScenario,
		},
		{name: "crowd", brief: "publish in a group most of whose members are away", setup: crowdScenario},
		{name: "reconnect", brief: "everybody connects at once: hi, login, sub me and groups", setup: reconnectScenario},
		{name: "idle", brief: "hold connections (hi, login, sub me) and weigh the server", setup: idleScenario},
		{
			name: "slow", brief: "a busy group with and without a subscriber who stops reading",
			noHub: true, // it writes straight to the sockets and would stand still
			setup: slowScenario,
		},
		{
			name: "crash", brief: "kill -9 amid publishing, start again, compare the history with the acks",
			needsStart: true, setup: crashScenario,
		},
		{
			name: "startup", brief: "start the server: size, time to the first connection, memory",
			needsStart: true, setup: startupScenario,
		},
	}
}

// findScenario looks a scenario up by its name.
func findScenario(name string) (scenario, bool) {
	for _, s := range scenarios() {
		if s.name == name {
			return s, true
		}
	}
	return scenario{}, false
}

// params are the values of a scenario's flags, for its report.
func params(fs *flag.FlagSet) map[string]any {
	out := map[string]any{}
	fs.VisitAll(func(f *flag.Flag) {
		v := f.Value.(flag.Getter).Get() // all flags of the package flag have it
		if d, ok := v.(time.Duration); ok {
			v = d.String()
		}
		out[f.Name] = v
	})
	return out
}
