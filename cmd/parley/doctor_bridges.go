package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"parley/bridge/wechatapi"
	"parley/internal/config"
	"parley/internal/netease"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
	"parley/internal/wechat"
	"parley/store"
	"parley/store/sqlite"
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
	return append(list, append(p.relayed(), p.weChat(ask)...)...)
}

// relayed names the conversations that are to be carried and do not exist.
func (p *patient) relayed() []finding {
	b := &p.cfg.Bridges
	var names []string
	for _, list := range [][]string{b.RongCloud.Relay, b.NetEase.Relay} {
		for _, s := range list {
			if name := config.RelayTopic(s); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	path := filepath.Join(p.data, storeName)
	if _, err := os.Stat(path); err != nil || len(names) == 0 {
		return nil
	}
	missing, err := sqlite.MissingTopics(p.ctx, path, names)
	switch {
	case err != nil:
		return []finding{warn("relay", "look at the line store", "%v", err)}
	case len(missing) > 0:
		return []finding{warn("relay", "look at the spelling, unless they are still to begin", "not here: %s", strings.Join(missing, ", "))}
	}
	return nil
}

// weChat looks at the apps of WeChat. Nothing can be asked about a website app
// without somebody who signs in.
func (p *patient) weChat(ask bool) []finding {
	const name = "wechat"
	w := &p.cfg.Bridges.WeChat
	if !w.Enabled {
		return nil
	}
	var list []finding
	if len(w.Voice.Command) > 0 {
		if path, err := exec.LookPath(w.Voice.Command[0]); err != nil {
			list = append(list, bad(name, "install it, or leave voice.command out: sounds are kept as AMR then", "voice.command: %v", err))
		} else {
			list = append(list, good(name, "voice.command is %s", path))
		}
	}
	d := wechatapi.Deps{
		Base: w.APIBase, HTTP: wechat.NewHTTP(), Vault: noVault{}, Hide: &outbound.Redactor{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	for i := range w.Apps {
		a := &w.Apps[i]
		d.Apps = append(d.Apps, wechatapi.App{ID: a.AppID, Secret: string(a.AppSecret), Kind: wechatapi.Kind(a.Kind), JSDomains: a.JSDomains})
	}
	api, err := wechatapi.New(d)
	if err != nil {
		return append(list, bad(name, "parley check", "%v", err))
	}
	for i := range d.Apps {
		a := &d.Apps[i]
		what := fmt.Sprintf("%s app %s", a.Kind, a.ID)
		switch {
		case a.Kind == wechatapi.Website:
			list = append(list, good(name, "%s: can be tried by signing in only", what))
		case !ask:
			list = append(list, good(name, "%s: not called: doctor --ask does", what))
		default:
			list = append(list, p.weChatApp(api, a, what))
		}
	}
	return list
}

func (p *patient) weChatApp(api *wechatapi.Service, a *wechatapi.App, what string) finding {
	const name = "wechat"
	ctx, cancel := context.WithTimeout(p.ctx, askTime)
	defer cancel()
	got, err := api.Probe(ctx, a.ID)
	switch {
	case err == nil:
		return good(name, "%s: answers, %s", what, strings.Join(got, " and "))
	case wechat.Code(err) == 40164:
		return bad(name, "put the address of this server into the IP white list of the console", "%s: %v", what, err)
	case wechat.Code(err) > 0 && len(got) == 0:
		return bad(name, "compare AppID and AppSecret with the console", "%s: %v", what, err)
	case wechat.Code(err) > 0:
		return bad(name, "docs/bridges.md lists the codes; the JS-SDK needs an account that may use it", "%s: a token, but no ticket: %v", what, err)
	}
	return bad(name, "look at the way out (firewall, proxy)", "%s: %v", what, err)
}

// noVault keeps nothing: the doctor leaves no trace.
type noVault struct{}

func (noVault) Get(context.Context, string) ([]byte, error) { return nil, store.ErrNotFound }

func (noVault) Put(context.Context, string, []byte, time.Time) error { return nil }

func (noVault) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return func() {}, true, nil
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
