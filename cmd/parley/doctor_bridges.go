package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"parley/internal/netease"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
)

// nobody is a user that no vendor has: asking about him proves the key, the
// secret and the clock, and changes nothing.
const nobody = "parley-doctor"

const askTime = 15 * time.Second

// bridges looks at the services of others that are on; ask says whether to call
// them.
func (p *patient) bridges(ask bool) []finding {
	b := &p.cfg.Bridges
	redact := &outbound.Redactor{}
	redact.Set("all", string(b.RongCloud.AppSecret), string(b.NetEase.AppSecret))
	var list []finding
	if r := &b.RongCloud; r.Enabled {
		hosts := r.Hosts
		if len(hosts) == 0 {
			hosts = rongcloud.Hosts(r.Region)
		}
		c := rongcloud.New(rongcloud.Options{
			AppKey: r.AppKey, AppSecret: string(r.AppSecret), Hosts: hosts, Doer: outbound.NewClient(outbound.Options{}),
			Now: time.Now, Rand: rand.Reader, Redact: redact,
		})
		list = append(list, p.vendor(rongcloud.Service, ask, hosts, len(r.Relay), func(ctx context.Context) error {
			_, err := c.Online(ctx, nobody)
			return err
		}))
	}
	if n := &b.NetEase; n.Enabled {
		bases := n.V1Base
		if len(bases) == 0 {
			bases = netease.Bases(n.Region)
		}
		c := netease.New(netease.Options{
			AppKey: n.AppKey, AppSecret: string(n.AppSecret), Bases: bases, Doer: outbound.NewClient(outbound.Options{}),
			Now: time.Now, Rand: rand.Reader, Redact: redact,
		})
		list = append(list, p.vendor(netease.Service, ask, bases, len(n.Relay), func(ctx context.Context) error {
			_, err := c.RefreshToken(ctx, nobody)
			if netease.NotFound(err) {
				return nil
			}
			return err
		}))
	}
	return list
}

func (p *patient) vendor(name string, ask bool, hosts []string, relayed int, call func(context.Context) error) finding {
	what := fmt.Sprintf("on, %s", hosts[0])
	if relayed > 0 {
		what += fmt.Sprintf(", %d conversations are carried there", relayed)
	}
	if !ask {
		return good(name, "%s; not called: doctor --ask does", what)
	}
	ctx, cancel := context.WithTimeout(p.ctx, askTime)
	defer cancel()
	err := call(ctx)
	switch {
	case err == nil:
		return good(name, "%s, answers", what)
	case errors.Is(err, context.DeadlineExceeded):
		return bad(name, "look at the way out (firewall, proxy)", "%s: no answer within %v", what, askTime)
	case outbound.KindOf(err) == outbound.Misconfigured:
		return bad(name, "compare app key, secret and data centre with the console, and the clock", "%v", err)
	}
	return bad(name, "docs/bridges.md lists the codes", "%v", err)
}
