//go:build linux

package bench

import (
	"flag"
	"fmt"
	"io"
	"time"
)

// options are the flags before the name of a scenario.
type options struct {
	// The server under test.
	url, key, users           string
	pid, db                   int
	start, startDir, startLog string

	// How to measure.
	fresh, limit, limitOnly bool
	runs                    int // zero: 1, or as many as the table needs
	workers, sources        int
	timeout                 time.Duration

	// The whole table.
	quick, full, strict, keep bool
	json, dir, only, server   string
	cpus                      int
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.url, "url", "ws://127.0.0.1:6060/v0/channels", "address of the server; loopback only")
	fs.StringVar(&o.key, "apikey", "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K", "API key of the server")
	fs.IntVar(&o.pid, "pid", 0, "process id of the server, for its CPU time and memory")
	fs.IntVar(&o.db, "db-pid", 0, "process id of the database server; its children count too")
	fs.StringVar(&o.users, "users", "", "file which keeps the pool of accounts")
	fs.StringVar(&o.start, "start", "", "command which starts the server in the foreground; replaces -pid")
	fs.StringVar(&o.startDir, "start-dir", "", "working directory of the command")
	fs.StringVar(&o.startLog, "start-log", "", "file for the output of the command")

	fs.BoolVar(&o.fresh, "fresh", false, "restart the server before each run (needs -start)")
	fs.BoolVar(&o.limit, "limit", false, "run against the bare hub as well, in turns, and print the ratio")
	fs.BoolVar(&o.limitOnly, "limit-only", false, "run against the bare hub only")
	fs.IntVar(&o.runs, "runs", 0, "number of runs; the median of each metric is reported")
	fs.IntVar(&o.workers, "workers", 8, "concurrency of the preparations")
	fs.IntVar(&o.sources, "sources", 16, "number of loopback source addresses")
	fs.DurationVar(&o.timeout, "timeout", 170*time.Second, "bound of a single run")

	fs.BoolVar(&o.quick, "quick", false, "a short table")
	fs.BoolVar(&o.full, "full", false, "a long table")
	fs.BoolVar(&o.strict, "strict", false, "a missed target is a failure")
	fs.StringVar(&o.json, "json", "", "file for the results")
	fs.StringVar(&o.only, "only", "", "rows to measure")
	fs.StringVar(&o.dir, "dir", "", "folder for the data of the server")
	fs.BoolVar(&o.keep, "keep", false, "keep that data")
	fs.StringVar(&o.server, "server", "", "program to measure instead of this one")
	fs.IntVar(&o.cpus, "cpus", 2, "processors to use, for all processes together; 0 for all")
}

// printUsage writes the help, which fits one screen.
func printUsage(w io.Writer) {
	fmt.Fprint(w, `usage: parley bench [flags]                     the whole table, against a server of its own
       parley bench [flags] SCENARIO [flags]    one scenario, against any server
       parley bench table [-base FILE] FILE…    Markdown of saved results, or a comparison

the whole table (about 13 minutes; exit code 1 if something could not be run):
  -quick         about 3 minutes                -full        25 minutes, with 19,500 idle sessions
  -json FILE     write the results for scripts  -strict      a missed target is a failure, too
  -only A,B      only these rows: p2p pair16 pair1 group10 group100 group1000 history login churn
                 idle search join crowd sync reconnect crash startup
  -dir DIR       where to put the data, on disk -keep        leave data and logs there
  -server FILE   measure another program        -cpus 2      processors to use

scenarios (parley bench SCENARIO -h lists their flags):
`)
	for _, s := range scenarios() {
		fmt.Fprintf(w, "  %-9s %s\n", s.name, s.brief)
	}
	fmt.Fprint(w, `  hub       run the bare hub alone
flags before SCENARIO:
  -url ws://127.0.0.1:PORT/v0/channels          -apikey KEY  its API key
  -pid N         process of the server          -db-pid N    first process of its database
  -start CMD     start the server instead       -start-dir DIR, -start-log FILE
  -fresh         restart it before each run     -users FILE  accounts to use, kept by "accounts"
  -limit         against the bare hub, too      -limit-only  against the bare hub only
  -runs 1        report medians of so many      -timeout 170s  bound of a run
  -workers 8     concurrency of preparations    -sources 16  loopback addresses to come from
`)
}
