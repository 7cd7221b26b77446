// Package wechat tells people who are away by messages in WeChat: template
// messages and subscription notices of a service account, and subscription
// messages of a mini-program (bridges.md §C11). It knows neither tokens nor
// signing in.
package wechat

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/outgoing"
	"parley/push"
	"parley/store"
)

// Kind of message.
type Kind string

// The kinds, by the paths that take them.
const (
	Template     Kind = "/cgi-bin/message/template/send"
	Subscription Kind = "/cgi-bin/message/subscribe/bizsend"
	Mini         Kind = "/cgi-bin/message/subscribe/send"
)

// Field is one of a template, with a text in which {from}, {topic}, {count},
// {time} and {text} are replaced.
type Field struct{ Name, Text string }

// Route is a way to somebody.
type Route struct {
	Kind       Kind
	App        string
	TemplateID string
	Fields     []Field
	URL, Page  string // where a tap leads; empty: nowhere
	MiniApp    string // whose page it is, of a message by the service account
}

// API calls WeChat (bridge/wechatapi).
type API interface {
	Call(ctx context.Context, app, path string, body, out any) error
}

// People knows what WeChat calls users (auth/wechat).
type People interface {
	// OpenID is empty for somebody who has never come by an app.
	OpenID(ctx context.Context, u chat.UID, app string) (string, error)
}

// Names are where the names of users and groups are.
type Names interface {
	User(ctx context.Context, id chat.UID) (*store.User, error)
	Topic(ctx context.Context, name string) (*store.Topic, error)
}

// Deps is what a sender is made of.
type Deps struct {
	Routes   []Route // tried in this order
	API      API
	People   People
	Names    Names
	Values   store.Values
	UserRate limit.Rate
	Rate     limit.Rate
	Now      func() time.Time
	Log      *slog.Logger
}

const (
	usefulTime   = 10 * time.Minute // after which nobody wants to be told any more
	strangerTime = 5 * time.Minute  // for which somebody without WeChat is not looked up again
	awayTime     = time.Hour        // for which somebody who does not follow is not tried again
	remembered   = 50_000           // people, of each kind
	userBuckets  = 20_000
)

// Sender implements push.Sender.
type Sender struct {
	Deps
	queue *outgoing.Queue[*job]
	all   limit.Bucket
	users *limit.Table[chat.UID, limit.Bucket]

	mu        sync.Mutex
	strangers map[chat.UID]time.Time // who have no WeChat here
	away      map[string]time.Time   // app and openid of those who do not follow the account

	limited, unknown int64 // guarded by mu
}

// job is a message for one person. Its fields are owned by the worker that has it.
type job struct {
	to, from chat.UID
	topic    string
	seq      int
	unread   int
	at       time.Time
	text     string

	paid    map[int]bool // routes for which his consent was used
	unclear bool         // an earlier attempt may have arrived
}

// New makes a sender.
func New(d Deps) *Sender {
	s := &Sender{
		Deps: d, strangers: make(map[chat.UID]time.Time), away: make(map[string]time.Time),
		users: limit.NewTable[chat.UID](userBuckets, func(b *limit.Bucket) bool { return b.Full(d.Now().UnixNano()) }),
	}
	s.queue = outgoing.New("WeChat message", d.Log, s.deliver)
	return s
}

// Name is for logs.
func (s *Sender) Name() string { return "wechat" }

// Run sends until ctx is done or the sender is closed.
func (s *Sender) Run(ctx context.Context) error { return s.queue.Run(ctx) }

// Close tries once more what is queued, until ctx is done.
func (s *Sender) Close(ctx context.Context) error { return s.queue.Close(ctx) }

// Counts says what became of messages; Limited were over somebody's rate.
type Counts struct {
	outgoing.Counts
	Limited, Strangers int64
}

// Counts may be called from any goroutine.
func (s *Sender) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counts{s.queue.Counts(), s.limited, s.unknown}
}

// Push queues a message for everybody who is away and has come by WeChat.
func (s *Sender) Push(ctx context.Context, r *push.Receipt) {
	if r.What != push.Msg {
		return
	}
	for i := range r.To {
		to := &r.To[i]
		if ctx.Err() != nil {
			return
		}
		if r.Quiet(to) || !s.known(ctx, to.User) || !s.mayHave(to.User) {
			continue
		}
		j := &job{
			to: to.User, from: r.From, topic: r.Topic, seq: r.Seq, unread: r.Unread(to), at: r.At, text: s.preview(r), paid: make(map[int]bool),
		}
		if err := s.queue.Put(outgoing.Job[*job]{Message: j, To: to.User.String(), Until: time.Now().Add(usefulTime)}); err != nil {
			s.Log.Warn("a message in WeChat was dropped", "to", to.User.String(), "err", err)
		}
	}
}

// known tells whether anything of WeChat's is known of a user.
func (s *Sender) known(ctx context.Context, u chat.UID) bool {
	now := s.Now()
	s.mu.Lock()
	until, ok := s.strangers[u]
	s.mu.Unlock()
	if ok && now.Before(until) {
		return false
	}
	for i := range s.Routes {
		id, err := s.People.OpenID(ctx, u, s.Routes[i].App)
		if err != nil {
			s.Log.Warn("it is not known whether somebody has WeChat", "user", u.String(), "err", err)
			return false
		}
		if id != "" {
			return true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown++
	remember(s.strangers, u, now.Add(strangerTime))
	return false
}

// remember keeps a map bounded; what is lost is only looked up again.
func remember[K comparable](m map[K]time.Time, k K, until time.Time) {
	if len(m) >= remembered {
		clear(m)
	}
	m[k] = until
}

// mayHave charges somebody's rate.
func (s *Sender) mayHave(u chat.UID) bool {
	e := s.users.Hold(u)
	defer s.users.Release(e)
	if e.Value.Take(s.Now().UnixNano(), s.UserRate) == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited++
	return false
}

// Follows notes whether somebody follows the service account.
func (s *Sender) Follows(app, openID string, follows bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if follows {
		delete(s.away, app+" "+openID)
		return
	}
	remember(s.away, app+" "+openID, s.Now().Add(awayTime))
}

func (s *Sender) isAway(app, openID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.away[app+" "+openID]
	return ok && s.Now().Before(until)
}

// wait takes a place in the rate of all messages.
func (s *Sender) wait(ctx context.Context) error {
	for {
		d := s.all.Take(time.Now().UnixNano(), s.Rate)
		if d == 0 {
			return nil
		}
		t := time.NewTimer(d)
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("waiting for the rate: %w", ctx.Err())
		case <-t.C:
		}
	}
}
