package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"parley/auth/basic"
	"parley/internal/config"
	"parley/internal/demo"
	"parley/server"
	"parley/store/sqlite"
)

// options are the flags of the server; empty ones were not given.
type options struct {
	config, data, listen, static, domain string

	demo bool
}

// defaultConfig is read if it is there.
const defaultConfig = "tinode.conf"

// serve runs the server until ctx is done.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	cfg, warnings, err := loadConfig(o)
	for _, w := range warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	if err != nil {
		return err
	}
	home, err := openHome(cfg.Data)
	if err != nil {
		return err
	}
	if len(cfg.Auth.Token.Keys) == 0 {
		key, err := home.secret("token.key")
		if err != nil {
			return err
		}
		cfg.Auth.Token.Keys = []config.Key{key}
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	certificates, names, err := certificates(cfg, home, log)
	if err != nil {
		return err
	}
	// The port is taken first: a second server must not touch the data of one
	// that runs.
	listener, plain, err := listenAll(cfg)
	if err != nil {
		return err
	}
	defer listener.Close()
	if plain != nil {
		defer plain.Close()
	}
	scraped, err := listenMetrics(cfg)
	if err != nil {
		return err
	}
	if scraped != nil {
		defer scraped.Close()
	}
	play, err := wantsDemo(o.demo, cfg, home)
	if err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, filepath.Join(home.path, storeName), sqlite.Options{})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // told to stop before it began
	case err != nil:
		return err
	}
	blobs, closeBlobs, err := openMedia(ctx, cfg, home.path, stderr)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	defer closeBlobs()
	commands, err := home.listenAdmin()
	if err != nil { // no reason to leave people without a server
		fmt.Fprintf(stderr, "warning: the operator's commands work only while the server is stopped: %v\n", err)
	}
	passwords := basic.NewWorker(func(err error) {
		log.Warn("passwords are checked in the process of the server, which slows messages down", "err", err)
	}, passwordsCommand)
	defer passwords.Close()
	deps := server.Deps{
		Config: cfg, Store: st, Log: log, Now: time.Now, Build: "sqlite:parley-" + version, Admin: commands,
		Certificates: certificates, Passwords: passwords, Metrics: scraped, Media: blobs,
		Uploads: uploadsFolder(cfg, home.path),
	}
	if hasFolder(cfg) {
		deps.Files = filesFolder(cfg, home.path)
	}
	var people []demo.Person
	if play {
		people, err = makeDemo(ctx, deps, home)
	}
	var srv *server.Server
	if err == nil {
		srv, err = server.New(deps)
	}
	if err != nil {
		if commands != nil {
			err = errors.Join(err, commands.Close())
		}
		return errors.Join(err, st.Close())
	}
	banner{cfg: cfg, home: home, addr: listener.Addr(), names: names}.print(stdout)
	printDemo(stdout, people)
	err = srv.Serve(ctx, listener, plain)
	if cerr := st.Close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("close the store: %w", cerr))
	}
	return err
}

// loadConfig reads the file and puts the flags before it.
func loadConfig(o options) (*config.Config, []config.Warning, error) {
	path := o.config
	if path == "" {
		path = defaultConfig
	}
	cfg, warnings, err := config.Examine(path, os.Getenv)
	switch {
	case o.config == "" && errors.Is(err, fs.ErrNotExist):
		cfg, err = config.Default(), nil
	case err != nil:
		return cfg, warnings, err
	}
	if o.data != "" {
		cfg.Data = o.data
	}
	if o.listen != "" {
		cfg.Listen = o.listen
	}
	if o.static != "" {
		cfg.StaticData = o.static
	}
	if o.domain != "" {
		listen := cfg.Listen
		if cfg.ServeDomains(splitDomains(o.domain)); o.listen != "" {
			cfg.Listen = listen
		}
	}
	if err := cfg.Validate(); err != nil {
		return nil, warnings, err
	}
	if dir := cfg.StaticData; dir != "" && dir != "-" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, warnings, fmt.Errorf("static_data: %s is not a folder that can be read", dir)
		}
	}
	return cfg, warnings, nil
}
