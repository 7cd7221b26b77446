package server

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/media/fs"
	"parley/store/mem"
)

// FuzzUpload sends forms and plain bodies that nobody would: every answer is one
// that clients know, and what was refused leaves nothing.
func FuzzUpload(f *testing.F) {
	valid, kind := form(part{"id", "", "1"}, part{"file", "image/png", pixel(f)}, part{"topic", "", "newacc"})
	f.Add(valid, kind, "sid=1")
	f.Add(valid[:len(valid)/2], kind, "")
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=\r\n--b--"), "multipart/form-data; boundary=b", "topic=newacc")
	f.Add([]byte("--b\r\n\r\n\r\n--b--"), "multipart/form-data; boundary=b", "id=%00")
	f.Add([]byte(photo(f, 20, 20)), "image/jpeg", "topic=newacc")
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8X"), "text/plain; charset=\"", "topic=newacc&auth=token&secret=%")
	f.Add([]byte("GIF89a"), "application/x-www-form-urlencoded", "auth=basic&secret=YTpi")

	cfg := testConfig(f, `{"media": {"max_size": 5000}, "limits": {"avatars_per_address": "off", "uploads_per_user": "off"}}`)
	known := []int{200, 400, 401, 403, 405, 413, 415}
	f.Fuzz(func(t *testing.T, body []byte, kind, query string) {
		h := newHarness(t, cfg, mem.New())
		defer func() {
			if err := h.end(); err != nil {
				t.Error(err)
			}
		}()
		ann, err := h.account("ann", "ann", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{ann.Token, ""} {
			r := httptest.NewRequest(http.MethodPost, "/v0/file/u/", bytes.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("X-Tinode-APIKey", stockAPIKey)
			r.Header["Content-Type"] = []string{kind}
			if token != "" {
				r.Header.Set("X-Tinode-Auth", "token "+token)
			}
			w := httptest.NewRecorder()
			h.routes().ServeHTTP(w, r)
			if !slices.Contains(known, w.Code) || !strings.HasPrefix(w.Body.String(), `{"ctrl":{`) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		}
		s := h.files.Stats()
		list, err := h.files.Blobs.List(t.Context(), "", 100)
		if err != nil || int64(len(list)) > 2*s.Received {
			t.Errorf("got %d blobs of %+v, %v", len(list), s, err)
		}
		if n, err := h.files.Blobs.(*fs.Store).Sweep(t.Context(), time.Now().Add(time.Hour)); n > 0 || err != nil {
			t.Errorf("got %d half files, %v", n, err)
		}
	})
}

// FuzzFileURL: whatever clients attach names one file of ours, or none.
func FuzzFileURL(f *testing.F) {
	for _, url := range []string{"/v0/file/s/wuyXQ3qCROw.jpg", "wuyXQ3qCROw", "./wuyXQ3qCROw.png?x=1", "https://x/v0/file/s/wuyXQ3qCROw", "../wuyXQ3qCROw", ""} {
		f.Add(url)
	}
	h := newHarness(f, testConfig(f, ""), mem.New())
	f.Fuzz(func(t *testing.T, url string) {
		id, ok := h.files.Parse(url)
		if !ok {
			return
		}
		if name := strings.TrimPrefix(strings.TrimPrefix(url, "/v0/file/s/"), "./"); !strings.HasPrefix(name, id.String()) {
			t.Errorf("%q: got %s", url, id)
		}
	})
}
