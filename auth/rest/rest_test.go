package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

func ctxOf(t *testing.T) context.Context {
	return auth.WithClient(t.Context(), auth.Client{Addr: "203.0.113.9:5000", At: time.Now()})
}

func addUser(t *testing.T, st store.Users) chat.UID {
	t.Helper()
	u := chat.NewUID()
	if err := st.CreateUser(t.Context(), &store.NewUser{User: store.User{ID: u}, Me: store.Sub{Topic: u.MeName(), User: u}}); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	for _, separate := range []bool{false, true} {
		s, f, st := newScheme(t, map[string]string{}, func(o *Options) { o.SeparateEndpoints = separate })
		u := addUser(t, st)
		for rec, want := range map[string]auth.Record{
			`{"uid":"UID"}`: {User: u, Level: chat.LevelAuth},
			`{"uid":"UID","authlvl":"root","features":"v"}`:                   {User: u, Level: chat.LevelRoot, Validated: true},
			`{"uid":"UID","state":"ok","features":3,"lifetime":5}`:            {User: u, Level: chat.LevelAuth, Validated: true, NoLogin: true, Expires: someTime.Add(5 * time.Second)},
			`{"uid":"UID","State":"undef","features":"2","lifetime":"5000s"}`: {User: u, Level: chat.LevelAuth, NoLogin: true, Expires: someTime.Add(5000 * time.Second)},
			`{"uid":"UID","lifetime":1.5,"tags":["a"],"cred":"email:a@b.c"}`:  {User: u, Level: chat.LevelAuth, Expires: someTime.Add(1500 * time.Millisecond)},
		} {
			f.set("auth", `{"rec":`+strings.ReplaceAll(rec, "UID", idText(u))+`}`)
			got, err := s.Authenticate(ctxOf(t), []byte("a secret"))
			if err != nil {
				t.Errorf("%s: %v", rec, err)
				continue
			}
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", rec, diff)
			}
		}
		want := map[string]any{"endpoint": "auth", "name": "corp", "secret": "YSBzZWNyZXQ=", "addr": "203.0.113.9:5000"}
		if diff := cmp.Diff(want, f.last()); diff != "" {
			t.Errorf("asked (-want +got)\n%s", diff)
		}
	}
}

func TestAuthenticateRefused(t *testing.T) {
	t.Parallel()
	s, f, st := newScheme(t, map[string]string{}, nil)
	u := addUser(t, st)
	internal := errors.New("internal")
	for answer, want := range map[string]error{
		`{"rec":{"uid":"UID","state":"susp"}}`:            wsproto.ErrDenied,
		`{"rec":{"uid":"UID","State":20}}`:                wsproto.ErrDenied,
		`{"rec":{"uid":"` + idText(chat.NewUID()) + `"}}`: wsproto.ErrUserNotFound,
		`{"rec":{}}`:                                 wsproto.ErrUserNotFound,
		`{"rec":{},"newacc":{"auth":"JRWPA"}}`:       wsproto.ErrUserNotFound, // not allowed
		`{}`:                                         internal,
		`{"rec":{"uid":"short"}}`:                    internal,
		`{"rec":{"uid":"UID","authlvl":"king"}}`:     internal,
		`{"rec":{"uid":"UID","features":"Q"}}`:       internal,
		`{"rec":{"uid":"UID","features":"L"}}`:       internal, // for ever
		`{"rec":{"uid":"UID","lifetime":"soon"}}`:    internal,
		`{"rec":{"uid":"UID","lifetime":-1}}`:        internal,
		`[]`:                                         internal,
		`nonsense`:                                   internal,
		``:                                           internal,
		`{"err":"malformed"}`:                        auth.ErrMalformed,
		`{"err":"failed"}`:                           auth.ErrFailed,
		`{"err":"expired"}`:                          auth.ErrExpired,
		`{"err":"duplicate value"}`:                  store.ErrDuplicate,
		`{"err":"unsupported"}`:                      auth.ErrUnsupported,
		`{"err":"policy"}`:                           auth.ErrPolicy,
		`{"err":"credentials"}`:                      wsproto.ValidateCreds,
		`{"err":"user not found"}`:                   wsproto.ErrUserNotFound,
		`{"err":"topic not found"}`:                  wsproto.ErrTopicNotFound,
		`{"err":"not found"}`:                        wsproto.ErrNotFound,
		`{"err":"denied"}`:                           wsproto.ErrDenied,
		`{"err":"invalid response"}`:                 wsproto.ErrResponse,
		`{"err":"redirected"}`:                       wsproto.UseOther,
		`{"err":"internal"}`:                         internal,
		`{"err":"no such word","rec":{"uid":"UID"}}`: internal,
		`{"rec":{"uid":"UID"},"x":"` + strings.Repeat("x", maxResponse) + `"}`: internal,
	} {
		f.set("auth", strings.ReplaceAll(answer, "UID", idText(u)))
		rec, err := s.Authenticate(ctxOf(t), []byte("a secret"))
		if want == internal {
			var we *wsproto.Error
			if err == nil || errors.As(err, &we) || errors.Is(err, auth.ErrFailed) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%.60s: %v, %v", answer, rec, err)
			}
			continue
		}
		if !errors.Is(err, want) {
			t.Errorf("%.60s: %v, want %v", answer, err, want)
		}
	}
	if _, err := s.Authenticate(ctxOf(t), nil); !errors.Is(err, auth.ErrMalformed) {
		t.Errorf("nothing: %v", err)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	s, _, _ := newScheme(t, map[string]string{"auth": `{"byteval":"c2FsdA=="}`}, nil)
	rec, err := s.Authenticate(ctxOf(t), []byte("x"))
	if err != nil || rec.Challenge != "salt" || rec.User != 0 {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestNewcomer(t *testing.T) {
	t.Parallel()
	s, f, _ := newScheme(t, map[string]string{
		"auth": `{"rec":{"authlvl":"auth","tags":["corp:ann"],"state":"susp"},"newacc":{"auth":"JRWPA","anon":"N","public":{"fn":"Ann"},"trusted":null,"private":"x"}}`,
	}, func(o *Options) { o.NewAccounts = true })
	rec, err := s.Authenticate(ctxOf(t), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	want := &auth.Newcomer{
		AccessAuth: "JRWPA", AccessAnon: "N", Public: []byte(`{"fn":"Ann"}`), Private: []byte(`"x"`),
		Tags: []string{"corp:ann"}, Suspended: true,
	}
	if diff := cmp.Diff(want, rec.New); diff != "" || rec.User != 0 {
		t.Errorf("(-want +got)\n%s", diff)
	}
	rec.User = 7
	if err := s.Link(ctxOf(t), rec, []byte("x")); err != nil {
		t.Error(err)
	}
	wantAsked := map[string]any{"endpoint": "link", "name": "corp", "secret": "eA==", "rec": map[string]any{
		"uid": idText(7), "authlvl": "auth", "State": "susp", "tags": []any{"corp:ann"},
	}}
	if diff := cmp.Diff(wantAsked, f.last()); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	f.set("link", `{"err":"duplicate value"}`)
	if err := s.Link(ctxOf(t), rec, []byte("x")); !errors.Is(err, store.ErrDuplicate) {
		t.Error(err)
	}
	for _, answer := range []string{`{"rec":{}}`, `{"rec":{},"newacc":null}`} {
		f.set("auth", answer)
		if _, err := s.Authenticate(ctxOf(t), []byte("x")); !errors.Is(err, wsproto.ErrUserNotFound) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	s, f, _ := newScheme(t, map[string]string{
		"checkunique": `{"boolval":true}`, "add": `{"rec":{"authlvl":"root","tags":["Corp:ann","zz"]}}`,
		"gen": `{"byteval":"eHl6","ts":"2026-05-01T13:00:00.5Z"}`,
	}, nil)
	ctx, secret := ctxOf(t), []byte("x")
	if err := s.CheckNew(ctx, secret); err != nil {
		t.Error(err)
	}
	f.set("checkunique", `{"boolval":false}`)
	if err := s.CheckNew(ctx, secret); !errors.Is(err, store.ErrDuplicate) {
		t.Error(err)
	}
	d := &auth.Draft{User: 7, Level: chat.LevelAuth, Tags: []string{"zz"}}
	if err := s.Create(ctx, d, secret); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&auth.Draft{User: 7, Level: chat.LevelRoot, Tags: []string{"corp:ann", "zz"}}, d); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := map[string]any{"uid": idText(7), "authlvl": "auth", "State": "ok", "tags": []any{"zz"}}
	if diff := cmp.Diff(want, f.last()["rec"]); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	f.set("add", `{}`)
	d = &auth.Draft{User: 7, Level: chat.LevelAuth, Tags: []string{"zz"}}
	if err := s.Create(ctx, d, secret); err != nil || d.Level != chat.LevelAuth || len(d.Tags) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.Change(ctx, 7, secret); err != nil {
		t.Error(err)
	}
	f.set("upd", `{"err":"unsupported"}`)
	if _, err := s.Change(ctx, 7, secret); !errors.Is(err, auth.ErrUnsupported) {
		t.Error(err)
	}
	if err := s.Delete(ctx, 7); err != nil {
		t.Error(err)
	}
	f.set("del", `{"err":"unsupported"}`)
	if err := s.Delete(ctx, 7); !errors.Is(err, auth.ErrUnsupported) {
		t.Error(err)
	}
	made, expires, err := s.Generate(ctx, &auth.Record{User: 7, Level: chat.LevelAuth, NoLogin: true, Expires: someTime.Add(90 * time.Second)})
	if err != nil || string(made) != "xyz" || !expires.Equal(someTime.Add(time.Hour+500*time.Millisecond)) {
		t.Errorf("%q, %v, %v", made, expires, err)
	}
	want = map[string]any{"uid": idText(7), "authlvl": "auth", "features": "L", "lifetime": "90s"}
	if diff := cmp.Diff(want, f.last()["rec"]); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][2]string{ // what 4711 and ann are searched as
		`{}`:                          {"", ""},
		`{"strarr":["Staff","corp"]}`: {"staff:4711", "staff:ann"},
		`{"strarr":["staff"],"byteval":"XlxkKyQ="}`: {"staff:4711", ""}, // ^\d+$
		`{"byteval":"XlxkKyQ="}`:                    {"", ""},
	} {
		s, _, _ := newScheme(t, map[string]string{"rtagns": answer}, nil)
		if got := [2]string{s.TagFor("4711"), s.TagFor("ann")}; got != want {
			t.Errorf("%s: %q", answer, got)
		}
	}
	for _, answer := range []string{`{"strarr":["a:b"]}`, `{"strarr":[""]}`, `{"strarr":["x y"]}`, `{"byteval":"Kg=="}`, `{"err":"internal"}`, `x`} {
		_, srv := newFake(t, map[string]string{"rtagns": answer})
		if _, err := New(t.Context(), nil, Options{Name: "corp", ServerURL: srv.URL + "/authority/"}); err == nil {
			t.Errorf("%s: started", answer)
		}
	}
	if _, err := New(t.Context(), nil, Options{Name: "corp", ServerURL: "http://user:hunter2@127.0.0.1:1/"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("nobody there: %v", err)
	}
}

// A service that does not answer, or sends the secret elsewhere.
func TestTransport(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the secret went elsewhere") }))
	defer elsewhere.Close()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/rtagns":
			_, _ = w.Write([]byte("{}"))
		case "/auth":
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		case "/upd":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("{}"))
		case "/del":
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte(`{"err":`))
			w.(http.Flusher).Flush()
			<-release
		default:
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	s, err := New(t.Context(), nil, Options{Name: "corp", ServerURL: srv.URL, SeparateEndpoints: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := ctxOf(t)
	if _, err := s.Authenticate(ctx, []byte("x")); err == nil || !strings.Contains(err.Error(), "307") {
		t.Error(err)
	}
	if _, err := s.Change(ctx, 7, []byte("x")); err == nil || !strings.Contains(err.Error(), "403") {
		t.Error(err)
	}
	// The time counts from when the client asked, whatever was done since.
	late := auth.WithClient(t.Context(), auth.Client{At: time.Now().Add(-timeLimit + 50*time.Millisecond)})
	start := time.Now()
	if err := s.CheckNew(late, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent: %v", err)
	}
	late = auth.WithClient(t.Context(), auth.Client{At: time.Now().Add(-timeLimit + 50*time.Millisecond)})
	if err := s.Delete(late, 7); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent in the middle: %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		`{"rec":{"uid":"abc","features":"VL","lifetime":"5s","state":30}}`, `{"rec":{"features":7,"lifetime":1e300}}`, `{"ts":1}`, `{"newacc":{}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &Scheme{newOnes: true, now: time.Now, users: mem.New()}
		s.client = &http.Client{Transport: roundTrip(func(*http.Request) string { return text })}
		rec, err := s.Authenticate(t.Context(), []byte("x"))
		if err == nil && rec.User == 0 && rec.New == nil && rec.Challenge == "" {
			t.Errorf("nobody: %+v", rec)
		}
	})
}
