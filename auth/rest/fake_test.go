package rest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/store/mem"
)

// fake is a service that accepts nothing but what surfaces.md §2.7 describes,
// and answers what it was told to.
type fake struct {
	t      *testing.T
	answer map[string]string // endpoint → body
	paths  bool              // each endpoint has its own

	mu  sync.Mutex
	got []map[string]any
}

func newFake(t *testing.T, answers map[string]string) (*fake, *httptest.Server) {
	f := &fake{t: t, answer: answers}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, srv
}

// sent are the fields of each endpoint (surfaces.md §2.7), beside endpoint and name.
var sent = map[string][]string{
	"add": {"rec", "secret", "addr"}, "auth": {"secret", "addr"}, "checkunique": {"secret", "addr"}, "del": {"rec"},
	"gen": {"rec"}, "link": {"rec", "secret"}, "upd": {"rec", "secret", "addr"}, "rtagns": nil,
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		f.t.Errorf("%s %s", r.Method, r.Header.Get("Content-Type"))
	}
	var q map[string]any
	if err := json.Unmarshal(body, &q); err != nil {
		f.t.Errorf("%s: %v", body, err)
	}
	endpoint, _ := q["endpoint"].(string)
	fields, known := sent[endpoint]
	if !known || q["name"] != "corp" {
		f.t.Errorf("not a request: %s", body)
	}
	want := map[string]bool{"endpoint": true, "name": true}
	for _, name := range fields {
		want[name] = true
		if q[name] == nil {
			f.t.Errorf("%s lacks %s: %s", endpoint, name, body)
		}
	}
	for name := range q {
		if !want[name] {
			f.t.Errorf("%s has %s: %s", endpoint, name, body)
		}
	}
	path := "/authority/"
	if f.paths {
		path += endpoint
	}
	if r.URL.Path != path {
		f.t.Errorf("%s at %s", endpoint, r.URL.Path)
	}
	f.mu.Lock()
	f.got = append(f.got, q)
	answer, ok := f.answer[endpoint]
	f.mu.Unlock()
	if !ok {
		answer = "{}"
	}
	_, _ = w.Write([]byte(answer))
}

// last is the newest request.
func (f *fake) last() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got[len(f.got)-1]
}

func (f *fake) set(endpoint, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[endpoint] = answer
}

var someTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// newScheme is one that asks a fake.
func newScheme(t *testing.T, answers map[string]string, change func(*Options)) (*Scheme, *fake, *mem.Store) {
	t.Helper()
	f, srv := newFake(t, answers)
	o := Options{Name: "corp", ServerURL: srv.URL + "/authority", Now: func() time.Time { return someTime }}
	if change != nil {
		change(&o)
	}
	f.paths = o.SeparateEndpoints
	st := mem.New()
	s, err := New(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, f, st
}

type roundTrip func(*http.Request) string

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(f(r)))}, nil
}
