package rongcloud_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/fake/faults"
	fake "parley/internal/fake/rongcloud"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
)

// The vectors of bridges.md §F1.
func TestSign(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ secret, nonce, timestamp, want, sorted string }{
		{"Y1W2MeFwwwRxa0", "14314", "1408710653000", "30be0bbca9c9b2e27578701e9fda2358a814c88f", "b18cc9129f115c4154f2584f3582058b197baec1"},
		{"uwd1c0sxdlx2", "14314", "1408706337", "45beb7cc7307889a8e711219a47b7cf6a5b000e8", "497c9bf76c9b062392bbcdc4bf3aa323036b4246"},
		{"Y1W2MeFwwwRxa0", "14314", "1408706337", "e107e3819638b81a00383951d1d871197910ffe6", ""},
		{"rc-test-secret", "000000000000000001", "1700000000123", "9ec5ca4d4a39e50544637ad9a8cff5bcab55b2b8", "ff041cb3ed69705b2005968cce20171ad2c34382"},
	} {
		got := rongcloud.Sign(v.secret, v.nonce, v.timestamp)
		if got != v.want || got == v.sorted {
			t.Errorf("%+v: got %s", v, got)
		}
		// The same strings sorted, as some examples have it, are another signature.
		parts := []string{v.secret, v.nonce, v.timestamp}
		slices.Sort(parts)
		if got := rongcloud.Sign(parts[0], parts[1], parts[2]); v.sorted != "" && got != v.sorted {
			t.Errorf("%+v sorted: got %s", v, got)
		}
	}
	form := url.Values{"userId": {"jlk456j5"}, "name": {"Ironman"}, "portraitUri": {"http://abc.com/myportrait.jpg"}}
	if n := len(form.Encode()); n != 78 {
		t.Errorf("the form has %d bytes, want 78", n)
	}
}

const (
	appKey = "uwd1c0sxdlx2"
	secret = "Y1W2MeFwwwRxa0"
)

// at is the time of these tests.
var at = time.UnixMilli(1_700_000_000_123)

type site struct {
	*fake.Service
	first, second *fake.Host
	now           time.Time
	client        *rongcloud.Client
}

func newSite(t *testing.T, change func(*rongcloud.Options)) *site {
	t.Helper()
	s := &site{now: at}
	clock := func() time.Time { return s.now }
	s.Service = &fake.Service{AppKey: appKey, Secret: secret, Now: clock}
	s.first, s.second = s.Host(), s.Host()
	var urls []string
	for _, h := range []*fake.Host{s.first, s.second} {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		urls = append(urls, srv.URL)
	}
	redact := &outbound.Redactor{}
	redact.Set("rongcloud", secret)
	o := rongcloud.Options{
		AppKey: appKey, AppSecret: secret, Hosts: urls, Doer: outbound.NewClient(outbound.Options{}), Now: clock,
		Rand: rand.Reader, Redact: redact, Attempt: 50 * time.Millisecond,
	}
	if change != nil {
		change(&o)
	}
	s.client = rongcloud.New(o)
	return s
}

func TestGetToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for range 3 {
		token, err := s.client.GetToken(t.Context(), "u1", "Ann & Bob=é", "https://example.com/a.jpg?x=1&y=2")
		if err != nil || !s.Valid("u1", token) {
			t.Fatalf("got %q, %v", token, err)
		}
	}
	u := s.User("u1")
	if u.Name != "Ann & Bob=é" || u.Portrait != "https://example.com/a.jpg?x=1&y=2" || len(u.Tokens) != 3 {
		t.Errorf("got %+v", u)
	}
}

// The fake refuses what is not signed as documented; the answer names the cause.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options func(*rongcloud.Options)
		service func(*site)
		kind    outbound.Kind
		code    int
		text    string
	}{
		"wrong secret":   {options: func(o *rongcloud.Options) { o.AppSecret = "another-secret" }, kind: outbound.Misconfigured, code: 1004, text: "our clock says"},
		"wrong app key":  {options: func(o *rongcloud.Options) { o.AppKey = "other" }, kind: outbound.Misconfigured, code: 1001},
		"clock is late":  {options: func(o *rongcloud.Options) { o.Now = func() time.Time { return at.Add(-6 * time.Minute) } }, kind: outbound.Misconfigured, code: 1004, text: "2023-11-14T22:07:20Z"},
		"too many users": {service: func(s *site) { s.MaxUsers = 1; s.tokenFor(t, "another") }, kind: outbound.Misconfigured, code: 2007},
		"too often":      {service: func(s *site) { s.PerSecond = 1; s.tokenFor(t, "another") }, kind: outbound.RateLimited, code: 1008},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tc.options)
			if tc.service != nil {
				tc.service(s)
			}
			_, err := s.client.GetToken(t.Context(), "u1", "Ann", "")
			var f *outbound.Failure
			if !errors.As(err, &f) || f.Kind != tc.kind || f.Code != tc.code || !strings.Contains(f.Text, tc.text) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "another-secret") {
				t.Error("the secret is in the error")
			}
		})
	}
	s := newSite(t, nil)
	_, err := s.client.GetToken(t.Context(), "u1", strings.Repeat("x", 65), "")
	if outbound.KindOf(err) != outbound.Forbidden {
		t.Errorf("a name that is too long: %v", err)
	}
	if n := s.Calls("/user/getToken.json", "u1"); n != 1 {
		t.Errorf("%d calls of what is refused for good", n)
	}
}

func (s *site) tokenFor(t *testing.T, user string) {
	t.Helper()
	if _, err := s.client.GetToken(t.Context(), user, "x", ""); err != nil {
		t.Fatal(err)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]faults.Mode{
		"500": faults.Refuse, "504": faults.Gateway, "reset": faults.Reset, "hangs": faults.Hang, "answer lost": faults.Lost,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.first.Always(mode)
			s.tokenFor(t, "u1") // repeated on the second
			s.first.Always(faults.None)
			s.tokenFor(t, "u2") // which is the one in use now
			if n := len(s.Order()); n > 3 {
				t.Errorf("%d requests", n)
			}
			s.second.Always(mode)
			s.tokenFor(t, "u3") // repeated on the first, and the second stays in use: it is too early
			s.second.Next(faults.None)
			s.tokenFor(t, "u4")
			s.now = s.now.Add(31 * time.Second)
			s.tokenFor(t, "u5")
			s.first.Always(faults.Reset) // in use again
			s.second.Always(faults.Reset)
			if _, err := s.client.GetToken(t.Context(), "u6", "x", ""); outbound.KindOf(err) != outbound.Temporary || err == nil {
				t.Errorf("both are down: %v", err)
			}
		})
	}
}

func TestPublishIsNotRepeated(t *testing.T) {
	t.Parallel()
	m := &rongcloud.Message{From: "u1", To: "u2", ObjectName: "RC:TxtMsg", Content: `{"content":"hi"}`}
	s := newSite(t, nil)
	for _, mode := range []faults.Mode{faults.Refuse, faults.Reset, faults.Lost} {
		s.first.Next(mode)
		s.second.Next(mode)
		if _, err := s.client.Publish(t.Context(), m); err == nil {
			t.Error("no error")
		}
		s.first.Next()
	}
	if n := len(s.Messages()); n > 1 {
		t.Errorf("%d messages", n)
	}
	// A host that is not there cannot have got it.
	gone := httptest.NewServer(nil)
	gone.Close()
	s = newSite(t, func(o *rongcloud.Options) { o.Hosts[0] = gone.URL })
	if uid, err := s.client.Publish(t.Context(), m); err != nil || uid != "UID-1" {
		t.Errorf("got %q, %v", uid, err)
	}
}

func TestOddAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *rongcloud.Options) { o.Hosts = o.Hosts[:1] })
	s.first.Next(faults.Gzip)
	s.tokenFor(t, "u1")
	s.first.Next(faults.Truncate)
	if _, err := s.client.GetToken(t.Context(), "u1", "x", ""); err == nil || outbound.KindOf(err) != outbound.Temporary {
		t.Errorf("truncated: %v", err)
	}
	s.first.Next(faults.Redirect)
	if _, err := s.client.GetToken(t.Context(), "u1", "x", ""); err == nil {
		t.Error("redirected: no error")
	}
	s.ShortToken = 2000
	if _, err := s.client.GetToken(t.Context(), "u1", "x", ""); err == nil {
		t.Error("endless token: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.client.GetToken(ctx, "u1", "x", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller has gone: %v", err)
	}
}

func TestOtherCalls(t *testing.T) {
	t.Parallel()
	s, ctx := newSite(t, nil), t.Context()
	s.tokenFor(t, "u1")
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	must("refresh", s.client.Refresh(ctx, "u1", "", "https://example.com/p.png"))
	must("block", s.client.Block(ctx, "u1", 365*24*time.Hour))
	if u := s.User("u1"); u.Name != "x" || u.Portrait != "https://example.com/p.png" || u.Blocked != 43200 {
		t.Errorf("got %+v", u)
	}
	must("unblock", s.client.Unblock(ctx, "u1"))
	must("expire", s.client.Expire(ctx, "u1", at.Add(time.Second)))
	if u := s.User("u1"); s.Valid("u1", u.Tokens[0]) || u.Blocked != 0 {
		t.Errorf("got %+v", u)
	}
	online, err := s.client.Online(ctx, "u1")
	must("online", err)
	if online {
		t.Error("status 0 is offline")
	}
	must("create", s.client.CreateGroup(ctx, "g1", "Group", []string{"u1", "u2"}))
	must("join", s.client.JoinGroup(ctx, "g1", "Group", []string{"u3"}))
	must("quit", s.client.QuitGroup(ctx, "g1", []string{"u2"}))
	members := s.Members("g1")
	slices.Sort(members)
	if !slices.Equal(members, []string{"u1", "u3"}) {
		t.Errorf("members %v", members)
	}
	_, err = s.client.Publish(ctx, &rongcloud.Message{From: "u1", To: "g1", Group: true, ObjectName: "RC:TxtMsg", Content: `{}`})
	must("publish", err)
	must("deactivate", s.client.Deactivate(ctx, "u1"))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good := func(old bool) url.Values { return fake.Query(secret, "14314", at, old) }
	change := func(key, value string) url.Values {
		q := good(false)
		q.Set(key, value)
		return q
	}
	official := url.Values{"nonce": {"14314"}, "signTimestamp": {"1408710653000"}, "signature": {"30be0bbca9c9b2e27578701e9fda2358a814c88f"}}
	sorted := url.Values{"nonce": {"14314"}, "signTimestamp": {"1408710653000"}, "signature": {"b18cc9129f115c4154f2584f3582058b197baec1"}}
	for name, tc := range map[string]struct {
		q       url.Values
		now     time.Time
		secrets []string
		ok      bool
	}{
		"timestamp":         {good(false), at, []string{secret}, true},
		"signTimestamp":     {good(true), at.Add(rongcloud.Skew), []string{secret}, true},
		"official":          {official, time.UnixMilli(1408710653000), []string{secret}, true},
		"sorted":            {sorted, time.UnixMilli(1408710653000), []string{secret}, false},
		"capitals":          {change("signature", strings.ToUpper(good(false).Get("signature"))), at, []string{secret}, true},
		"previous secret":   {good(false), at, []string{"new", secret}, true},
		"another secret":    {good(false), at, []string{"new"}, false},
		"no secret":         {fake.Query("", "14314", at, false), at, []string{"", ""}, false},
		"too old":           {good(false), at.Add(rongcloud.Skew + time.Millisecond), []string{secret}, false},
		"from the future":   {good(false), at.Add(-rongcloud.Skew - time.Millisecond), []string{secret}, false},
		"another nonce":     {change("nonce", "14315"), at, []string{secret}, false},
		"another time":      {change("timestamp", "1700000000124"), at, []string{secret}, false},
		"empty signature":   {change("signature", ""), at, []string{secret}, false},
		"no number":         {change("timestamp", "now"), at, []string{secret}, false},
		"nothing":           {url.Values{}, at, []string{secret}, false},
		"without a nonce":   {fake.Query(secret, "", at, false), at, []string{secret}, false},
		"an endless nonce":  {fake.Query(secret, strings.Repeat("1", 129), at, false), at, []string{secret}, false},
		"time of long past": {fake.Query(secret, "1", time.UnixMilli(0), false), at, []string{secret}, false},
	} {
		if _, err := rongcloud.Verify(tc.q, tc.now, tc.secrets...); (err == nil) != tc.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParseRouted(t *testing.T) {
	t.Parallel()
	form := fake.Routed("u1", "u2", "PERSON", "RC:TxtMsg", `{"content":"hi"}`, "UID-1", "iOS", at)
	m, err := rongcloud.ParseRouted(form)
	if err != nil || *m != (rongcloud.Routed{From: "u1", To: "u2", ObjectName: "RC:TxtMsg", Content: `{"content":"hi"}`, Channel: "PERSON", UID: "UID-1", Source: "iOS", Sensitive: "0", At: at.UTC()}) {
		t.Errorf("got %+v, %v", m, err)
	}
	form.Set("channelType", "3")
	if m, err := rongcloud.ParseRouted(form); err != nil || m.Channel != "GROUP" {
		t.Errorf("got %+v, %v", m, err)
	}
	for _, key := range []string{"fromUserId", "toUserId", "objectName", "content", "msgUID"} {
		f := fake.Routed("u1", "u2", "PERSON", "RC:TxtMsg", `{"content":"hi"}`, "UID-1", "iOS", at)
		f.Del(key)
		if _, err := rongcloud.ParseRouted(f); err == nil {
			t.Errorf("without %s: no error", key)
		}
		f.Set(key, strings.Repeat("x", 200<<10))
		if _, err := rongcloud.ParseRouted(f); err == nil {
			t.Errorf("endless %s: no error", key)
		}
	}
}

func FuzzParseRouted(f *testing.F) {
	f.Add(fake.Routed("u1", "u2", "PERSON", "RC:TxtMsg", `{"content":"hi"}`, "UID-1", "iOS", at).Encode())
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if m, err := rongcloud.ParseRouted(form); err == nil && (m.UID == "" || m.Content == "") {
			t.Errorf("got %+v", m)
		}
	})
}

// The fake itself: what is documented, and no more.
func TestFake(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	srv := httptest.NewServer(s.first)
	defer srv.Close()
	send := func(method, path, body string, change func(http.Header)) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		nonce := fake.Nonce()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("App-Key", appKey)
		r.Header.Set("Nonce", nonce)
		r.Header.Set("Timestamp", "1700000000123")
		r.Header.Set("Signature", fake.Query(secret, nonce, at, false).Get("signature"))
		if change != nil {
			change(r.Header)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	const path, body = "/user/getToken.json", "userId=u1&name=x"
	for name, tc := range map[string]struct {
		method, path, body string
		change             func(http.Header)
		want               int
	}{
		"good":          {http.MethodPost, path, body, nil, 200},
		"GET":           {http.MethodGet, path, body, nil, 405},
		"unknown path":  {http.MethodPost, "/user/gettoken.json", body, nil, 404},
		"unknown field": {http.MethodPost, path, body + "&x=1", nil, 400},
		"no name":       {http.MethodPost, path, "userId=u1", nil, 400},
		"empty":         {http.MethodPost, path, "", nil, 400},
		"JSON":          {http.MethodPost, path, `{}`, func(h http.Header) { h.Set("Content-Type", "application/json") }, 400},
		"no nonce":      {http.MethodPost, path, body, func(h http.Header) { h.Del("Nonce") }, 401},
		"long nonce": {http.MethodPost, path, body, func(h http.Header) {
			n := strings.Repeat("1", 19)
			h.Set("Nonce", n)
			h.Set("Signature", fake.Query(secret, n, at, false).Get("signature"))
		}, 401},
		"seconds": {http.MethodPost, path, body, func(h http.Header) {
			h.Set("Timestamp", "1700000000")
			h.Set("Signature", rongcloud.Sign(secret, h.Get("Nonce"), "1700000000"))
		}, 401},
		"sorted": {http.MethodPost, path, body, func(h http.Header) {
			h.Set("Signature", rongcloud.Sign("1700000000123", secret, h.Get("Nonce")))
		}, 401},
	} {
		if got := send(tc.method, tc.path, tc.body, tc.change); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
	same := func(h http.Header) {
		h.Set("Nonce", "twice")
		h.Set("Signature", fake.Query(secret, "twice", at, false).Get("signature"))
	}
	if a, b := send(http.MethodPost, path, body, same), send(http.MethodPost, path, body, same); a != 200 || b != 401 {
		t.Errorf("the same nonce twice: %d, %d", a, b)
	}
}
