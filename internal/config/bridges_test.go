package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/chat"
)

func TestBridges(t *testing.T) {
	t.Parallel()
	a, b := chat.UID(1).String(), chat.UID(2).String()
	for name, tc := range map[string]struct{ text, want string }{
		"off":                {`{}`, ""},
		"all of rongcloud":   {`{"rongcloud":{"enabled":true,"app_key":"k","app_secret":"s","region":"SG","hosts":["a.example.com","https://b.example.com/"],"token_ttl":"24h","relay":["grpAAAAAAAAAAA","` + a + ` ` + b + `"]}}`, ""},
		"all of netease":     {`{"netease":{"enabled":true,"app_key":"k","app_secret":"s","im":"static","rtc":"call","ttl":600,"v1_base":["http://127.0.0.1:1/nimserver"]}}`, ""},
		"no secret":          {`{"rongcloud":{"enabled":true,"app_key":"k"}}`, "bridges.rongcloud.app_secret: required when"},
		"unset variable":     {`{"netease":{"enabled":true,"app_key":"k","app_secret":"env:NOT_SET"}}`, "NOT_SET is not set"},
		"unknown key":        {`{"rongcloud":{"secret":"x"}}`, "bridges.rongcloud.secret: unknown key"},
		"unknown bridge":     {`{"rongclout":{}}`, "did you mean rongcloud?"},
		"region":             {`{"rongcloud":{"region":"mars"}}`, "bridges.rongcloud.region: must be one of bj"},
		"not encrypted":      {`{"rongcloud":{"hosts":["http://api.example.com"]}}`, "bridges.rongcloud.hosts[0]: must be https"},
		"no host":            {`{"netease":{"v1_base":["https://"]}}`, "bridges.netease.v1_base[0]: must be the name of a host"},
		"app key":            {`{"rongcloud":{"app_key":"a b"}}`, "bridges.rongcloud.app_key: has letters and digits only"},
		"app key of netease": {`{"netease":{"app_key":"k\u00e9"}}`, "bridges.netease.app_key: has letters and digits only"},
		"host with a path":   {`{"rongcloud":{"hosts":["https://api.example.com/x"]}}`, "bridges.rongcloud.hosts[0]: must have no path"},
		"host with a user":   {`{"rongcloud":{"hosts":["https://a:b@api.example.com"]}}`, "bridges.rongcloud.hosts[0]: must have no user"},
		"base without path":  {`{"netease":{"v1_base":["https://api.example.com"]}}`, "bridges.netease.v1_base[0]: must have the path"},
		"wildcard":           {`{"wechat":{"apps":[{"kind":"oa","app_id":"x","app_secret":"s","js_domains":["*.example.com"]}]}}`, "js_domains[0]: must be the name of one host"},
		"placeholder":        {`{"wechat":{"apps":[{"kind":"oa","app_id":"x","app_secret":"s"}],"push":{"template":{"template_id":"T","fields":{"thing1":"{from} {form}"}}}}}`, "thing1 has the unknown placeholder {form}"},
		"too long":           {`{"netease":{"ttl":"24h"}}`, "bridges.netease.ttl: must be at least 1m and less than 24h"},
		"budget":             {`{"login_budget_ms":20000}`, "bridges.login_budget_ms: must be between 0 and 10000"},
		"cache key":          {`{"cache_key":"AAAA"}`, "bridges.cache_key: must be 32 bytes"},
		"relay of a user":    {`{"rongcloud":{"relay":["` + a + `"]}}`, "bridges.rongcloud.relay[0]: must be a group"},
		"relay twice":        {`{"rongcloud":{"relay":["` + a + ` ` + b + `","` + b + `  ` + a + `"]}}`, "bridges.rongcloud.relay[1]: the same conversation twice"},
		"nothing to give":    {`{"netease":{"enabled":true,"app_key":"k","app_secret":"s","im":"off","rtc":"off"}}`, "there is nothing to give"},
		"relay without im":   {`{"netease":{"enabled":true,"app_key":"k","app_secret":"s","im":"off","relay":["grpAAAAAAAAAAA"]}}`, "needs im"},
		"wechat incomplete":  {`{"wechat":{"enabled":true,"apps":[{"kind":"oa","app_id":"x"}]}}`, "bridges.wechat.apps[0].app_secret: required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parse("x.conf", []byte(`{"bridges":`+tc.text+`}`), noEnv)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestBridgesSettled(t *testing.T) {
	t.Parallel()
	c, _, err := parse("x.conf", []byte(`{"bridges":{"login_budget_ms":250,"rongcloud":{"hosts":["a.example.com","https://b.example.com/"],"region":"SG"}}}`), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	r := &c.Bridges.RongCloud
	if c.Bridges.LoginBudget != 250*time.Millisecond || r.Hosts[0] != "https://a.example.com" || r.Hosts[1] != "https://b.example.com" || r.Region != "sg" {
		t.Errorf("got %+v", c.Bridges)
	}
}

// Editors on Windows put marks before secrets.
func TestSecretFileMarks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"utf8": "\xef\xbb\xbfs3cret\r\n", "utf16": "\xff\xfes\x003\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := parse(filepath.Join(dir, "x.conf"), []byte(`{"bridges":{"rongcloud":{"app_secret":"file:utf8"}}}`), noEnv)
	if err != nil || c.Bridges.RongCloud.AppSecret != "s3cret" {
		t.Errorf("got %v", err)
	}
	if _, _, err := parse(filepath.Join(dir, "x.conf"), []byte(`{"bridges":{"rongcloud":{"app_secret":"file:utf16"}}}`), noEnv); err == nil || !strings.Contains(err.Error(), "is UTF-16") {
		t.Errorf("got %v", err)
	}
}
