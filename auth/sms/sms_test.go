package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/auth/letter"
	"parley/internal/outgoing"
)

// provider answers like one, and is strict about what it gets.
func provider(t *testing.T, check func(r *http.Request, body string) (status int, answer string)) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		status, answer := check(r, string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// deliver sends one message through a provider and says what became of it.
func deliver(t *testing.T, p Provider, lang string) (outgoing.Counts, string) {
	t.Helper()
	book, _, err := letter.Open(nil, letter.Files{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := New(p, book, "https://chat.example.com/", slog.New(slog.NewTextHandler(&log, nil)))
	done := make(chan error)
	go func() { done <- s.Run(context.Background()) }()
	if err := s.Confirm("+4915123456789", lang, "123456", ""); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if c := s.Counts(); c.Sent+c.Retried+c.Dropped > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing happens")
		}
	}
	counts := s.Counts()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	<-done
	if strings.Contains(log.String(), "123456789") || strings.Contains(log.String(), "123456 ") {
		t.Errorf("log %s", &log)
	}
	return counts, log.String()
}

func TestTwilio(t *testing.T) {
	t.Parallel()
	const sid, token = "AC0123", "twilio-token"
	service := "MG" + strings.Repeat("0", 32)
	for name, c := range map[string]struct {
		from, token string
		status      int
		want        outgoing.Counts
	}{
		"name":           {"Parley", token, 201, outgoing.Counts{Queued: 1, Sent: 1}},
		"service":        {service, token, 201, outgoing.Counts{Queued: 1, Sent: 1}},
		"wrong token":    {"Parley", "wrong", 201, outgoing.Counts{Queued: 1, Retried: 1, Waiting: 1}},
		"not a number":   {"Parley", token, 400, outgoing.Counts{Queued: 1, Dropped: 1}},
		"too many":       {"Parley", token, 429, outgoing.Counts{Queued: 1, Retried: 1, Waiting: 1}},
		"out of order":   {"Parley", token, 503, outgoing.Counts{Queued: 1, Retried: 1, Waiting: 1}},
		"somewhere else": {"Parley", token, 302, outgoing.Counts{Queued: 1, Retried: 1, Waiting: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := provider(t, func(r *http.Request, body string) (int, string) {
				if user, password, ok := r.BasicAuth(); !ok || user != sid || password != token {
					return 401, `{"code": 20003, "message": "Authenticate"}`
				}
				if r.Method != "POST" || r.URL.Path != "/2010-04-01/Accounts/AC0123/Messages.json" || r.URL.RawQuery != "" ||
					r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
					t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
				}
				want := "Body=123456+is+your+code+for+https%3A%2F%2Fchat.example.com%2F&From=Parley&To=%2B4915123456789"
				if c.from == service {
					want = "Body=123456+is+your+code+for+https%3A%2F%2Fchat.example.com%2F&MessagingServiceSid=" + service + "&To=%2B4915123456789"
				}
				if body != want {
					t.Errorf("got %s, want %s", body, want)
				}
				return c.status, `{"code": 21211, "message": "The 'To' number +4915123456789 is not a valid phone number."}`
			})
			got, log := deliver(t, NewTwilio(sid, c.token, c.from, srv.URL+"/"), "en")
			if got != c.want {
				t.Errorf("%+v, want %+v\n%s", got, c.want, log)
			}
		})
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	srv := provider(t, func(r *http.Request, body string) (int, string) {
		var m struct{ To, Text, Code string }
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if r.Method != "PUT" || r.URL.Path != "/send" || r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Content-Type") != "application/json" {
			return 401, ""
		}
		if m.To != "+4915123456789" || m.Text != "123456 — ваш код для https://chat.example.com/" || m.Code != "123456" {
			t.Errorf("%+v", m)
		}
		return 202, ""
	})
	p, err := NewHTTP(HTTPConfig{
		URL: srv.URL + "/send", Method: "PUT", Body: `{"to": {{json .To}}, "text": {{json .Text}}, "code": {{json .Code}}}`,
		Headers: []Header{{"Authorization", "Bearer secret"}, {"Content-Type", "application/json"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, log := deliver(t, p, "ru"); got.Sent != 1 {
		t.Errorf("%+v %s", got, log)
	}
	get := provider(t, func(r *http.Request, body string) (int, string) {
		if q := r.URL.Query(); r.Method != "GET" || body != "" || q.Get("to") != "+4915123456789" || q.Get("text") != "123456 is your code for https://chat.example.com/" {
			t.Errorf("%s %s %q", r.Method, r.URL, body)
		}
		return 200, ""
	})
	if p, err = NewHTTP(HTTPConfig{URL: get.URL + "/?to={{urlquery .To}}&text={{urlquery .Text}}", Method: "GET"}); err != nil {
		t.Fatal(err)
	}
	if got, log := deliver(t, p, "en"); got.Sent != 1 {
		t.Errorf("%+v %s", got, log)
	}
	get.Close()
	got, log := deliver(t, p, "en")
	if got.Retried != 1 || strings.Contains(log, "text=") {
		t.Errorf("nobody there: %+v %s", got, log)
	}
}

func TestBrokenTemplates(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"{{.To": "body: body:1: ", "\n{{.Nope}}": "body: body:2:", "{{nope .To}}": "body: body:1: function",
	} {
		if _, err := NewHTTP(HTTPConfig{URL: "http://x", Body: body}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", body, err)
		}
	}
	if _, err := NewHTTP(HTTPConfig{URL: "{{"}); err == nil || !strings.HasPrefix(err.Error(), "url: ") {
		t.Errorf("url: %v", err)
	}
}
