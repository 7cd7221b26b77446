package config

import (
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// decodeConf implements section: an object of names and their values, which may
// be references.
func (h *Headers) decodeConf(d *decoder, v *hujson.Value, path string) {
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		d.wrongType(v, path, "an object {…}")
		return
	}
	for i := range obj.Members {
		m := &obj.Members[i]
		name := literal(&m.Name)
		value, ok := d.text(&m.Value, join(path, name))
		if !ok {
			continue
		}
		*h = slices.DeleteFunc(*h, func(f HeaderField) bool { return strings.EqualFold(f.Name, name) })
		*h = append(*h, HeaderField{Name: name, Value: Secret(value)})
	}
}
