package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/internal/config"
	"parley/server"
	"parley/server/admin"
	"parley/store/sqlite"
)

// Exit codes of the commands.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// usageError is a command that was not written as it must be.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func misuse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// command is one of the operator's commands.
type command struct {
	name  string // "user add"
	args  string // "LOGIN"
	help  string // a few lines
	flags func(*flag.FlagSet) func(*operator, []string) error
}

// operator is one call of a command.
type operator struct {
	ctx            context.Context
	options        options // --config and --data
	json           bool
	stdin          *os.File
	stdout, stderr io.Writer
}

// parse reads flags and arguments in any order. Everything after "--" is an
// argument.
func parse(set *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := set.Parse(args); err != nil {
			return nil, err
		}
		n := len(args) - set.NArg()
		if n > 0 && args[n-1] == "--" {
			return append(rest, set.Args()...), nil
		}
		if set.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, set.Arg(0)), set.Args()[1:]
	}
}

// operate runs the command that args begin with. The list is never empty.
func operate(ctx context.Context, list []command, args []string, stdin *os.File, stdout, stderr io.Writer) int {
	group := args[0]
	var found *command
	for i := range list {
		words := strings.Fields(list[i].name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == list[i].name {
			found, args = &list[i], args[len(words):]
			break
		}
	}
	if found == nil {
		return groupHelp(list, group, args[1:], stdout, stderr)
	}
	o := &operator{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}
	set := flag.NewFlagSet(found.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	run := found.flags(set)
	set.StringVar(&o.options.config, "config", "", "configuration `file`; default: ./tinode.conf if there is one")
	set.StringVar(&o.options.data, "data", "", "data `folder`; default: as the configuration says")
	set.BoolVar(&o.json, "json", false, "print JSON, for scripts")
	rest, err := parse(set, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		found.usage(stdout, set)
		return exitOK
	case err != nil:
		err = misuse("%v", err)
	default:
		err = run(o, rest)
	}
	return found.verdict(err, stderr)
}

// verdict prints an error and is the exit code.
func (c *command) verdict(err error, stderr io.Writer) int {
	var misused *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &misused):
		fmt.Fprintf(stderr, "parley %s: %s; parley %s -h shows how\n", c.name, misused.text, c.name)
		return exitUsage
	case errors.Is(err, errTold):
		return exitError
	}
	fmt.Fprintf(stderr, "parley %s: %v\n", c.name, err)
	return exitError
}

// errTold is an error that has been printed already.
var errTold = errors.New("told")

// groupHelp lists the commands of a group; without -h that is a mistake.
func groupHelp(list []command, group string, rest []string, stdout, stderr io.Writer) int {
	if len(rest) == 0 || rest[0] != "-h" && rest[0] != "--help" && rest[0] != "help" {
		what := "needs a command"
		if len(rest) > 0 {
			what = fmt.Sprintf("has no command %q", rest[0])
		}
		fmt.Fprintf(stderr, "parley %s: %s; parley %s -h lists them\n", group, what, group)
		return exitUsage
	}
	for i := range list {
		if c := &list[i]; strings.HasPrefix(c.name, group+" ") {
			first, _, _ := strings.Cut(c.help, "\n")
			fmt.Fprintf(stdout, "parley %-28s %s\n", strings.TrimSpace(c.name+" "+c.args), strings.TrimSpace(first))
		}
	}
	fmt.Fprintf(stdout, "\nparley COMMAND -h has the flags of each.\n")
	return exitOK
}

// usage explains one command.
func (c *command) usage(w io.Writer, set *flag.FlagSet) {
	fmt.Fprintf(w, "usage: parley %s\n\n%s\n\nflags:\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	set.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%-17s %s\n", strings.TrimSpace(f.Name+" "+strings.ToUpper(kind)), text)
	})
}

// one takes the only argument.
func one(args []string, what string) (string, error) {
	switch {
	case len(args) == 0 || args[0] == "":
		return "", misuse("%s is missing", what)
	case len(args) > 1:
		return "", misuse("%q is too much", args[1])
	}
	return args[0], nil
}

// nothing makes sure that there are no arguments.
func nothing(args []string) error {
	if len(args) > 0 {
		return misuse("%q is too much", args[0])
	}
	return nil
}

// config reads the configuration without a word about what is off. Who asks a
// running server need not have its secrets: incomplete says which are not here.
func (o *operator) config() (cfg *config.Config, incomplete, err error) {
	cfg, _, err = loadConfig(o.options)
	var faults config.Faults
	if err == nil || cfg == nil || !errors.As(err, &faults) || !faults.Unresolved() {
		return cfg, nil, err
	}
	if o.options.data != "" {
		cfg.Data = o.options.data
	}
	return cfg, err, nil
}

const startWait = 5 * time.Second

// connect finds who has the data: the server that runs there, or else the store
// itself, which nobody else can open then. close ends either.
func (o *operator) connect() (ops admin.Operations, closing func() error, err error) {
	cfg, incomplete, err := o.config()
	if err != nil {
		return nil, nil, err
	}
	dir, err := dataFolder(cfg.Data)
	if err != nil {
		return nil, nil, err
	}
	// A server that starts or ends has the store without a socket for a moment.
	for end := time.Now().Add(startWait); ; {
		client, release, err := dialAdmin(o.ctx, dir)
		if err == nil {
			return client, func() error { release(); return nil }, nil
		}
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil, nil, foreignError(dir)
		case errors.Is(err, admin.ErrSilent):
			return nil, nil, err
		}
		if incomplete != nil {
			return nil, nil, fmt.Errorf("no server answers, and without one the secrets are needed: %w", incomplete)
		}
		ops, closing, err := o.openStore(cfg, dir)
		if !errors.Is(err, sqlite.ErrInUse) {
			return ops, closing, err
		}
		select {
		case <-o.ctx.Done():
			return nil, nil, o.ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(end) {
			return nil, nil, fmt.Errorf("another process uses %s and does not answer on %s: a server of an older version, or another command", dir, socketName)
		}
	}
}

// dataFolder is where a server has been before.
func dataFolder(path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	_, err = os.Stat(filepath.Join(dir, storeName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no server has been started with the data folder %s: name the right one with --data or --config, or start the server once", dir)
	case errors.Is(err, fs.ErrPermission):
		return "", foreignError(dir)
	case err != nil:
		return "", fmt.Errorf("can't use the data folder %s: %w", dir, reason(err))
	}
	return dir, nil
}

func foreignError(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if name, foreign := foreignOwner(info); foreign {
			return fmt.Errorf("the data folder %s belongs to user %s: run the command as that user (sudo -u '%s' parley …)", dir, name, name)
		}
	}
	return fmt.Errorf("no permission to use the data folder %s: run the command as the user of the server", dir)
}

// dialAdmin connects to a running server. The client dials for each request, so
// it needs the path until release.
func dialAdmin(ctx context.Context, dir string) (client *admin.Client, release func(), err error) {
	path, release, err := socketPath(dir)
	if err != nil {
		return nil, nil, err
	}
	if client, err = admin.Dial(ctx, path); err != nil {
		release()
		return nil, nil, err
	}
	return client, release, nil
}

// openStore opens the store of a server that does not run. Not as another user:
// the files that it makes would be closed to the server.
func (o *operator) openStore(cfg *config.Config, dir string) (admin.Operations, func() error, error) {
	path := filepath.Join(dir, storeName)
	if info, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if _, foreign := foreignOwner(info); foreign {
		return nil, nil, foreignError(dir)
	}
	log := slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, err := sqlite.Open(o.ctx, path, sqlite.Options{Log: log})
	if errors.Is(err, fs.ErrPermission) {
		err = foreignError(dir)
	}
	if err != nil {
		return nil, nil, err
	}
	return server.NewAdmin(cfg, st, log, time.Now), st.Close, nil
}

// with runs something with the operations.
func (o *operator) with(do func(ops admin.Operations) error) error {
	ops, closing, err := o.connect()
	if err != nil {
		return err
	}
	return errors.Join(do(ops), closing())
}
