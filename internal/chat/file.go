package chat

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// FileID identifies an uploaded file: 64 random bits. Zero is none.
type FileID uint64

// ErrFileID is returned for a text that is no file ID.
var ErrFileID = fmt.Errorf("not a file ID")

// NewFileID draws a random FileID. The store refuses the rare duplicate.
func NewFileID() FileID {
	for {
		var b [8]byte
		rand.Read(b[:]) // never fails since Go 1.24
		if f := FileID(binary.LittleEndian.Uint64(b[:])); f != 0 {
			return f
		}
	}
}

func (f FileID) bytes() []byte { return binary.LittleEndian.AppendUint64(nil, uint64(f)) }

// String is 11 characters of URL-safe base64 (surfaces.md §1.8); empty for none.
func (f FileID) String() string {
	if f == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(f.bytes())
}

var keyEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Key names the file's bytes in a blob store: 13 characters of a-z and 2-7
// (surfaces.md §6.2).
func (f FileID) Key() string { return strings.ToLower(keyEncoding.EncodeToString(f.bytes())) }

// ParseFileID reads the 11 characters of String; anything else is ErrFileID.
func ParseFileID(s string) (FileID, error) {
	if len(s) != idTextLen {
		return 0, ErrFileID
	}
	u, err := parseID(s)
	if err != nil {
		return 0, ErrFileID
	}
	return FileID(u), nil
}

// FileName reads the name of a file as URLs have it, "ID.ext": the ID is the
// leading run of base64 characters (surfaces.md §1.9). What is no such name is
// ErrFileID.
func FileName(name string) (FileID, error) {
	id, _, _ := strings.Cut(name, ".")
	return ParseFileID(id)
}
