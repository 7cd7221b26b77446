// Package netease is a strict fake of the Server API of NetEase Yunxin: it takes
// only what the vendor documents (bridges.md §B) and answers everything else with
// the vendor's codes. It shares no code with the client that it tests.
package netease

import (
	"crypto/md5"  // #nosec: the vendor's choice
	"crypto/sha1" // #nosec: the vendor's choice
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"parley/internal/fake/faults"
)

// Service is the vendor behind all its hosts.
type Service struct {
	AppKey, Secret string
	Now            func() time.Time

	PerSecond int // requests in a second; 0: any number. One too many blocks the app for 10 s

	mu           sync.Mutex
	nonces       map[string]bool
	traces       map[string]bool
	accounts     map[string]*Account
	teams        map[string]*Team
	teamsMade    int
	rtc          map[string]RTC
	messages     []Message
	calls        map[string]int // "path accid"
	order        []string
	second       int64
	inSecond     int
	blockedUntil time.Time
	tokens       int
}

// Account is one of messages.
type Account struct {
	ID, Name, Icon, Token string
	Blocked, Kicked       bool
}

// RTC is a token for calls that was issued.
type RTC struct {
	Token   string
	Expires time.Time
}

// Team is a group.
type Team struct {
	ID, Owner string
	Members   []string
}

// Message is one that was sent.
type Message struct {
	From, To, Type, Body, Ext, ID string
	Team                          bool
}

// Host is one of its addresses.
type Host struct {
	*Service
	faults.Faults
}

// Host makes an address of the service.
func (s *Service) Host() *Host { return &Host{Service: s} }

// Path is what stands before all paths.
const Path = "/nimserver"

var fields = map[string]map[string]bool{ // name → required
	"/user/create.action":       {"accid": true, "token": false, "name": false, "icon": false, "sign": false, "email": false, "birth": false, "mobile": false, "gender": false, "ex": false},
	"/user/refreshToken.action": {"accid": true},
	"/user/updateUinfo.action":  {"accid": true, "name": false, "icon": false, "sign": false, "email": false, "birth": false, "mobile": false, "gender": false, "ex": false},
	"/user/block.action":        {"accid": true, "needkick": false, "kickNotifyExt": false, "needUnbindPushToken": false},
	"/user/unblock.action":      {"accid": true},
	"/user/getToken.action":     {"uid": true, "channelName": false, "repeatUse": false, "expireAt": false},
	"/msg/sendMsg.action":       {"from": true, "ope": true, "to": true, "type": true, "body": true, "ext": false, "option": false, "pushContent": false, "payload": false},
	"/team/create.action":       {"tname": true, "owner": true, "members": true, "msg": true, "magree": true, "joinmode": true},
	"/team/add.action":          {"tid": true, "owner": true, "members": true, "magree": true, "msg": true},
	"/team/kick.action":         {"tid": true, "owner": true, "member": true},
	"/team/changeOwner.action":  {"tid": true, "owner": true, "newowner": true, "leave": true},
	"/team/remove.action":       {"tid": true, "owner": true},
}

var accid = regexp.MustCompile(`^[A-Za-z0-9_@.-]{1,32}$`)

// Codes of answers.
const (
	codeOK        = 200
	codeNotFound  = 404
	codeTooLong   = 405
	codeParameter = 414
	codeTooOften  = 416
	codeBlocked   = 422
	codeDuplicate = 431
)

// ServeHTTP implements http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Serve(w, r, `{"code":500,"desc":"server error"}`, h.handle)
}

// answer is always 200: the result is in the code.
func answer(w http.ResponseWriter, v map[string]any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, code int, format string, args ...any) {
	answer(w, map[string]any{"code": code, "desc": fmt.Sprintf(format, args...)})
}

func (s *Service) handle(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, Path)
	known := fields[path]
	if !ok || known == nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls, s.accounts, s.teams, s.rtc = map[string]int{}, map[string]*Account{}, map[string]*Team{}, map[string]RTC{}
		s.nonces, s.traces = map[string]bool{}, map[string]bool{}
	}
	if text := s.signed(r.Header); text != "" {
		refuse(w, codeParameter, "%s", text)
		return
	}
	if s.tooOften() {
		refuse(w, codeTooOften, "too frequently")
		return
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded;charset=utf-8" {
		refuse(w, codeParameter, "content type")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	form, ferr := url.ParseQuery(string(body))
	if err != nil || ferr != nil {
		refuse(w, codeParameter, "body")
		return
	}
	for name := range form {
		if _, ok := known[name]; !ok {
			refuse(w, codeParameter, "unknown parameter %s", name)
			return
		}
	}
	for name, required := range known {
		if required && form.Get(name) == "" {
			refuse(w, codeParameter, "%s is required", name)
			return
		}
	}
	s.calls[path+" "+form.Get("accid")+form.Get("uid")]++
	s.order = append(s.order, path)
	trace := r.Header.Get("RequestId")
	if trace != "" && s.traces[trace] {
		refuse(w, codeDuplicate, "duplicate request")
		return
	}
	done := &result{ResponseWriter: w}
	s.act(done, path, form)
	if trace != "" && done.code == codeOK {
		s.traces[trace] = true
	}
}

// result notes the code of an answer.
type result struct {
	http.ResponseWriter
	code int
}

func (r *result) Write(b []byte) (int, error) {
	var v struct {
		Code int `json:"code"`
	}
	_ = json.Unmarshal(b, &v)
	r.code = v.Code
	return r.ResponseWriter.Write(b)
}

// signed checks the headers; the text says what is wrong.
func (s *Service) signed(h http.Header) string {
	nonce, cur := h.Get("Nonce"), h.Get("CurTime")
	sec, err := strconv.ParseInt(cur, 10, 64)
	sum := sha1.Sum([]byte(s.Secret + nonce + cur))
	switch age := s.Now().Sub(time.Unix(sec, 0)); {
	case h.Get("AppKey") != s.AppKey:
		return "bad appkey"
	case nonce == "" || len(nonce) > 128 || s.nonces[nonce]:
		return "bad nonce"
	case err != nil || len(cur) != 10:
		return "bad CurTime: not in seconds"
	case age > 5*time.Minute || age < -5*time.Minute:
		return "bad CurTime: not of now"
	case h.Get("CheckSum") != hex.EncodeToString(sum[:]):
		return "bad CheckSum"
	}
	s.nonces[nonce] = true
	return ""
}

func (s *Service) tooOften() bool {
	now := s.Now()
	if now.Before(s.blockedUntil) {
		return true
	}
	if now.Unix() != s.second {
		s.second, s.inSecond = now.Unix(), 0
	}
	if s.inSecond++; s.PerSecond > 0 && s.inSecond > s.PerSecond {
		s.blockedUntil = now.Add(10 * time.Second)
		return true
	}
	return false
}

func (s *Service) newToken() string {
	s.tokens++
	sum := md5.Sum([]byte(strconv.Itoa(s.tokens)))
	return hex.EncodeToString(sum[:])
}

// act does what a request asks for.
func (s *Service) act(w http.ResponseWriter, path string, f url.Values) {
	id := strings.ToLower(f.Get("accid"))
	a := s.accounts[id]
	info := func(a *Account) {
		answer(w, map[string]any{"code": codeOK, "info": map[string]string{"accid": a.ID, "token": a.Token, "name": a.Name}})
	}
	ok := func() { answer(w, map[string]any{"code": codeOK}) }
	if f.Has("accid") && !accid.MatchString(id) {
		refuse(w, codeParameter, "accid")
		return
	}
	if utf8.RuneCountInString(f.Get("name")) > 64 || len(f.Get("icon")) > 1024 || len(f.Get("token")) > 128 || len(f.Get("ext")) > 1024 {
		refuse(w, codeTooLong, "too long")
		return
	}
	if f.Has("accid") && path != "/user/create.action" && a == nil {
		refuse(w, codeNotFound, "%s not exist", id)
		return
	}
	switch path {
	case "/user/create.action":
		if a != nil {
			refuse(w, codeParameter, "%s already register", id)
			return
		}
		a = &Account{ID: id, Name: f.Get("name"), Icon: f.Get("icon"), Token: f.Get("token")}
		if a.Token == "" {
			a.Token = s.newToken()
		}
		s.accounts[id] = a
		info(a)
	case "/user/refreshToken.action":
		a.Token = s.newToken()
		info(a)
	case "/user/updateUinfo.action":
		if f.Has("name") {
			a.Name = f.Get("name")
		}
		if f.Has("icon") {
			a.Icon = f.Get("icon")
		}
		ok()
	case "/user/block.action":
		a.Blocked, a.Kicked = true, f.Get("needkick") == "true"
		ok()
	case "/user/unblock.action":
		a.Blocked = false
		ok()
	case "/user/getToken.action":
		s.rtcToken(w, f)
	case "/msg/sendMsg.action":
		s.send(w, f)
	default:
		s.team(w, path, f)
	}
}

// rtcToken gives the same token a new life when it is asked for again.
func (s *Service) rtcToken(w http.ResponseWriter, f url.Values) {
	uid, err := strconv.ParseInt(f.Get("uid"), 10, 64)
	life := int64(600)
	if f.Has("expireAt") {
		var lerr error
		if life, lerr = strconv.ParseInt(f.Get("expireAt"), 10, 64); lerr != nil {
			err = lerr
		}
	}
	repeat := f.Get("repeatUse")
	if err != nil || uid <= 0 || life < 1 || life > 86400 || repeat != "" && repeat != "true" && repeat != "false" {
		refuse(w, codeParameter, "uid, expireAt or repeatUse")
		return
	}
	key := f.Get("uid") + "/" + f.Get("channelName")
	t := s.rtc[key]
	if t.Token == "" || !s.Now().Before(t.Expires) {
		t.Token = s.newToken()
	}
	t.Expires = s.Now().Add(time.Duration(life) * time.Second)
	s.rtc[key] = t
	answer(w, map[string]any{"code": codeOK, "token": t.Token})
}

func (s *Service) send(w http.ResponseWriter, f url.Values) {
	m := Message{From: f.Get("from"), To: f.Get("to"), Type: f.Get("type"), Body: f.Get("body"), Ext: f.Get("ext"), Team: f.Get("ope") == "1"}
	from := s.accounts[m.From]
	var option struct {
		Route *bool `json:"route"`
	}
	var body map[string]any
	switch {
	case from == nil:
		refuse(w, codeNotFound, "from not exist")
		return
	case from.Blocked:
		refuse(w, codeBlocked, "account is blocked")
		return
	case json.Unmarshal([]byte(m.Body), &body) != nil || len(m.Body) > 5000:
		refuse(w, codeParameter, "body")
		return
	case json.Unmarshal([]byte(f.Get("option")), &option) != nil || option.Route == nil || *option.Route:
		refuse(w, 403, "the fake wants route:false")
		return
	case m.Team && (s.teams[m.To] == nil || !slices.Contains(s.teams[m.To].Members, m.From)):
		refuse(w, 804, "not in the team")
		return
	case !m.Team && s.accounts[m.To] == nil:
		refuse(w, codeNotFound, "to not exist")
		return
	}
	m.ID = strconv.Itoa(9000 + len(s.messages))
	s.messages = append(s.messages, m)
	answer(w, map[string]any{"code": codeOK, "data": map[string]any{"msgid": 9000 + len(s.messages) - 1, "timetag": s.Now().UnixMilli()}})
}

// nextTeam is an ID that was never given.
func (s *Service) nextTeam() int {
	s.teamsMade++
	return 7000 + s.teamsMade
}

func (s *Service) team(w http.ResponseWriter, path string, f url.Values) {
	var members []string
	if f.Has("members") {
		if err := json.Unmarshal([]byte(f.Get("members")), &members); err != nil || len(members) > 200 {
			refuse(w, codeParameter, "members")
			return
		}
		for _, m := range members {
			if s.accounts[m] == nil {
				refuse(w, codeNotFound, "%s not exist", m)
				return
			}
		}
	}
	if path == "/team/create.action" {
		if s.accounts[f.Get("owner")] == nil {
			refuse(w, codeNotFound, "owner not exist")
			return
		}
		t := &Team{ID: strconv.Itoa(s.nextTeam()), Owner: f.Get("owner")}
		t.Members = append([]string{t.Owner}, members...)
		s.teams[t.ID] = t
		answer(w, map[string]any{"code": codeOK, "tid": t.ID})
		return
	}
	t := s.teams[f.Get("tid")]
	switch {
	case t == nil:
		refuse(w, 803, "team not exist")
	case t.Owner != f.Get("owner"):
		refuse(w, 802, "not the owner")
	case path == "/team/remove.action":
		delete(s.teams, t.ID)
		answer(w, map[string]any{"code": codeOK})
	case path == "/team/changeOwner.action":
		if next := f.Get("newowner"); !slices.Contains(t.Members, next) {
			refuse(w, 804, "not in the team")
			return
		}
		if f.Get("leave") == "1" {
			t.Members = slices.DeleteFunc(t.Members, func(m string) bool { return m == t.Owner })
		}
		t.Owner = f.Get("newowner")
		answer(w, map[string]any{"code": codeOK})
	case path == "/team/kick.action" && f.Get("member") == t.Owner:
		refuse(w, codeParameter, "the owner cannot be removed")
	case path == "/team/kick.action":
		if !slices.Contains(t.Members, f.Get("member")) {
			refuse(w, 804, "not in the team")
			return
		}
		t.Members = slices.DeleteFunc(t.Members, func(m string) bool { return m == f.Get("member") })
		answer(w, map[string]any{"code": codeOK})
	default:
		for _, m := range members {
			if !slices.Contains(t.Members, m) {
				t.Members = append(t.Members, m)
			}
		}
		answer(w, map[string]any{"code": codeOK})
	}
}

// Calls is how often a path was called for an account, or for the number of a
// user; "" is for calls without either.
func (s *Service) Calls(path, id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path+" "+id]
}

// Order lists the paths called so far.
func (s *Service) Order() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// Account is a copy of an account; the zero value if there is none.
func (s *Service) Account(id string) Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[id]; a != nil {
		return *a
	}
	return Account{}
}

// Messages are those sent so far.
func (s *Service) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Teams are those made so far.
func (s *Service) Teams() []Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Team
	for _, t := range s.teams {
		list = append(list, Team{t.ID, t.Owner, slices.Clone(t.Members)})
	}
	return list
}

// ValidIM tells whether a dynamic token lets an account in at this time.
func (s *Service) ValidIM(id, token string) bool {
	return s.validDynamic(token, func(ms, ttl string) string { return s.AppKey + id + ms + ttl + s.Secret })
}

// ValidRTC tells whether a computed token lets a user into a room.
func (s *Service) ValidRTC(uid int64, room, token string) bool {
	return s.validDynamic(token, func(ms, ttl string) string {
		return s.AppKey + strconv.FormatInt(uid, 10) + ms + ttl + room + s.Secret
	})
}

func (s *Service) validDynamic(token string, signed func(ms, ttl string) string) bool {
	b, err := base64.StdEncoding.DecodeString(token)
	var t struct {
		Signature string `json:"signature"`
		CurTime   int64  `json:"curTime"`
		TTL       int64  `json:"ttl"`
	}
	if err != nil || json.Unmarshal(b, &t) != nil || t.TTL <= 0 || t.TTL >= 86400 {
		return false
	}
	sum := sha1.Sum([]byte(signed(strconv.FormatInt(t.CurTime, 10), strconv.FormatInt(t.TTL, 10))))
	at, now := time.UnixMilli(t.CurTime), s.Now()
	return t.Signature == hex.EncodeToString(sum[:]) && !at.After(now.Add(time.Minute)) && now.Before(at.Add(time.Duration(t.TTL)*time.Second))
}
