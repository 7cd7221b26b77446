package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestICEServersFile: the list of servers may be in a file beside the
// configuration. Faults say where in which file they are.
func TestICEServersFile(t *testing.T) {
	t.Parallel()
	const at = "tinode.conf:1:29: webrtc.ice_servers_file: "
	for name, tc := range map[string]struct {
		file string // its content; "-": there is none
		want string
	}{
		"good": {
			"\xef\xbb\xbf// comments, too\n[{\"urls\": [\"stun:a\", \"stun:b\"]}, {\"urls\": [\"turn:c\"], \"username\": \"u\", \"credential\": \"env:CRED\"},]", "",
		},
		"missing":      {"-", at + "the file ice.json cannot be read: no such file or directory"},
		"no servers":   {"[]", at + "the file ice.json has no servers"},
		"null":         {"null", at + "the file ice.json has no servers"},
		"malformed":    {"[{\n\"urls\" [\"stun:a\"]}]", "ice.json:2:8: invalid character '[' after object name"},
		"not a list":   {`{"urls": ["stun:a"]}`, "ice.json:1:1: expected a list […], got an object"},
		"unknown key":  {"[{\"urls\": [\"stun:a\"],\n\"url\": \"\"}]", "ice.json:2:1: [0].url: unknown key; did you mean urls?"},
		"wrong type":   {`[{"urls": "stun:a"}]`, "ice.json:1:11: [0].urls: expected a list […], got a text"},
		"without urls": {`[{"urls": ["stun:a"]}, {"username": "hunter2"}]`, "ice.json: [1].urls: must not be empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			conf := filepath.Join(dir, "tinode.conf")
			write(t, conf, `{"webrtc":{"enabled":true,  "ice_servers_file":"ice.json"}}`)
			if tc.file != "-" {
				write(t, filepath.Join(dir, "ice.json"), tc.file)
			}
			c, _, err := Load(conf, func(string) string { return "hunter2" })
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), dir+"/", "")
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("shows a value")
			}
			if c == nil {
				return
			}
			want := []ICEServer{{URLs: []string{"stun:a", "stun:b"}}, {URLs: []string{"turn:c"}, Username: "u", Credential: "hunter2"}}
			if diff := cmp.Diff(want, c.WebRTC.ICEServers); diff != "" || !c.WebRTC.On() {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestICEServersFileNotNeeded: it is not looked for where there are no calls, or
// servers in the configuration.
func TestICEServersFileNotNeeded(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`{"webrtc": {"ice_servers_file": "none"}}`,
		`{"webrtc": {"enabled": true, "ice_servers_file": "none", "ice_servers": [{"urls": ["stun:a"]}]}}`,
	} {
		if _, _, err := load(t, src, nil); err != "" {
			t.Errorf("%s: %s", src, err)
		}
	}
}

func TestTURNSecret(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ servers, warning string }{
		"a TURN server": {`{"urls": ["stun:a", "turn:a"]}`, ""},
		"with TLS":      {`{"urls": ["turns:a"]}`, ""},
		"none": {
			`{"urls": ["stun:turn:a"]}, {"urls": ["turn:b"], "username": "u", "credential": "c"}`,
			"tinode.conf:1:62: webrtc.turn_secret: not used: none of the ice_servers has a turn: or turns: URL and no username and credential of its own",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, warned, err := load(t, `{"webrtc": {"enabled": true, "call_establishment_timeout": 0,"turn_secret": "file:pass.txt", "ice_servers": [`+tc.servers+`]}}`, nil)
			if err != "" {
				t.Fatal(err)
			}
			if got := strings.Join(warned, "\n"); got != tc.warning {
				t.Errorf("warnings %q, want %q", got, tc.warning)
			}
			if w := c.WebRTC; w.TURNSecret != "hunter2" || w.TURNTTL != 7*24*time.Hour || w.CallTimeout != 30*time.Second {
				t.Errorf("got %+v", w)
			}
		})
	}
}
