package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"parley/media"
	"parley/media/s3"
)

// check is what an operator is told of a store.
func check(t *testing.T, o s3.Options) error {
	t.Helper()
	s, err := s3.New(o)
	if err != nil {
		return err
	}
	t.Cleanup(func() { s.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return s.Check(ctx)
}

// TestFaults are told with what to do about them, and without the secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	g := shared(t)
	good := g.options()
	g.store(t, good)
	if err := check(t, good); err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	late := skewed(t, g)
	tests := []struct {
		name   string
		change func(*s3.Options)
		want   string
	}{
		{"wrong secret", func(o *s3.Options) { o.SecretAccessKey = "wrong-secret" }, "secret_access_key is wrong"},
		{"unknown key", func(o *s3.Options) { o.AccessKeyID = "nobody" }, "access_key_id is not known"},
		{"no bucket", func(o *s3.Options) { o.Bucket = "no-such-bucket" }, "there is no bucket no-such-bucket"},
		{"wrong region", func(o *s3.Options) { o.Region = "mars-1" }, "another region than mars-1"},
		{"nobody there", func(o *s3.Options) { o.Endpoint = "http://" + closed.Addr().String() }, "cannot be reached"},
		{"not encrypted", func(o *s3.Options) { o.Endpoint = strings.TrimPrefix(o.Endpoint, "http://") }, "is not encrypted"},
		{"not by URL", func(o *s3.Options) { o.Endpoint = "http://example.com/path" }, "without a path"},
		{"time skew", func(o *s3.Options) { o.Endpoint = late }, "the clocks of this server and of the store differ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := good
			tt.change(&o)
			start := time.Now()
			err := check(t, o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), secretKey) {
				t.Errorf("the secret is told: %v", err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// skewed is the gateway as a server sees it whose clock is an hour late: each
// request is signed again for that time.
func skewed(t *testing.T, g *gateway) string {
	t.Helper()
	to, err := url.Parse(g.url())
	if err != nil {
		t.Fatal(err)
	}
	signer := v4.NewSigner()
	proxy := &httputil.ReverseProxy{Director: func(r *http.Request) {
		r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, to.Host
		r.Header.Del("Authorization")
		r.Header["X-Forwarded-For"] = nil
		keys := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
		hash := r.Header.Get("X-Amz-Content-Sha256")
		if err := signer.SignHTTP(r.Context(), keys, r, hash, "s3", region, time.Now().Add(-time.Hour)); err != nil {
			t.Error(err)
		}
	}}
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestPrepare makes the bucket once, and leaves one that is there alone.
func TestPrepare(t *testing.T) {
	t.Parallel()
	o := shared(t).options()
	first := shared(t).store(t, o)
	if _, err := first.Put(t.Context(), "kept", strings.NewReader("kept"), media.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	second := shared(t).store(t, o)
	b, err := second.Open(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}

// TestLinks end, and cannot be changed.
func TestLinks(t *testing.T) {
	t.Parallel()
	s := shared(t).store(t, shared(t).options())
	if _, err := s.Put(t.Context(), "linked", strings.NewReader("<script>"), media.PutOptions{Type: "text/html"}); err != nil {
		t.Fatal(err)
	}
	get := func(method, link string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, link, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	o := media.LinkOptions{TTL: time.Minute, Type: "text/plain", Disposition: `attachment; filename="a b.html"`}
	link, err := s.Link(t.Context(), "linked", o)
	if err != nil {
		t.Fatal(err)
	}
	if res := get(http.MethodGet, link); res.StatusCode != 200 || res.Header.Get("Content-Disposition") != o.Disposition {
		t.Errorf("got %s, %v", res.Status, res.Header)
	}
	for name, altered := range map[string]string{
		"type":        strings.Replace(link, "text%2Fplain", "text%2Fhtml", 1),
		"disposition": strings.Replace(link, "attachment", "inline", 1),
		"time":        strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=6000", 1),
		"blob":        strings.Replace(link, "/linked", "/others", 1),
	} {
		if altered == link {
			t.Fatalf("%s: %s was not altered", name, link)
		}
		if res := get(http.MethodGet, altered); res.StatusCode != http.StatusForbidden {
			t.Errorf("another %s: got %s, want 403", name, res.Status)
		}
	}
	if res := get(http.MethodPut, link); res.StatusCode < 400 {
		t.Errorf("PUT to a link for reading: got %s", res.Status)
	}
	o2 := shared(t).options()
	o2.NoLinks = true
	if link, err := shared(t).store(t, o2).Link(t.Context(), "linked", o); link != "" || err != nil {
		t.Errorf("where there are to be none: got %q, %v", link, err)
	}
	head, err := s.Link(t.Context(), "linked", media.LinkOptions{Method: http.MethodHead})
	if err != nil {
		t.Fatal(err)
	}
	if res := get(http.MethodHead, head); res.StatusCode != http.StatusOK || res.ContentLength != 8 {
		t.Errorf("HEAD: got %s, %d bytes", res.Status, res.ContentLength)
	}
	short, err := s.Link(t.Context(), "linked", media.LinkOptions{TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	if res := get(http.MethodGet, short); res.StatusCode != http.StatusForbidden {
		t.Errorf("an old link: got %s, want 403", res.Status)
	}
}

// cut gives zeros, and calls do after some of them.
type cut struct {
	n, after int64
	do       func()
}

func (c *cut) Read(p []byte) (int, error) {
	c.n += int64(len(p))
	if c.do != nil && c.n > c.after {
		c.do()
		c.do = nil
	}
	return len(p), nil
}

// TestKilledGateway in the middle of an upload and of a download: errors in
// time, no half blob, and what was sent in vain is removed later.
func TestKilledGateway(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	s := g.store(t, g.options())
	old := bytes.Repeat([]byte("old "), 3<<20)
	if _, err := s.Put(t.Context(), "old", bytes.NewReader(old), media.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := s.Put(t.Context(), "half", &cut{after: 18 << 20, do: g.kill}, media.PutOptions{Limit: 1 << 30})
	if err == nil || !strings.Contains(err.Error(), "cannot be reached, or hung up") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %v", d)
	}
	for name, err := range map[string]error{
		"Put": func() error {
			_, err := s.Put(t.Context(), "k", strings.NewReader("x"), media.PutOptions{})
			return err
		}(),
		"Open":   func() error { _, err := s.Open(t.Context(), "old"); return err }(),
		"Delete": s.Delete(t.Context(), "old"),
		"List":   func() error { _, err := s.List(t.Context(), "", 1); return err }(),
		"Check":  s.Check(t.Context()),
	} {
		if err == nil || errors.Is(err, media.ErrNotFound) || !strings.Contains(err.Error(), "cannot be reached, or hung up") {
			t.Errorf("%s without a gateway: got %v", name, err)
		}
	}
	if err := g.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "half"); !errors.Is(err, media.ErrNotFound) {
		t.Errorf("half a blob: got %v, want ErrNotFound", err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("Sweep of old ones: got %d, %v, want 0", n, err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("Sweep: got %d, %v, want 1", n, err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("Sweep again: got %d, %v, want 0", n, err)
	}
	b, err := s.Open(t.Context(), "old")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := io.CopyN(io.Discard, b, 1<<20); err != nil {
		t.Fatal(err)
	}
	g.kill()
	if n, err := io.Copy(io.Discard, b); err == nil && n != int64(len(old))-1<<20 {
		t.Errorf("a download that broke off: got %d bytes and no error", n)
	}
	if err := g.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, old) {
		t.Errorf("the same blob, read again: got %d bytes, %v", len(got), err)
	}
}

// TestReplacedWhileRead: no blob is put together of two.
func TestReplacedWhileRead(t *testing.T) {
	t.Parallel()
	s := shared(t).store(t, shared(t).options())
	put := func(c string) {
		if _, err := s.Put(t.Context(), "one", strings.NewReader(strings.Repeat(c, 300_000)), media.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	b, err := s.Open(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	put("b")
	if got, err := io.ReadAll(b); err == nil && strings.Contains(string(got), "b") {
		t.Errorf("got %d bytes of another blob and no error", len(got))
	}
}

// TestFull: a store without room says so in our words.
func TestFull(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInsufficientStorage)
		fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>XMinioStorageFull</Code><Message>full</Message></Error>`)
	}))
	t.Cleanup(srv.Close)
	s, err := s3.New(s3.Options{AccessKeyID: "a", SecretAccessKey: "b", Region: "r", Bucket: "bucket", Endpoint: srv.URL, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Put(t.Context(), "k", strings.NewReader("x"), media.PutOptions{}); !errors.Is(err, media.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
}
