package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// load writes src as tinode.conf into a fresh folder and loads it. Messages have
// the folder taken out.
func load(t *testing.T, src string, env map[string]string) (*Config, []string, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"tinode.conf": src,
		"pass.txt":    "hunter2\r\n",
		"salt.txt":    "c2FsdA==\n",
		"empty.txt":   "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, warnings, err := Load(filepath.Join(dir, "tinode.conf"), func(name string) string { return env[name] })
	if (c == nil) == (err == nil) {
		t.Fatalf("Load gave config %v and error %v, want exactly one", c != nil, err)
	}
	text := ""
	if err != nil {
		text = strings.ReplaceAll(err.Error(), dir+"/", "")
	}
	var warned []string
	for _, w := range warnings {
		warned = append(warned, strings.ReplaceAll(w.String(), dir+"/", ""))
	}
	return c, warned, text
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const at = "tinode.conf:1:2: "
	for name, tc := range map[string]struct{ src, want string }{
		"syntax: missing comma":      {"{\n\"listen\": \":80\"\n  \"data\": \"x\"}", "tinode.conf:3:3: invalid character '\"' after object value (expecting ',' or '}')"},
		"syntax: not closed":         {"{\"listen\": \":80\"", "tinode.conf:1:17: the file ends too early: a bracket, quote or comment is not closed"},
		"syntax: empty file":         {"", "tinode.conf:1:1: the file ends too early: a bracket, quote or comment is not closed"},
		"syntax: comment not closed": {"/* {}", "tinode.conf:1:1: the file ends too early: a bracket, quote or comment is not closed"},
		"syntax: bad escape":         {`{"listen": "\hunter2"}`, `tinode.conf:1:12: broken text: the closing quote is missing on this line, or there is an unknown \ escape`},
		"syntax: open quote":         {"{\"data\": \"hunter2,\n\"listen\": \"\"}", `tinode.conf:1:10: broken text: the closing quote is missing on this line, or there is an unknown \ escape`},
		"syntax: no value":           {`{"permanent_accounts": yes}`, "tinode.conf:1:24: not a value: expected true, false, null, a number, or a text in quotes"},
		"syntax: column counts letters": {
			`{"data": "日本", "listen": no}`, "tinode.conf:1:26: not a value: expected true, false, null, a number, or a text in quotes",
		},
		"syntax: too many brackets": {strings.Repeat("[", 20000), "tinode.conf: more than 10000 brackets: this is no configuration"},
		"top level is a list":       {`[]`, "tinode.conf:1:1: expected an object {…}, got a list"},
		"top level is null":         {`null`, "tinode.conf:1:1: expected an object {…}, got null"},

		"unknown key":                   {`{"max_tag_cuont": 1}`, at + "max_tag_cuont: unknown key; did you mean max_tag_count?"},
		"unknown key, ignored one near": {`{"expvars": ""}`, at + "expvars: unknown key; did you mean expvar?"},
		"unknown key, nothing near":     {`{"frobnicate": 1}`, at + "frobnicate: unknown key"},
		"unknown key, misplaced":        {`{"smtp_server": ""}`, at + "smtp_server: unknown key; it belongs into acc_validation.email.config"},
		"unknown key, nested":           {`{"tls": {"cert_fil": ""}}`, "tinode.conf:1:10: tls.cert_fil: unknown key; did you mean cert_file?"},
		"unknown key, in a list":        {`{"webrtc": {"ice_servers": [{"urls": ["stun:x"]}, {"url": ["stun:y"]}]}}`, "tinode.conf:1:13: webrtc.ice_servers[1].urls: must not be empty\ntinode.conf:1:52: webrtc.ice_servers[1].url: unknown key; did you mean urls?"},

		"type: text":              {`{"listen": 80}`, "tinode.conf:1:12: listen: expected a text, got a number"},
		"type: number":            {`{"max_tag_count": "16"}`, "tinode.conf:1:19: max_tag_count: expected a whole number, got a text"},
		"type: fraction":          {`{"max_tag_count": 1.5}`, "tinode.conf:1:19: max_tag_count: expected a whole number"},
		"type: number too large":  {`{"max_tag_count": 99999999999999999999}`, "tinode.conf:1:19: max_tag_count: expected a whole number"},
		"type: bool":              {`{"permanent_accounts": 1}`, "tinode.conf:1:24: permanent_accounts: expected true or false, got a number"},
		"type: bool as text":      {`{"permanent_accounts": "true"}`, "tinode.conf:1:24: permanent_accounts: expected true or false, got a text"},
		"type: object":            {`{"tls": true}`, "tinode.conf:1:9: tls: expected an object {…}, got true"},
		"type: list":              {`{"masked_tags": "a"}`, "tinode.conf:1:17: masked_tags: expected a list […], got a text"},
		"type: list element":      {`{"masked_tags": ["ab", 7]}`, "tinode.conf:1:24: masked_tags[1]: expected a text, got a number"},
		"type: duration":          {`{"msg_delete_age": "soon"}`, `tinode.conf:1:20: msg_delete_age: expected a whole number of seconds, or a text such as "90s" or "36h"`},
		"type: duration in hours": {`{"acc_gc_config": {"gc_min_account_age": []}}`, `tinode.conf:1:42: acc_gc_config.gc_min_account_age: expected a whole number of hours, or a text such as "90s" or "36h", got a list`},
		"type: duration too long": {`{"msg_delete_age": 9223372036854775807}`, "tinode.conf:1:20: msg_delete_age: too long"},
		"type: base64":            {`{"api_key_salt": "hunter2!"}`, "tinode.conf:1:18: api_key_salt: not base64 (the alphabet with + and /, and = at the end)"},
		"type: log level":         {`{"log_level": "loud"}`, `tinode.conf:1:15: log_level: must be "debug", "info", "warn" or "error"`},
		"type: auth level":        {`{"acc_validation": {"email": {"required": ["user"]}}}`, `tinode.conf:1:44: acc_validation.email.required[0]: must be "auth", "anon" or "root"`},
		"type: push is no list":   {`{"push": {}}`, "tinode.conf:1:10: push: expected a list […], got an object"},
		"type: push unknown key":  {`{"push": [{"name": "tnpg", "config": {"orgs": ""}}]}`, "tinode.conf:1:39: push[0].config.orgs: unknown key; did you mean org?"},

		"env: missing":           {`{"data": "env:NOPE"}`, "tinode.conf:1:10: data: the environment variable NOPE is not set or empty"},
		"env: no name":           {`{"data": "env:hunter 2"}`, "tinode.conf:1:10: data: env: must be followed by the name of an environment variable (letters, digits and _)"},
		"env: not a number":      {`{"max_tag_count": "env:SECRET"}`, "tinode.conf:1:19: max_tag_count: expected a whole number"},
		"env: not a bool":        {`{"permanent_accounts": "env:SECRET"}`, "tinode.conf:1:24: permanent_accounts: expected true or false"},
		"env: not a key":         {`{"auth_config": {"token": {"key": "env:SECRET"}}}`, "tinode.conf:1:35: auth_config.token.key: not base64 (the alphabet with + and /, and = at the end)"},
		"file: missing":          {`{"data": "file:nope.txt"}`, "tinode.conf:1:10: data: the file nope.txt cannot be read: no such file or directory"},
		"file: no name":          {`{"data": "file:"}`, "tinode.conf:1:10: data: file: must be followed by the name of a file"},
		"file: a folder":         {`{"data": "file:../"}`, ""},
		"file: empty":            {`{"data": "file:empty.txt"}`, "tinode.conf:1:10: data: the file empty.txt is empty"},
		"file: not a number":     {`{"max_tag_count": "file:pass.txt"}`, "tinode.conf:1:19: max_tag_count: expected a whole number"},
		"value out of its range": {`{"max_message_size": 1023}`, at + "max_message_size: must be between 1024 and 67108864"},
		"required elsewhere":     {`{"tls": {"enabled": true, "key_file": "k"}}`, at + "tls.cert_file: required when tls.enabled is true"},
		"several at once, in the order of the file": {
			"{\n\"msg_delete_age\": -1,\n\"lisen\": \"\",\n\"tls\": {\"enabled\": 1},\n\"alias_tag\": \"A\"}",
			"tinode.conf:2:1: msg_delete_age: must not be negative\n" +
				"tinode.conf:3:1: lisen: unknown key; did you mean listen?\n" +
				"tinode.conf:4:20: tls.enabled: expected true or false, got a number\n" +
				"tinode.conf:5:1: alias_tag: must be 2 to 16 letters, digits or _, beginning with a lower-case letter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, got := load(t, tc.src, map[string]string{"SECRET": "hunter2"})
			if name == "file: a folder" { // named after the temporary folder
				if !strings.Contains(got, "cannot be read: not a regular file") {
					t.Errorf("got %q", got)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if strings.Contains(got, "hunter") {
				t.Errorf("the message shows the value: %s", got)
			}
		})
	}
}

func TestLoadNoFile(t *testing.T) {
	t.Parallel()
	_, _, err := Load(filepath.Join(t.TempDir(), "tinode.conf"), os.Getenv)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	var faults Faults
	if _, _, err = Load(t.TempDir(), os.Getenv); errors.As(err, &faults) || !strings.HasSuffix(err.Error(), ": not a regular file") {
		t.Errorf("a folder: got %v", err)
	}
}

func TestFaultIsVisible(t *testing.T) {
	t.Parallel()
	_, _, err := parse("x.conf", []byte(`{"a":1,"b":2}`), os.Getenv)
	var f Fault
	if !errors.As(err, &f) || f.Path != "a" || f.Line != 1 || f.Column != 2 {
		t.Errorf("got %+v", f)
	}
}
