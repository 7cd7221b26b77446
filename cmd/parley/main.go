// Command parley is the chat server. It knows every concrete choice, builds
// everything, and has no behaviour of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"parley/auth/basic"
	"parley/bench"
)

// passwordsCommand has the program work on passwords for a server.
const passwordsCommand = "passwords-of-server"

// version of the program, as CHANGELOG.md has it.
const version = "0.1.0"

const usage = `Parley is a chat server for Tinode apps.

usage: parley [flags]       start the server
       parley user         accounts: add list show passwd suspend delete root …
       parley invite       invitations to register: new list delete
       parley token        log people out: revoke
       parley audit        who did what, when, from where
       parley backup FILE, parley restore FILE
       parley check        all faults of the configuration
       parley doctor       is all around the server as it must be?
       parley keygen       keys for tokens and for apps
       parley bench        measure this machine and a server
       parley version      (parley COMMAND -h explains each)

flags of the server:
  --config FILE         configuration; default: ./tinode.conf if there is one
  --data FOLDER         where everything is kept; default: ./parley-data
  --listen ADDRESS      host:port, :port or unix:/path; default: :6060
  --domain NAME[,NAME]  TLS on :443 by Let's Encrypt, whose terms you accept
  --static_data FOLDER  a web client to serve at /; default: the built-in one
  --demo                first start: people and conversations to look at

Without a file everything has a working default; tinode.conf explains them.
Ctrl-C ends the server in order; a second Ctrl-C at once.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with everything that a test wants to see.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "bench":
			return bench.Main(args[1:], stdout, stderr)
		case passwordsCommand: // not for people: how a server calls itself
			if err := basic.ServeWorker(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(stderr, "parley:", err)
				return 1
			}
			return 0
		case "version":
			fmt.Fprintln(stdout, "parley", version)
			return 0
		case "help":
			fmt.Fprint(stdout, usage)
			return 0
		case "serve":
			args = args[1:]
		default:
			if list := commandsOf(args[0]); len(list) > 0 {
				ctx, stop := untilSignal()
				defer stop()
				return operate(ctx, list, args, os.Stdin, stdout, stderr)
			}
		}
	}
	var o options
	fs := flag.NewFlagSet("parley", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.config, "config", "", "")
	fs.StringVar(&o.data, "data", "", "")
	fs.StringVar(&o.listen, "listen", "", "")
	fs.StringVar(&o.domain, "domain", "", "")
	fs.StringVar(&o.static, "static_data", "", "")
	fs.BoolVar(&o.demo, "demo", false, "")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "parley: %v; parley -h lists what there is\n", err)
		return exitUsage
	case fs.NArg() > 0:
		fmt.Fprintf(stderr, "parley: %q is neither a flag nor a command; parley -h lists what there is\n", fs.Arg(0))
		return exitUsage
	}
	ctx, stop := untilSignal()
	defer stop()
	if err := serve(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "parley:", err)
		return 1
	}
	return 0
}

// untilSignal is done when the program is asked to end; a second signal ends it
// at once.
func untilSignal() (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // it is under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// commandsOf are the operator's commands that begin with a word.
func commandsOf(group string) []command {
	var list []command
	for _, c := range slices.Concat(userCommands(), inviteCommands(), tokenCommands(), auditCommands(), backupCommands(), checkCommands()) {
		if word, _, _ := strings.Cut(c.name, " "); word == group {
			list = append(list, c)
		}
	}
	return list
}
