// Package bridge gives users credentials for the services of others when they
// log in, keeps them until they expire, and tells those services what becomes of
// the accounts. What is slow or broken there never is here: a login waits for a
// short time at most, and never fails. The packages beneath it know one service
// each; this one knows none. (bridges.md §E)
package bridge

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// Subject is the user that a service is asked about.
type Subject struct {
	User     chat.UID
	ExtID    string // chat.UID.External
	Num      int    // for services whose IDs are numbers
	Created  bool   // the service is known to have the account
	Name     string // 1 to 64 characters
	Portrait string // an https URL of at most 1024 bytes, or empty
	Pictured bool   // the service was told of a portrait before
}

// Grant is what a service gave.
type Grant struct {
	Public    map[string]any // for the client
	Expires   time.Time      // zero: not known to expire
	Cacheable bool           // worth keeping: it cost a request
}

// Minter gets credentials of one service. All methods are safe for concurrent
// use, honour ctx, and know no cache. Errors that the service is to blame for
// are *outbound.Failure.
type Minter interface {
	// Local makes a grant without asking anybody; false if it has to be asked for.
	Local(s *Subject) (*Grant, bool)
	// Mint asks for one. The account exists from then on.
	Mint(ctx context.Context, s *Subject) (*Grant, error)
	// Tell tells the service what became of an account. What it does not know is
	// no error.
	Tell(ctx context.Context, s *Subject, c Change) error
}

// RoomMinter also gives credentials for a room.
type RoomMinter interface {
	// Room makes one; write tells whether the user may send in it.
	Room(ctx context.Context, s *Subject, room string, write bool) (*Grant, error)
}

// Change is what becomes of an account, in the order in which services are to be
// told.
type Change struct {
	Resumed   bool
	Suspended bool
	Revoked   time.Time // all tokens from before are void; zero: none
	Profile   bool
	Deleted   bool
}

func (c *Change) empty() bool { return *c == Change{} }

// theCard is as much of a user's public data as services are told.
type theCard struct {
	FN    string `json:"fn"`
	Photo struct {
		Ref string `json:"ref"`
	} `json:"photo"`
}

const (
	maxName     = 64   // characters
	maxPortrait = 1024 // bytes
)

// newSubject takes out of an account what services are told.
func newSubject(u *store.User, id *store.BridgeID) *Subject {
	var card theCard
	_ = json.Unmarshal(u.Public, &card) // of another form: nothing is known
	s := &Subject{User: u.ID, ExtID: u.ID.External(), Name: cutName(card.FN), Portrait: portrait(card.Photo.Ref)}
	if s.Name == "" {
		s.Name = s.ExtID
	}
	if id != nil {
		s.Num, s.Created, s.Pictured = id.Num, id.Created, strings.HasSuffix(id.Profile, pictured)
	}
	return s
}

func cutName(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return name
}

// portrait is a URL that strangers can open; inline pictures and those of this
// server, which want a login, are not.
func portrait(ref string) string {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(ref) > maxPortrait {
		return ""
	}
	return ref
}

// Time is how times are written in grants: as everywhere in the protocol.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
