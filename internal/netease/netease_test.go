package netease_test

import (
	"compress/zlib"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/fake/faults"
	fake "parley/internal/fake/netease"
	"parley/internal/netease"
	"parley/internal/outbound"
)

// The vectors of bridges.md §F2 and §F3.
func TestSums(t *testing.T) {
	t.Parallel()
	for _, v := range [][4]string{
		{"123456789012", "12345", "1443592222", "06f0def1a9e83ef48c9564044c4068c8834b4ae8"},
		{"c00000000000", "4tgggergigwow323t23t", "1700000000", "19b41e06297db84f1e915f4f6d67e6b56c7ce525"},
	} {
		if got := netease.CheckSum(v[0], v[1], v[2]); got != v[3] {
			t.Errorf("%v: got %s", v, got)
		}
	}
	for _, v := range [][4]string{
		{`{}`, "99914b932bd37a50b983c5e7c90ae93b", "1440570500855", "15797002390e77e9732f69fd3c006a615d8865aa"},
		{copied, "e50433e97993df4bfc899871702caeca", "1700000000456", "89cbb3d7cd38fdce23b13625962843d285b7de26"},
	} {
		sum, check := netease.CallbackSums("c00000000000", []byte(v[0]), v[2])
		if sum != v[1] || check != v[3] {
			t.Errorf("%v: got %s, %s", v, sum, check)
		}
	}
}

const copied = `{"eventType":"1","convType":"PERSON","to":"u2","fromAccount":"u1","fromClientType":"WEB","msgType":"TEXT","body":"hello","msgTimestamp":"1700000000123","msgidClient":"c-1","msgidServer":"9001","resendFlag":"0"}`

// The vectors of bridges.md §F4.
const (
	vectorKey    = "c37bf7a8758a4ed00000000000000000"
	vectorSecret = "c00000000000"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		uid, ms, ttl     int64
		room, sig, token string
	}{
		{10000, 1693968975000, 1800, "room1", "ef4f4a08c56fb9b9047916b6ebfadf95acd768eb", "eyJzaWduYXR1cmUiOiJlZjRmNGEwOGM1NmZiOWI5MDQ3OTE2YjZlYmZhZGY5NWFjZDc2OGViIiwiY3VyVGltZSI6MTY5Mzk2ODk3NTAwMCwidHRsIjoxODAwfQ=="},
		{10000, 1693968975000, 3600, "room1", "d26fc1ef98ea16c7a939af06f8a819612dcd3d59", "eyJzaWduYXR1cmUiOiJkMjZmYzFlZjk4ZWExNmM3YTkzOWFmMDZmOGE4MTk2MTJkY2QzZDU5IiwiY3VyVGltZSI6MTY5Mzk2ODk3NTAwMCwidHRsIjozNjAwfQ=="},
		{42, 1700000000000, 600, "", "984671410d0c174a04b112c053692d567e97fcbe", "eyJzaWduYXR1cmUiOiI5ODQ2NzE0MTBkMGMxNzRhMDRiMTEyYzA1MzY5MmQ1NjdlOTdmY2JlIiwiY3VyVGltZSI6MTcwMDAwMDAwMDAwMCwidHRsIjo2MDB9"},
	} {
		got := netease.RTCToken(vectorKey, vectorSecret, v.uid, v.room, time.UnixMilli(v.ms), time.Duration(v.ttl)*time.Second)
		if got != v.token {
			t.Errorf("rtc %+v: got %s", v, got)
		}
		if b, err := base64.StdEncoding.DecodeString(got); err != nil || !strings.Contains(string(b), v.sig) {
			t.Errorf("rtc %+v: got %s, %v", v, b, err)
		}
	}
	for _, v := range []struct {
		accid            string
		ms, ttl          int64
		signature, token string
	}{
		{"zhangsan", 1614764611561, 600, "61596b58f3838004544bf0fe27b6ad1c46341664", "eyJzaWduYXR1cmUiOiI2MTU5NmI1OGYzODM4MDA0NTQ0YmYwZmUyN2I2YWQxYzQ2MzQxNjY0IiwiY3VyVGltZSI6MTYxNDc2NDYxMTU2MSwidHRsIjo2MDB9"},
		{"u_0000000001", 1700000000000, 86400, "056bde1493265e6cc95e494089e793addd4a5f97", "eyJzaWduYXR1cmUiOiIwNTZiZGUxNDkzMjY1ZTZjYzk1ZTQ5NDA4OWU3OTNhZGRkNGE1Zjk3IiwiY3VyVGltZSI6MTcwMDAwMDAwMDAwMCwidHRsIjo4NjQwMH0="},
	} {
		if got := netease.IMToken(vectorKey, vectorSecret, v.accid, time.UnixMilli(v.ms), time.Duration(v.ttl)*time.Second); got != v.token {
			t.Errorf("im %+v: got %s", v, got)
		}
	}
}

// Deflate differs between programs, so keys are compared by their content.
func TestPermissionKey(t *testing.T) {
	t.Parallel()
	const secret = "45eaeb3c2757c57c1b8e0a25a1f246a476c36ca5ba0cd20da38a154c2adebdab"
	decode := func(key string) map[string]any {
		t.Helper()
		packed, err := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-").WithPadding('_').DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zlib.NewReader(strings.NewReader(string(packed)))
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.NewDecoder(io.LimitReader(z, 1<<16)).Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := func(privilege float64, sum string) map[string]any {
		return map[string]any{
			"appkey": vectorKey, "checksum": sum, "cname": "room1", "curTime": 1696662104.0, "expireTime": 1000.0, "privilege": privilege, "uid": 10000.0,
		}
	}
	make := func(privilege int) string {
		t.Helper()
		key, err := netease.PermissionKey(vectorKey, secret, 10000, "room1", privilege, time.Unix(1696662104, 0), 1000*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	const official = "v4jxY8C5zZodLymoBq7GqbcTbDgueLhVXIWOQX3akZc="
	for name, v := range map[string]struct {
		key  string
		want map[string]any
	}{
		"official, 1": {make(netease.SendAudio), want(1, official)},
		"all":         {make(netease.AllPrivileges), want(63, "45sS1S7v2WvrFlfY3fKlKe1Ddu4xz1Th18Bs4EwoWhI=")},
		"of Go":       {"eJxcy8GOgjAYBOB3*c89lAValmQvu5sYExJjQhS5lfILFWtLTQlofHfT6Mm5zTeZOwhrB1wgBxnz5shFxtNMJNjSzwAB2aMcrl5DDlNymg-ZX3qrTVss2vyOfDU2smz*O49Fv6vW*822isVQy5-wvAiNkIMzRkehe1eqIBH7Zox9RTQhgLNVDt9OKSVgnZrUGbsABLxqXwN9PAMAAP--3wQ3AQ__", want(1, official)},
		"of Java":     {"eJxdjcEKgkAYhN-lP3vQ1F0LulQQgRCBlHlb1z-dbNt1Y0WL3j2XOjW3*WaGeQHTusURFsBDWl4oS2icsAgr-1-gAW*Qtw8rp3YfXYdzso6fharSUapVR7ddybNyU1tMm2O*O*0Pecjagi-d8s4kTjOjlAyctyYTjgRkTgiZBX7kAQ5aGPzx6dEDbUQvblg74IEV1Tfw3x-fBDcB", want(1, official)},
	} {
		if diff := cmp.Diff(v.want, decode(v.key)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	if netease.AllPrivileges != 63 || netease.ListenOnly != 44 {
		t.Error("privileges")
	}
}

const (
	appKey = "0123456789abcdef0123456789abcdef"
	secret = "c0ffee123456"
)

var at = time.UnixMilli(1_700_000_000_456)

type site struct {
	*fake.Service
	first, second *fake.Host
	now           time.Time
	client        *netease.Client
}

func newSite(t *testing.T, change func(*netease.Options)) *site {
	t.Helper()
	s := &site{now: at}
	clock := func() time.Time { return s.now }
	s.Service = &fake.Service{AppKey: appKey, Secret: secret, Now: clock}
	s.first, s.second = s.Host(), s.Host()
	var urls []string
	for _, h := range []*fake.Host{s.first, s.second} {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		urls = append(urls, srv.URL+fake.Path)
	}
	redact := &outbound.Redactor{}
	redact.Set("netease", secret)
	o := netease.Options{
		AppKey: appKey, AppSecret: secret, Bases: urls, Doer: outbound.NewClient(outbound.Options{}), Now: clock,
		Rand: rand.Reader, Redact: redact, Attempt: 400 * time.Millisecond,
	}
	if change != nil {
		change(&o)
	}
	s.client = netease.New(o)
	return s
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	s, ctx := newSite(t, nil), t.Context()
	first, err := s.client.Create(ctx, "u1", "Ann é&", "https://example.com/a.png")
	if a := s.Account("u1"); err != nil || first != a.Token || a.Name != "Ann é&" || a.Icon != "https://example.com/a.png" {
		t.Fatalf("got %q, %v, %+v", first, err, a)
	}
	if _, err := s.client.Create(ctx, "u1", "Ann", ""); !errors.Is(err, netease.ErrExists) {
		t.Errorf("again: %v", err)
	}
	second, err := s.client.RefreshToken(ctx, "u1")
	if err != nil || second == first {
		t.Errorf("got %q, %v", second, err)
	}
	if _, err := s.client.RefreshToken(ctx, "u2"); !netease.NotFound(err) {
		t.Errorf("unknown: %v", err)
	}
	if err := errors.Join(s.client.UpdateUser(ctx, "u1", "Anna", ""), s.client.Block(ctx, "u1")); err != nil {
		t.Error(err)
	}
	if a := s.Account("u1"); a.Name != "Anna" || a.Icon != "" || !a.Blocked || !a.Kicked {
		t.Errorf("got %+v", a)
	}
	if err := s.client.Unblock(ctx, "u1"); err != nil || s.Account("u1").Blocked {
		t.Errorf("got %v", err)
	}
	if _, err := s.client.Create(ctx, "U3", "x", ""); err == nil { // an answer about u3
		t.Error("an ID that NetEase changes: no error")
	}
}

func TestRTCToken(t *testing.T) {
	t.Parallel()
	s, ctx := newSite(t, nil), t.Context()
	first, err := s.client.RTCToken(ctx, 7, "", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(50 * time.Minute)
	if again, err := s.client.RTCToken(ctx, 7, "", time.Hour); err != nil || again != first {
		t.Errorf("got %q, %v, want %q", again, err, first)
	}
	if other, err := s.client.RTCToken(ctx, 7, "room", time.Hour); err != nil || other == first {
		t.Errorf("another room: %q, %v", other, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options func(*netease.Options)
		per     int
		kind    outbound.Kind
		code    int
		retry   time.Duration
	}{
		"wrong secret":  {options: func(o *netease.Options) { o.AppSecret = "another-secret" }, kind: outbound.Misconfigured, code: 414},
		"clock is fast": {options: func(o *netease.Options) { o.Now = func() time.Time { return at.Add(6 * time.Minute) } }, kind: outbound.Misconfigured, code: 414},
		"too often":     {per: 1, kind: outbound.RateLimited, code: 416, retry: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tc.options)
			s.PerSecond = tc.per
			if tc.per > 0 {
				if _, err := s.client.Create(t.Context(), "u0", "x", ""); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.client.Create(t.Context(), "u1", "x", "")
			var f *outbound.Failure
			if !errors.As(err, &f) || f.Kind != tc.kind || f.Code != tc.code || f.RetryAfter != tc.retry || strings.Contains(err.Error(), "another-secret") {
				t.Errorf("got %v", err)
			}
		})
	}
	s := newSite(t, nil)
	if _, err := s.client.Create(t.Context(), "u1", strings.Repeat("x", 65), ""); outbound.KindOf(err) != outbound.Forbidden {
		t.Errorf("a name that is too long: %v", err)
	}
}

// What is repeated has the same trace ID, and so is done once.
func TestRepeated(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]faults.Mode{"500": faults.Refuse, "504": faults.Gateway, "reset": faults.Reset, "hangs": faults.Hang, "answer lost": faults.Lost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := newSite(t, nil), t.Context()
			for _, u := range []string{"u1", "u2"} {
				if _, err := s.client.Create(ctx, u, "x", ""); err != nil {
					t.Fatal(err)
				}
			}
			s.first.Next(mode)
			_, err := s.client.Send(ctx, &netease.Message{From: "u1", To: "u2", Body: `{"msg":"hi"}`, Trace: "trace-1"})
			if err != nil {
				t.Fatal(err)
			}
			// Once more, as after a crash of ours.
			if id, err := s.client.Send(ctx, &netease.Message{From: "u1", To: "u2", Body: `{"msg":"hi"}`, Trace: "trace-1"}); err != nil || id != "" {
				t.Errorf("again: %q, %v", id, err)
			}
			if n := len(s.Messages()); n != 1 {
				t.Errorf("%d messages", n)
			}
		})
	}
	s := newSite(t, nil)
	s.first.Next(faults.Truncate)
	if _, err := s.client.Create(t.Context(), "u1", "x", ""); err == nil {
		t.Error("truncated: no error")
	}
	s.first.Next(faults.Lost)
	if _, err := s.client.Create(t.Context(), "u9", "x", ""); !errors.Is(err, netease.ErrExists) {
		t.Errorf("made, but the answer was lost: %v", err)
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	s, ctx := newSite(t, nil), t.Context()
	for _, u := range []string{"u1", "u2", "u3"} {
		if _, err := s.client.Create(ctx, u, "x", ""); err != nil {
			t.Fatal(err)
		}
	}
	tid, err := s.client.CreateTeam(ctx, "Team", "u1", []string{"u2"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.client.AddToTeam(ctx, tid, "u1", []string{"u2", "u3"}), s.client.KickFromTeam(ctx, tid, "u1", "u2"), s.client.KickFromTeam(ctx, tid, "u1", "u2")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]fake.Team{{ID: tid, Owner: "u1", Members: []string{"u1", "u3"}}}, s.Teams()); diff != "" {
		t.Errorf("teams (-want +got)\n%s", diff)
	}
	if _, err := s.client.Send(ctx, &netease.Message{From: "u2", To: tid, Team: true, Body: `{}`}); outbound.KindOf(err) != outbound.Forbidden {
		t.Errorf("no member: %v", err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(copied)
	good := func() http.Header { return fake.Headers(appKey, secret, body, at) }
	change := func(key, value string) http.Header {
		h := good()
		h.Set(key, value)
		return h
	}
	tampered := []byte(strings.Replace(copied, "hello", "hullo", 1))
	forged := fake.Headers(appKey, "guess", tampered, at)
	forged.Set("CheckSum", good().Get("CheckSum"))
	for name, tc := range map[string]struct {
		h       http.Header
		body    []byte
		now     time.Time
		secrets []string
		ok      bool
	}{
		"good":            {good(), body, at, []string{secret}, true},
		"capitals":        {change("CheckSum", strings.ToUpper(good().Get("CheckSum"))), body, at, []string{secret}, true},
		"previous secret": {good(), body, at, []string{"new", secret}, true},
		"another secret":  {good(), body, at, []string{"new"}, false},
		"no secret":       {fake.Headers(appKey, "", body, at), body, at, []string{"", ""}, false},
		"changed body":    {good(), tampered, at, []string{secret}, false},
		"and its MD5":     {forged, tampered, at, []string{secret}, false},
		"another app":     {change("AppKey", "x"), body, at, []string{secret}, false},
		"too old":         {good(), body, at.Add(netease.Skew + time.Second), []string{secret}, false},
		"from the future": {good(), body, at.Add(-netease.Skew - time.Second), []string{secret}, false},
		"another time":    {change("CurTime", "1700000000457"), body, at, []string{secret}, false},
		"nothing":         {http.Header{}, body, at, []string{secret}, false},
	} {
		if err := netease.Verify(tc.h, tc.body, tc.now, appKey, tc.secrets...); (err == nil) != tc.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParseCopied(t *testing.T) {
	t.Parallel()
	m, err := netease.ParseCopied([]byte(copied))
	want := netease.Copied{From: "u1", To: "u2", Client: "WEB", Type: "TEXT", Body: "hello", ServerID: "9001", ClientID: "c-1", At: time.UnixMilli(1700000000123).UTC(), Supported: true}
	if err != nil || *m != want {
		t.Errorf("got %+v, %v", m, err)
	}
	numbers := strings.NewReplacer(`"eventType":"1"`, `"eventType":1`, `"msgidServer":"9001"`, `"msgidServer":9001`).Replace(copied)
	if m, err := netease.ParseCopied([]byte(numbers)); err != nil || m.ServerID != "9001" {
		t.Errorf("numbers: %+v, %v", m, err)
	}
	for _, bad := range []string{
		`{}`, `[]`, `null`, ``, `{"eventType":"2"}`, strings.Replace(copied, `"9001"`, `""`, 1), strings.Replace(copied, `"u1"`, `{}`, 1),
		strings.Replace(copied, "hello", strings.Repeat("x", 200<<10), 1),
	} {
		if _, err := netease.ParseCopied([]byte(bad)); err == nil {
			t.Errorf("%.40s: no error", bad)
		}
	}
	if !netease.Probe([]byte(" {}\n")) || netease.Probe([]byte(copied)) {
		t.Error("probe")
	}
}

func FuzzParseCopied(f *testing.F) {
	f.Add([]byte(copied))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := netease.ParseCopied(body); err == nil && (m.ServerID == "" || m.From == "") {
			t.Errorf("got %+v", m)
		}
	})
}

// What answers 5xx is out of order, whatever code it makes up: the spare host is
// asked, and if that is no better the failure passes.
func TestBrokenGateway(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"code":98765,"desc":"gateway"}`)
	}))
	defer broken.Close()
	var asked atomic.Int64
	spare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, `{"code":200}`)
	}))
	defer spare.Close()
	client := func(bases ...string) *netease.Client {
		return netease.New(netease.Options{
			AppKey: "k", AppSecret: "s", Bases: bases, Doer: outbound.NewClient(outbound.Options{}), Now: time.Now, Rand: rand.Reader, Redact: &outbound.Redactor{},
		})
	}
	if err := client(broken.URL, spare.URL).Unblock(t.Context(), "u1"); err != nil || asked.Load() != 1 {
		t.Errorf("got %v, %d", err, asked.Load())
	}
	if err := client(broken.URL).Unblock(t.Context(), "u1"); outbound.KindOf(err) != outbound.Temporary {
		t.Errorf("got %v", err)
	}
}
