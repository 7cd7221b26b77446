package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

const (
	maxFileBytes = 1 << 20
	maxBrackets  = 10_000 // bounds the depth of the parser's recursion

	byteOrderMark = "\xef\xbb\xbf" // which editors on Windows put first
)

// Load reads the file at path. getenv resolves "env:NAME" and is os.Getenv
// outside of tests; a variable that is unset and one that is empty are the same.
//
// The error is Faults, which has everything that is wrong with the file, or else
// says why the file could not be read (errors.Is(err, fs.ErrNotExist)). With an
// error there is no Config; warnings are returned in both cases.
func Load(path string, getenv func(string) string) (*Config, []Warning, error) {
	c, warnings, err := Examine(path, getenv)
	if err != nil {
		c = nil
	}
	return c, warnings, err
}

// Examine is Load for who looks for more faults: with Faults there is also the
// configuration as far as it can be read, or nil.
func Examine(path string, getenv func(string) string) (*Config, []Warning, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return parse(path, data, getenv)
}

// parse is Load for the bytes of a file called path.
func parse(path string, data []byte, getenv func(string) string) (*Config, []Warning, error) {
	src := append(bytes.TrimPrefix(data, []byte(byteOrderMark)), '\n') // a comment may be the last line
	d := &decoder{file: path, src: src, getenv: getenv, seen: make(map[string]int)}
	root, ok := d.syntax()
	if !ok {
		return nil, nil, d.faults
	}
	c := Default()
	missing := forTinode(c, &root)
	d.object(&root, "", reflect.ValueOf(c).Elem())
	d.noteMissing(missing)
	d.settle(c)
	d.iceServers(&c.WebRTC)
	if err := c.Validate(); err != nil {
		d.addConsequences(err.(Faults))
	}
	for _, w := range c.warnings() {
		w.Place = d.locate(w.Path)
		d.warnings = append(d.warnings, w)
	}
	slices.SortStableFunc(d.faults, func(a, b Fault) int { return a.compare(b.Place) })
	slices.SortStableFunc(d.warnings, func(a, b Warning) int { return a.compare(b.Place) })
	if err := d.faults.err(); err != nil {
		return c, d.warnings, err
	}
	return c, d.warnings, nil
}

// syntax parses the source. What the parser says is not passed on as it is: it
// quotes the text it stumbled over, which may be a secret.
func (d *decoder) syntax() (hujson.Value, bool) {
	if n := bytes.Count(d.src, []byte{'['}) + bytes.Count(d.src, []byte{'{'}); n > maxBrackets {
		d.faults = append(d.faults, Fault{Place: Place{File: d.file}, Text: fmt.Sprintf("more than %d brackets: this is no configuration", maxBrackets)})
		return hujson.Value{}, false
	}
	v, err := hujson.Parse(d.src)
	if err == nil {
		return v, true
	}
	var lineNo, column int // column in bytes
	_, _ = fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &lineNo, &column)
	offset := d.offset(lineNo, column)
	_, text, _ := strings.Cut(err.Error(), fmt.Sprintf("column %d: ", column))
	switch {
	case strings.HasSuffix(text, io.ErrUnexpectedEOF.Error()):
		text = "the file ends too early: a bracket, quote or comment is not closed"
	case !strings.HasPrefix(text, "invalid literal"):
	case d.src[offset] == '"':
		text = `broken text: the closing quote is missing on this line, or there is an unknown \ escape`
	default:
		text = `not a value: expected true, false, null, a number, or a text in quotes`
	}
	d.faults = append(d.faults, Fault{Place: d.place(offset), Text: text})
	return v, false
}

// settle replaces the values that mean "the default" and brings paths into
// their one form.
func (d *decoder) settle(c *Config) {
	c.settle()
	for _, templ := range []*string{
		&c.Validation.Email.Config.ValidationTempl, &c.Validation.Email.Config.ResetSecretTempl, &c.Validation.Tel.Config.UniversalTempl,
	} {
		if *templ != "" {
			*templ = d.beside(*templ)
		}
	}
	if _, given := d.seen["limits.outbox_bytes"]; !given {
		c.Limits.OutboxBytes = max(c.Limits.OutboxBytes, outboxMessages*c.MaxMessageBytes)
	}
	for _, file := range []*string{&c.TLS.CertFile, &c.TLS.KeyFile, &c.TLS.Autocert.CacheDir, &c.TLS.Autocert.DirectoryCA} {
		if *file != "" {
			*file = d.beside(*file)
		}
	}
	if w, ok := c.settleFrame(); ok {
		w.Place = d.locate(w.Path)
		d.warnings = append(d.warnings, w)
	}
}

// forTinode gives c the defaults of Tinode's code when the file was made for
// Tinode, and returns them; see Default.
func forTinode(c *Config, root *hujson.Value) []tinodeDefault {
	if member(member(root, "store_config"), "uid_key") == nil {
		return nil
	}
	list := tinodeDefaults()
	for _, t := range list {
		t.set(c)
	}
	return list
}

// noteMissing warns about the keys of the list that the file does not have.
func (d *decoder) noteMissing(list []tinodeDefault) {
	var missing []string
	for _, t := range list {
		if _, given := d.seen[t.path]; !given {
			missing = append(missing, t.path+" "+t.value)
		}
	}
	if len(missing) > 0 {
		d.warn("store_config.uid_key", "this file was made for Tinode, so keys that are missing have the values of Tinode's code: "+
			strings.Join(missing, ", ")+". Write them down before you remove uid_key")
	}
}

// member is the last value of the key in an object; nil when there is none.
func member(v *hujson.Value, key string) *hujson.Value {
	if v == nil {
		return nil
	}
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		return nil
	}
	for i := len(obj.Members) - 1; i >= 0; i-- {
		if m := &obj.Members[i]; strings.EqualFold(literal(&m.Name), key) {
			return &m.Value
		}
	}
	return nil
}

// place turns an offset of the source into a Place.
func (d *decoder) place(offset int) Place {
	before := d.src[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return Place{
		File:   d.file,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: 1 + utf8.RuneCount(before[lineStart:]),
	}
}

// offset is the inverse of place for a column in bytes, kept within the source.
func (d *decoder) offset(lineNo, column int) int {
	start := 0
	for range lineNo - 1 {
		start += 1 + bytes.IndexByte(d.src[start:], '\n')
	}
	return min(start+max(column-1, 0), len(d.src)-1)
}

// locate finds where path, or else the nearest object around it, stands.
func (d *decoder) locate(path string) Place {
	for p := path; ; {
		if offset, ok := d.seen[p]; ok {
			return d.place(offset)
		}
		i := strings.LastIndexAny(p, ".[")
		if i < 0 {
			return Place{File: d.file}
		}
		p = p[:i]
	}
}

// addConsequences takes over the faults of Validate, with their places, except
// those of values that could not be read in the first place.
func (d *decoder) addConsequences(faults Faults) {
	unread := slices.Clone(d.faults)
	for _, f := range faults {
		if !slices.ContainsFunc(unread, func(u Fault) bool { return u.Path == f.Path || strings.HasPrefix(u.Path, f.Path+"[") }) {
			f.Place = d.locate(f.Path)
			d.faults = append(d.faults, f)
		}
	}
}

// readFile reads a regular file of a reasonable size. Anything else might never
// end.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("larger than %d bytes", maxFileBytes)
	}
	data, err := os.ReadFile(filepath.Clean(path))
	return data, cause(err)
}
