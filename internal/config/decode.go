package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/tailscale/hujson"

	"parley/internal/chat"
	"parley/internal/limit"
)

// decoder fills a Config from a parsed file and collects everything that is
// wrong on the way instead of stopping at the first fault.
type decoder struct {
	file   string
	src    []byte
	getenv func(string) string

	seen     map[string]int // path of each key in the file → its offset
	faults   Faults
	warnings []Warning
}

// section is a part of the Config whose shape in the file differs from its type.
type section interface {
	decodeConf(d *decoder, v *hujson.Value, path string)
}

// raw is a value that is decoded later.
type raw struct{ v *hujson.Value }

// decode stores v in out. null means "not given". opts are the options of the
// field's tag, "" for none.
func (d *decoder) decode(v *hujson.Value, path string, out reflect.Value, opts string) {
	if v.Value.Kind() == 'n' {
		return
	}
	if s, ok := out.Addr().Interface().(section); ok {
		s.decodeConf(d, v, path)
		return
	}
	switch p := out.Addr().Interface().(type) {
	case *raw:
		p.v = v
	case *Key:
		d.key(v, path, p)
	case *Secret:
		d.secret(v, path, p, opts)
	case *time.Duration:
		d.duration(v, path, p, opts)
	case *slog.Level:
		d.logLevel(v, path, p)
	case *chat.Level:
		d.authLevel(v, path, p)
	case *limit.Rate:
		d.rate(v, path, p)
	default:
		d.plain(v, path, out, opts)
	}
}

// plain is decode for the kinds that need no knowledge of the type.
func (d *decoder) plain(v *hujson.Value, path string, out reflect.Value, opts string) {
	switch out.Kind() {
	case reflect.Struct:
		d.object(v, path, out)
	case reflect.Slice:
		d.list(v, path, out, opts)
	case reflect.String:
		if s, ok := d.text(v, path); ok {
			out.SetString(s)
		}
	case reflect.Bool:
		d.boolean(v, path, out)
	case reflect.Int, reflect.Int64:
		d.integer(v, path, out, opts)
	default:
		panic("config: no decoder for " + out.Type().String()) // a field of ours without one; tests meet it
	}
}

// object decodes the members of v into the fields of out.
func (d *decoder) object(v *hujson.Value, path string, out reflect.Value) {
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		d.wrongType(v, path, "an object {…}")
		return
	}
	known := fields(out.Type())
	for i := range obj.Members {
		m := &obj.Members[i]
		name := literal(&m.Name)
		f, ok := find(known, name)
		if !ok {
			d.unknown(m, path, name, known)
			continue
		}
		sub := join(path, f.key)
		d.mark(sub, m)
		d.decode(&m.Value, sub, out.FieldByIndex(f.index), f.opts)
	}
}

// mark remembers where a key stands, and that it stands there twice.
func (d *decoder) mark(path string, m *hujson.ObjectMember) {
	_, twice := d.seen[path]
	d.seen[path] = m.Name.StartOffset
	if twice {
		d.warn(path, "given twice; what is written here counts, remove the other")
	}
}

// list decodes an array, replacing what out had before.
func (d *decoder) list(v *hujson.Value, path string, out reflect.Value, opts string) {
	elements := []hujson.Value{*v}
	if arr, ok := v.Value.(*hujson.Array); ok {
		elements = arr.Elements
	} else if !has(opts, "one") {
		d.wrongType(v, path, "a list […]")
		return
	} else if v.Value.Kind() == '"' && literal(v) == "" {
		elements = nil // "" is how the file says "none"
	}
	list := reflect.MakeSlice(out.Type(), len(elements), len(elements))
	for i := range elements {
		sub := fmt.Sprintf("%s[%d]", path, i)
		if len(elements) == 1 && elements[0].StartOffset == v.StartOffset {
			sub = path // a single value in place of a list
		}
		d.decode(&elements[i], sub, list.Index(i), "")
	}
	if len(elements) == 0 {
		list = reflect.Zero(out.Type())
	}
	out.Set(list)
}

// decodeConf reads the list of {name, config}.
func (p *Push) decodeConf(d *decoder, v *hujson.Value, path string) {
	var entries []struct {
		Name   string `conf:"name"`
		Config raw    `conf:"config"`
	}
	d.list(v, path, reflect.ValueOf(&entries).Elem(), "")
	targets := map[string]any{"stdout": &p.Stdout, "fcm": &p.FCM, "tnpg": &p.TNPG}
	for i, e := range entries {
		sub := fmt.Sprintf("%s[%d]", path, i)
		target, ok := targets[e.Name]
		switch {
		case !ok:
			d.warn(sub, "not a push handler, so nothing is sent through it; known are stdout, fcm and tnpg")
		case e.Config.v != nil:
			d.decode(e.Config.v, sub+".config", reflect.ValueOf(target).Elem(), "")
		}
	}
}

// unknown tells apart a key that has no meaning here and one that nobody knows.
func (d *decoder) unknown(m *hujson.ObjectMember, path, name string, known []field) {
	full := join(path, name)
	for _, k := range ignoredKeys() {
		if !strings.EqualFold(k.path, full) {
			continue
		}
		d.mark(k.path, m)
		switch {
		case literal(&m.Value) == publishedUIDKey:
			d.warn(k.path, "this is the sample key published with Tinode, which everybody knows. Parley does not use it: user IDs are random; remove the line")
		case k.matters(&m.Value):
			d.warn(k.path, k.cure)
		}
		return
	}
	d.fault(&m.Name, full, "unknown key"+hint(path, name, known))
}

func (d *decoder) fault(v *hujson.Value, path, text string) {
	d.faults = append(d.faults, Fault{Place: d.place(v.StartOffset), Path: path, Text: text})
}

// unresolved is fault for a value that is elsewhere and cannot be had.
func (d *decoder) unresolved(v *hujson.Value, path, text string) {
	d.faults = append(d.faults, Fault{Place: d.place(v.StartOffset), Path: path, Text: text, Unresolved: true})
}

func (d *decoder) warn(path, text string) {
	d.warnings = append(d.warnings, Warning{Place: d.locate(path), Path: path, Text: text})
}

// wrongType never quotes the value.
func (d *decoder) wrongType(v *hujson.Value, path, want string) {
	got := map[hujson.Kind]string{
		'n': "null", 'f': "false", 't': "true", '"': "a text", '0': "a number", '{': "an object", '[': "a list",
	}[v.Value.Kind()]
	d.fault(v, path, "expected "+want+", got "+got)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// literal is the text of a string value; empty for anything else.
func literal(v *hujson.Value) string {
	if l, ok := v.Value.(hujson.Literal); ok && l.Kind() == '"' {
		return l.String()
	}
	return ""
}

// cause is err without the path, which the caller names itself.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
