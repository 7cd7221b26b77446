package topic

import (
	"bytes"
	"encoding/json"

	"parley/internal/chat"
	"parley/wsproto"
)

// isClear tells the marker that deletes a value.
func isClear(raw json.RawMessage) bool {
	var s string
	return len(raw) <= len(`"\u2421"`) && len(raw) > 2 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil && s == chat.Clear
}

// plain tells an object that can be taken over as it is: nothing in it removes
// or is ignored.
func plain(object json.RawMessage) bool {
	for _, mark := range []string{chat.Clear, `\u2421`, "null"} {
		if bytes.Contains(object, []byte(mark)) {
			return false
		}
	}
	return true
}

// merge updates application data (wire.md §1.7): objects are merged key by key,
// "␡" removes, null is ignored, everything else replaces. It tells whether
// there was anything to do; setting an equal value counts.
func merge(old, with json.RawMessage) (json.RawMessage, bool) {
	with = bytes.TrimSpace(with)
	switch {
	case wsproto.IsNull(with):
		return old, false
	case isClear(with):
		return nil, true
	case with[0] != '{':
		return with, true
	case len(old) == 0 && plain(with):
		return with, len(bytes.Trim(with, "{} \t\r\n")) > 0
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(with, &fields) != nil || len(fields) == 0 {
		return old, false
	}
	return mergeFields(old, fields)
}

// mergeFields is merge of an object that is already taken apart.
func mergeFields(old json.RawMessage, fields map[string]json.RawMessage) (json.RawMessage, bool) {
	var into map[string]json.RawMessage
	if len(old) == 0 || json.Unmarshal(old, &into) != nil || into == nil {
		into = make(map[string]json.RawMessage, len(fields))
	}
	changed := false
	for key, value := range fields {
		v, ok := merge(into[key], value)
		if !ok {
			continue
		}
		changed = true
		if v == nil {
			delete(into, key)
		} else {
			into[key] = v
		}
	}
	switch {
	case !changed:
		return old, false
	case len(into) == 0:
		return nil, true
	}
	b, err := json.Marshal(into)
	if err != nil {
		return old, false
	}
	return b, true
}

// fits refuses data that has grown too long; what is too long already may be
// made shorter.
func (c *Config) fits(old, v json.RawMessage) error {
	if len(v) > c.MaxData && len(v) > len(old) {
		return wsproto.ErrPolicy
	}
	return nil
}

// FirstValue is application data that is set for the first time.
func FirstValue(raw json.RawMessage) json.RawMessage {
	v, _ := merge(nil, raw)
	return v
}
