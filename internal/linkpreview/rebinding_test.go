package linkpreview

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers the n-th question about any name with answer(n).
func nameServer(t *testing.T, answer func(n int) [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var asked atomic.Int32
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0},
					Body:   &dnsmessage.AResource{A: answer(int(asked.Add(1)))},
				}}
			}
			if reply, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestRebinding: a name that leads to an allowed address first and into a private
// network afterwards gets nobody in, because the address itself is checked each
// time.
func TestRebinding(t *testing.T) {
	t.Parallel()
	secret, touched := forbidden(t)
	public := site(t, page("text/html", `<title>harmless</title><meta property="og:image" content="`+
		strings.Replace(secret, "127.0.0.2", "rebinding.example", 1)+`/x.png">`))
	resolver := nameServer(t, func(n int) [4]byte {
		if n == 1 {
			return [4]byte{127, 0, 0, 1} // stands for a public address
		}
		return [4]byte{127, 0, 0, 2}
	})
	s := service(t, Options{Resolver: resolver})
	p, err := s.Preview(t.Context(), strings.Replace(public, "127.0.0.1", "rebinding.example", 1))
	if err != nil || p.Title != "harmless" {
		t.Fatalf("got %v, %v", p, err)
	}
	if _, err := s.Image(t.Context(), p.Image); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
	if _, err := s.Preview(t.Context(), strings.Replace(secret, "127.0.0.2", "rebinding.example", 1)); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
	if touched() {
		t.Error("the private address was connected to")
	}
}

// TestMixedAddresses: of several addresses of a name, private ones are left out.
func TestMixedAddresses(t *testing.T) {
	t.Parallel()
	resolver := nameServer(t, func(int) [4]byte { return [4]byte{10, 0, 0, 1} })
	s := service(t, Options{Resolver: resolver, Allow: []netip.Prefix{}})
	if _, err := s.Preview(t.Context(), "http://internal.example/"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}
