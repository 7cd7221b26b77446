// Package store keeps what survives a restart: it defines the records, the
// errors and small interfaces by subject, which the adapters beneath it
// implement. It checks no access rights, caches nothing for its callers and
// has no clock of its own: every time comes from the caller, in UTC and whole
// milliseconds. storetest is the contract as a test suite.
//
// Unless a comment says otherwise a call that changes something is atomic (all
// or nothing) and returns when the change is durable, and every read sees what
// was written before it by a call that has returned.
package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/internal/chat"
)

// Store is all subjects together. Only cmd and server see it whole; everybody
// else declares the slice that it uses.
type Store interface {
	Users
	Logins
	Credentials
	Devices
	Topics
	Subs
	Messages
	Searcher
	Codes
	Invites
	Revocations
	Audit

	// Backup writes a consistent copy of the whole store to a new file while
	// others go on reading and writing. progress, if not nil, is told pages
	// done and in total. An existing file is an error.
	Backup(ctx context.Context, path string, progress func(done, total int)) error
	// Close waits for writes under way, makes what was queued durable, and
	// releases everything. Later calls return ErrClosed.
	Close() error
}

// State is what an administrator or a deletion made of a user or a topic.
type State uint8

// The states (surfaces.md §11.2).
const (
	StateOK        State = 0
	StateSuspended State = 10
	StateDeleted   State = 20
)

// User is an account.
type User struct {
	ID               chat.UID
	Created, Updated time.Time // Updated: of Public or Trusted
	State            State
	Access           chat.Access // granted to peers of new conversations
	LastSeen         time.Time   // zero: never
	UserAgent        string      // at LastSeen
	Public, Trusted  json.RawMessage
	Tags             []string // sorted
}

// UserUpdate changes the fields that are not nil.
type UserUpdate struct {
	Updated         *time.Time
	State           *State
	Access          *chat.Access
	Public, Trusted *json.RawMessage // a pointer to nil clears
	Tags            *[]string
	// Unique are those of Tags that no other user or topic may have, else
	// ErrDuplicate (aliases).
	Unique []string
}

// NewUser is an account with everything that is made together with it.
type NewUser struct {
	User   User
	Me     Sub    // the subscription to the user's own topic me
	Login  *Login // nil: the account has no secret (anonymous)
	Creds  []Credential
	Unique []string // see UserUpdate
}

// UserQuery selects accounts.
type UserQuery struct {
	After chat.UID // only those with a greater ID
	State *State   // nil: any
	Limit int      // 0: all
}

// Users are the accounts.
type Users interface {
	// CreateUser stores all of it or nothing. ErrDuplicate: the ID, the login,
	// a tag of Unique, or a credential that somebody has confirmed is taken.
	CreateUser(ctx context.Context, u *NewUser) error
	// User returns ErrNotFound for an unknown ID. Users with StateDeleted are
	// returned like others.
	User(ctx context.Context, id chat.UID) (*User, error)
	// UsersByID returns those that exist, in no particular order.
	UsersByID(ctx context.Context, ids ...chat.UID) ([]User, error)
	// UsersNotOK returns all users whose state is not StateOK: few, so that a
	// login by token need not ask the store.
	UsersNotOK(ctx context.Context) (map[chat.UID]State, error)
	// UpdateUser returns ErrNotFound or ErrDuplicate (Unique).
	UpdateUser(ctx context.Context, id chat.UID, up UserUpdate) error
	// DeleteUser deletes an account. Marked (not hard): its state becomes
	// StateDeleted; the groups that it owns, its p2p topics and its slf are
	// marked as deleted with all their subscriptions, and so are its own
	// subscriptions elsewhere (me and fnd stay); its devices are gone. Logins,
	// credentials and tags stay, so that a login can be told what happened.
	// Hard: all of that is purged with everything that belongs to the user, and
	// his messages in other topics lose their sender; the ID stays in
	// UsersNotOK for ever as StateDeleted, so that tokens which are still valid
	// lead nowhere. His revocations, invitations and entries of the audit log
	// stay too. ErrNotFound: unknown, or purged already; marking again does
	// nothing, purging somebody who was marked before works.
	DeleteUser(ctx context.Context, id chat.UID, hard bool, at time.Time) error
	// Users lists accounts in the order of their IDs, for administrators.
	Users(ctx context.Context, q UserQuery) ([]User, error)
	// StaleUsers lists accounts that nobody uses: never seen, without a
	// confirmed credential, made before that time, not StateDeleted; the oldest
	// first, at most limit (0: all). Accounts with a login of LevelRoot are
	// never stale.
	StaleUsers(ctx context.Context, before time.Time, limit int) ([]chat.UID, error)
	// Seen notes when and with what a user was last online. It returns at
	// once, is visible to reads at once, and durable within a second.
	Seen(id chat.UID, at time.Time, userAgent string)
	// TagHolder returns who has a tag: the text of a user ID or the name of a
	// topic, of those whose state is StateOK. ErrNotFound if nobody has it.
	TagHolder(ctx context.Context, tag string) (string, error)
}

// Login is what a user proves himself with in one authentication scheme.
type Login struct {
	Scheme  string
	Name    string // unique in the scheme
	User    chat.UID
	Level   chat.Level
	Secret  []byte    // a hash
	Expires time.Time // zero: never
}

// Logins are the authentication records. A user has at most one in a scheme.
type Logins interface {
	// Login finds a record by its name; ErrNotFound.
	Login(ctx context.Context, scheme, name string) (*Login, error)
	// LoginOf finds a user's record; ErrNotFound.
	LoginOf(ctx context.Context, scheme string, id chat.UID) (*Login, error)
	// PutLogin replaces the user's record in the scheme or adds one;
	// ErrDuplicate if another user has the name.
	PutLogin(ctx context.Context, l *Login) error
	// LoginsOf lists a user's records in all schemes, by scheme.
	LoginsOf(ctx context.Context, id chat.UID) ([]Login, error)
	// DeleteLogin removes a user's record in a scheme; ErrNotFound.
	DeleteLogin(ctx context.Context, scheme string, id chat.UID) error
}

// Credential is an address of a user and where its confirmation stands
// (surfaces.md §3.4). It is confirmed (Done), pending (a code was sent), or
// neither: deactivated, kept only for its Failed count.
type Credential struct {
	User             chat.UID
	Method, Value    string // "email", "ann@example.com"
	Created, Updated time.Time
	Code             string // expected response
	Done             bool
	Failed           int // wrong responses so far
}

// Credentials are e-mail addresses, phone numbers and the like.
type Credentials interface {
	// PutCredential makes c the user's pending credential of the method; an
	// earlier pending one of other value is deactivated. If c's value was
	// there already its Failed count is kept. ErrDuplicate: somebody, the user
	// included, has confirmed the value.
	PutCredential(ctx context.Context, c *Credential) error
	// PendingCredential returns the user's pending credential of the method,
	// or ErrNotFound.
	PendingCredential(ctx context.Context, id chat.UID, method string) (*Credential, error)
	// Credentials lists a user's confirmed and pending credentials, oldest
	// first, of one method or, for "", of all.
	Credentials(ctx context.Context, id chat.UID, method string) ([]Credential, error)
	// ConfirmCredential turns the pending credential into a confirmed one and
	// returns it. ErrNotFound; ErrDuplicate if somebody was faster.
	ConfirmCredential(ctx context.Context, id chat.UID, method string, at time.Time) (*Credential, error)
	// FailCredential counts a wrong response against every credential of the
	// method that is not confirmed. ErrNotFound if none is pending.
	FailCredential(ctx context.Context, id chat.UID, method string, at time.Time) error
	// DeleteCredential removes a confirmed or pending credential, or
	// ErrNotFound. One that is not confirmed but has failures is only
	// deactivated, so that the count cannot be reset.
	DeleteCredential(ctx context.Context, id chat.UID, method, value string) error
}

// Device is an installation that can be sent push notifications.
type Device struct {
	ID       string // token of the push service
	User     chat.UID
	Platform string // "android", "ios", "web"
	Lang     string
	LastSeen time.Time
}

// Devices are the installations of users. An ID belongs to one user at a time.
type Devices interface {
	// PutDevice adds or replaces the device with that ID, taking it away from
	// its former user.
	PutDevice(ctx context.Context, d *Device) error
	// DeleteDevice returns ErrNotFound if the user has no such device.
	DeleteDevice(ctx context.Context, id chat.UID, device string) error
	// Devices lists the devices of users.
	Devices(ctx context.Context, ids ...chat.UID) ([]Device, error)
}

// Topic is a conversation: p2p, a group, slf or sys (me and fnd have no record).
type Topic struct {
	Name             string // canonical, see chat.KindOf
	Created, Updated time.Time
	Touched          time.Time // time of the last message, or of creation
	State            State
	Channel          bool     // a group that may have readers
	Owner            chat.UID // nobody for p2p and sys
	Access           chat.Access
	Seq              int // number of the last message
	Del              int // number of the last deletion
	SubCount         int // live subscriptions; kept by the store, ignored on input
	Public, Trusted  json.RawMessage
	Aux              json.RawMessage
	Tags             []string // sorted
}

// TopicUpdate changes the fields that are not nil, and subscriptions with them.
type TopicUpdate struct {
	Updated              *time.Time
	State                *State
	Owner                *chat.UID
	Access               *chat.Access
	Public, Trusted, Aux *json.RawMessage // a pointer to nil clears
	Tags                 *[]string
	Unique               []string    // see UserUpdate
	Subs                 []SubUpdate // of the same topic; ErrNotFound if one is missing
}

// Topics are the records of conversations.
type Topics interface {
	// CreateTopic stores the topic with its first subscriptions. ErrDuplicate:
	// the name or a tag of unique is taken.
	CreateTopic(ctx context.Context, t *Topic, unique []string, subs ...Sub) error
	// Topic returns ErrNotFound for an unknown name; deleted topics are
	// returned like others.
	Topic(ctx context.Context, name string) (*Topic, error)
	// UpdateTopic returns ErrNotFound or ErrDuplicate (Unique).
	UpdateTopic(ctx context.Context, name string, up TopicUpdate) error
	// DeleteTopic purges the topic with its messages, subscriptions, deletion
	// log and tags (hard), or marks it and all its live subscriptions as
	// deleted. ErrNotFound.
	DeleteTopic(ctx context.Context, name string, hard bool, at time.Time) error
}

// Sub is a subscription: the lasting relation of a user and a topic.
type Sub struct {
	Topic            string // canonical; the user's ID text for his own me
	User             chat.UID
	Created, Updated time.Time
	Deleted          time.Time // zero: live
	Reader           bool      // reads a channel without being a member
	Want, Given      chat.Mode
	Read, Recv       int // highest seq read, received
	Del              int // number of the last deletion that concerned the user
	Private          json.RawMessage
}

// Mode is the effective mode.
func (s *Sub) Mode() chat.Mode { return s.Want & s.Given }

// SubUpdate changes the fields that are not nil of one live subscription.
type SubUpdate struct {
	Topic       string
	User        chat.UID
	Updated     *time.Time
	Want, Given *chat.Mode
	Private     *json.RawMessage // a pointer to nil clears
}

// Contact is a subscription as the user's list of conversations shows it.
type Contact struct {
	Sub
	// Of the topic. For p2p Public and Trusted are those of the peer, and
	// TopicUpdated is when the peer's profile changed.
	TopicUpdated, Touched time.Time
	TopicState            State
	Channel               bool
	Seq, TopicDel         int
	SubCount              int
	Public, Trusted       json.RawMessage
	// Of the peer, for p2p only.
	Peer      chat.UID
	PeerState State
	LastSeen  time.Time
	UserAgent string
}

// Place is the least that can be said of a live subscription.
type Place struct {
	Topic  string
	Mode   chat.Mode // effective
	Reader bool
}

// ContactQuery selects from a user's list.
type ContactQuery struct {
	// Since, if not zero, selects what changed later than that (the maximum of
	// subscription, topic or peer update, last message and deletion), deleted
	// subscriptions included, oldest change first. If zero only live
	// subscriptions are returned, in no particular order.
	Since time.Time
	Topic string // canonical; only this one
	Limit int    // 0: all
}

// Member is a subscription as the list of members shows it.
type Member struct {
	Sub
	UserUpdated     time.Time
	Public, Trusted json.RawMessage
}

// MemberQuery selects from the members of a topic.
type MemberQuery struct {
	// DeletedSince, if not zero, adds subscriptions deleted later than that.
	DeletedSince time.Time
	User         chat.UID // only this one
	Limit        int      // 0: all
}

// Subs are the subscriptions.
type Subs interface {
	// PutSubs inserts subscriptions, or replaces deleted ones of the same
	// topic and user (every field is taken from s). A live one of the same
	// topic and user is ErrDuplicate. The topic need not exist.
	PutSubs(ctx context.Context, subs ...Sub) error
	// Sub returns one subscription, a deleted one too; ErrNotFound.
	Sub(ctx context.Context, topic string, id chat.UID) (*Sub, error)
	// EachSub calls fn for each live subscription of a topic without its
	// readers, in no particular order, and returns the first error that fn
	// returns. Private is left out (nil); s is fn's until it returns. fn may use
	// the store. Of what is changed meanwhile each change may be seen or not.
	EachSub(ctx context.Context, topic string, fn func(s *Sub) error) error
	// UpdateSubs returns ErrNotFound if one of them is not there or deleted;
	// then nothing is changed.
	UpdateSubs(ctx context.Context, ups ...SubUpdate) error
	// DeleteSub marks a live subscription as deleted, and drops the log of
	// what the user deleted for himself in the topic; ErrNotFound.
	DeleteSub(ctx context.Context, topic string, id chat.UID, at time.Time) error
	// SetMarks raises read and recv to at least the values given. It returns
	// at once, is visible to reads at once, and durable within a second. An
	// unknown or deleted subscription is ignored.
	SetMarks(topic string, id chat.UID, read, recv int)
	// Places lists a user's live subscriptions without me and fnd, in no
	// particular order. It is cheap: every first session of a user asks.
	Places(ctx context.Context, id chat.UID) ([]Place, error)
	// Contacts lists a user's subscriptions without me and fnd.
	Contacts(ctx context.Context, id chat.UID, q ContactQuery) ([]Contact, error)
	// Members lists the subscriptions of a topic without its readers (with
	// User set a reader is returned too), by time of creation.
	Members(ctx context.Context, topic string, q MemberQuery) ([]Member, error)
}

// Message is one message of a topic.
type Message struct {
	Topic         string
	Seq           int      // from 1
	From          chat.UID // nobody: the sender's account is gone
	At            time.Time
	Head, Content json.RawMessage // Head is nil or an object; Content is never nil
	// Once, if not empty, is a text by which the sender knows the message: see
	// Published. History does not return it.
	Once string
}

// HistoryQuery selects messages. Deleted ones are never returned.
type HistoryQuery struct {
	For           chat.UID     // leaves out what this user deleted for himself; nobody: all
	Since, Before int          // Since <= seq < Before; 0: open
	Ranges        []chat.Range // instead of Since and Before
	Limit         int          // the newest; 0: all
}

// Deletion is one entry of the log of deletions.
type Deletion struct {
	ID     int // number of the deletion in the topic, from 1
	Ranges []chat.Range
}

// NewDeletion asks for the deletion of messages.
type NewDeletion struct {
	ID     int          // must be the topic's Del + 1, else ErrSeqTaken
	User   chat.UID     // deletes for this user only; nobody: for everybody
	Ranges []chat.Range // merged
	After  time.Time    // spares messages published before, if not zero
}

// Messages are the logs of topics. Append is what makes concurrent writers
// safe, whatever they believe.
type Messages interface {
	// Append stores consecutive messages of one topic, all or none, and
	// advances the topic's Seq and Touched. ms[0].Seq must be the topic's Seq
	// + 1, else ErrSeqTaken (also for a topic that does not exist). It returns
	// when they are durable.
	Append(ctx context.Context, ms ...*Message) error
	// Published finds the message that a user appended to a topic with this
	// Once, whether it was deleted since or not. ErrNotFound.
	Published(ctx context.Context, topic string, from chat.UID, once string) (seq int, at time.Time, err error)
	// ForgetPublished lets Published forget messages older than before, at most
	// limit of them, and returns how many it forgot.
	ForgetPublished(ctx context.Context, before time.Time, limit int) (int, error)
	// History returns messages newest first.
	History(ctx context.Context, topic string, q HistoryQuery) ([]Message, error)
	// DeleteMessages deletes and returns the ranges of what was deleted: for
	// everybody, those messages that were there and not too old (their sender,
	// head and content are erased); for one user, the ranges as asked. Topic.Del,
	// and Sub.Del of those concerned, become d.ID. If nothing was to be deleted
	// it returns nil and changes nothing.
	DeleteMessages(ctx context.Context, topic string, d NewDeletion) ([]chat.Range, error)
	// Deletions lists what a user is to forget, his own deletions and those for
	// everybody, with since <= ID < before (0: open), by ID, at most limit
	// entries (0: all).
	Deletions(ctx context.Context, topic string, id chat.UID, since, before, limit int) ([]Deletion, error)
}

// Search selects users and topics by their tags (wire.md §11). Without All,
// one of Any must match; with it they only add weight.
type Search struct {
	All    [][]string // of each group one tag at least must be there
	Any    []string
	Heavy  string   // namespace of tags whose match weighs 20 instead of 1
	Except chat.UID // not found
	Hidden bool     // suspended and deleted ones are found too
	Limit  int      // the best; 0: all
}

// Found is a user or a topic that a search found.
type Found struct {
	User            chat.UID // nobody: it is a topic
	Topic           string   // empty: it is a user
	Updated         time.Time
	State           State
	Access          chat.Access
	Channel         bool
	SubCount        int // of a topic
	Public, Trusted json.RawMessage
	Tags            []string // those that matched, sorted
}

// Searcher finds users and groups by their tags.
type Searcher interface {
	// Search returns what matches, best first: by the weight of the tags that
	// matched, then by SubCount, both descending, then users before topics and
	// the older before the younger.
	Search(ctx context.Context, q Search) ([]Found, error)
}

// Code is a short secret that was sent to somebody, to be given back once.
type Code struct {
	Key     string // what it is for: "reset:email:ann@example.com"
	User    chat.UID
	Hash    []byte // of the secret
	Created time.Time
	Expires time.Time
	Failed  int // wrong attempts
}

// Codes are the secrets outstanding.
type Codes interface {
	// PutCode stores a code. ErrDuplicate if there is one with that key that
	// has not expired at c.Created; one that has is replaced.
	PutCode(ctx context.Context, c *Code) error
	// Code returns ErrNotFound; an expired code is returned like others.
	Code(ctx context.Context, key string) (*Code, error)
	// FailCode counts a wrong attempt and returns how many there were now;
	// ErrNotFound.
	FailCode(ctx context.Context, key string) (int, error)
	// DeleteCode returns ErrNotFound, so that of two who use a code at the same
	// moment one wins.
	DeleteCode(ctx context.Context, key string) error
	// ExpireCodes removes those expired at that time, at most limit (0: all),
	// and returns how many. What expires has expired at the moment of Expires.
	ExpireCodes(ctx context.Context, at time.Time, limit int) (int, error)
}

// Invite lets people register where registration is by invitation.
type Invite struct {
	Code    string
	By      chat.UID // nobody: the operator
	Note    string
	Created time.Time
	Expires time.Time // zero: never
	Max     int       // uses in all; 0: any number
	Used    int
}

// Invites are the invitations to register.
type Invites interface {
	// PutInvite returns ErrDuplicate if the code is taken.
	PutInvite(ctx context.Context, i *Invite) error
	// Invites lists all, the newest first.
	Invites(ctx context.Context) ([]Invite, error)
	// UseInvite counts one use. ErrNotFound: unknown, expired at that time, or
	// used up.
	UseInvite(ctx context.Context, code string, at time.Time) error
	// UnuseInvite takes a use back, if the account was not made after all. It
	// does nothing if there is none; ErrNotFound for an unknown code.
	UnuseInvite(ctx context.Context, code string) error
	// DeleteInvite returns ErrNotFound.
	DeleteInvite(ctx context.Context, code string) error
}

// Revocation makes tokens void before they expire: one by its ID, or all of a
// user's that were issued before a time.
type Revocation struct {
	Token  string   // jti; empty: all of User's
	User   chat.UID // whose
	Before time.Time
	// Until is when the last token concerned expires; then the revocation is
	// forgotten.
	Until time.Time
}

// Revocations are few and small: every node keeps them all in memory.
type Revocations interface {
	// Revoke adds revocations. A later Before of the same user replaces; of
	// Until the later one stays, so that what is void stays void.
	Revoke(ctx context.Context, rs ...Revocation) error
	// Revocations lists those that are in force at a time and removes others.
	Revocations(ctx context.Context, at time.Time) ([]Revocation, error)
}

// AuditEntry is an act that matters for security.
type AuditEntry struct {
	ID     int64 // ascending; set by the store
	At     time.Time
	Act    string   // "login", "login.failed", "password.changed", …: audit.go of package server lists them
	Actor  chat.UID // who did it; nobody: unknown, or the operator
	User   chat.UID // whose account it concerns; nobody: none
	Topic  string   // canonical name, if it is about one
	From   string   // address, or "cli"
	Detail string   // short text for people; never a secret
}

// AuditQuery selects entries.
type AuditQuery struct {
	User          chat.UID // as actor or as concerned; nobody: all
	Act           string   // or its beginning up to a dot: "login" has "login.failed"; empty: all
	Since, Before time.Time
	BeforeID      int64 // only older ones, for paging; 0: all
	Limit         int   // 0: all
}

// Audit is the log of such acts: it only grows.
type Audit interface {
	// AppendAudit is durable within a second and visible to reads at once; it
	// returns at once, because no request waits for it, unless a flood of
	// entries comes faster than they can be stored: then it waits.
	AppendAudit(entries ...AuditEntry)
	// AuditLog returns entries, the newest first, which is the highest ID.
	AuditLog(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
}
