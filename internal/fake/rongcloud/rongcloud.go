// Package rongcloud is a strict fake of the RongCloud Server API: it takes only
// what the vendor documents (bridges.md §A) and refuses everything else with the
// vendor's codes. It shares no code with the client that it tests.
package rongcloud

import (
	"crypto/sha1" // #nosec: the vendor's choice
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"parley/internal/fake/faults"
)

// Service is the vendor behind all its hosts: what one of them does, all know.
type Service struct {
	AppKey, Secret string
	Now            func() time.Time

	Seconds    bool // also take timestamps in seconds, as the vendor's SDKs send
	MaxUsers   int  // of the environment; 0: any number
	PerSecond  int  // getToken calls in a second; 0: any number
	ShortToken int  // length of tokens; 0: 60

	mu       sync.Mutex
	nonces   map[string]bool
	users    map[string]*User
	groups   map[string]map[string]bool
	messages []Message
	calls    map[string]int // "path userId"
	order    []string       // paths in the order of the calls
	second   int64
	inSecond int
	tokens   int
}

// User is one that was registered.
type User struct {
	ID, Name, Portrait string
	Tokens             []string
	Issued             []time.Time
	Expired            time.Time // tokens from before are void
	Blocked            int       // minutes
	Deactivated        bool
}

// Message is one that was published.
type Message struct {
	From, To, ObjectName, Content, UID string
	Group                              bool
}

// Host is one of its addresses.
type Host struct {
	*Service
	faults.Faults
}

// Host makes an address of the service.
func (s *Service) Host() *Host { return &Host{Service: s} }

// fields are those of a path that are known, and whether they are required.
var fields = map[string]map[string]bool{
	"/user/getToken.json":           {"userId": true, "name": true, "portraitUri": false},
	"/user/refresh.json":            {"userId": true, "name": false, "portraitUri": false},
	"/user/token/expire.json":       {"userId": true, "time": true},
	"/user/block.json":              {"userId": true, "minute": true},
	"/user/unblock.json":            {"userId": true},
	"/user/checkOnline.json":        {"userId": true},
	"/user/deactivate.json":         {"userId": true},
	"/group/create.json":            {"userId": true, "groupId": true, "groupName": true},
	"/group/join.json":              {"userId": true, "groupId": true, "groupName": false},
	"/group/quit.json":              {"userId": true, "groupId": true},
	"/group/dismiss.json":           {"userId": true, "groupId": true},
	"/message/private/publish.json": publishFields("toUserId"),
	"/message/group/publish.json":   publishFields("toGroupId"),
}

func publishFields(target string) map[string]bool {
	m := map[string]bool{"fromUserId": true, "objectName": true, "content": true, target: true}
	for _, f := range []string{"pushContent", "pushData", "pushExt", "isPersisted", "isIncludeSender", "contentAvailable", "disablePush"} {
		m[f] = false
	}
	return m
}

var (
	userID  = regexp.MustCompile(`^[A-Za-z0-9+=_-]{1,64}$`)
	idField = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

const freshness = 5 * time.Minute

// ServeHTTP implements http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Serve(w, r, `{"code":1000,"errorMessage":"Internal error"}`, h.handle)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status, code int, format string, args ...any) {
	answer(w, status, map[string]any{"code": code, "errorMessage": fmt.Sprintf(format, args...)})
}

func (s *Service) handle(w http.ResponseWriter, r *http.Request) {
	known, ok := fields[r.URL.Path]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, 404, "unknown path %s", r.URL.Path)
		return
	case r.Method != http.MethodPost:
		refuse(w, http.StatusMethodNotAllowed, 404, "method %s", r.Method)
		return
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		refuse(w, http.StatusBadRequest, 1002, "content type")
		return
	case r.URL.RawQuery != "":
		refuse(w, http.StatusBadRequest, 1002, "a query")
		return
	}
	if status, code, text := s.signed(r.Header); code != 0 {
		refuse(w, status, code, "%s", text)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || len(body) == 0 {
		refuse(w, http.StatusBadRequest, 1003, "empty body")
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		refuse(w, http.StatusBadRequest, 1002, "body")
		return
	}
	for name := range form {
		if _, ok := known[name]; !ok {
			refuse(w, http.StatusBadRequest, 1002, "unknown parameter %s", name)
			return
		}
	}
	for name, required := range known {
		if required && form.Get(name) == "" {
			refuse(w, http.StatusBadRequest, 1002, "%s is required", name)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls, s.users, s.groups = map[string]int{}, map[string]*User{}, map[string]map[string]bool{}
	}
	s.calls[r.URL.Path+" "+form.Get("userId")]++
	s.order = append(s.order, r.URL.Path)
	s.act(w, r.URL.Path, form)
}

// signed checks the four headers.
func (s *Service) signed(h http.Header) (status, code int, text string) {
	for _, name := range []string{"App-Key", "Nonce", "Timestamp", "Signature"} {
		if h.Get(name) == "" {
			return http.StatusUnauthorized, 1004, name + " is missing"
		}
	}
	nonce, stamp := h.Get("Nonce"), h.Get("Timestamp")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if s.Seconds && len(stamp) == 10 {
		ms *= 1000
	} else if len(stamp) != 13 {
		err = strconv.ErrRange
	}
	sum := sha1.Sum([]byte(s.Secret + nonce + stamp))
	switch at := time.UnixMilli(ms); {
	case h.Get("App-Key") != s.AppKey:
		return http.StatusUnauthorized, 1001, "app key"
	case len(nonce) > 18:
		return http.StatusUnauthorized, 1004, "nonce is longer than 18"
	case err != nil:
		return http.StatusUnauthorized, 1004, "timestamp is not in milliseconds"
	case at.Before(s.Now().Add(-freshness)) || at.After(s.Now().Add(freshness)):
		return http.StatusUnauthorized, 1004, "timestamp is not of now"
	case h.Get("Signature") != hex.EncodeToString(sum[:]):
		return http.StatusUnauthorized, 1004, "signature"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces == nil {
		s.nonces = map[string]bool{}
	}
	if s.nonces[nonce] {
		return http.StatusUnauthorized, 1004, "nonce was seen before"
	}
	s.nonces[nonce] = true
	return 0, 0, ""
}

// act does what a request asks for.
func (s *Service) act(w http.ResponseWriter, path string, f url.Values) {
	ok := func() { answer(w, http.StatusOK, map[string]any{"code": 200}) }
	bad := func(name string) { refuse(w, http.StatusBadRequest, 1002, "%s is not right", name) }
	for _, id := range f["userId"] {
		if !userID.MatchString(id) {
			bad("userId")
			return
		}
	}
	if utf8.RuneCountInString(f.Get("name")) > 64 || len(f.Get("portraitUri")) > 1024 {
		refuse(w, http.StatusBadRequest, 1005, "too long")
		return
	}
	if p := f.Get("portraitUri"); p != "" && !strings.HasPrefix(p, "http") {
		bad("portraitUri")
		return
	}
	u := s.users[f.Get("userId")]
	switch path {
	case "/user/getToken.json":
		s.token(w, u, f)
	case "/user/refresh.json":
		if u != nil {
			if f.Has("name") {
				u.Name = f.Get("name")
			}
			if f.Has("portraitUri") {
				u.Portrait = f.Get("portraitUri")
			}
		}
		ok()
	case "/user/token/expire.json":
		ms, err := strconv.ParseInt(f.Get("time"), 10, 64)
		if err != nil || len(f.Get("time")) != 13 || len(f["userId"]) > 20 {
			bad("time")
			return
		}
		if u != nil {
			u.Expired = time.UnixMilli(ms)
		}
		ok()
	case "/user/block.json":
		n, err := strconv.Atoi(f.Get("minute"))
		if err != nil || n < 1 || n > 43200 {
			bad("minute")
			return
		}
		if u != nil {
			u.Blocked = n
		}
		ok()
	case "/user/unblock.json":
		if u != nil {
			u.Blocked = 0
		}
		ok()
	case "/user/deactivate.json":
		if u != nil {
			u.Deactivated = true
		}
		answer(w, http.StatusOK, map[string]any{"code": 200, "operateId": "op-1"})
	case "/user/checkOnline.json":
		answer(w, http.StatusOK, map[string]any{"code": 200, "status": "0"})
	case "/group/create.json", "/group/join.json", "/group/quit.json", "/group/dismiss.json":
		s.group(w, path, f)
	default:
		s.publish(w, path, f)
	}
}

func (s *Service) token(w http.ResponseWriter, u *User, f url.Values) {
	if sec := s.Now().Unix(); sec != s.second {
		s.second, s.inSecond = sec, 0
	}
	if s.inSecond++; s.PerSecond > 0 && s.inSecond > s.PerSecond {
		refuse(w, http.StatusTooManyRequests, 1008, "rate limit exceeded")
		return
	}
	id := f.Get("userId")
	if u == nil {
		if s.MaxUsers > 0 && len(s.users) >= s.MaxUsers {
			refuse(w, http.StatusForbidden, 2007, "user quota reached")
			return
		}
		u = &User{ID: id}
		s.users[id] = u
	}
	s.tokens++
	token := fmt.Sprintf("t%d+/%s=@fake.cn.example;fake.sg.example", s.tokens, id)
	if n := s.ShortToken; n > 0 {
		token += strings.Repeat("x", max(0, n-len(token)))
	}
	u.Name, u.Portrait = f.Get("name"), f.Get("portraitUri")
	u.Tokens, u.Issued = append(u.Tokens, token), append(u.Issued, s.Now())
	answer(w, http.StatusOK, map[string]any{"code": 200, "userId": id, "token": token})
}

func (s *Service) group(w http.ResponseWriter, path string, f url.Values) {
	id := f.Get("groupId")
	if !idField.MatchString(id) || utf8.RuneCountInString(f.Get("groupName")) > 64 || len(f["userId"]) > 1000 {
		refuse(w, http.StatusBadRequest, 1002, "groupId")
		return
	}
	g := s.groups[id]
	if path == "/group/create.json" && g == nil {
		g = map[string]bool{}
		s.groups[id] = g
	}
	if g == nil {
		refuse(w, http.StatusBadRequest, 1002, "no such group")
		return
	}
	if path == "/group/dismiss.json" {
		delete(s.groups, id)
	}
	for _, u := range f["userId"] {
		g[u] = path != "/group/quit.json"
	}
	answer(w, http.StatusOK, map[string]any{"code": 200})
}

func (s *Service) publish(w http.ResponseWriter, path string, f url.Values) {
	m := Message{From: f.Get("fromUserId"), ObjectName: f.Get("objectName"), Content: f.Get("content"), Group: path == "/message/group/publish.json"}
	key := "userId"
	if m.To = f.Get("toUserId"); m.Group {
		m.To, key = f.Get("toGroupId"), "groupId"
	}
	var content map[string]any
	switch {
	case !userID.MatchString(m.From) || !idField.MatchString(m.To):
		refuse(w, http.StatusBadRequest, 1002, "fromUserId or the target")
		return
	case len(m.Content) > 128<<10:
		refuse(w, http.StatusBadRequest, 1005, "content")
		return
	case json.Unmarshal([]byte(m.Content), &content) != nil:
		refuse(w, http.StatusBadRequest, 1002, "content is no JSON object")
		return
	case m.Group && !s.groups[m.To][m.From]:
		refuse(w, http.StatusForbidden, 1007, "not a member of the group")
		return
	}
	m.UID = fmt.Sprintf("UID-%d", len(s.messages)+1)
	s.messages = append(s.messages, m)
	answer(w, http.StatusOK, map[string]any{"code": 200, "messageUIDs": []map[string]string{{key: m.To, "messageUID": m.UID}}})
}

// Calls is how often a path was called for a user; "" is for calls without one.
func (s *Service) Calls(path, user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path+" "+user]
}

// Order lists the paths called so far.
func (s *Service) Order() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.order...)
}

// User is a copy of a user; the zero value if there is none.
func (s *Service) User(id string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		return *u
	}
	return User{}
}

// Users is how many there are.
func (s *Service) Users() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.users)
}

// Valid tells whether a user can connect with a token.
func (s *Service) Valid(id, token string) bool {
	u := s.User(id)
	for i, t := range u.Tokens {
		if t == token {
			return !u.Issued[i].Before(u.Expired) && u.Blocked == 0 && !u.Deactivated
		}
	}
	return false
}

// Messages are those published so far.
func (s *Service) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Members lists who is in a group.
func (s *Service) Members(group string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for u, in := range s.groups[group] {
		if in {
			list = append(list, u)
		}
	}
	return list
}
