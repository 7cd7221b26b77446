package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/demo"
	"parley/server"
)

// demoName is a file of the data folder that tells that its store was made by
// --demo, and whether all of it is there.
const demoName = "demo"

const (
	demoBegun = "begun\n"
	demoDone  = "done\n"
)

// wantsDemo tells whether demo data is to be made. It never gets among what
// people have written: the store must be a new one.
func wantsDemo(wanted bool, cfg *config.Config, h *home) (bool, error) {
	if !wanted {
		return false, nil
	}
	_, err := os.Stat(filepath.Join(h.path, storeName))
	switch {
	case err == nil:
		state, err := os.ReadFile(filepath.Join(h.path, demoName))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, fmt.Errorf("--demo is for a new data folder, and %s is in use: start without --demo, or choose another folder with --data", h.path)
		case err != nil:
			return false, fmt.Errorf("can't read %s: %w", filepath.Join(h.path, demoName), reason(err))
		case string(state) != demoDone:
			return false, fmt.Errorf("the demo in %s was not finished: remove the folder and start again with --demo", h.path)
		}
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("can't use the data folder %s: %w", h.path, reason(err))
	}
	if required := cfg.RequiredCreds()[chat.LevelAuth]; len(required) > 0 {
		return false, fmt.Errorf("--demo makes accounts without addresses, and acc_validation requires %s: try it without that configuration", strings.Join(required, " and "))
	}
	return true, nil
}

// makeDemo fills the store, through a server that nobody else can reach and that
// lets everybody register, whatever the configuration says of strangers.
func makeDemo(ctx context.Context, d server.Deps, h *home) ([]demo.Person, error) {
	people, err := func() ([]demo.Person, error) {
		if err := h.write(demoName, demoBegun); err != nil {
			return nil, err
		}
		least := d.Config.Auth.Basic.MinPasswordLength
		cfg := config.Default()
		cfg.APIKeySalt, cfg.APIPath, cfg.Media = d.Config.APIKeySalt, d.Config.APIPath, d.Config.Media
		cfg.Auth.Token.Keys = d.Config.Auth.Token.Keys
		d.Config, d.Admin, d.Metrics, d.Certificates, d.Uploads = cfg, nil, nil, nil, ""
		d.Log = slog.New(slog.DiscardHandler)
		srv, err := server.New(d)
		if err != nil {
			return nil, err
		}
		l := newInnerListener()
		ctx, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ctx, l, nil) }()
		people, err := demo.Make(ctx, demo.Server{
			Dial: l.dial, APIKey: server.NewAPIKey(cfg.APIKeySalt, 1, false), Path: cfg.APIPath, Files: d.Media != nil,
			PasswordLength: least,
		})
		stop()
		if err = errors.Join(err, <-ended); err != nil {
			return nil, err
		}
		return people, h.write(demoName, demoDone)
	}()
	if err != nil {
		return nil, fmt.Errorf("--demo: %w; remove %s before you try again", err, h.path)
	}
	return people, nil
}

// printDemo says who logs in with what: once, it is kept nowhere.
func printDemo(w io.Writer, people []demo.Person) {
	if len(people) == 0 {
		return
	}
	fmt.Fprint(w, "\nFor the demo, people who know each other (the passwords are shown only now):\n")
	t := table{head: []string{"LOGIN", "PASSWORD", "NAME"}}
	for _, p := range people {
		t.add(p.Login, p.Password, p.Name)
	}
	t.print(w)
}

// innerListener takes connections from this process alone.
type innerListener struct {
	come chan net.Conn
	end  func() // closes done
	done chan struct{}
}

func newInnerListener() *innerListener {
	l := &innerListener{come: make(chan net.Conn), done: make(chan struct{})}
	l.end = sync.OnceFunc(func() { close(l.done) })
	return l
}

func (l *innerListener) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.come <- there:
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *innerListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.come:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *innerListener) Close() error { l.end(); return nil }

// Addr implements net.Listener.
func (l *innerListener) Addr() net.Addr { return &net.UnixAddr{Name: demoName, Net: "unix"} }
