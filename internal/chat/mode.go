package chat

import (
	"errors"
	"strings"
)

// Mode is a set of access rights (wire.md §5.1). The zero value has none.
type Mode uint8

// The rights.
const (
	ModeJoin    Mode = 1 << iota // J: subscribe and attach
	ModeRead                     // R: receive messages
	ModeWrite                    // W: publish
	ModePres                     // P: receive presence and pushes
	ModeApprove                  // A: manage members
	ModeShare                    // S: invite
	ModeDelete                   // D: delete messages for everybody
	ModeOwner                    // O: own the topic

	ModeNone Mode = 0
)

// Sets with a name (wire.md §5.4).
const (
	ModeMe      = ModeJoin | ModePres | ModeShare
	ModeP2P     = ModeJoin | ModeRead | ModeWrite | ModePres | ModeApprove
	ModeUser    = ModeP2P | ModeShare // what a new user grants to others
	ModeGroup   = ModeJoin | ModeRead | ModeWrite | ModePres | ModeShare
	ModeChannel = ModeGroup &^ ModeJoin // members of a group with readers
	ModeReader  = ModeJoin | ModeRead | ModePres
	ModeFull    = Mode(0xFF)
	ModeSelf    = ModeJoin | ModeRead | ModeWrite | ModeDelete | ModeOwner
	ModeSys     = ModeJoin | ModeRead | ModeWrite | ModePres | ModeDelete

	modeAdmin  = ModeApprove | ModeOwner
	modeSharer = modeAdmin | ModeShare
)

const modeLetters = "JRWPASDO"

// ErrMode is returned for a text that is no access mode.
var ErrMode = errors.New("not an access mode")

// Has tells whether m has all rights of x.
func (m Mode) Has(x Mode) bool { return m&x == x }

// IsAdmin tells whether m may manage members.
func (m Mode) IsAdmin() bool { return m&modeAdmin != 0 }

// IsSharer tells whether m may invite.
func (m Mode) IsSharer() bool { return m&modeSharer != 0 }

// String lists the rights in the order JRWPASDO; none is "N".
func (m Mode) String() string {
	if m == 0 {
		return "N"
	}
	b := make([]byte, 0, len(modeLetters))
	for i := range len(modeLetters) {
		if m&(1<<i) != 0 {
			b = append(b, modeLetters[i])
		}
	}
	return string(b)
}

// ParseMode reads letters in any order and case. The empty text is "not
// given": ok is false and err nil. N must come first and cancels the rest.
func ParseMode(s string) (m Mode, ok bool, err error) {
	if s == "" {
		return 0, false, nil
	}
	if len(s) > 64 {
		return 0, false, ErrMode
	}
	none := s[0] == 'N' || s[0] == 'n'
	for i := range len(s) {
		c := s[i] &^ 0x20 // upper case
		k := strings.IndexByte(modeLetters, c)
		switch {
		case i == 0 && none:
		case k < 0:
			return 0, false, ErrMode
		default:
			m |= 1 << k
		}
	}
	if none {
		m = 0
	}
	return m, true, nil
}

// Delta describes the change from one mode to another as "+RW-P"
// (wire.md §5.8). From none the whole new mode is written; no change is empty.
func Delta(from, to Mode) string {
	switch {
	case from == to:
		return ""
	case from == 0:
		return to.String()
	}
	s := ""
	if added := to &^ from; added != 0 {
		s = "+" + added.String()
	}
	if removed := from &^ to; removed != 0 {
		s += "-" + removed.String()
	}
	return s
}

// Access is a pair of modes granted by default: to users who logged in, and to
// anonymous ones.
type Access struct{ Auth, Anon Mode }

// For is the mode of the pair that applies to a level; root gets what the
// authenticated get.
func (a Access) For(l Level) Mode {
	if l >= LevelAuth {
		return a.Auth
	}
	if l == LevelAnon {
		return a.Anon
	}
	return ModeNone
}

// Level says how a user proved who he is (wire.md §5.2).
type Level uint8

// The levels, in rising order.
const (
	LevelNone Level = 0
	LevelAnon Level = 10
	LevelAuth Level = 20
	LevelRoot Level = 30
)

// String is the level's word on the wire.
func (l Level) String() string {
	switch l {
	case LevelAnon:
		return "anon"
	case LevelAuth:
		return "auth"
	case LevelRoot:
		return "root"
	}
	return ""
}

// ParseLevel reads the words of String, in lower or upper case.
func ParseLevel(s string) (Level, bool) {
	switch s {
	case "anon", "ANON":
		return LevelAnon, true
	case "auth", "AUTH":
		return LevelAuth, true
	case "root", "ROOT":
		return LevelRoot, true
	}
	return LevelNone, false
}
