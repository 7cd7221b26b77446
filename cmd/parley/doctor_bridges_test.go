package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fakenetease "parley/internal/fake/netease"
	fakerong "parley/internal/fake/rongcloud"
	fakewechat "parley/internal/fake/wechat"
)

// The doctor calls vendors only if asked to, and finds out what is wrong.
func TestDoctorBridges(t *testing.T) {
	t.Parallel()
	const key, secret = "0123456789abcdef0123456789abcdef", "SENTINEL-secret"
	we := fakewechat.New(time.Now, fakewechat.App{ID: "wxoa", Secret: secret, Kind: "oa"})
	defer we.Close()
	rong := &fakerong.Service{AppKey: key, Secret: secret, Now: time.Now}
	ne := &fakenetease.Service{AppKey: key, Secret: secret, Now: time.Now}
	a, b := httptest.NewServer(rong.Host()), httptest.NewServer(ne.Host())
	defer a.Close()
	defer b.Close()
	dir := t.TempDir()
	look := func(name, secret string, args ...string) string {
		t.Helper()
		text := fmt.Sprintf(`{"listen":"127.0.0.1:0","bridges":{"rongcloud":{"enabled":true,"app_key":%q,"app_secret":%q,"hosts":[%q],"relay":["grpAAAAAAAAAAA"]},
			"netease":{"enabled":true,"app_key":%q,"app_secret":%q,"v1_base":[%q]},
			"wechat":{"enabled":true,"api_base":%q,"apps":[{"kind":"oa","app_id":"wxoa","app_secret":%q,"js_domains":["chat.example.com"]},{"kind":"web","app_id":"wxweb","app_secret":%q}],
				"voice":{"command":["no-such-program-here"],"type":"audio/mpeg"}}}}`, key, secret, a.URL, key, secret, b.URL+fakenetease.Path, we.URL, secret, secret)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, stderr, _ := finish(t, dir, "", append([]string{"doctor", "--config", name}, args...)...)
		if strings.Contains(out+stderr, secret) {
			t.Errorf("the secret is visible: %s%s", out, stderr)
		}
		return out
	}
	out := look("good.conf", secret)
	if len(rong.Order())+len(ne.Order()) != 0 || !strings.Contains(out, "1 conversations are carried there; not called") {
		t.Errorf("not asked to: %s", out)
	}
	if we.Calls("/cgi-bin/stable_token") != 0 || !strings.Contains(out, "voice.command: ") || !strings.Contains(out, "no-such-program-here") {
		t.Errorf("wechat: %s", out)
	}
	out = look("good.conf", secret, "--ask")
	if !strings.Contains(out, "oa app wxoa: answers, token and ticket") || !strings.Contains(out, "web app wxweb: can be tried") {
		t.Errorf("wechat: %s", out)
	}
	if strings.Count(out, ", answers") != 2 || len(rong.Order()) != 1 || len(ne.Order()) != 1 {
		t.Errorf("asked: %s", out)
	}
	out = look("bad.conf", "SENTINEL-other", "--ask")
	if strings.Count(out, "compare app key, secret and data centre") != 2 || !strings.Contains(out, "compare AppID and AppSecret") {
		t.Errorf("wrong secret: %s", out)
	}
	start(t, dir).stop(t) // makes a store
	if out = look("good.conf", secret); !strings.Contains(out, "not here: grpAAAAAAAAAAA") {
		t.Errorf("relay: %s", out)
	}
}
