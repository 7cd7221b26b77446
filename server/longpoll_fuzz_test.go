package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/wsproto"
)

// FuzzLongPoll feeds requests of long polling to a server where a new session
// and one of alice are open, whose sid stands in the place of SID. Nothing is answered 5xx,
// nothing panics, and all sessions end in time.
func FuzzLongPoll(f *testing.F) {
	const key, form = "apikey=" + stockAPIKey, "application/x-www-form-urlencoded"
	for _, c := range []struct {
		method, query, kind, body string
		size                      int64
	}{
		{"POST", key, "", "", 0},
		{"GET", key + "&id=1", "text/plain", "", 0},
		{"POST", key + "&sid=SID", "", "", 0},
		{"POST", key + "&sid=SID", "", `{"sub":{"id":"1","topic":"me","get":{"what":"sub desc"}}}`, 0},
		{"POST", key + "&sid=SID", "", `{"pub":{"id":"1","topic":"grpFuzz","content":"x"}}`, -1},
		{"POST", key + "&sid=SID", form, "1", 0},
		{"POST", "", form, key + "&sid=SID&id=%00", 0},
		{"PUT", "sid=SID", form, key, 0},
		{"POST", key + "&sid=nosuch", "", "1", 1 << 40},
		{"POST", key, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"sid\"\r\n\r\nSID\r\n--b--\r\n", 0},
	} {
		f.Add(c.method, c.query, c.kind, []byte(c.body), c.size)
	}
	cfg := testConfig(f, "")
	f.Fuzz(func(t *testing.T, method, query, kind string, body []byte, size int64) {
		if strings.Contains(strings.ToLower(string(body)), "basic") {
			return // hashing passwords is slow, and tested elsewhere
		}
		synctest.Test(t, func(t *testing.T) {
			w := newFuzzWorld(t, cfg)
			for state := range uint8(2) { // new; on me
				sid := w.lpSession(t)
				for _, line := range w.prologue(state * stateOnMe) {
					w.lpAsk(t, http.MethodPost, key+"&sid="+sid, "", []byte(line), 0)
				}
				insert := strings.NewReplacer("SID", sid)
				status, _ := w.lpAsk(t, method, insert.Replace(query), insert.Replace(kind), []byte(insert.Replace(string(body))), size)
				if status >= 500 {
					t.Errorf("answered %d", status)
				}
				status, text := w.lpAsk(t, http.MethodPost, key+"&sid="+sid, "", nil, 0)
				if status != http.StatusOK {
					t.Errorf("the session is gone: %d %s", status, text)
				}
			}
			w.alice.Close()
			w.bob.Close()
			time.Sleep(2 * time.Minute)
			if n := w.sessions.Len(); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
			if err := w.end(); err != nil {
				t.Error(err)
			}
		})
	})
}

// lpSession opens a session of long polling.
func (w *fuzzWorld) lpSession(t *testing.T) string {
	t.Helper()
	status, text := w.lpAsk(t, http.MethodPost, "apikey="+stockAPIKey, "", nil, 0)
	_, rest, _ := strings.Cut(text, `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if status != http.StatusCreated || !ok {
		t.Fatalf("no session: %d %s", status, text)
	}
	return sid
}

// lpAsk makes a request, and looks at its answer. size is what the client
// declares: 0 is the truth, negative nothing.
func (w *fuzzWorld) lpAsk(t *testing.T, method, query, kind string, body []byte, size int64) (int, string) {
	t.Helper()
	if size == 0 {
		size = int64(len(body))
	}
	// A client that sends nothing more than it has, and hangs up in the end.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := (&http.Request{
		Method: method, URL: &url.URL{Path: "/v0/channels/lp", RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(string(body))),
		ContentLength: max(size, -1), Host: "parley", RemoteAddr: "192.0.2.1:1",
	}).WithContext(ctx)
	rec := httptest.NewRecorder()
	w.http.Handler.ServeHTTP(rec, r)
	settled()
	text := rec.Body.String()
	if text != "" && text != "0" {
		if _, err := wsproto.Decode([]byte(text)); err == nil || !strings.HasPrefix(text, "{") {
			t.Errorf("neither a message of the server nor nothing: %q", text)
		}
	}
	return rec.Code, text
}
