package server

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/store/mem"
)

// webGet asks for a path of a server with this configuration.
func webGet(t *testing.T, conf string) func(path string, header ...string) (*http.Response, string) {
	t.Helper()
	h := newHarness(t, testConfig(t, conf), mem.New())
	base := "http" + strings.TrimPrefix(h.socket(t, quiet).URL, "ws")
	base = base[:strings.Index(base[len("http://"):], "/")+len("http://")]
	return func(path string, header ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp, string(text)
	}
}

// TestWebClient: the page, and everything that it names, is there; browsers
// always ask and get it once; what is not there is told as a {ctrl}.
func TestWebClient(t *testing.T) {
	t.Parallel()
	get := webGet(t, `{"cache_control": 60}`)
	resp, page := get("/")
	if resp.StatusCode != http.StatusOK || !strings.Contains(page, `<div id="app">`) {
		t.Fatalf("/: %d %s", resp.StatusCode, page)
	}
	named := regexp.MustCompile(`(?:src|href)="\./([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(named) < 2 {
		t.Fatalf("the page names no scripts: %s", page)
	}
	for _, m := range named {
		resp, text := get("/" + m[1])
		if resp.StatusCode != http.StatusOK || text == "" {
			t.Errorf("%s: %d", m[1], resp.StatusCode)
		}
		if got := resp.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %q: a new version would not be seen", m[1], got)
		}
		again, text := get("/"+m[1], "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || text != "" {
			t.Errorf("%s, asked again: %d, %d bytes", m[1], again.StatusCode, len(text))
		}
	}
	if resp, text := get("/nosuch.js"); resp.StatusCode != http.StatusNotFound || !strings.HasPrefix(text, `{"ctrl":{"code":404,"text":"Not Found","ts":"`) {
		t.Errorf("/nosuch.js: %d %s", resp.StatusCode, text)
	}
}

// TestWebPolicy: no script but files of ours, and no other host.
func TestWebPolicy(t *testing.T) {
	t.Parallel()
	get := webGet(t, `{}`)
	resp, page := get("/")
	policy := make(map[string][]string)
	for part := range strings.SplitSeq(resp.Header.Get("Content-Security-Policy"), ";") {
		words := strings.Fields(part)
		policy[words[0]] = words[1:]
	}
	host := resp.Request.Host
	for directive, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "base-uri": "'none'",
		"connect-src": "'self' ws://" + host + " wss://" + host,
	} {
		if got := strings.Join(policy[directive], " "); got != want {
			t.Errorf("%s %q, want %q", directive, got, want)
		}
	}
	for _, words := range policy {
		for _, w := range words {
			if strings.Contains(w, "unsafe") || strings.Contains(w, "*") {
				t.Errorf("the policy allows %s", w)
			}
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style|\bon[a-z]+=|style="`).MatchString(page) {
		t.Errorf("the page has something inline: %s", page)
	}
	if got := resp.Header.Get("X-Content-Type-Options") + resp.Header.Get("X-Frame-Options"); got != "nosniffSAMEORIGIN" {
		t.Errorf("headers: %q", got)
	}
}

// TestClientFacts: what the page is told, beside it and below api_path.
func TestClientFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		conf, page, api string
		check           func(t *testing.T, f clientFacts)
	}{
		"defaults": {`{}`, "/client.json", "/v0/client", func(t *testing.T, f clientFacts) {
			if f.Registration != "open" || len(f.Reset)+len(f.Providers) != 0 || len(f.Required) != 1 || f.MinLogin != 4 || f.MinPassword != 6 || f.API != "/" {
				t.Errorf("%+v", f)
			}
		}},
		"elsewhere": {`{"api_path": "/chat/", "static_mount": "/web/", "registration": {"mode": "invite"}}`, "/web/client.json", "/chat/v0/client", func(t *testing.T, f clientFacts) {
			if f.Registration != "invite" || f.API != "/chat/" {
				t.Errorf("%+v", f)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get := webGet(t, c.conf)
			_, beside := get(c.page)
			resp, below := get(c.api)
			if beside != below {
				t.Errorf("%s and %s differ:\n%s\n%s", c.page, c.api, beside, below)
			}
			if resp.Header.Get("ETag") == "" || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers %v", resp.Header)
			}
			var f clientFacts
			if err := json.Unmarshal([]byte(below), &f); err != nil {
				t.Fatal(err)
			}
			if !validAPIKey(testConfig(t, c.conf).APIKeySalt, f.APIKey) {
				t.Errorf("the key %q would be refused", f.APIKey)
			}
			if strings.Contains(below, "null") {
				t.Errorf("lists must not be null: %s", below)
			}
			c.check(t, f)
		})
	}
}

// TestOtherClient: static_data takes the place of the built-in client, with the
// configured time in caches and without its policy.
func TestOtherClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("another one"), 0o600); err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(dir)
	get := webGet(t, `{"cache_control": 60, "static_data": `+string(quoted)+`}`)
	resp, text := get("/")
	if text != "another one" || resp.Header.Get("Cache-Control") != "must-revalidate, public, max-age=60" || resp.Header.Get("Content-Security-Policy") != "" {
		t.Errorf("%s %v", text, resp.Header)
	}
	if resp, _ := get("/client.json"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("client.json: %d", resp.StatusCode)
	}
	if _, text := get("/nosuch"); !strings.HasPrefix(text, `{"ctrl":{"code":404,`) {
		t.Errorf("/nosuch: %s", text)
	}
}
