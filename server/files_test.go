package server

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

func TestFileThereAndBack(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	for _, c := range []struct{ name, kind, body, mime, ext string }{
		{"text", "", "some text, a little more of it", "text/plain; charset=utf-8", ".txt"},
		{"a PNG", "application/pdf", pixel(t), "image/png", ".png"},
		{"a PDF", "image/png", "%PDF-1.4\n%âãÏÓ\n", "application/pdf", ".pdf"},
		{"HTML that lies", "image/png", "<!DOCTYPE html><html><script>alert(1)</script>", "text/html; charset=utf-8", ".html"},
		{"SVG that lies", "image/png", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "image/svg+xml", ".svg"},
		{"an unknown kind", "application/x-mine; v=1", "\x00\x01\x02\x03", "application/x-mine; v=1", ""},
		{"an unknown kind, nothing said", "", "\x00\x01\x02\x03", "application/octet-stream", ""},
		{"an unknown kind, nonsense said", "foo", "\x00\x01\x02\x03", "application/octet-stream", ""},
		{"an unknown kind, a foreign class", "multipart/evil", "\x00\x01\x02\x03", "application/octet-stream", ""},
		{"a voice message", "audio/webm;codecs=opus", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", "audio/webm", ".webm"},
	} {
		up := h.do(http.MethodPost, "/v0/file/u/?id=7", ann.Token, strings.NewReader(c.body), "Content-Type", c.kind)
		if c.kind != "multipart/evil" {
			h.wantCode(up, 200, "ok")
		}
		byForm := h.send(ann.Token, part{"file", cmp.Or(c.kind, "x"), c.body}, part{"id", "", "12"}, part{"topic", "", "me"})
		h.wantCode(byForm, 200, "ok")
		if byForm.Ctrl.ID != "12" {
			t.Errorf("%s: got id %q, want 12", c.name, byForm.Ctrl.ID)
		}
		got := h.get(byForm, ann)
		h.wantStatus(c.name, got, 200)
		if got.body != c.body {
			t.Errorf("%s: got %q back, want %q", c.name, got.body, c.body)
		}
		if kind := got.header.Get("Content-Type"); kind != c.mime || byForm.Ctrl.Params.Mime != c.mime {
			t.Errorf("%s: got type %q, upload said %q, want %q", c.name, kind, byForm.Ctrl.Params.Mime, c.mime)
		}
		if u := byForm.Ctrl.Params.URL; !strings.HasPrefix(u, "/v0/file/s/") || !strings.HasSuffix(u, c.ext) || len(u) != len("/v0/file/s/")+11+len(c.ext) {
			t.Errorf("%s: got URL %q, want it to end in %q", c.name, u, c.ext)
		}
		inline := strings.HasPrefix(c.mime, "image/p") || strings.HasPrefix(c.mime, "audio/")
		if d := got.header.Get("Content-Disposition"); (d == "") != inline || d != "" && d != "attachment" {
			t.Errorf("%s: got disposition %q, inline %v", c.name, d, inline)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: got headers %v, want safe ones", c.name, got.header)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000Z", byForm.Ctrl.Params.Expires)
		if err != nil || time.Until(at) < 59*time.Minute || time.Until(at) > 61*time.Minute {
			t.Errorf("%s: got expires %q, %v, want in an hour", c.name, byForm.Ctrl.Params.Expires, err)
		}
	}
}

func TestFileConditions(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	up := h.upload(ann, "", "0123456789")
	full := h.get(up, ann)
	etag, modified := full.header.Get("ETag"), full.header.Get("Last-Modified")
	if etag == "" || modified == "" || full.header.Get("Accept-Ranges") != "bytes" || full.header.Get("Cache-Control") != "private, max-age=86400" {
		t.Errorf("got headers %v", full.header)
	}
	for _, c := range []struct {
		name, header, value string
		status              int
		body                string
	}{
		{"range", "Range", "bytes=2-4", 206, "234"},
		{"the end", "Range", "bytes=-2", 206, "89"},
		{"beyond", "Range", "bytes=20-30", 416, ""},
		{"no range", "Range", "bytes=x", 416, ""},
		{"another spelling", "Range", "Bytes=2-4", 206, "234"},
		{"a unit that nobody knows", "Range", "lines=2-4", 200, "0123456789"},
		{"no unit", "Range", "x", 200, "0123456789"},
		{"same tag", "If-None-Match", etag, 304, ""},
		{"same tag among others", "If-None-Match", `"x", ` + etag, 304, ""},
		{"other tag", "If-None-Match", `"x"`, 200, "0123456789"},
		{"not modified", "If-Modified-Since", modified, 304, ""},
		{"modified", "If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", 200, "0123456789"},
		{"must match", "If-Match", `"x"`, 412, ""},
	} {
		got := h.get(up, ann, c.header, c.value)
		h.wantStatus(c.name, got, c.status)
		if c.body != "" && got.body != c.body {
			t.Errorf("%s: got %q, want %q", c.name, got.body, c.body)
		}
		if c.status == 416 {
			h.wantCode(got, 416, "range not satisfiable")
			if got.header.Get("ETag") != "" || got.header.Get("Content-Length") != fmt.Sprint(len(got.body)) || c.name == "beyond" && got.header.Get("Content-Range") != "bytes */10" {
				t.Errorf("%s: got headers %v", c.name, got.header)
			}
		}
		if c.status == 304 && (got.header.Get("ETag") != etag || got.header.Get("Cache-Control") == "") {
			t.Errorf("%s: got headers %v", c.name, got.header)
		}
	}
	head := h.do(http.MethodHead, up.Ctrl.Params.URL, ann.Token, nil, "Range", "bytes=2-4")
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != "10" || head.header.Get("ETag") != etag {
		t.Errorf("HEAD: got %d %v", head.status, head.header)
	}
	if got := h.do(http.MethodGet, up.Ctrl.Params.URL+"?asatt=1", ann.Token, nil); got.header.Get("Content-Disposition") != "attachment" {
		t.Errorf("asatt: got %v", got.header)
	}
	png := h.upload(ann, "", pixel(t))
	if got := h.do(http.MethodGet, png.Ctrl.Params.URL+"?asatt=true", ann.Token, nil); got.header.Get("Content-Disposition") != "attachment" {
		t.Errorf("asatt: got %v", got.header)
	}
	for _, path := range []string{"/v0/file/s/", "/v0/file/s/x", "/v0/file/s/AAAAAAAAAAA", "/v0/file/s/wuyXQ3qCROw.jpg", "/v0/file/s/..%2f..%2fetc%2fpasswd", "/v0/file/s/%2e%2e"} {
		if got := h.do(http.MethodGet, path, ann.Token, nil); got.status != 404 && got.status != 307 && got.status != 301 {
			t.Errorf("%s: got %d, want 404", path, got.status)
		}
	}
	h.wantCode(h.do(http.MethodHead+"X", up.Ctrl.Params.URL, ann.Token, nil), 405, "operation or method not allowed")
	h.wantCode(h.do(http.MethodDelete, "/v0/file/u/", ann.Token, nil), 405, "operation or method not allowed")
}

func TestFileCredentials(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	up := h.upload(ann, "", "some text")
	path := up.Ctrl.Params.URL
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(ann.Token)
	sid := h.pollerFor(ann)
	bob := h.person("bob")
	if err := h.sessions.SetState(h.ctx, bob.uid, store.StateSuspended); err != nil {
		t.Fatal(err)
	}
	eve, fay := h.person("eve"), h.person("fay")
	for p, hard := range map[person]bool{eve: true, fay: false} {
		if err := h.sessions.Delete(h.ctx, p.uid, hard); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, query string
		header      []string
		status      int
	}{
		{"header", "", []string{"X-Tinode-Auth", "token " + ann.Token}, 200},
		{"header, other case", "", []string{"X-Tinode-Auth", "ToKeN " + ann.Token}, 200},
		{"Authorization", "", []string{"Authorization", "Token " + ann.Token}, 200},
		{"HTTP Basic", "", []string{"Authorization", "Basic " + ann.Secret}, 200},
		{"query", "?auth=token&secret=" + url.QueryEscape(ann.Token), nil, 200},
		{"query, URL-safe", "?auth=token&secret=" + urlSafe, nil, 200},
		{"query, not escaped", "?auth=token&secret=" + ann.Token, nil, 200},
		{"cookies", "", []string{"Cookie", "auth=token; secret=" + ann.Token}, 200},
		{"cookies, our page", "", []string{"Cookie", "auth=token; secret=" + ann.Token, "Sec-Fetch-Site", "same-origin"}, 200},
		{"cookies, another page", "", []string{"Cookie", "auth=token; secret=" + ann.Token, "Sec-Fetch-Site", "cross-site"}, 401},
		{"cookies, another origin", "", []string{"Cookie", "auth=token; secret=" + ann.Token, "Origin", "https://evil.example"}, 401},
		{"half of the cookies", "", []string{"Cookie", "auth=token"}, 401},
		{"sid", "?sid=" + sid, nil, 200},
		{"unknown sid", "?sid=abcdefghijk", nil, 401},
		{"nothing", "", nil, 401},
		{"three parts", "", []string{"X-Tinode-Auth", "token a b"}, 400},
		{"one part", "", []string{"X-Tinode-Auth", ann.Token}, 400},
		{"no base64", "", []string{"X-Tinode-Auth", "token ???"}, 400},
		{"unknown scheme", "", []string{"X-Tinode-Auth", "bearer " + ann.Token}, 400},
		{"no token", "", []string{"X-Tinode-Auth", "token " + base64.StdEncoding.EncodeToString([]byte("x.y.z"))}, 400},
		{"wrong password", "", []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:wrong-password"))}, 401},
		{"expired", "", []string{"X-Tinode-Auth", "token " + h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, Validated: true}, -time.Hour)}, 401},
		{"for one purpose", "", []string{"X-Tinode-Auth", "token " + h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, NoLogin: true}, time.Hour)}, 401},
		{"to confirm an address", "", []string{"X-Tinode-Auth", "token " + h.token(auth.Record{User: ann.uid, Level: chat.LevelAuth, Purpose: auth.PurposeConfirm}, time.Hour)}, 401},
		{"suspended", "", []string{"X-Tinode-Auth", "token " + bob.Token}, 403},
		{"deleted for good", "", []string{"X-Tinode-Auth", "token " + eve.Token}, 401},
		{"deleted", "", []string{"X-Tinode-Auth", "token " + fay.Token}, 401},
		{"API key in a cookie", "", []string{"X-Tinode-APIKey", "", "Cookie", "apikey=" + stockAPIKey, "X-Tinode-Auth", "token " + ann.Token}, 200},
		{"API key in the query", "?apikey=" + stockAPIKey, []string{"X-Tinode-APIKey", "", "X-Tinode-Auth", "token " + ann.Token}, 200},
		{"no API key", "", []string{"X-Tinode-APIKey", "", "X-Tinode-Auth", "token " + ann.Token}, 403},
		{"wrong API key", "", []string{"X-Tinode-APIKey", "x", "X-Tinode-Auth", "token " + ann.Token}, 403},
	} {
		got := h.patiently(func() *reply { return h.do(http.MethodGet, path+c.query, "", nil, c.header...) })
		h.wantStatus(c.name, got, c.status)
		if c.status != 200 && got.Ctrl.Code != c.status {
			t.Errorf("%s: got %s, want a ctrl", c.name, got.body)
		}
		if strings.Contains(c.query, "secret") {
			continue
		}
		body, kind := form(part{"file", "text/plain", "x"})
		got = h.patiently(func() *reply {
			return h.do(http.MethodPost, "/v0/file/u/"+c.query, "", bytes.NewReader(body), append([]string{"Content-Type", kind}, c.header...)...)
		})
		h.wantStatus("upload, "+c.name, got, c.status)
	}
	// In the form, before and after the file.
	auths := []part{{"auth", "", "token"}, {"secret", "", ann.Token}}
	for name, parts := range map[string][]part{
		"before": append(append([]part{}, auths...), part{"file", "text/plain", "by form"}),
		"sid":    {{"sid", "", sid}, {"file", "text/plain", "by form"}},
	} {
		r := h.send("", parts...)
		h.wantCode(r, 200, "ok")
		h.wantStatus("form, "+name, h.get(r, ann), 200)
	}
	// After it only a picture is taken: as far as is known, a stranger sends it.
	r := h.send("", append([]part{{"file", "image/png", pixel(t)}}, auths...)...)
	h.wantCode(r, 200, "ok")
	h.wantStatus("form, after", h.get(r, ann), 200)
	body, kind := form(part{"apikey", "", stockAPIKey}, part{"file", "text/plain", "x"})
	h.wantStatus("API key in the form", h.do(http.MethodPost, "/v0/file/u", ann.Token, bytes.NewReader(body), "Content-Type", kind, "X-Tinode-APIKey", ""), 200)
	body, kind = form(part{"file", "image/png", pixel(t)}, part{"apikey", "", stockAPIKey})
	h.wantStatus("API key after the file", h.do(http.MethodPost, "/v0/file/u/", ann.Token, bytes.NewReader(body), "Content-Type", kind, "X-Tinode-APIKey", ""), 200)
}

// patiently asks again while others keep all processors busy with passwords.
func (h *fileHarness) patiently(ask func() *reply) *reply {
	r := ask()
	for tries := 0; r.status == http.StatusServiceUnavailable && tries < 10; tries++ {
		r = ask()
	}
	return r
}

// pollerFor is the sid of a session of long polling.
func (h *fileHarness) pollerFor(p person) string {
	h.Helper()
	sid, err := h.sessions.OpenPoller("127.0.0.1:1")
	if err != nil {
		h.Fatal(err)
	}
	poller := h.sessions.Poller(sid)
	for _, m := range []string{`{"hi":{"id":"1","ver":"0.25"}}`, fmt.Sprintf(`{"login":{"id":"2","scheme":"token","secret":%q}}`, p.Token)} {
		if err := poller.Receive(h.ctx, func() ([]byte, error) { return []byte(m), nil }); err != nil {
			h.Fatal(err)
		}
	}
	h.Cleanup(poller.Close)
	return sid
}

func TestFileOfPicture(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann := h.person("ann")
	up := h.upload(ann, "image/jpeg", photo(t, 900, 600))
	p := up.Ctrl.Params
	if p.Width != 600 || p.Height != 900 || p.Thumb != p.URL+"?thumb=1" { // on its side
		t.Errorf("got %+v", p)
	}
	got := h.get(up, ann)
	if strings.Contains(got.body, "GPS") || int64(len(got.body)) != p.Size {
		t.Errorf("got %d bytes, with GPS: %v; the upload said %d", len(got.body), strings.Contains(got.body, "GPS"), p.Size)
	}
	small := h.do(http.MethodGet, p.Thumb, ann.Token, nil)
	m, err := jpeg.Decode(strings.NewReader(small.body))
	if err != nil || m.Bounds().Dx() != 341 || m.Bounds().Dy() != 512 || small.header.Get("ETag") == got.header.Get("ETag") {
		t.Errorf("small copy: got %v, %v, %v", m.Bounds(), err, small.header)
	}
	tiny := h.upload(ann, "", pixel(t))
	if tiny.Ctrl.Params.Thumb != "" || tiny.Ctrl.Params.Width != 1 {
		t.Errorf("a small picture: got %+v", tiny.Ctrl.Params)
	}
	if got := h.do(http.MethodGet, tiny.Ctrl.Params.URL+"?thumb=1", ann.Token, nil); got.body != pixel(t) {
		t.Errorf("its small copy: got %d bytes, want it", len(got.body))
	}
}

// TestFileReaders: only people who can read a message can fetch its files.
func TestFileReaders(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	ann, bob, cat, dan := h.person("ann"), h.person("bob"), h.person("cat"), h.person("dan")
	up := h.upload(ann, "", "a secret plan")
	want := func(what string, p person, status int) {
		t.Helper()
		h.wantStatus(what+": "+p.Login, h.get(up, p), status)
	}
	want("not sent yet", ann, 200)
	want("not sent yet", bob, 403)
	g := h.group(ann, bob, cat)
	h.publish(g, 1, ann, up)
	want("sent", bob, 200)
	want("sent", dan, 403)
	mode := chat.ModeGroup &^ chat.ModeRead
	if err := h.store.UpdateSubs(h.ctx, store.SubUpdate{Topic: g, User: bob.uid, Given: &mode}); err != nil {
		t.Fatal(err)
	}
	want("without R", bob, 403)
	del := func(id int, u chat.UID) {
		t.Helper()
		if _, err := h.store.DeleteMessages(h.ctx, g, store.NewDeletion{ID: id, User: u, Ranges: []chat.Range{{Low: 1, Hi: 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	del(1, cat.uid)
	want("deleted for him", cat, 403)
	want("deleted for another", ann, 200)
	reader := store.Sub{Topic: g, User: dan.uid, Created: h.now(), Updated: h.now(), Reader: true, Want: chat.ModeReader, Given: chat.ModeReader}
	if err := h.store.PutSubs(h.ctx, reader); err != nil {
		t.Fatal(err)
	}
	want("of a channel", dan, 200)
	del(2, 0)
	want("deleted for all", dan, 403)
	want("deleted for all", ann, 200) // it is hers
	r := h.do(http.MethodGet, up.Ctrl.Params.URL, dan.Token, nil)
	if r.header.Get("ETag") != "" || strings.Contains(r.body, "plan") || r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal tells too much: %v", r.header)
	}
	h.wantCode(h.get(up, dan, "If-None-Match", "*"), 403, "permission denied")
}

func TestFileForAllUsers(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"media": {"access": "users"}}`)
	ann, bob := h.person("ann"), h.person("bob")
	up := h.upload(ann, "", "not so secret")
	h.wantStatus("another user", h.get(up, bob), 200)
	h.wantStatus("nobody", h.get(up, person{}), 401)
}

// TestFileOfStranger: the picture of somebody who signs up.
func TestFileOfStranger(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	nobody, ann := person{}, h.person("ann")
	for name, parts := range map[string][]part{
		"no topic":      {{"file", "image/png", pixel(t)}},
		"another topic": {{"file", "image/png", pixel(t)}, {"topic", "", "me"}},
	} {
		h.wantCode(h.send("", parts...), 401, "authentication required")
		h.Log(name)
	}
	h.wantCode(h.send("", part{"file", "image/png", "<html>"}, part{"topic", "", "newacc"}), 415, "not a picture")
	h.wantCode(h.send("", part{"file", "image/png", "\x89PNG\r\n\x1a\nbroken"}, part{"topic", "", "newacc"}), 415, "not a picture")
	h.wantNothingLeft()
	up := h.send("", part{"file", "image/png", pixel(t)}, part{"topic", "", "newacc"})
	h.wantCode(up, 200, "ok")
	h.wantStatus("nobody", h.get(up, nobody), 401)
	h.wantStatus("somebody else", h.get(up, ann), 403)
	// also where everybody may fetch everything it is only for an account that is made
	h = newFileHarness(t, `{"media": {"access": "users"}}`)
	ann = h.person("ann")
	up = h.send("", part{"file", "image/png", pixel(t)}, part{"topic", "", "newacc"})
	h.wantStatus("somebody else, with access for users", h.get(up, ann), 403)
	urls := []string{up.Ctrl.Params.URL}
	if id := h.files.Avatar(h.ctx, ann.uid, urls, nil); id != nil {
		t.Errorf("ann takes the picture of a stranger: got %v", id)
	}
	if _, err := h.files.Linkable(h.ctx, ann.uid, urls); !errors.Is(err, wsproto.ErrDenied) {
		t.Errorf("ann shows the picture of a stranger: got %v", err)
	}
	for _, maker := range []chat.UID{0, ann.uid} {
		if id := h.files.NewAvatar(h.ctx, maker, urls, nil); id == nil || *id != up.id(t) {
			t.Errorf("%v makes an account: got %v", maker, id)
		}
	}
}

func TestFileLink(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, "")
	h.blobs.link = "https://bucket.example/"
	ann, bob := h.person("ann"), h.person("bob")
	up := h.upload(ann, "", "some text")
	got := h.get(up, ann)
	want := "https://bucket.example/" + up.id(t).Key() + "?type=text/plain; charset=utf-8&disposition=attachment"
	if got.status != 307 || got.header.Get("Location") != want || got.Ctrl.Code != 307 || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v, want 307 to %s", got.status, got.header, want)
	}
	h.wantStatus("not his", h.get(up, bob), 403)
	here := h.do(http.MethodGet, up.Ctrl.Params.URL+"?redirect=0", ann.Token, nil)
	if here.status != 200 || string(here.body) != "some text" || here.header.Get("ETag") != got.header.Get("ETag") {
		t.Errorf("without a redirect: got %d %q %v", here.status, here.body, here.header)
	}
	h.wantStatus("same tag", h.get(up, ann, "If-None-Match", got.header.Get("ETag")), 304)
}

func TestFileCORS(t *testing.T) {
	t.Parallel()
	h := newFileHarness(t, `{"media": {"handlers": {"fs": {"cors_origins": ["https://app.example.com", "https://*.example.org"]}}}}`)
	ann := h.person("ann")
	up := h.upload(ann, "", "some text")
	for origin, allowed := range map[string]bool{
		"https://app.example.com": true, "https://a.example.org": true, "https://a.b.example.org": false,
		"http://app.example.com": false, "https://app.example.com:8443": false, "https://evil.example": false, "null": false,
	} {
		for path, methods := range map[string]string{"/v0/file/u/": "POST, PUT, HEAD, OPTIONS", up.Ctrl.Params.URL: "GET, HEAD, OPTIONS"} {
			method, _, _ := strings.Cut(methods, ",")
			pre := h.do(http.MethodOptions, path, "", nil, "X-Tinode-APIKey", "", "Origin", origin, "Access-Control-Request-Method", method)
			h.wantStatus("preflight", pre, 204)
			if got := pre.header.Get("Access-Control-Allow-Methods"); (got == methods) != allowed || !allowed && got != "" {
				t.Errorf("%s %s: got methods %q", origin, path, got)
			}
			if got := pre.header.Get("Access-Control-Allow-Origin"); (got == origin) != allowed || !allowed && got != "" {
				t.Errorf("%s %s: got origin %q", origin, path, got)
			}
		}
		got := h.get(up, ann, "Origin", origin)
		if (got.header.Get("Access-Control-Allow-Origin") == origin) != allowed || got.header.Get("Vary") != "Origin" {
			t.Errorf("%s: got %v", origin, got.header)
		}
		got = h.get(up, person{}, "Origin", origin) // refusals, too, or the page learns nothing
		if (got.header.Get("Access-Control-Allow-Origin") == origin) != allowed {
			t.Errorf("%s, refused: got %v", origin, got.header)
		}
	}
}

func TestFilesOff(t *testing.T) {
	t.Parallel()
	h := newHarness(t, testConfig(t, `{"media": {"use_handler": ""}}`), mem.New())
	w := httptest.NewRecorder()
	h.routes().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v0/file/u/", nil))
	if w.Code != 404 {
		t.Errorf("got %d, want 404", w.Code)
	}
}
