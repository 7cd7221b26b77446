package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tailscale/hujson"

	"parley/internal/chat"
)

const shipped = "../../tinode.conf"

func noEnv(string) string { return "" }

func mustLoad(t *testing.T, path string) (*Config, []string) {
	t.Helper()
	c, warnings, err := Load(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, w := range warnings {
		paths = append(paths, w.Path)
		if w.Line == 0 {
			t.Errorf("no line: %s", w)
		}
	}
	return c, paths
}

// The file that we ship changes nothing.
func TestShippedFile(t *testing.T) {
	t.Parallel()
	c, warned := mustLoad(t, shipped)
	if diff := cmp.Diff(Default(), c); diff != "" {
		t.Errorf("not the defaults (-default +file)\n%s", diff)
	}
	if len(warned) > 0 {
		t.Errorf("warns about %v", warned)
	}
}

// The file that we ship has every option that works, and no other.
func TestShippedFileIsComplete(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	root, err := hujson.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{src: src, getenv: noEnv, seen: make(map[string]int)}
	d.object(&root, "", reflect.ValueOf(Default()).Elem())

	works := func(path string) bool {
		for _, f := range laterFeatures() {
			if path == f.path || strings.HasPrefix(path, f.path+".") {
				return false
			}
		}
		return true
	}
	for _, path := range allPaths(reflect.TypeFor[Config](), "") {
		_, there := d.seen[path]
		if key, ok := strings.CutPrefix(path, "webrtc.ice_servers."); ok { // none by default: a comment shows an entry
			there = strings.Contains(string(src), `"`+key+`": `)
		}
		if key, ok := strings.CutPrefix(path, "auth_config.oidc."); ok { // likewise
			there = strings.Contains(string(src), `"`+key+`": `)
		}
		if there != works(path) {
			t.Errorf("%s: in tinode.conf %t, works %t", path, there, works(path))
		}
	}
}

func TestStockFile(t *testing.T) {
	t.Parallel()
	got, warned := mustLoad(t, "testdata/stock.conf")
	wantWarned := []string{
		"ws_compression_disabled", "grpc_listen", "expvar",
		"auth_config.token.key", "store_config.uid_key", "store_config.adapters",
		"acc_validation.email", "cluster_config",
	}
	if diff := cmp.Diff(wantWarned, warned); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
	if got.MaxSubscribers != 128 || got.DefaultCountry != "US" || got.Store.Adapter != "" || !got.UseXForwardedFor {
		t.Errorf("got %+v", got)
	}
	if got.Media.Handlers.S3.PresignTTL != time.Hour || got.Push.FCM.Android.Msg.TitleLocKey != "new_message" {
		t.Errorf("got %+v %+v", got.Media, got.Push)
	}
	if len(got.WebRTC.ICEServers) != 2 || got.Validation.Email.Config.SMTPPort != 25 {
		t.Errorf("got %+v %+v", got.WebRTC, got.Validation)
	}
}

func TestRecordingsFile(t *testing.T) {
	t.Parallel()
	got, warned := mustLoad(t, "testdata/recordings.conf")
	wantWarned := []string{
		"auth_config.token.key", "store_config.uid_key",
		"store_config.adapters", "acc_validation.email",
	}
	if diff := cmp.Diff(wantWarned, warned); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
	if got.MaxSubscribers != 8 || got.Media.MaxUploadBytes != 8388608 || got.WebRTC.CallTimeout != 3*time.Second {
		t.Errorf("got %+v", got)
	}
	want := map[chat.Level][]string{chat.LevelAuth: {"email"}}
	if diff := cmp.Diff(want, got.RequiredCreds()); diff != "" {
		t.Errorf("required (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"email"}, got.Validators()); diff != "" {
		t.Errorf("active (-want +got)\n%s", diff)
	}
}

func TestCreds(t *testing.T) {
	t.Parallel()
	both := []chat.Level{chat.LevelAuth, chat.LevelAnon}
	for name, tc := range map[string]struct {
		change    func(*Validation)
		active    []string
		required  map[chat.Level][]string
		immutable []string
	}{
		"default": {func(*Validation) {}, nil, nil, []string{"basic", "email", "tel"}},
		"required without a way": {
			func(v *Validation) { v.Email.Required, v.Email.AddToTags = both, false },
			nil, nil,
			[]string{"basic", "tel"},
		},
		"required, a mail server": {
			func(v *Validation) { v.Email.Required, v.Email.Config.SMTPServer = both, "x" },
			[]string{"email"},
			map[chat.Level][]string{chat.LevelAuth: {"email"}, chat.LevelAnon: {"email"}},
			[]string{"basic", "email", "tel"},
		},
		"a mail server, not required": {
			func(v *Validation) { v.Email.Config.SMTPServer = "x" },
			[]string{"email"},
			nil,
			[]string{"basic", "email", "tel"},
		},
		"senders of text messages": {
			func(v *Validation) { v.Tel.Config.HTTP.URL = "http://x" },
			[]string{"tel"},
			nil,
			[]string{"basic", "email", "tel"},
		},
		"required, a debug code": {
			func(v *Validation) { v.Email.Required, v.Email.Config.DebugResponse = both, "1" },
			[]string{"email"},
			map[chat.Level][]string{chat.LevelAuth: {"email"}, chat.LevelAnon: {"email"}},
			[]string{"basic", "email", "tel"},
		},
		"a debug code, not required": {
			func(v *Validation) { v.Tel.Config.DebugResponse = "1" },
			nil, nil,
			[]string{"basic", "email", "tel"},
		},
		"both methods, one level twice": {
			func(v *Validation) {
				v.Email.Required, v.Email.Config.DebugResponse = []chat.Level{chat.LevelAuth, chat.LevelAuth}, "1"
				v.Tel.Required, v.Tel.Config.DebugResponse = []chat.Level{chat.LevelAuth}, "1"
			},
			[]string{"email", "tel"},
			map[chat.Level][]string{chat.LevelAuth: {"email", "tel"}},
			[]string{"basic", "email", "tel"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Default()
			tc.change(&c.Validation)
			if diff := cmp.Diff(tc.active, c.Validators()); diff != "" {
				t.Errorf("active (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tc.required, c.RequiredCreds()); diff != "" {
				t.Errorf("required (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tc.immutable, c.ImmutableTags()); diff != "" {
				t.Errorf("immutable (-want +got)\n%s", diff)
			}
		})
	}
}

// A Config can be printed without showing a secret.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Validation.Email.Config.SenderPassword = "hunter2"
	c.Auth.Token.Keys = []Key{Key("hunter2")}
	c.WebRTC.ICEServers = []ICEServer{{Credential: "hunter2"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if s := fmt.Sprintf(verb, *c); strings.Contains(s, "hunter2") || strings.Contains(s, "68756e74657232") || strings.Contains(s, "104, 117") {
			t.Errorf("%s shows a secret", verb)
		}
	}
	text, err := c.Validation.Email.Config.SenderPassword.MarshalText()
	if err != nil || string(text) != hidden {
		t.Errorf("got %q, %v", text, err)
	}
	if s := Secret("").String(); s != "" {
		t.Errorf("the empty secret is %q", s)
	}
}
