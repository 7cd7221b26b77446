package validate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/store/mem"
	"parley/wsproto"
)

func newSet(change func(*Method)) (*Set, *mem.Store) {
	m := Method{Name: "email", AddToTags: true, Required: []chat.Level{chat.LevelAuth}, CodeLength: 6, MaxRetries: 3}
	if change != nil {
		change(&m)
	}
	st := mem.New()
	return New(st, nil, time.Now, m), st
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s, _ := newSet(nil)
	for in, want := range map[string]string{
		"ann@example.com": "ann@example.com", " Ann@Example.COM ": "ann@example.com", "ann": "", "": "", "ann@": "", "@example.com": "",
		"Ann <ann@example.com>": "", "a@b.c, d@e.f": "", strings.Repeat("a", 120) + "@b.c": strings.Repeat("a", 120) + "@b.c",
		strings.Repeat("a", 125) + "@b.c": "", "a b@c.d": "", "a@b.c\r\nBcc: x@y.z": "",
	} {
		got, err := s.Check(&wsproto.Cred{Meth: "email", Val: in}, "US")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := s.Check(&wsproto.Cred{Meth: "tel", Val: "+1"}, "US"); !errors.Is(err, wsproto.ErrMalformed) {
		t.Errorf("unknown method: %v", err)
	}
	d, _ := newSet(func(m *Method) { m.Domains = []string{"example.com"} })
	if _, err := d.Check(&wsproto.Cred{Meth: "email", Val: "a@elsewhere.com"}, "US"); !errors.Is(err, wsproto.ErrPolicy) {
		t.Errorf("other domain: %v", err)
	}
}

func newTelSet(t *testing.T) (*Set, *mem.Store) {
	t.Helper()
	st := mem.New()
	return New(st, nil, time.Now,
		Method{Name: "email", AddToTags: true, CodeLength: 6, MaxRetries: 3},
		Method{Name: "tel", AddToTags: true, Required: []chat.Level{chat.LevelAuth}, CodeLength: 4, MaxRetries: 3, Domains: []string{"x"}}), st
}

func TestCheckTel(t *testing.T) {
	t.Parallel()
	s, _ := newTelSet(t)
	for name, c := range map[string]struct{ val, params, country, want string }{
		"E.164":                    {"+16502530000", "", "", "+16502530000"},
		"of the session's country": {" (0151) 2345-6789 ", "", "DE", "+4915123456789"},
		"of another":               {"015123456789", "", "US", ""},
		"of no country":            {"015123456789", "", "", ""},
		"country of the request":   {"015123456789", `{"countryCode":"DE"}`, "US", "+4915123456789"},
		"in lower case":            {"015123456789", `{"countryCode":"de","x":1}`, "US", "+4915123456789"},
		"unknown one":              {"6502530000", `{"countryCode":"nowhere"}`, "US", ""},
		"none in the request":      {"6502530000", `{"countryCode":""}`, "US", "+16502530000"},
		"of another type":          {"6502530000", `{"countryCode":1}`, "US", "+16502530000"},
		"parameters of another":    {"6502530000", `[]`, "US", "+16502530000"},
		"null":                     {"6502530000", `null`, "US", "+16502530000"},
		"fixed line":               {"+442079460958", "", "US", ""},
		"nobody's":                 {"+15551234567", "", "US", ""},
		"word":                     {"nonsense", "", "US", ""},
		"address":                  {"a@example.com", "", "US", ""},
		"empty":                    {"", "", "US", ""},
	} {
		got, err := s.Check(&wsproto.Cred{Meth: "tel", Val: c.val, Params: json.RawMessage(c.params)}, c.country)
		if got != c.want || c.want == "" && !errors.Is(err, wsproto.ErrMalformed) || c.want != "" && err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if v, err := s.Check(&wsproto.Cred{Meth: "email", Val: "+16502530000"}, "US"); err == nil {
		t.Errorf("a number as an address: %q", v)
	}
}

// TestTel: the methods do not get in each other's way, and a number is found
// again in every spelling.
func TestTel(t *testing.T) {
	t.Parallel()
	s, st := newTelSet(t)
	ctx := t.Context()
	for _, c := range []wsproto.Cred{{Meth: "email", Val: "a@b.c"}, {Meth: "tel", Val: "650-253-0000"}} {
		if _, err := s.Request(ctx, 1, &c, "US", ""); err != nil {
			t.Fatal(err)
		}
	}
	rec, err := st.PendingCredential(ctx, 1, "tel")
	if err != nil || rec.Value != "+16502530000" || len(rec.Code) != 4 {
		t.Fatalf("%+v, %v", rec, err)
	}
	if tag, err := s.Confirm(ctx, 1, &wsproto.Cred{Meth: "tel", Resp: rec.Code}); err != nil || tag != "tel:+16502530000" {
		t.Errorf("%q, %v", tag, err)
	}
	if rec, err := st.PendingCredential(ctx, 1, "email"); err != nil || rec.Failed != 0 {
		t.Errorf("the other method: %+v, %v", rec, err)
	}
	if _, err := s.Request(ctx, 2, &wsproto.Cred{Meth: "tel", Val: "+1 (650) 253 0000"}, "DE", ""); !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := s.Remove(ctx, 1, chat.LevelAuth, &wsproto.Cred{Meth: "tel", Val: "6502530000"}, "US"); !errors.Is(err, wsproto.ErrPolicy) {
		t.Errorf("the last one: %v", err)
	}
	if _, err := s.Remove(ctx, 1, chat.LevelAnon, &wsproto.Cred{Meth: "tel", Val: "6502530000"}, "DE"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("elsewhere it is another number: %v", err)
	}
	if tag, err := s.Remove(ctx, 1, chat.LevelAnon, &wsproto.Cred{Meth: "tel", Val: "6502530000"}, "US"); err != nil || tag != "tel:+16502530000" {
		t.Errorf("not required of that level: %q, %v", tag, err)
	}
}

// TestRemoveUnchecked: what would be refused today can still be removed.
func TestRemoveUnchecked(t *testing.T) {
	t.Parallel()
	s, st := newTelSet(t)
	for _, method := range []string{"email", "tel"} {
		if err := st.PutCredential(t.Context(), &store.Credential{User: 1, Method: method, Value: "nonsense"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Remove(t.Context(), 1, chat.LevelAuth, &wsproto.Cred{Meth: method, Val: " Nonsense"}, "US"); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	s, st := newSet(nil)
	ctx := t.Context()
	resp := func(code string) *wsproto.Cred { return &wsproto.Cred{Meth: "email", Resp: code} }
	if _, err := s.Confirm(ctx, 1, resp("1")); !errors.Is(err, wsproto.ErrNotFound) {
		t.Errorf("nothing pending: %v", err)
	}
	if _, err := s.Request(ctx, 1, &wsproto.Cred{Meth: "email", Val: "Ann@example.com"}, "US", ""); err != nil {
		t.Fatal(err)
	}
	rec, err := st.PendingCredential(ctx, 1, "email")
	if err != nil || len(rec.Code) != 6 || rec.Value != "ann@example.com" {
		t.Fatalf("%+v, %v", rec, err)
	}
	if _, err := s.Confirm(ctx, 1, resp("wrong")); !errors.Is(err, wsproto.ErrResponse) {
		t.Errorf("wrong: %v", err)
	}
	if missing, err := s.Missing(ctx, 1, chat.LevelAuth); err != nil || !slices.Equal(missing, []string{"email"}) {
		t.Errorf("missing %v, %v", missing, err)
	}
	tag, err := s.Confirm(ctx, 1, resp(rec.Code))
	if err != nil || tag != "email:ann@example.com" {
		t.Errorf("%q, %v", tag, err)
	}
	if missing, err := s.Missing(ctx, 1, chat.LevelAuth); err != nil || len(missing) > 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
	if _, err := s.Request(ctx, 2, &wsproto.Cred{Meth: "email", Val: "ann@example.com"}, "US", ""); !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := s.Remove(ctx, 1, chat.LevelAuth, &wsproto.Cred{Meth: "email", Val: "ANN@example.com"}, "US"); !errors.Is(err, wsproto.ErrPolicy) {
		t.Errorf("the last one: %v", err)
	}
	if tag, err := s.Remove(ctx, 1, chat.LevelAnon, &wsproto.Cred{Meth: "email", Val: "ann@example.com"}, "US"); err != nil || tag != "email:ann@example.com" {
		t.Errorf("not required of that level: %q, %v", tag, err)
	}
}

// TestRetries: one more wrong answer than MaxRetries is borne (surfaces.md
// §3.5); then even the right one is refused.
func TestRetries(t *testing.T) {
	t.Parallel()
	s, st := newSet(func(m *Method) { m.DebugResponse = "123456" })
	ctx := t.Context()
	if _, err := s.Request(ctx, 1, &wsproto.Cred{Meth: "email", Val: "a@b.c"}, "US", ""); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := s.Confirm(ctx, 1, &wsproto.Cred{Meth: "email", Resp: "nonsense"}); !errors.Is(err, wsproto.ErrResponse) {
			t.Fatal(err)
		}
	}
	rec, err := st.PendingCredential(ctx, 1, "email")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{rec.Code, "123456"} {
		if _, err := s.Confirm(ctx, 1, &wsproto.Cred{Meth: "email", Resp: code}); !errors.Is(err, wsproto.ErrPolicy) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestDebugResponse(t *testing.T) {
	t.Parallel()
	for debug, want := range map[string]error{"123456": nil, "": wsproto.ErrResponse} {
		s, _ := newSet(func(m *Method) { m.DebugResponse, m.AddToTags = debug, false })
		if _, err := s.Request(t.Context(), 1, &wsproto.Cred{Meth: "email", Val: "a@b.c"}, "US", ""); err != nil {
			t.Fatal(err)
		}
		resp := debug // without a debug response the empty answer opens nothing
		if tag, err := s.Confirm(t.Context(), 1, &wsproto.Cred{Meth: "email", Resp: resp}); !errors.Is(err, want) || tag != "" {
			t.Errorf("%q: %q, %v", debug, tag, err)
		}
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	s, _ := newSet(nil)
	if got := fmt.Sprint(s.RequiredByLevel()); got != "map[auth:[email]]" {
		t.Errorf("got %s", got)
	}
	if s.Required(chat.LevelAnon) != nil || !s.Known("email") || s.Known("tel") {
		t.Error("what is required")
	}
	none := New(mem.New(), nil, time.Now)
	if none.RequiredByLevel() != nil {
		t.Error("nothing is required")
	}
	if _, err := none.Request(t.Context(), 1, &wsproto.Cred{Meth: "email", Val: "x"}, "US", ""); err != nil {
		t.Errorf("a method not in use: %v", err)
	}
}

// TestGuessInParallel: many guesses at the same moment are no more than one by one.
func TestGuessInParallel(t *testing.T) {
	t.Parallel()
	s, st := newSet(nil)
	if _, err := s.Request(t.Context(), 1, &wsproto.Cred{Meth: "email", Val: "a@b.c"}, "US", ""); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var looked atomic.Int32
	for range 100 {
		all.Go(func() {
			if _, err := s.Confirm(t.Context(), 1, &wsproto.Cred{Meth: "email", Resp: "x"}); errors.Is(err, wsproto.ErrResponse) {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if rec, err := st.PendingCredential(t.Context(), 1, "email"); err != nil || rec.Failed < 4 || looked.Load() > 4 {
		t.Errorf("%d were looked at; %+v, %v", looked.Load(), rec, err)
	}
}
