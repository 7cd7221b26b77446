package config

import (
	"reflect"
	"strings"

	"github.com/tailscale/hujson"
)

// publishedUIDKey and publishedTokenKey are in the file that Tinode ships.
const (
	publishedUIDKey   = "la6YsO+bNX/+XIkOqc5Svw=="
	publishedTokenKey = "wfaY2RgF2S1OQI/ZlK+LSrp1KB2jwAdGAIHQ7JZn+Kc="
)

// ignoredKey is a key of Tinode that has no meaning here.
type ignoredKey struct {
	path, cure string
	matters    func(*hujson.Value) bool // whether to warn about this value
}

// ignoredKeys lists them with what to do instead.
func ignoredKeys() []ignoredKey {
	return []ignoredKey{
		{"expvar", "there is no expvar page; remove the key; metrics_listen is for Prometheus", isSet},
		{"server_status", "there is no page with the server's inside; remove the key", isSet},
		{"ws_compression_disabled", "frames are never compressed; remove the key", isFalse},
		{"auth_config.anonymous", "anonymous accounts need no settings; remove the key", isSet},
		{"store_config.uid_key", "user IDs are random and need no key; remove the line", isSet},
		{"store_config.adapters", "no database of this list is used: everything is kept in the embedded store in the folder \"data\"; remove the section", isSet},
		{"cluster_config", "one server does all the work in this version; remove the section", isSet},
		{"plugins", "plugins are off in this version and none is called; remove the section or disable its entries", hasEnabled},
	}
}

// isSet tells whether a value says more than "nothing" or "off".
func isSet(v *hujson.Value) bool {
	switch x := v.Value.(type) {
	case *hujson.Object:
		return len(x.Members) > 0
	case *hujson.Array:
		return len(x.Elements) > 0
	}
	s := literal(v)
	return v.Value.Kind() != 'n' && (v.Value.Kind() != '"' || s != "" && s != "-")
}

func isFalse(v *hujson.Value) bool { return v.Value.Kind() != 't' }

// hasEnabled tells whether a list has an entry that is not disabled.
func hasEnabled(v *hujson.Value) bool {
	arr, ok := v.Value.(*hujson.Array)
	if !ok {
		return isSet(v)
	}
	for i := range arr.Elements {
		if e := member(&arr.Elements[i], "enabled"); e != nil && e.Value.Kind() != 'f' {
			return true
		}
	}
	return false
}

// field is a key of an object: its name and options from the tag.
type field struct {
	key, opts string
	index     []int
}

// fields lists the keys of a struct, those of embedded structs included.
func fields(t reflect.Type) []field {
	var list []field
	for _, f := range reflect.VisibleFields(t) {
		if tag := f.Tag.Get("conf"); tag != "" {
			key, opts, _ := strings.Cut(tag, ",")
			list = append(list, field{key, opts, f.Index})
		}
	}
	return list
}

// find matches as Tinode does: without regard to case.
func find(list []field, name string) (field, bool) {
	for _, f := range list {
		if strings.EqualFold(f.key, name) {
			return f, true
		}
	}
	return field{}, false
}

// has tells whether opt is among the comma-separated opts.
func has(opts, opt string) bool {
	for o := range strings.SplitSeq(opts, ",") {
		if o == opt {
			return true
		}
	}
	return false
}

// allPaths lists every key at and below path, whose value is of type t. Elements
// of a list are not numbered; a section is one key.
func allPaths(t reflect.Type, path string) []string {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var keys []field
	if t.Kind() == reflect.Struct {
		keys = fields(t)
	}
	if len(keys) == 0 {
		return []string{path}
	}
	var list []string
	for _, f := range keys {
		list = append(list, allPaths(t.FieldByIndex(f.index).Type, join(path, f.key))...)
	}
	return list
}

// hint is what to add to "unknown key": the nearest key of the same object, or
// the place where a key of this very name belongs.
func hint(path, name string, known []field) string {
	lower := strings.ToLower(name)
	best, bestDistance := "", max(2, len(name)/3)+1
	consider := func(key string) {
		if n := distance(lower, key, bestDistance); n < bestDistance {
			best, bestDistance = key, n
		}
	}
	for _, f := range known {
		consider(f.key)
	}
	for _, k := range ignoredKeys() {
		if parent, key, _ := cutLast(k.path); parent == path {
			consider(key)
		}
	}
	if best != "" {
		return "; did you mean " + best + "?"
	}
	for _, p := range allPaths(reflect.TypeFor[Config](), "") {
		if parent, key, ok := cutLast(p); ok && key == lower {
			return "; it belongs into " + parent
		}
	}
	return ""
}

// cutLast splits a path before its last key.
func cutLast(path string) (parent, key string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// distance is the number of letters to insert, delete or replace to make b of a;
// at least limit when it is more than that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
