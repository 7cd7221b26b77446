// Package topic is one conversation: who takes part, what was said, who is
// told. A Topic is a mailbox; everything that concerns it is an event handled
// on its own goroutine, which may block in the store. It knows neither
// connections nor the other topics: it sends frames to Sessions and events
// through a Router.
package topic

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime/debug"
	"time"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/internal/mailbox"
	"parley/store"
	"parley/wsproto"
)

// Store is what topics need of the store.
type Store interface {
	store.Users
	store.Topics
	store.Subs
	store.Messages
	store.Credentials
	store.Searcher
}

// Router carries events between topics and knows which users are online.
type Router interface {
	// Tell hands e to the topic of that name if it is live; else e is dropped.
	Tell(name string, e Event)
	// OnMe is how many sessions of u are attached to his me.
	OnMe(u chat.UID) int
	// AddOnMe changes that number.
	AddOnMe(u chat.UID, delta int)
	// Forget removes a topic that has closed its mailbox.
	Forget(t *Topic)
}

// Session is what a topic needs of a connection. All methods are safe from any
// goroutine and do not block.
type Session interface {
	// Send queues frames nobody asked for; a session that cannot keep up is
	// closed.
	Send(f wsproto.Frame)
	// Later is Send for frames that may wait a moment to leave with others.
	Later(f wsproto.Frame)
	// Reply queues frames that the session asked for.
	Reply(f wsproto.Frame)
	// Attachment is how the session is attached to a topic, or nil.
	Attachment(topic string) *Attachment
	// SetAttachment notes it, or forgets it if a is nil. It returns false if
	// the session is closed and can't be attached any more.
	SetAttachment(topic string, a *Attachment) bool
	// OnMe tells whether the session is attached to its user's me.
	OnMe() bool
	// Background tells whether attachments that were asked for in the
	// background are to stay there; when that ends, a Foreground comes for each.
	Background() bool
	// UserAgent is what the client called itself.
	UserAgent() string
	// LastActive is when the session last sent something.
	LastActive() time.Time
	// SetInCall notes that the session takes part in the call of a topic, so
	// that the topic hears of its end (Lost), attached or not; or forgets it. It
	// returns false if the session is closed and can't take part any more.
	SetInCall(topic string, in bool) bool
	// Answered tells that a request has been dealt with.
	Answered(r *Request)
}

// Files knows uploaded files by the URLs that clients attach.
type Files interface {
	// Linkable returns the files that URLs name; those of others are left out.
	// wsproto.ErrDenied if the user may not have one of them.
	Linkable(ctx context.Context, user chat.UID, urls []string) ([]chat.FileID, error)
	// Avatar is what becomes of the picture of a user or a group: its new file, a
	// pointer to zero for none, nil for no change.
	Avatar(ctx context.Context, user chat.UID, attached []string, public json.RawMessage) *chat.FileID
	// NewAvatar is the same for an account that a user, or a stranger (0), makes.
	NewAvatar(ctx context.Context, user chat.UID, attached []string, public json.RawMessage) *chat.FileID
}

// Config are the rules that an administrator can change.
type Config struct {
	MaxSubscribers int
	MaxTags        int
	MaxResults     int                        // rows of a list
	MaxPage        int                        // messages of one {get data}
	DeleteAge      time.Duration              // older messages are not deleted for everybody; 0: no limit
	P2PDelete      bool                       // p2p access includes D
	AliasTag       string                     // namespace of unique tags; empty: none
	ImmutableTags  []string                   // namespaces that clients cannot change
	MaskedTags     []string                   // namespaces that only owners of a tag can search for
	TagsFor        func(word string) []string // tags that a search for a word is for, too; nil: none
	MailboxLimit   int                        // events waiting
	IdleAfter      time.Duration              // from the last detach to the unloading
	UADelay        time.Duration              // between changes of a user agent that are told
	StoreTimeout   time.Duration
	MaxData        int       // bytes of public, trusted, private or aux, however often they are added to
	Started        time.Time // of this process: calls from before it are over
	CallsEnabled   bool
	CallTimeout    time.Duration // from the start of a call until somebody must have accepted it
}

// Deps is what all topics share. It is read-only.
type Deps struct {
	Store     Store
	Router    Router
	Validator Validator
	Devices   Devices                    // nil: nothing is known of them
	Audit     *audit.Log                 // nil: none is kept
	Factor    SecondFactor               // nil: there is none
	Published func(name string, seq int) // told of the last message of a batch, when it is stored; nil: nobody is
	Members   func(name string)          // told when who may read has changed, and when it was deleted; nil: nobody is
	Profile   func(u chat.UID)           // told when what others see of a user has changed; nil: nobody is
	Workers   *mailbox.Workers           // nil: none are kept
	Files     Files                      // nil: there are none
	Push      Pusher                     // nil: nobody is told who is away
	Log       *slog.Logger
	Now       func() time.Time
	Config    Config
}

// Event is something that concerns a topic: a *Request, or what another topic
// has to say.
type Event interface{ apply(t *Topic) }

// Topic is a live conversation.
type Topic struct {
	// Fixed by New.
	*Deps
	name  string
	kind  kind
	inbox mailbox.Box[Event]

	// Owned by handle, which the inbox never runs twice at once.
	loaded     bool
	closed     bool
	exists     bool         // there is a record in the store
	fresh      bool         // nobody has attached since the topic was loaded
	readOnly   bool         // its owner, or one of the two users, is suspended
	loadErr    error        // why it could not be loaded
	rec        *store.Topic // nil for me, which has none
	members    members
	readers    map[chat.UID]*member // of a channel: those attached
	attached   []*Attachment
	foreground int         // attached sessions that count as presence
	pubs       []pub       // accepted, not stored yet; of pubs and joins one is empty
	joins      []join      // likewise
	call       *call       // p2p: the one in progress; nil: none
	idle       *time.Timer // running while nobody is attached
	generation int         // number of attachments so far; tells a late idle timer
}

// Attachment is a session attached to a topic, for one user.
type Attachment struct {
	Session Session
	name    string // what the receiver calls the topic
	member  *member
	level   chat.Level
	obo     bool          // an administrator's session, acting for the member
	index   int           // in Topic.attached
	acks    wsproto.Frame // scratch of publish: answers to his own {pub}s
	noEcho  bool          // scratch of publish: some of these he does not want back

	background bool // its user is not present because of it, yet
}

func (a *Attachment) mode() chat.Mode { return a.member.mode() }

// New makes a topic of that canonical name and starts nothing: its first event
// makes it load itself.
func New(d *Deps, name string) *Topic {
	t := &Topic{Deps: d, name: name}
	t.kind = newKind(t)
	t.inbox.Init(d.Workers, d.Config.MailboxLimit, nil, t.handle)
	return t
}

// Name is the canonical name.
func (t *Topic) Name() string { return t.name }

// Put queues an event; safe from any goroutine. It returns nil,
// mailbox.ErrFull or mailbox.ErrClosed.
func (t *Topic) Put(e Event) error { return t.inbox.Put(e) }

// Urge is Put for what must not be lost; it returns nil or mailbox.ErrClosed.
func (t *Topic) Urge(e Event) error { return t.inbox.Urge(e) }

// Close handles what is queued and refuses everything else.
func (t *Topic) Close(ctx context.Context) error { return t.inbox.Close(ctx) }

// handle is the topic's goroutine. Consecutive {pub}s go to the store together,
// and so do people who join a group one after the other.
func (t *Topic) handle(batch []Event) {
	defer t.recover(batch)
	if !t.loaded {
		t.load(batch[0])
	}
	for _, e := range batch {
		switch r, ok := e.(*Request); {
		case ok && r.Msg.Pub != nil:
			t.flushJoins()
			t.collect(r)
		case ok && r.Msg.Sub != nil && t.collectJoin(r):
		default:
			t.flush()
			e.apply(t)
		}
	}
	t.flush()
	t.rest()
}

// recover keeps a broken invariant in one topic from taking the rest down: its
// sessions are detached and the topic is forgotten.
func (t *Topic) recover(batch []Event) {
	p := recover()
	if p == nil {
		return
	}
	t.Log.Error("topic panicked", "topic", t.name, "panic", p, "stack", string(debug.Stack()))
	t.closed = true
	t.dropCall()
	for _, a := range t.attached {
		a.Session.SetAttachment(t.name, nil)
		a.Session.Send(evictedFrame(a.name, false, t.now()))
	}
	for _, e := range batch {
		if r, ok := e.(*Request); ok && !r.answered {
			r.fail(wsproto.ErrInternal)
			r.finish()
		}
	}
	t.attached = nil
	t.inbox.CloseNow()
	t.Router.Forget(t)
}

// load reads the topic, unless the first event is about to create it.
func (t *Topic) load(first Event) {
	t.loaded, t.fresh = true, true
	if r, ok := first.(*Request); ok && r.Create {
		return
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.kind.load(ctx); err != nil {
		t.loadErr = err
	}
}

// rest unloads the topic once nobody has been attached for a while, and at once
// if nobody ever was.
func (t *Topic) rest() {
	switch {
	case len(t.attached) > 0 || t.closed:
	case t.fresh || t.loadErr != nil || !t.exists:
		t.unload()
	case t.idle == nil:
		g := t.generation
		t.idle = time.AfterFunc(t.Config.IdleAfter, func() { _ = t.Urge(idleEvent{g}) })
	}
}

// idleEvent comes from the timer that rest started.
type idleEvent struct{ generation int }

func (e idleEvent) apply(t *Topic) {
	if t.generation != e.generation || len(t.attached) > 0 {
		return
	}
	t.idle = nil
	t.kind.sleep()
	t.fresh = true // rest unloads it, unless more of this batch, or the next, lets it begin anew
}

// unload closes the mailbox if nothing else has come in, and leaves the hub.
func (t *Topic) unload() {
	if !t.inbox.CloseIfEmpty() {
		return
	}
	if t.idle != nil {
		t.idle.Stop()
	}
	t.closed = true
	t.Router.Forget(t)
}

// drop is the end of a deleted topic: what is still queued is answered as for
// an unknown one.
func (t *Topic) drop() {
	t.dropCall()
	t.exists, t.fresh, t.members, t.readers, t.rec = false, true, members{}, nil, &store.Topic{}
	if chat.KindOf(t.name) != chat.KindP2P { // two users may meet again at once
		t.loadErr = wsproto.ErrTopicNotFound
	}
}

// flush stores what was collected.
func (t *Topic) flush() {
	t.flushPubs()
	t.flushJoins()
}

func (t *Topic) now() time.Time { return t.Now().UTC().Truncate(time.Millisecond) }

// storeCtx bounds a call of the store. It does not end with the request: a
// {pub} once accepted must not die with its sender's connection.
func (t *Topic) storeCtx() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), t.Config.StoreTimeout)
}
