// Package wechatapi is what the server does with WeChat besides signing people
// in: it keeps the access tokens of the operator's apps, calls the interface with
// them, signs pages for the JS-SDK, fetches voice messages, and takes what WeChat
// pushes. It knows neither accounts nor conversations.
package wechatapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"parley/internal/outbound"
	"parley/internal/wechat"
)

// Kind of an app.
type Kind string

// The kinds, as the configuration has them.
const (
	Account Kind = "oa"   // service account
	Website Kind = "web"  // website app of the Open Platform
	Mini    Kind = "mini" // mini-program
)

// App is registered with WeChat.
type App struct {
	ID, Secret string
	Kind       Kind
	PushToken  string   // of the console; empty: nothing that is pushed is accepted
	AESKey     string   // EncodingAESKey; empty: what is pushed is plain
	JSDomains  []string // hosts whose pages may use the JS-SDK, lower case, with a port if it is not the usual one
}

// Deps is what the service is made of.
type Deps struct {
	Apps  []App
	Base  string // of the interface; empty: WeChat's
	HTTP  outbound.Doer
	Vault Vault
	Hide  *outbound.Redactor // is told all secrets
	Now   func() time.Time
	Log   *slog.Logger
	// Sleep waits between attempts; nil: really.
	Sleep func(context.Context, time.Duration) error
}

// Service is safe for concurrent use.
type Service struct {
	Deps
	apps   map[string]*App
	hooks  map[string]*hook
	client wechat.Client
	values *shared

	mu      sync.Mutex
	blocked map[string]time.Time // app and path → until when its quota is used up
}

// Errors of the service.
var (
	ErrApp     = errors.New("wechatapi: no such app")
	ErrForeign = errors.New("wechatapi: not a page of ours")
	ErrQuota   = errors.New("wechatapi: a quota is used up")
)

// New makes the service; it asks nobody.
func New(d Deps) (*Service, error) {
	if d.Base == "" {
		d.Base = wechat.Base
	}
	if d.Sleep == nil {
		d.Sleep = sleep
	}
	s := &Service{
		Deps: d, apps: make(map[string]*App), hooks: make(map[string]*hook), values: newShared(&d),
		client: wechat.Client{Base: d.Base, HTTP: d.HTTP, Hide: d.Hide}, blocked: make(map[string]time.Time),
	}
	for i := range d.Apps {
		a := &d.Apps[i]
		s.apps[a.ID] = a
		d.Hide.Set("wechat "+a.ID, a.Secret, a.PushToken, a.AESKey)
		if a.PushToken == "" {
			continue
		}
		h := &hook{tokens: []string{a.PushToken}, now: d.Now}
		if a.AESKey != "" {
			c, err := NewCrypt(a.ID, a.AESKey)
			if err != nil {
				return nil, fmt.Errorf("app %s: %w", a.ID, err)
			}
			h.crypt = c
		}
		s.hooks[a.ID] = h
	}
	return s, nil
}

// First is the first app of a kind; empty if there is none.
func (s *Service) First(k Kind) string {
	for i := range s.Apps {
		if s.Apps[i].Kind == k {
			return s.Apps[i].ID
		}
	}
	return ""
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// token is the access token of an app, another one than not.
func (s *Service) token(ctx context.Context, a *App, not string) (string, error) {
	return s.values.get(ctx, "wechat:token:"+a.ID, not, func(ctx context.Context) (fetched, error) {
		var out struct {
			Token     string `json:"access_token"`
			ExpiresIn int    `json:"expires_in"`
		}
		// The stable kind: several nodes get the same one, and the secret stays out of
		// addresses. force_refresh is never asked for: 20 a day are all there are.
		in := map[string]string{"grant_type": "client_credential", "appid": a.ID, "secret": a.Secret}
		if err := s.client.Post(ctx, "/cgi-bin/stable_token", nil, in, &out); err != nil {
			return fetched{}, s.configured(a, err)
		}
		if out.Token == "" || out.ExpiresIn <= 0 {
			return fetched{}, fmt.Errorf("wechat /cgi-bin/stable_token: %w: no token in it", wechat.ErrAnswer)
		}
		return fetched{out.Token, time.Duration(out.ExpiresIn) * time.Second}, nil
	})
}

// Probe fetches what an app needs and says what it got: a token, and a ticket if
// it has pages. ErrApp for one that is not known.
func (s *Service) Probe(ctx context.Context, app string) (got []string, err error) {
	a := s.apps[app]
	if a == nil {
		return nil, ErrApp
	}
	if _, err := s.token(ctx, a, ""); err != nil {
		return nil, err
	}
	got = []string{"token"}
	if len(a.JSDomains) > 0 {
		if _, err := s.ticket(ctx, a); err != nil {
			return got, err
		}
		got = append(got, "ticket")
	}
	return got, nil
}

// configured tells the operator what only he can mend.
func (s *Service) configured(a *App, err error) error {
	switch wechat.Code(err) {
	case 40001, 40002, 40013, 40125, 41002, 41004, 40164, 40243, 50004, 50007, 61004:
		s.Log.Error("WeChat refuses this app: see bridges.wechat.apps and the console (docs/bridges.md)", "app", a.ID, "err", err)
	}
	return err
}

// ticket is the jsapi_ticket of an app. It outlives the token it was fetched with.
func (s *Service) ticket(ctx context.Context, a *App) (string, error) {
	return s.values.get(ctx, "wechat:ticket:"+a.ID, "", func(ctx context.Context) (fetched, error) {
		var out struct {
			Ticket    string `json:"ticket"`
			ExpiresIn int    `json:"expires_in"`
		}
		err := s.do(ctx, a, "/cgi-bin/ticket/getticket", func(token string) error {
			return s.client.Get(ctx, "/cgi-bin/ticket/getticket", url.Values{"access_token": {token}, "type": {"jsapi"}}, &out)
		})
		if err != nil {
			return fetched{}, err
		}
		if out.Ticket == "" || out.ExpiresIn <= 0 {
			return fetched{}, fmt.Errorf("wechat /cgi-bin/ticket/getticket: %w: no ticket in it", wechat.ErrAnswer)
		}
		return fetched{out.Ticket, time.Duration(out.ExpiresIn) * time.Second}, nil
	})
}

// Call posts JSON to a path of the interface with the access token of an app, and
// decodes the answer into out, which may be nil. What WeChat refuses is a
// *wechat.Error.
func (s *Service) Call(ctx context.Context, app, path string, body, out any) error {
	a := s.apps[app]
	if a == nil {
		return ErrApp
	}
	return s.do(ctx, a, path, func(token string) error {
		return s.client.Post(ctx, path, url.Values{"access_token": {token}}, body, out)
	})
}

const busyTries = 3 // after the first

// do calls with a token. A token that WeChat refuses is replaced and the call
// repeated, once (bridges.md §C4); a busy WeChat is asked again a few times.
func (s *Service) do(ctx context.Context, a *App, path string, call func(token string) error) error {
	if until := s.blockedUntil(a, path); !until.IsZero() {
		return fmt.Errorf("%w: %s, until %s", ErrQuota, path, until.Format(time.RFC3339))
	}
	token, err := s.token(ctx, a, "")
	if err != nil {
		return err
	}
	err = s.unlessBusy(ctx, func() error { return call(token) })
	switch wechat.Code(err) {
	case 40001, 40014, 42001:
		other, refreshErr := s.token(ctx, a, token)
		if refreshErr != nil || other == token { // a stable token may be the same again
			return err
		}
		err = s.unlessBusy(ctx, func() error { return call(other) })
	}
	s.noteQuota(a, path, err)
	return s.configured(a, err)
}

func (s *Service) unlessBusy(ctx context.Context, call func() error) error {
	for try := 0; ; try++ {
		err := call()
		if wechat.Code(err) != -1 || try == busyTries {
			return err
		}
		if s.Sleep(ctx, 200*time.Millisecond<<try) != nil {
			return err
		}
	}
}

var beijing = time.FixedZone("UTC+8", 8*60*60)

// noteQuota stops asking for what WeChat will not give until a day or a minute is
// over.
func (s *Service) noteQuota(a *App, path string, err error) {
	now := s.Now().In(beijing)
	var until time.Time
	switch wechat.Code(err) {
	case 45009:
		until = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, beijing)
	case 45011:
		until = now.Truncate(time.Minute).Add(time.Minute)
	default:
		return
	}
	s.Log.Warn("a quota of WeChat is used up", "app", a.ID, "path", path, "until", until)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[a.ID+path] = until
}

func (s *Service) blockedUntil(a *App, path string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.blocked[a.ID+path]
	if ok && !s.Now().Before(until) {
		delete(s.blocked, a.ID+path)
		return time.Time{}
	}
	return until
}

// randomText is a nonce.
func randomText() string { return rand.Text()[:16] }
