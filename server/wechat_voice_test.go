package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fake "parley/internal/fake/wechat"
	"parley/wsproto"
)

// voice asks for a voice message to be fetched.
func (p *weChatWorld) voice(token, body string) (int, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.web.URL+"/v0/wechat/voice", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("X-Tinode-APIKey", stockAPIKey)
	if token != "" {
		r.Header.Set("X-Tinode-Auth", "token "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, secret := range p.secrets() {
		if bytes.Contains(text, []byte(secret)) {
			p.t.Errorf("the answer has the secret %s", secret)
		}
	}
	var reply struct {
		Ctrl struct {
			Params map[string]any `json:"params"`
		} `json:"ctrl"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		p.t.Fatalf("%s: %v", text, err)
	}
	return res.StatusCode, reply.Ctrl.Params
}

// fetch downloads a file.
func (p *weChatWorld) fetch(token, path string) (int, string, []byte) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.web.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("X-Tinode-APIKey", stockAPIKey)
	r.Header.Set("X-Tinode-Auth", "token "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), body
}

func TestWeChatVoice(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	ann, err := p.account("annie", "annie", "")
	if err != nil {
		t.Fatal(err)
	}
	id := p.fake.AddMedia(oaApp, "voice", "audio/amr", fake.AMR(100))
	status, got := p.voice(ann.Token, `{"media_id":"`+id+`"}`)
	if status != 200 || got["mime"] != "audio/amr" || got["size"] != float64(len(fake.AMR(100))) || got["duration"] != float64(2000) {
		t.Fatalf("%d %v", status, got)
	}
	status, kind, body := p.fetch(ann.Token, got["url"].(string))
	if status != 200 || kind != "audio/amr" || !bytes.Equal(body, fake.AMR(100)) {
		t.Errorf("%d %s %d bytes", status, kind, len(body))
	}
	// It is a file like others: published, others who read the message can fetch it.
	bob, err := p.account("bob", "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := p.fetch(bob.Token, got["url"].(string)); status != 403 && status != 404 {
		t.Errorf("bob fetched what he was not sent: %d", status)
	}
	c := p.asker(t)
	c.want(200, c.ask("login", `"scheme":"token","secret":"`+ann.Token+`"`))
	c.want(200, c.ask("sub", `"topic":"`+bob.User+`"`))
	c.want(202, c.ask("pub", `"topic":"`+bob.User+`","head":{"mime":"text/x-drafty"},"content":{"txt":" ","ent":[{"tp":"AU","data":{"mime":"audio/amr","ref":"`+got["url"].(string)+`","duration":2000}}],"fmt":[{"at":0,"len":1,"key":0}]}`,
		`"extra":{"attachments":["`+got["url"].(string)+`"]}`))
	if status, _, body := p.fetch(bob.Token, got["url"].(string)); status != 200 || !bytes.Equal(body, fake.AMR(100)) {
		t.Errorf("bob: %d", status)
	}

	video := p.fake.AddMedia(oaApp, "video", "", nil)
	for name, tc := range map[string]struct {
		token, body string
		status      int
	}{
		"stranger": {"", `{"media_id":"` + id + `"}`, 401}, "wrong token": {base64.StdEncoding.EncodeToString([]byte("eyJ.x.y")), `{"media_id":"` + id + `"}`, 401},
		"unknown": {ann.Token, `{"media_id":"gone"}`, 404}, "path": {ann.Token, `{"media_id":"../x"}`, 404}, "other app": {ann.Token, `{"media_id":"` + id + `","app":"wx1"}`, 404},
		"video": {ann.Token, `{"media_id":"` + video + `"}`, 415}, "none": {ann.Token, `{}`, 400}, "no JSON": {ann.Token, `media`, 400},
		"long": {ann.Token, `{"media_id":"` + strings.Repeat("x", 2000) + `"}`, 400},
	} {
		if status, got := p.voice(tc.token, tc.body); status != tc.status {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	p.fake.Fail("/cgi-bin/media/get", fake.Fault{Status: 500})
	if status, _ := p.voice(ann.Token, `{"media_id":"`+id+`"}`); status != 503 {
		t.Errorf("WeChat is down: %d", status)
	}
	p.fake.Fail("/cgi-bin/media/get", fake.Fault{Code: 45009})
	for range 2 {
		if status, _ := p.voice(ann.Token, `{"media_id":"`+id+`"}`); status != 503 {
			t.Errorf("the quota is used up: %d", status)
		}
	}
	p.fake.Fail("/cgi-bin/media/get", fake.Fault{})
	p.clock.advance(73 * time.Hour)
	if status, _ := p.voice(ann.Token, `{"media_id":"`+id+`"}`); status == 200 {
		t.Error("after three days there is nothing any more")
	}
}

// program is one for the test that converts.
func program(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "convert")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWeChatVoiceConverted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ program, kind string }{
		"works":        {`printf 'ID3\004\000\000\000\000\000\000'; cat`, "audio/mpeg"},
		"fails":        {`cat > /dev/null; echo broken >&2; exit 3`, "audio/amr"},
		"says nothing": {`cat > /dev/null`, "audio/amr"},
		"too much":     {`cat > /dev/null; head -c 9000000 /dev/zero`, "audio/amr"},
		"reads little": {`exit 1`, "audio/amr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newWeChatWorld(t, `,"voice":{"command":["`+program(t, tc.program)+`"],"type":"audio/mpeg"}`, "")
			ann, err := p.account("annie", "annie", "")
			if err != nil {
				t.Fatal(err)
			}
			id := p.fake.AddMedia(oaApp, "voice", "audio/amr", fake.AMR(100))
			status, got := p.voice(ann.Token, `{"media_id":"`+id+`"}`)
			if status != 200 || got["mime"] != tc.kind || got["duration"] != float64(2000) {
				t.Errorf("%d %v", status, got)
			}
		})
	}
}

func TestWeChatVoiceMethods(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, "", "")
	if status, _, _ := p.get(p.browser(), "x", p.web.URL+"/v0/wechat/voice"); status != wsproto.ErrNotAllowed.Code {
		t.Errorf("GET: %d", status)
	}
}
