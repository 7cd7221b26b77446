package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"parley/internal/certs"
	"parley/internal/config"
	"parley/server"
)

// checkCommands look at what the server is started with.
func checkCommands() []command {
	return []command{
		{"check", "", "find all faults and warnings of the configuration\n\nThe exit code is 1 if there is a fault.", checkConfig},
		{"doctor", "", "look at everything around the server, running or not\n\nOne line each: ok, warn or FAIL, with the cure. The exit code is 1 for a FAIL.", doctor},
		{"keygen", "", "make keys\n\nWithout flags: a key that signs login tokens (token.key). With --api: a salt\n" +
			"(api_key_salt) and an API key for it, which apps must be built with; the\npublished apps carry the stock one.", keygen},
	}
}

func checkConfig(*flag.FlagSet) func(*operator, []string) error {
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		cfg, warnings, err := loadConfig(o.options)
		faults := faultsOf(err)
		if cfg != nil {
			more, missing := startFaults(cfg)
			faults, warnings = append(faults, more...), append(warnings, missing...)
		}
		if o.json {
			type entry struct {
				File   string `json:"file,omitempty"`
				Line   int    `json:"line,omitempty"`
				Column int    `json:"column,omitempty"`
				Path   string `json:"path,omitempty"`
				Text   string `json:"text"`
			}
			out := map[string][]entry{"faults": {}, "warnings": {}}
			for _, f := range faults {
				out["faults"] = append(out["faults"], entry{f.File, f.Line, f.Column, f.Path, f.Text})
			}
			for _, w := range warnings {
				out["warnings"] = append(out["warnings"], entry{w.File, w.Line, w.Column, w.Path, w.Text})
			}
			if err := printJSON(o.stdout, out); err != nil {
				return err
			}
		} else {
			for _, f := range faults {
				fmt.Fprintln(o.stdout, "fault:", f.Error())
			}
			for _, w := range warnings {
				fmt.Fprintln(o.stdout, "warning:", w)
			}
			if len(faults) == 0 && len(warnings) == 0 {
				fmt.Fprintln(o.stdout, o.configName()+": ok")
			}
		}
		if len(faults) > 0 {
			return errTold
		}
		return nil
	}
}

// startFaults are what a start would find beyond the file itself: templates,
// senders, certificates.
func startFaults(cfg *config.Config) (faults config.Faults, missing []config.Warning) {
	log := slog.New(collector{&missing})
	err := server.CheckPosts(cfg, log)
	if cfg.TLS.Enabled && !cfg.TLS.Auto() {
		_, cerr := certs.OpenFiles(cfg.TLS.CertFile, cfg.TLS.KeyFile, log, time.Now)
		err = errors.Join(err, cerr)
	}
	for _, e := range separate(err) {
		faults = append(faults, config.Fault{Text: e.Error()})
	}
	return faults, missing
}

// separate takes joined errors apart.
func separate(err error) []error {
	var all []error
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, separate(one)...)
		}
	default:
		all = append(all, err)
	}
	return all
}

// collector makes warnings of what is logged.
type collector struct{ list *[]config.Warning }

func (c collector) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (c collector) WithAttrs([]slog.Attr) slog.Handler           { return c }
func (c collector) WithGroup(string) slog.Handler                { return c }

func (c collector) Handle(_ context.Context, r slog.Record) error {
	*c.list = append(*c.list, config.Warning{Text: r.Message})
	return nil
}

// faultsOf takes an error of loadConfig apart.
func faultsOf(err error) config.Faults {
	var list config.Faults
	switch {
	case err == nil:
		return nil
	case errors.As(err, &list):
		return list
	}
	return config.Faults{{Text: err.Error()}}
}

// configName is the file that is read, for people.
func (o *operator) configName() string {
	if o.options.config != "" {
		return o.options.config
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		return defaultConfig
	}
	return "no file, defaults"
}

const saltLen = 32

func keygen(set *flag.FlagSet) func(*operator, []string) error {
	api := set.Bool("api", false, "a salt and an API key")
	salt := set.String("salt", "", "an API key for this `salt`, in base64")
	sequence := set.Uint("sequence", 1, "a `number` in the API key, for yourself")
	return func(o *operator, args []string) error {
		if err := nothing(args); err != nil {
			return err
		}
		key := make([]byte, secretLen)
		rand.Read(key)
		if !*api && *salt == "" {
			text := base64.StdEncoding.EncodeToString(key)
			if o.json {
				return printJSON(o.stdout, map[string]string{"token_key": text})
			}
			fmt.Fprintln(o.stdout, text)
			return nil
		}
		if *sequence > 0xffff {
			return misuse("--sequence is at most 65535")
		}
		raw := make([]byte, saltLen)
		rand.Read(raw)
		if *salt != "" {
			var err error
			if raw, err = base64.StdEncoding.DecodeString(*salt); err != nil || len(raw) == 0 {
				return misuse("--salt is not base64")
			}
		}
		text, apiKey := base64.StdEncoding.EncodeToString(raw), server.NewAPIKey(raw, uint16(*sequence), false)
		if o.json {
			return printJSON(o.stdout, map[string]string{"api_key_salt": text, "api_key": apiKey})
		}
		fmt.Fprintf(o.stdout, "api_key_salt  %s\nAPI key       %s\n", text, apiKey)
		return nil
	}
}
