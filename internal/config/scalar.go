package config

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/tailscale/hujson"

	"parley/internal/chat"
	"parley/internal/limit"
)

// text is a string value, with "env:" and "file:" resolved.
func (d *decoder) text(v *hujson.Value, path string) (string, bool) {
	if v.Value.Kind() != '"' {
		d.wrongType(v, path, "a text")
		return "", false
	}
	s, _, ok := d.resolve(v, path)
	return s, ok
}

// resolve is the text of a string value, and whether it came from elsewhere.
// Not ok: the fault is noted.
func (d *decoder) resolve(v *hujson.Value, path string) (s string, referred, ok bool) {
	s = literal(v)
	if name, isEnv := strings.CutPrefix(s, "env:"); isEnv {
		s, ok = d.env(v, path, name)
		return s, true, ok
	}
	if name, isFile := strings.CutPrefix(s, "file:"); isFile {
		s, ok = d.fromFile(v, path, name)
		return s, true, ok
	}
	return s, false, true
}

func (d *decoder) env(v *hujson.Value, path, name string) (string, bool) {
	if !isVariable(name) {
		d.fault(v, path, "env: must be followed by the name of an environment variable (letters, digits and _)")
		return "", false
	}
	s := d.getenv(name)
	if s == "" {
		d.unresolved(v, path, "the environment variable "+name+" is not set or empty")
	}
	return s, s != ""
}

// fromFile reads a file named relative to the folder of the configuration and
// drops the newlines at its end.
func (d *decoder) fromFile(v *hujson.Value, path, name string) (string, bool) {
	if name == "" {
		d.fault(v, path, "file: must be followed by the name of a file")
		return "", false
	}
	file := d.beside(name)
	data, err := readFile(file)
	if err != nil {
		d.unresolved(v, path, fmt.Sprintf("the file %s cannot be read: %v", file, err))
		return "", false
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		d.fault(v, path, "the file "+file+" is UTF-16: save it as UTF-8")
		return "", false
	}
	s := strings.TrimRight(strings.TrimPrefix(string(data), byteOrderMark), "\r\n")
	if s == "" {
		d.unresolved(v, path, "the file "+file+" is empty")
	}
	return s, s != ""
}

// beside is a path that starts at the folder of the configuration.
func (d *decoder) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(d.file), name)
}

// number is the digits of v: a JSON number, or what a reference has, or, where
// the option "text" allows, a text.
func (d *decoder) number(v *hujson.Value, path, want string, textToo bool) (string, bool) {
	switch v.Value.Kind() {
	case '0':
		return string(v.Value.(hujson.Literal)), true
	case '"':
		s, referred, ok := d.resolve(v, path)
		if !ok || referred || textToo {
			return strings.TrimSpace(s), ok
		}
	}
	d.wrongType(v, path, want)
	return "", false
}

func (d *decoder) integer(v *hujson.Value, path string, out reflect.Value, opts string) {
	const want = "a whole number"
	s, ok := d.number(v, path, want, has(opts, "text"))
	if !ok {
		return
	}
	if s == "" && has(opts, "text") {
		return // "" is how the file says "the default"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || out.OverflowInt(n) {
		d.fault(v, path, "expected "+want)
		return
	}
	out.SetInt(n)
}

// duration is a number of the unit in opts, or a text such as "90s" or "1h30m".
func (d *decoder) duration(v *hujson.Value, path string, out *time.Duration, opts string) {
	unit, name := time.Second, "seconds"
	switch {
	case has(opts, "h"):
		unit, name = time.Hour, "hours"
	case has(opts, "ms"):
		unit, name = time.Millisecond, "milliseconds"
	}
	want := `a whole number of ` + name + `, or a text such as "90s" or "36h"`
	s, ok := d.number(v, path, want, true)
	if !ok {
		return
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t, err := time.ParseDuration(s)
		if err != nil || v.Value.Kind() != '"' {
			d.fault(v, path, "expected "+want)
			return
		}
		*out = t
		return
	}
	if t := time.Duration(n) * unit; t/unit == time.Duration(n) {
		*out = t
		return
	}
	d.fault(v, path, "too long")
}

func (d *decoder) boolean(v *hujson.Value, path string, out reflect.Value) {
	const want = "true or false"
	switch v.Value.Kind() {
	case 't', 'f':
		out.SetBool(v.Value.Kind() == 't')
		return
	case '"':
		s, referred, ok := d.resolve(v, path)
		if !ok {
			return
		}
		if referred {
			b, err := strconv.ParseBool(strings.TrimSpace(s))
			if err != nil {
				d.fault(v, path, "expected "+want)
			}
			out.SetBool(b)
			return
		}
	}
	d.wrongType(v, path, want)
}

func (d *decoder) key(v *hujson.Value, path string, out *Key) {
	s, ok := d.text(v, path)
	if !ok {
		return
	}
	k, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		d.fault(v, path, "not base64 (the alphabet with + and /, and = at the end)")
		return
	}
	*out = k
}

// secret is a text; with the option "raw" also an object, kept as JSON text.
func (d *decoder) secret(v *hujson.Value, path string, out *Secret, opts string) {
	if v.Value.Kind() == '{' && has(opts, "raw") {
		c := v.Clone()
		c.Minimize()
		*out = Secret(c.Pack())
		return
	}
	if s, ok := d.text(v, path); ok {
		*out = Secret(s)
	}
}

func (d *decoder) logLevel(v *hujson.Value, path string, out *slog.Level) {
	s, ok := d.text(v, path)
	if !ok {
		return
	}
	level, ok := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(s)]
	if !ok {
		d.fault(v, path, `must be "debug", "info", "warn" or "error"`)
		return
	}
	*out = level
}

func (d *decoder) authLevel(v *hujson.Value, path string, out *chat.Level) {
	s, ok := d.text(v, path)
	if !ok {
		return
	}
	if *out, ok = chat.ParseLevel(s); !ok {
		d.fault(v, path, `must be "auth", "anon" or "root"`)
	}
}

func (d *decoder) rate(v *hujson.Value, path string, out *limit.Rate) {
	s, ok := d.text(v, path)
	if !ok {
		return
	}
	r, err := limit.ParseRate(s)
	if err != nil {
		d.fault(v, path, err.Error())
		return
	}
	*out = r
}

func isVariable(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
