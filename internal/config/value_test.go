package config

import (
	"encoding/base64"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/chat"
	"parley/internal/limit"
)

func TestValues(t *testing.T) {
	t.Parallel()
	zeros := base64.StdEncoding.EncodeToString(make([]byte, 32))
	ones := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("1", 40)))
	env := map[string]string{"N": " 7\n", "YES": "true", "KEY": zeros, "ADDR": ":7000", "SECS": "90", "TAG": "work"}
	for name, tc := range map[string]struct {
		src    string
		change func(*Config) // of Default
	}{
		"an empty file":        {`{}`, func(*Config) {}},
		"null is not given":    {`{"listen": null, "tls": null, "max_tag_count": null}`, func(*Config) {}},
		"a byte order mark":    {"\xef\xbb\xbf{}", func(*Config) {}},
		"a comment at the end": {"{} // the end", func(*Config) {}},
		"the case of keys":     {`{"LISTEN": ":1", "Tls": {"CERT_file": "/c"}}`, func(c *Config) { c.Listen, c.TLS.CertFile = ":1", "/c" }},
		"our own keys":         {`{"data": "/srv/p", "log_level": "DEBUG", "static_data": "web"}`, func(c *Config) { c.Data, c.LogLevel, c.StaticData = "/srv/p", slog.LevelDebug, "web" }},
		"limits": {`{"limits": {"max_pending_requests": 1, "outbox_bytes": 262144, "max_sessions": 9}}`, func(c *Config) {
			c.Limits.MaxPendingRequests, c.Limits.OutboxBytes, c.Limits.MaxSessions = 1, 262144, 9
		}},
		"rates": {`{"limits": {"requests_per_user": "5/min", "searches_per_user": "off", "exempt": ["192.0.2.7", "fe80::/10"]}}`, func(c *Config) {
			c.Limits.UserRequests, c.Limits.UserSearches = limit.Rate{Every: 12 * time.Second, Burst: 5}, limit.Rate{}
			c.Limits.Exempt = []string{"192.0.2.7", "fe80::/10"}
		}},
		"outbox follows message": {`{"max_message_size": 4194304}`, func(c *Config) { c.MaxMessageBytes, c.Limits.OutboxBytes = 4194304, 8388608 }},
		"units":                  {`{"cache_control": 5, "acc_gc_config": {"gc_min_account_age": 2}}`, func(c *Config) { c.CacheControl, c.AccountGC.MinAccountAge = 5*time.Second, 2*time.Hour }},
		"durations as text":      {`{"cache_control": "2m", "msg_delete_age": "env:SECS"}`, func(c *Config) { c.CacheControl, c.MessageDeleteAge = 2*time.Minute, 90*time.Second }},
		"a number as text":       {`{"acc_validation": {"email": {"config": {"smtp_port": "587"}}}}`, func(c *Config) { c.Validation.Email.Config.SMTPPort = 587 }},
		"the same as a number":   {`{"acc_validation": {"email": {"config": {"smtp_port": 587}}}}`, func(c *Config) { c.Validation.Email.Config.SMTPPort = 587 }},
		"paths get slashes":      {`{"api_path": "chat", "static_mount": ""}`, func(c *Config) { c.APIPath = "/chat/" }},
		"zeros are defaults": {
			`{"max_message_size": 0, "max_subscriber_count": 1, "max_tag_count": 0, "api_key_salt": "", "data": "", "store_config": {"max_results": -1}, "default_country_code": ""}`,
			func(c *Config) { c.MaxMessageBytes, c.MaxSubscribers = 524288, 256 },
		},
		"no listen":              {`{"listen": ""}`, func(c *Config) { c.Listen = ":80" }},
		"no listen with TLS":     {`{"listen": "", "tls": {"enabled": true, "cert_file": "/c", "key_file": "/k"}}`, func(c *Config) { c.Listen, c.TLS.Enabled, c.TLS.CertFile, c.TLS.KeyFile = ":443", true, "/c", "/k" }},
		"one token key":          {`{"auth_config": {"token": {"key": "` + zeros + `"}}}`, func(c *Config) { c.Auth.Token.Keys = []Key{make([]byte, 32)} }},
		"TLS, absolute":          {`{"tls": {"autocert": {"cache": "/a", "directory_ca": "/b"}}}`, func(c *Config) { c.TLS.Autocert.CacheDir, c.TLS.Autocert.DirectoryCA = "/a", "/b" }},
		"several token keys":     {`{"auth_config": {"token": {"key": ["` + ones + `", "env:KEY"]}}}`, func(c *Config) { c.Auth.Token.Keys = []Key{[]byte(strings.Repeat("1", 40)), make([]byte, 32)} }},
		"no token key":           {`{"auth_config": {"token": {"key": ""}}}`, func(*Config) {}},
		"env: text":              {`{"listen": "env:ADDR"}`, func(c *Config) { c.Listen = ":7000" }},
		"env: number":            {`{"max_tag_count": "env:N"}`, func(c *Config) { c.MaxTags = 7 }},
		"env: bool":              {`{"permanent_accounts": "env:YES"}`, func(c *Config) { c.PermanentAccounts = true }},
		"file: text":             {`{"acc_validation": {"email": {"config": {"sender_password": "file:pass.txt"}}}}`, func(c *Config) { c.Validation.Email.Config.SenderPassword = "hunter2" }},
		"file: key":              {`{"api_key_salt": "file:salt.txt"}`, func(c *Config) { c.APIKeySalt = Key("salt") }},
		"in a list":              {`{"masked_tags": ["env:TAG"]}`, func(c *Config) { c.MaskedTags = []string{"work"} }},
		"levels":                 {`{"acc_validation": {"tel": {"required": ["AUTH", "anon"]}}}`, func(c *Config) { c.Validation.Tel.Required = []chat.Level{chat.LevelAuth, chat.LevelAnon} }},
		"FCM credentials inline": {`{"push": [{"name": "fcm", "config": {"credentials": {"a": 1, /* b */ }}}]}`, func(c *Config) { c.Push.FCM.Credentials = `{"a":1}` }},
		"push looks":             {`{"push": [{"name": "fcm", "config": {"android": {"icon": "i", "msg": {"body": "b"}}}}]}`, func(c *Config) { c.Push.FCM.Android.Icon, c.Push.FCM.Android.Msg.Body = "i", "b" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, fault := load(t, tc.src, env)
			if fault != "" {
				t.Fatal(fault)
			}
			want := Default()
			tc.change(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestCredsValues: what is special about the settings for mail and text messages.
func TestCredsValues(t *testing.T) {
	t.Parallel()
	c, _, fault := load(t, `{"acc_validation": {
		"email": {"config": {"smtp_tls": "STARTTLS", "validation_templ": "t/{{.Language}}.templ", "reset_secret_templ": "/abs"}},
		"tel": {"config": {"http": {"method": "put", "url": "https://x/", "headers": {"A": "file:pass.txt", "a": "env:KEY", "B": "c"}}}},
	}}`, map[string]string{"KEY": "k"})
	if fault != "" {
		t.Fatal(fault)
	}
	e, h := c.Validation.Email.Config, c.Validation.Tel.Config.HTTP
	if e.SMTPTLS != "starttls" || !strings.HasSuffix(e.ValidationTempl, "/t/{{.Language}}.templ") || !filepath.IsAbs(e.ValidationTempl) || e.ResetSecretTempl != "/abs" {
		t.Errorf("%+v", e)
	}
	if diff := cmp.Diff(SMSHTTP{URL: "https://x/", Method: "PUT", Headers: Headers{{"a", "k"}, {"B", "c"}}}, h); diff != "" {
		t.Error(diff)
	}
	for src, want := range map[string]string{
		`"headers": []`:          "expected an object {…}, got a list",
		`"headers": {"A": 1}`:    "headers.A: expected a text, got a number",
		`"headers": {"A b": ""}`: `not a field of HTTP: "A b"`,
		`"url": "x"`:             "must be a full URL",
		`"method": "G T"`:        "must be a method of HTTP",
	} {
		if _, _, got := load(t, `{"acc_validation": {"tel": {"config": {"http": {`+src+`}}}}}`, nil); !strings.Contains(got, want) {
			t.Errorf("%s: %s", src, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		src  string
		want []string
	}{
		"nothing":                          {`{}`, nil},
		"ignored, but off":                 {`{"expvar": "-", "server_status": "", "ws_compression_disabled": true, "plugins": [{"enabled": false, "name": "x"}], "cluster_config": {}}`, nil},
		"plugin enabled":                   {`{"plugins": [{"enabled": true}]}`, []string{"tinode.conf:1:2: plugins: plugins are off in this version and none is called; remove the section or disable its entries"}},
		"twice":                            {`{"listen": ":1", "Listen": ":2"}`, []string{"tinode.conf:1:18: listen: given twice; what is written here counts, remove the other"}},
		"frame":                            {`{"x_frame_options": "no"}`, []string{`tinode.conf:1:2: x_frame_options: must be "SAMEORIGIN", "DENY" or "-"; SAMEORIGIN is used`}},
		"push handler":                     {`{"push": [{"name": "apns"}]}`, []string{"tinode.conf:1:2: push[0]: not a push handler, so nothing is sent through it; known are stdout, fcm and tnpg"}},
		"email, no way to confirm":         {`{"acc_validation": {"email": {"required": ["auth"]}}}`, []string{"tinode.conf:1:21: acc_validation.email: email confirmation is off: no mail server configured"}},
		"email, a server":                  {`{"acc_validation": {"email": {"required": ["auth"], "config": {"smtp_server": "x", "sender": "a@b.c", "host_url": "http://x/"}}}}`, nil},
		"email, a debug code":              {`{"acc_validation": {"email": {"required": ["auth"], "config": {"debug_response": "1"}}}}`, []string{"tinode.conf:1:21: acc_validation.email: email confirmation accepts the fixed code of debug_response, and nothing is sent: anybody can confirm any address; for tests only"}},
		"tel, no way to confirm":           {`{"acc_validation": {"tel": {"required": ["auth"]}}}`, []string{"tinode.conf:1:21: acc_validation.tel: phone confirmation is off: no sender of text messages configured"}},
		"tel, a debug code":                {`{"acc_validation": {"tel": {"required": ["auth"], "config": {"debug_response": "1"}}}}`, []string{"tinode.conf:1:21: acc_validation.tel: phone confirmation accepts the fixed code of debug_response, and nothing is sent: anybody can confirm any address; for tests only"}},
		"email, a server and a debug code": {`{"acc_validation": {"email": {"config": {"smtp_server": "x", "sender": "a@b.c", "host_url": "http://x/", "debug_response": "1"}}}}`, []string{"tinode.conf:1:21: acc_validation.email: email confirmation accepts the fixed code of debug_response beside the one that is sent: anybody can confirm any address; for tests only"}},
		"debug code, not required":         {`{"acc_validation": {"tel": {"config": {"debug_response": "1"}}}}`, nil},
		"published token key":              {`{"auth_config": {"token": {"key": "` + publishedTokenKey + `"}}}`, []string{"tinode.conf:1:28: auth_config.token.key: this is the sample key published with Tinode: anybody can log in as anybody with it; remove the line and a secret key is generated"}},
		"published uid_key":                {`{"store_config": {"uid_key": "` + publishedUIDKey + `"}` + everyTinodeKey + `}`, []string{"tinode.conf:1:19: store_config.uid_key: this is the sample key published with Tinode, which everybody knows. Parley does not use it: user IDs are random; remove the line"}},
		"made for Tinode, with all":        {`{"store_config": {"uid_key": "x"}` + everyTinodeKey + `}`, []string{"tinode.conf:1:19: store_config.uid_key: user IDs are random and need no key; remove the line"}},
		"made for Tinode, with gaps": {`{"store_config": {"UID_KEY": "x"}` + strings.Replace(everyTinodeKey, `"msg_delete_age": 1, `, "", 1) + `}`, []string{
			"tinode.conf:1:19: store_config.uid_key: user IDs are random and need no key; remove the line",
			"tinode.conf:1:19: store_config.uid_key: this file was made for Tinode, so keys that are missing have the values of Tinode's code: msg_delete_age 0. Write them down before you remove uid_key",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got, fault := load(t, tc.src, nil)
			if fault != "" {
				t.Fatal(fault)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

const everyTinodeKey = `, "listen": ":1", "max_message_size": 2048, "max_subscriber_count": 9, "alias_tag": "al", "p2p_delete_enabled": true, "msg_delete_age": 1, ` +
	`"auth_config": {"basic": {"add_to_tags": true, "min_login_length": 5, "min_password_length": 5}}, ` +
	`"acc_validation": {"email": {"add_to_tags": true}, "tel": {"add_to_tags": true}}, "media": {"use_handler": "fs", "max_size": 1}`

// A file made for Tinode keeps the values that its users are used to.
func TestTinodeDefaults(t *testing.T) {
	t.Parallel()
	got, _, fault := load(t, `{"store_config": {"uid_key": "x"}}`, nil)
	if fault != "" {
		t.Fatal(fault)
	}
	want := Default()
	want.Listen, want.MaxMessageBytes, want.MaxSubscribers, want.AliasTag = ":80", 524288, 256, ""
	want.P2PDeleteEnabled, want.MessageDeleteAge = false, 0
	want.Auth.Basic = BasicAuth{MinLoginLength: 2, MinPasswordLength: 3}
	want.Validation.Email.AddToTags, want.Validation.Tel.AddToTags = false, false
	want.Media.MaxUploadBytes, want.Media.Handler = 0, ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
