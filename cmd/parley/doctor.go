package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"parley/internal/config"
	"parley/internal/disk"
	"parley/server"
	"parley/server/admin"
	"parley/store/sqlite"
)

// The verdicts of the doctor.
const (
	verdictOK   = "ok"
	verdictWarn = "warn"
	verdictFail = "FAIL"
)

// finding is one line of the doctor.
type finding struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Text    string `json:"text"`
	Cure    string `json:"cure,omitempty"`
}

func good(name, format string, args ...any) finding {
	return finding{Name: name, Verdict: verdictOK, Text: fmt.Sprintf(format, args...)}
}

func warn(name, cure, format string, args ...any) finding {
	return finding{name, verdictWarn, fmt.Sprintf(format, args...), cure}
}

func bad(name, cure, format string, args ...any) finding {
	return finding{name, verdictFail, fmt.Sprintf(format, args...), cure}
}

// patient is what the doctor looks at.
type patient struct {
	*operator
	cfg     *config.Config
	data    string // absolute
	running bool
}

func doctor(set *flag.FlagSet) func(*operator, []string) error {
	ask := set.Bool("ask", false, "call the services of others that are configured, too")
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		list := o.examine(*ask)
		if o.json {
			if err := printJSON(o.stdout, list); err != nil {
				return err
			}
		} else {
			for _, f := range list {
				cure := ""
				if f.Cure != "" {
					cure = "; " + f.Cure
				}
				fmt.Fprintf(o.stdout, "%-4s  %-9s  %s%s\n", f.Verdict, f.Name, plain(f.Text), cure)
			}
		}
		if slices.ContainsFunc(list, func(f finding) bool { return f.Verdict == verdictFail }) {
			return errTold
		}
		return nil
	}
}

func (o *operator) examine(ask bool) []finding {
	cfg, warnings, err := loadConfig(o.options)
	if err != nil {
		faults := faultsOf(err)
		return []finding{bad("config", "parley check lists all", "%d faults, the first: %v", len(faults), faults[0])}
	}
	list := []finding{good("config", "%s", o.configName())}
	if len(warnings) > 0 {
		list[0] = warn("config", "parley check lists them", "%d warnings", len(warnings))
	}
	p := &patient{operator: o, cfg: cfg}
	if p.data, err = filepath.Abs(cfg.Data); err != nil {
		return append(list, bad("folder", "name another with --data", "%v", err))
	}
	list = append(list, p.server(), p.port(), p.folder(), p.secret(), p.store())
	list = append(list, p.space(), p.sync(), p.files(), p.clock(), p.smtp(), p.rest(), p.uploads())
	list = append(list, p.tls(), p.redirect(), p.metrics())
	return append(list, p.bridges(ask)...)
}

// server finds out whether one runs with this data.
func (p *patient) server() finding {
	const name = "server"
	_, release, err := dialAdmin(p.ctx, p.data)
	switch {
	case err == nil:
		release()
		p.running = true
		return good(name, "runs")
	case errors.Is(err, fs.ErrPermission):
		p.running = true // or nobody would have made the socket
		return warn(name, "run as the user of the server", "%s may not be used", socketName)
	case errors.Is(err, admin.ErrSilent):
		p.running = true
		return bad(name, "kill -CONT it, or see what keeps it busy (top), or restart it", "%v", err)
	}
	return good(name, "does not run")
}

func (p *patient) port() finding {
	if p.running {
		return good("port", "%s belongs to the server", p.cfg.Listen)
	}
	l, err := listen(p.cfg.Listen, p.cfg.TLS.Enabled)
	if owner := portOwner(p.cfg.Listen); err != nil && owner != "" {
		return bad("port", "end it, or choose another port with listen or --listen", "%s belongs to %s", p.cfg.Listen, owner)
	}
	if err != nil {
		return bad("port", "or see who has it: ss -ltnp", "%v", err)
	}
	l.Close()
	return good("port", "%s is free", p.cfg.Listen)
}

func (p *patient) folder() finding {
	const name = "folder"
	info, err := os.Stat(p.data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warn(name, "the first start makes it", "%s is not there", p.data)
	case err != nil:
		return bad(name, "run as the user of the server", "%v", err)
	case !info.IsDir():
		return bad(name, "name another with --data", "%s is no folder", p.data)
	}
	if owner, foreign := foreignOwner(info); foreign {
		return warn(name, "run as that user", "%s belongs to %s", p.data, owner)
	}
	if _, err := openHome(p.data); err != nil {
		return bad(name, "chown it to the user of the server", "%v", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return warn(name, "chmod 700 "+p.data, "others get into %s (%o)", p.data, mode)
	}
	return good(name, "%s", p.data)
}

func (p *patient) secret() finding {
	const name = "secret"
	path := filepath.Join(p.data, "token.key")
	info, err := os.Stat(path)
	switch {
	case len(p.cfg.Auth.Token.Keys) > 0:
		return good(name, "token key in the configuration")
	case errors.Is(err, fs.ErrNotExist):
		return good(name, "no token.key yet: the first start makes it")
	case err != nil:
		return bad(name, "run as the user of the server", "%v", err)
	case info.Mode().Perm()&0o077 != 0:
		return bad(name, "chmod 600 "+path, "others can read %s and log in as anybody", path)
	}
	if _, err := (&home{path: p.data}).secret("token.key"); err != nil {
		return bad(name, "without the right one everybody has to log in again, and second factors are lost", "%v", err)
	}
	return good(name, "token.key is in order, and readable by its owner alone")
}

func (p *patient) store() finding {
	const name = "store"
	path := filepath.Join(p.data, storeName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return good(name, "none yet: the first start makes it")
	}
	if err == nil {
		if owner, foreign := foreignOwner(info); foreign && !p.running {
			return warn(name, "run as that user", "%s belongs to %s and was not opened", path, owner)
		}
	}
	in, err := sqlite.Inspect(p.ctx, path, sqlite.Quick)
	switch {
	case errors.Is(err, fs.ErrPermission) || unreadable(path):
		return bad(name, "run as the user of the server", "%s may not be read", path)
	case err != nil:
		return bad(name, "stop the server, keep a copy of the folder, and restore a backup", "%v", err)
	case in.Damage != "":
		return bad(name, "stop the server, keep a copy of the folder, and restore a backup", "damaged: %s", in.Damage)
	case in.Version > in.Known:
		return bad(name, "use the newer program", "schema %d is of a newer version; known here: %d", in.Version, in.Known)
	case in.Version < in.Known:
		return warn(name, "the next start brings it to "+fmt.Sprint(in.Known), "schema %d is old", in.Version)
	}
	return good(name, "in order: schema %d, %d users, %d topics, %d messages", in.Version, in.Users, in.Topics, in.Messages)
}

func unreadable(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		f.Close()
	}
	return errors.Is(err, fs.ErrPermission)
}

// Times of a sync above which a disk is slow, and very slow.
const (
	slowSync    = 20 * time.Millisecond
	awfulSync   = 200 * time.Millisecond
	syncSamples = 9
)

func (p *patient) sync() finding {
	const name = "sync"
	median, err := syncTime(p.data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return good(name, "not measured: there is no folder yet")
	case err != nil:
		return warn(name, "run as the user of the server", "not measured: %v", reason(err))
	case median > awfulSync:
		return bad(name, "put the data on a local SSD", "the disk needs %v to keep a write: messages wait so long", median)
	case median > slowSync:
		return warn(name, "an SSD needs less than 5ms", "the disk needs %v to keep a write: messages wait so long", median)
	}
	return good(name, "the disk keeps a write within %v", median)
}

// syncTime is the median time of a small write with fsync.
func syncTime(dir string) (median time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".sync-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	var times []time.Duration
	for range syncSamples {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[syncSamples/2].Round(10 * time.Microsecond), nil
}

// Bytes that should be free, and must be.
const (
	wantFree = 1 << 30
	mustFree = 64 << 20
)

func (p *patient) space() finding {
	const name, cure = "space", "make room: without it nothing can be sent"
	dir := p.data
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(dir)
	}
	s, known := disk.Of(dir)
	switch free := s.Free; {
	case !known:
		return good(name, "not known on this system")
	case free < mustFree:
		return bad(name, cure, "%d MiB free", free>>20)
	case free < wantFree:
		return warn(name, cure, "%d MiB free", free>>20)
	default:
		return good(name, "%.1f GiB free", float64(free)/(1<<30))
	}
}

// spareFiles are those that are no connections.
const (
	spareFiles = 50
	fewFiles   = 4096
)

func (p *patient) files() finding {
	const name = "files"
	limit, known := fileLimit()
	want := uint64(max(p.cfg.Limits.MaxSessions+spareFiles, fewFiles))
	switch {
	case !known:
		return good(name, "not known on this system")
	case limit < want:
		return warn(name, "raise it (ulimit -Hn, LimitNOFILE=65536), or lower limits.max_sessions", "%d open files are allowed, one per connection", limit)
	}
	return good(name, "%d open files are allowed", limit)
}

// clock can't know the time, but it knows what it can't be.
func (p *patient) clock() finding {
	const name, cure = "clock", "set it, and turn on NTP (timedatectl set-ntp true)"
	now := time.Now()
	if now.Year() < 2026 {
		return bad(name, cure, "it says %s", now.Format(time.DateTime))
	}
	info, err := os.Stat(filepath.Join(p.data, storeName))
	if err == nil && info.ModTime().After(now.Add(time.Minute)) {
		return bad(name, cure, "it says %s, but the store was written at %s", now.Format(time.DateTime), info.ModTime().Format(time.DateTime))
	}
	return good(name, "%s", now.Format("2006-01-02 15:04:05 MST"))
}

const dialTime = 5 * time.Second

// smtp says hello to the mail server and logs in, as sending does.
func (p *patient) smtp() finding {
	const name = "mail"
	e := &p.cfg.Validation.Email.Config
	sender, err := server.NewMail(p.cfg, slog.New(slog.DiscardHandler))
	switch {
	case err != nil:
		return bad(name, "see acc_validation.email in tinode.conf", "%v", err)
	case sender == nil:
		return good(name, "not configured")
	}
	address := net.JoinHostPort(e.SMTPServer, fmt.Sprint(e.SMTPPort))
	ctx, cancel := context.WithTimeout(p.ctx, dialTime)
	defer cancel()
	if err := sender.Check(ctx); err != nil {
		return bad(name, "check smtp_server, smtp_port, smtp_tls, login and sender_password", "%s: %v", address, err)
	}
	if e.Login == "" {
		return good(name, "%s answers", address)
	}
	return good(name, "%s answers, and the login works", address)
}
