package chat

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Kind says what a topic is for (wire.md §4.2).
type Kind uint8

// The kinds of topics. KindNone is a name that is none of ours.
const (
	KindNone Kind = iota
	KindMe
	KindP2P
	KindGroup
	KindFnd
	KindSlf
	KindSys
)

// Prefixes of topic names.
const (
	p2pPrefix     = "p2p"
	groupPrefix   = "grp"
	channelPrefix = "chn"
	fndPrefix     = "fnd"
	slfPrefix     = "slf"

	p2pTextLen   = 22 // 16 bytes in unpadded base64
	maxGroupText = 48 // longest group ID that we accept from a client
)

// MeName is the canonical name of u's topic me: the user ID itself.
func (u UID) MeName() string { return u.String() }

// FndName is the canonical name of u's topic fnd.
func (u UID) FndName() string { return fndPrefix + u.text() }

// SlfName is the canonical name of u's topic slf.
func (u UID) SlfName() string { return slfPrefix + u.text() }

// ParseFndName is the user of a canonical fnd name.
func ParseFndName(name string) (UID, error) {
	text, ok := strings.CutPrefix(name, fndPrefix)
	if !ok {
		return 0, ErrUID
	}
	return ParseUID(userPrefix + text)
}

// NewGroupName draws a random name for a group.
func NewGroupName() string { return groupPrefix + NewUID().text() }

// P2PName is the canonical name of the conversation of a and b; it does not
// depend on their order (wire.md §1.7). It is empty if they are the same user
// or one of them is nobody.
func P2PName(a, b UID) string {
	if a == b || a == 0 || b == 0 {
		return ""
	}
	a, b = min(a, b), max(a, b)
	var buf [16]byte
	binary.LittleEndian.PutUint64(buf[:8], uint64(a))
	binary.LittleEndian.PutUint64(buf[8:], uint64(b))
	return p2pPrefix + base64.RawURLEncoding.EncodeToString(buf[:])
}

// P2PUsers returns the two users of a canonical p2p name, the smaller ID first.
func P2PUsers(name string) (a, b UID, ok bool) {
	if len(name) != len(p2pPrefix)+p2pTextLen || !strings.HasPrefix(name, p2pPrefix) {
		return 0, 0, false
	}
	var buf [16]byte
	n, err := base64.RawURLEncoding.Strict().Decode(buf[:], []byte(name[len(p2pPrefix):]))
	if err != nil || n != len(buf) {
		return 0, 0, false
	}
	a, b = UID(binary.LittleEndian.Uint64(buf[:8])), UID(binary.LittleEndian.Uint64(buf[8:]))
	return a, b, a != 0 && a < b
}

// P2PPeer returns the other user of a canonical p2p name, or nobody.
func P2PPeer(name string, u UID) UID {
	switch a, b, ok := P2PUsers(name); {
	case !ok:
		return 0
	case a == u:
		return b
	case b == u:
		return a
	}
	return 0
}

// KindOf tells the kind of a canonical name.
func KindOf(canonical string) Kind {
	switch {
	case canonical == "sys":
		return KindSys
	case strings.HasPrefix(canonical, userPrefix):
		return KindMe
	case strings.HasPrefix(canonical, groupPrefix):
		return KindGroup
	case strings.HasPrefix(canonical, p2pPrefix):
		return KindP2P
	case strings.HasPrefix(canonical, fndPrefix):
		return KindFnd
	case strings.HasPrefix(canonical, slfPrefix):
		return KindSlf
	}
	return KindNone
}

// IsNewTopic tells a name that asks for a new group; channel says whether it
// shall have readers (wire.md §4.6).
func IsNewTopic(name string) (ok, channel bool) {
	channel = strings.HasPrefix(name, "nch")
	return channel || strings.HasPrefix(name, "new"), channel
}

// GroupName is the canonical name behind a group's name as clients write it,
// "grp…" or "chn…"; channel says which of them it was.
func GroupName(name string) (canonical string, channel, ok bool) {
	channel = strings.HasPrefix(name, channelPrefix)
	if !channel && !strings.HasPrefix(name, groupPrefix) {
		return "", false, false
	}
	id := name[len(groupPrefix):]
	if id == "" || len(id) > maxGroupText {
		return "", channel, false
	}
	for i := range len(id) {
		if c := id[i]; !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z') {
			return "", channel, false
		}
	}
	return groupPrefix + id, channel, true
}

// ChannelName is how readers call the group of that canonical name.
func ChannelName(group string) string { return channelPrefix + group[len(groupPrefix):] }
