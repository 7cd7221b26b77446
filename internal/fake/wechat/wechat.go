// Package wechat is WeChat for tests: an HTTP server that behaves by its rules
// (bridges.md §C) and refuses everything else, with switches for what goes
// wrong. It shares no code with what it tests.
package wechat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// The life of things, as WeChat has it.
const (
	tokenLife    = 7200 * time.Second
	tokenOverlap = 5 * time.Minute // for which the token before goes on
	codeLife     = 5 * time.Minute
	mediaLife    = 72 * time.Hour
)

// App is registered here.
type App struct {
	ID, Secret string
	Kind       string // oa, web or mini
	// RedirectHosts are where people may be sent back to, as host:port.
	RedirectHosts []string
	PushToken     string
	AESKey        string
}

// User is somebody who has WeChat.
type User struct {
	Name     string            // how tests and the page call him
	OpenIDs  map[string]string // by app
	UnionID  string            // empty: the apps are bound to nothing
	Nickname string
	Picture  string // URL
	Snapshot bool   // sees a restricted preview
	Risky    bool   // may not use mini-programs
	Follows  bool   // the service account
	Consents map[string]int
}

// Sent is a message that was delivered.
type Sent struct {
	Path, To, Template string
	Body               map[string]any
}

// Fault is something that goes wrong with the next requests of a path.
type Fault struct {
	Times   int           // how often; 0 is always
	Delay   time.Duration // before the answer
	Code    int           // errcode
	Status  int           // of HTTP, with an empty body
	Garbage string        // in the place of an answer
	Reset   bool          // the connection is cut
}

type token struct {
	app     string
	stable  bool
	expires time.Time
}

type ticket struct {
	app     string
	expires time.Time
}

type authCode struct {
	app, user, scope string
	expires          time.Time
	used             bool
}

type media struct {
	app, kind   string
	contentType string
	body        []byte
	expires     time.Time
}

// Server is the fake. Fields may be changed before the first request.
type Server struct {
	URL   string
	Now   func() time.Time
	Quota map[string]int // of a path and app each day; absent: no end

	http *httptest.Server

	mu      sync.Mutex
	apps    map[string]*App
	users   map[string]*User
	tokens  map[string]*token
	latest  map[string]string // app and kind of token → token
	tickets map[string]*ticket
	codes   map[string]*authCode
	grants  map[string]*authCode // web access tokens
	media   map[string]*media
	faults  map[string]*Fault
	calls   map[string]int // by path
	spent   map[string]int // by path, app and day
	sent    []Sent
	minute  map[string]int // logins of mini-programs by user and minute
	seen    []string       // query strings and bodies, for tests of secrecy
}

// New starts a fake with apps; now is its clock.
func New(now func() time.Time, apps ...App) *Server {
	s := &Server{
		Now: now, Quota: make(map[string]int), apps: make(map[string]*App), users: make(map[string]*User), tokens: make(map[string]*token),
		latest: make(map[string]string), tickets: make(map[string]*ticket), codes: make(map[string]*authCode), grants: make(map[string]*authCode),
		media: make(map[string]*media), faults: make(map[string]*Fault), calls: make(map[string]int), spent: make(map[string]int),
		minute: make(map[string]int),
	}
	for i := range apps {
		s.apps[apps[i].ID] = &apps[i]
	}
	s.http = httptest.NewServer(s.routes())
	s.URL = s.http.URL
	return s
}

// Close ends it.
func (s *Server) Close() { s.http.Close() }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(method, path string, f func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if s.fault(w, r, path) {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if r.Method != method {
				fail(w, map[string]int{http.MethodGet: 43001, http.MethodPost: 43002}[method], "require "+method+" method")
				return
			}
			f(w, r)
		})
	}
	handle("GET", "/cgi-bin/token", s.token)
	handle("POST", "/cgi-bin/stable_token", s.stableToken)
	handle("GET", "/cgi-bin/ticket/getticket", s.ticket)
	handle("GET", "/sns/oauth2/access_token", s.exchange)
	handle("GET", "/sns/userinfo", s.userInfo)
	handle("GET", "/sns/jscode2session", s.session)
	handle("GET", "/cgi-bin/media/get", s.getMedia)
	handle("POST", "/cgi-bin/message/template/send", s.template)
	handle("POST", "/cgi-bin/message/subscribe/bizsend", s.subscription)
	handle("POST", "/cgi-bin/message/subscribe/send", s.subscription)
	handle("GET", "/connect/oauth2/authorize", s.authorize)
	handle("GET", "/connect/qrconnect", s.authorize)
	handle("GET", "/mmopen/{picture...}", s.picture)
	handle("GET", "/res/jweixin-1.6.0.js", s.script)
	return mux
}

// fault plays what a test wants to go wrong; true: the answer was given.
func (s *Server) fault(w http.ResponseWriter, r *http.Request, path string) bool {
	s.mu.Lock()
	s.calls[path]++
	f := s.faults[path]
	if f == nil {
		s.mu.Unlock()
		return false
	}
	now := *f
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			delete(s.faults, path)
		}
	}
	s.mu.Unlock()
	if now.Delay > 0 {
		body, _ := io.ReadAll(r.Body) // else nobody notices that the client has gone
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-time.After(now.Delay):
		case <-r.Context().Done():
		}
	}
	switch {
	case now.Reset:
		panic(http.ErrAbortHandler)
	case now.Status != 0:
		w.WriteHeader(now.Status)
	case now.Code != 0:
		fail(w, now.Code, "as the test wants it")
	case now.Garbage != "":
		_, _ = fmt.Fprint(w, now.Garbage)
	default:
		return false
	}
	return true
}

// answer is JSON, which WeChat sometimes calls plain text.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

// fail answers as WeChat does: with status 200.
func fail(w http.ResponseWriter, code int, text string) {
	answer(w, map[string]any{"errcode": code, "errmsg": text + " rid: 65a1b2c3-4d5e6f70-11223344"})
}

// only refuses unknown and missing members; true: all is well.
func only(w http.ResponseWriter, r *http.Request, keys ...string) bool {
	q := r.URL.Query()
	for _, k := range keys {
		if q.Get(k) == "" {
			fail(w, 41000, "missing "+k)
			return false
		}
		q.Del(k)
	}
	for k := range q {
		fail(w, 40097, "unknown argument "+k)
		return false
	}
	return true
}

// quota counts a call of an app; false: the day's are used up, and said so.
func (s *Server) quota(w http.ResponseWriter, path, app string) bool {
	key := path + " " + app + " " + s.Now().UTC().Add(8*time.Hour).Format(time.DateOnly)
	s.spent[key]++
	if most, limited := s.Quota[path]; limited && s.spent[key] > most {
		fail(w, 45009, "reach max api daily quota limit")
		return false
	}
	return true
}

// app checks ID and secret.
func (s *Server) app(w http.ResponseWriter, id, secret string) *App {
	a := s.apps[id]
	switch {
	case id == "":
		fail(w, 41002, "appid missing")
	case a == nil:
		fail(w, 40013, "invalid appid")
	case secret == "":
		fail(w, 41004, "appsecret missing")
	case a.Secret != secret:
		fail(w, 40125, "invalid appsecret")
	default:
		return a
	}
	return nil
}
