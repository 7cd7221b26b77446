//go:build linux

package bench

import (
	"bytes"
	"strconv"
)

// The receive path never decodes JSON: it looks at the first key of the message to learn its kind
// and at the few fields that the measurement needs.

// Kinds of server messages: the first letter of the first key. {pres} and {info} are of no interest
// here.
const (
	kindCtrl  = 'c'
	kindData  = 'd'
	kindMeta  = 'm'
	kindOther = 0
)

// marker starts the part of the content which identifies a published message; idPrefix does the
// same for the id of its {pub}. Eight hexadecimal digits follow.
const (
	marker   = "~T"
	idPrefix = 'n'
)

// kindOf returns the kind of a server message.
func kindOf(p []byte) byte {
	i := bytes.IndexByte(p, '"')
	if i < 0 || i+1 >= len(p) {
		return kindOther
	}
	return p[i+1]
}

// fieldAt returns what follows the first occurrence of "key": in p, or nil.
func fieldAt(p []byte, key string) []byte {
	for {
		i := bytes.Index(p, []byte(key))
		if i < 0 {
			return nil
		}
		end := i + len(key)
		if i > 0 && p[i-1] == '"' && end < len(p) && p[end] == '"' {
			rest := bytes.TrimLeft(p[end+1:], " \t\r\n")
			if len(rest) > 0 && rest[0] == ':' {
				return bytes.TrimLeft(rest[1:], " \t\r\n")
			}
		}
		p = p[end:]
	}
}

// skimInt returns the integer value of the first field called key.
func skimInt(p []byte, key string) (int, bool) {
	v := fieldAt(p, key)
	n := 0
	for n < len(v) && (v[n] >= '0' && v[n] <= '9' || n == 0 && v[n] == '-') {
		n++
	}
	i, err := strconv.Atoi(string(v[:n]))
	return i, err == nil
}

// skimStr returns the string value of the first field called key, without undoing escapes.
func skimStr(p []byte, key string) ([]byte, bool) {
	v := fieldAt(p, key)
	if len(v) == 0 || v[0] != '"' {
		return nil, false
	}
	end := bytes.IndexByte(v[1:], '"')
	if end < 0 {
		return nil, false
	}
	return v[1 : 1+end], true
}

// pubNumber returns the message number in the id of the {ctrl} which answers a {pub}.
func pubNumber(p []byte) (uint32, bool) {
	id, ok := skimStr(p, "id")
	if !ok || len(id) != 9 || id[0] != idPrefix {
		return 0, false
	}
	return hex8(id[1:])
}

// dataNumber returns the message number in the content of a {data}.
func dataNumber(p []byte) (uint32, bool) {
	i := bytes.Index(p, []byte(marker))
	if i < 0 || len(p) < i+len(marker)+8 {
		return 0, false
	}
	return hex8(p[i+len(marker):])
}

// hex8 reads eight lower case hexadecimal digits.
func hex8(p []byte) (uint32, bool) {
	var n uint32
	for _, c := range p[:8] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint32(c-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// putHex8 writes n as eight lower case hexadecimal digits.
func putHex8(dst []byte, n uint32) {
	const digits = "0123456789abcdef"
	for i := 7; i >= 0; i-- {
		dst[i] = digits[n&15]
		n >>= 4
	}
}
