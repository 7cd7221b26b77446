package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/internal/wstest"
	"parley/media"
	"parley/store"
	"parley/store/mem"
)

// fileHarness is a server on a socket with users that send files.
type fileHarness struct {
	*harness
	*testing.T
	url   string
	blobs *faultyBlobs
	ctx   context.Context
}

// faultyBlobs is a blob store that can be told to fail.
type faultyBlobs struct {
	media.Store
	put    atomic.Pointer[func(key string) error] // before anything is stored
	stored atomic.Pointer[func(key string) error] // after
	link   string
}

func (b *faultyBlobs) Put(ctx context.Context, key string, r io.Reader, o media.PutOptions) (int64, error) {
	if f := b.put.Load(); f != nil {
		if err := (*f)(key); err != nil {
			_, _ = io.CopyN(io.Discard, r, 100)
			return 0, err
		}
	}
	n, err := b.Store.Put(ctx, key, r, o)
	if f := b.stored.Load(); f != nil && err == nil {
		err = (*f)(key)
	}
	return n, err
}

func (b *faultyBlobs) Link(_ context.Context, key string, o media.LinkOptions) (string, error) {
	if b.link == "" {
		return "", nil
	}
	return b.link + key + "?type=" + o.Type + "&disposition=" + o.Disposition, nil
}

func newFileHarness(t *testing.T, changes string, st ...store.Store) *fileHarness {
	t.Helper()
	if len(st) == 0 {
		st = []store.Store{mem.New()}
	}
	h := newHarness(t, testConfig(t, changes), st[0])
	f := &fileHarness{harness: h, T: t, ctx: t.Context(), blobs: &faultyBlobs{Store: h.files.Blobs}}
	h.files.Blobs = f.blobs
	srv := httptest.NewServer(h.routes())
	f.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// person is somebody with a token.
type person struct {
	wstest.Account
	uid chat.UID
}

func (h *fileHarness) person(name string) person {
	h.Helper()
	a, err := h.account(name, name, "")
	if err != nil {
		h.Fatal(err)
	}
	uid, err := chat.ParseUID(a.User)
	if err != nil {
		h.Fatal(err)
	}
	return person{a, uid}
}

// part is a part of a form; file if it has a media type.
type part struct{ name, kind, body string }

func form(parts ...part) (body []byte, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, p.name)}}
		if p.kind != "" {
			h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename="../../etc/passwd"`, p.name))
			h.Set("Content-Type", p.kind)
		}
		pw, _ := w.CreatePart(h)
		_, _ = io.WriteString(pw, p.body)
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// reply is what an upload answers.
type reply struct {
	status int
	header http.Header
	body   string
	Ctrl   struct {
		ID     string
		Code   int
		Text   string
		Params struct {
			URL, Expires, Mime, Thumb, What string
			Size, Limit                     int64
			Width, Height                   int
		}
	}
}

func (r *reply) id(t testing.TB) chat.FileID {
	t.Helper()
	id, err := chat.FileName(r.Ctrl.Params.URL[strings.LastIndex(r.Ctrl.Params.URL, "/")+1:])
	if err != nil {
		t.Fatalf("%v in %+v", err, r)
	}
	return id
}

// do sends a request as a token's owner; an empty token is nobody.
func (h *fileHarness) do(method, path, token string, body io.Reader, header ...string) *reply {
	h.Helper()
	req, err := http.NewRequestWithContext(h.ctx, method, h.url+path, body)
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("X-Tinode-APIKey", stockAPIKey)
	if token != "" {
		req.Header.Set("X-Tinode-Auth", "Token "+token)
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	r := &reply{status: res.StatusCode, header: res.Header, body: string(b)}
	_ = json.Unmarshal(b, r) // downloads are no JSON
	return r
}

// send uploads a form.
func (h *fileHarness) send(token string, parts ...part) *reply {
	h.Helper()
	body, kind := form(parts...)
	return h.do(http.MethodPost, "/v0/file/u/", token, bytes.NewReader(body), "Content-Type", kind)
}

// upload sends a file that must be taken.
func (h *fileHarness) upload(p person, kind, body string) *reply {
	h.Helper()
	r := h.send(p.Token, part{"file", kind, body})
	h.wantCode(r, 200, "ok")
	return r
}

func (h *fileHarness) get(r *reply, p person, header ...string) *reply {
	h.Helper()
	return h.do(http.MethodGet, r.Ctrl.Params.URL, p.Token, nil, header...)
}

func (h *fileHarness) wantCode(r *reply, code int, text string) {
	h.Helper()
	if r.status != code || r.Ctrl.Code != code || r.Ctrl.Text != text {
		h.Fatalf("got %d %s, want %d %q", r.status, r.body, code, text)
	}
}

func (h *fileHarness) wantStatus(what string, r *reply, status int) {
	h.Helper()
	if r.status != status {
		h.Errorf("%s: got %d %.200s, want %d", what, r.status, r.body, status)
	}
}

// wantNothingLeft checks that neither bytes nor records remain.
func (h *fileHarness) wantNothingLeft() {
	h.Helper()
	list, err := h.blobs.List(h.ctx, "", 10)
	if err != nil || len(list) > 0 {
		h.Errorf("got blobs %v, %v, want none", list, err)
	}
	ids, err := h.store.UnusedFiles(h.ctx, farAway, farAway, 10)
	if err != nil || len(ids) > 0 {
		h.Errorf("got records %v, %v, want none", ids, err)
	}
	if n, err := h.blobs.Sweep(h.ctx, farAway); err != nil || n > 0 {
		h.Errorf("got %d half files, %v, want none", n, err)
	}
}

var farAway = time.Now().Add(1000 * time.Hour)

// group makes a group of people.
func (h *fileHarness) group(ps ...person) string {
	h.Helper()
	name, now := chat.NewGroupName(), h.now()
	var subs []store.Sub
	for _, p := range ps {
		subs = append(subs, store.Sub{Topic: name, User: p.uid, Created: now, Updated: now, Want: chat.ModeGroup, Given: chat.ModeGroup})
	}
	if err := h.store.CreateTopic(h.ctx, &store.Topic{Name: name, Created: now, Updated: now, Touched: now}, nil, subs...); err != nil {
		h.Fatal(err)
	}
	return name
}

// publish shows files in message seq of a topic.
func (h *fileHarness) publish(topic string, seq int, from person, rs ...*reply) {
	h.Helper()
	m := &store.Message{Topic: topic, Seq: seq, From: from.uid, At: h.now(), Content: json.RawMessage(`"look"`)}
	for _, r := range rs {
		m.Files = append(m.Files, r.id(h))
	}
	if err := h.store.Append(h.ctx, m); err != nil {
		h.Fatal(err)
	}
}

// token makes one for a user.
func (h *fileHarness) token(rec auth.Record, life time.Duration) string {
	h.Helper()
	text, err := h.sessions.Token.Issue(&rec, h.now().Add(life))
	if err != nil {
		h.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// photo is a JPEG with a place in it.
func photo(t testing.TB, w, h int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00GPS-POSITION"
	head := fmt.Sprintf("\xff\xd8\xff\xe1%c%c%s", (len(exif)+2)>>8, (len(exif)+2)&0xff, exif)
	return head + string(b.Bytes()[2:])
}

const tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func pixel(t testing.TB) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(tinyPNG)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
