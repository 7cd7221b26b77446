package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"parley/auth/bridge"
	bridgenetease "parley/auth/bridge/netease"
	bridgerongcloud "parley/auth/bridge/rongcloud"
	"parley/auth/seal"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/limit"
	"parley/internal/netease"
	"parley/internal/outbound"
	"parley/internal/rongcloud"
	"parley/store"
	"parley/store/vault"
)

// How often a service is asked at most (bridges.md §E4, §B10).
const (
	rongcloudRate = 100 // a second: half of what is allowed
	neteaseRate   = 50
)

// bridges are the services of others; the zero value has none.
type bridges struct {
	manager   *bridge.Manager // nil: there are none
	vault     *vault.Vault
	redact    *outbound.Redactor
	rongcloud *rongcloud.Client // nil: off
	netease   *netease.Client   // nil: off
}

// newBridges makes the clients of those services that are on. It asks nobody
// anything.
func newBridges(d *Deps, keys [][]byte) (*bridges, error) {
	cfg := &d.Config.Bridges
	if len(cfg.CacheKey) > 0 {
		keys = [][]byte{cfg.CacheKey}
	}
	box, err := seal.New(keys, "bridges")
	if err != nil {
		return nil, fmt.Errorf("bridges.cache_key: %w", err)
	}
	b := &bridges{vault: vault.New(d.Store, box, d.Now), redact: &outbound.Redactor{}}
	var services []bridge.Service
	if r := &cfg.RongCloud; r.Enabled {
		services = append(services, b.useRongCloud(d, r))
	}
	if n := &cfg.NetEase; n.Enabled {
		services = append(services, b.useNetEase(d, n)...)
	}
	if len(services) > 0 {
		b.manager = bridge.New(bridge.Deps{
			Store: d.Store, Vault: b.vault, Log: d.Log, Now: d.Now, Budget: cfg.LoginBudget,
		}, services...)
	}
	return b, nil
}

// profile tells services of a changed name or picture; nil without services.
func (b *bridges) profile() func(chat.UID) {
	if b.manager == nil {
		return nil
	}
	return func(u chat.UID) { b.manager.Changed(u, bridge.Change{Profile: true}) }
}

func perSecond(n int) limit.Rate { return limit.Rate{Every: time.Second / time.Duration(n), Burst: n} }

// fingerprint changes with any of the parts and tells none of them.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func (b *bridges) useRongCloud(d *Deps, r *config.RongCloud) bridge.Service {
	hosts := r.Hosts
	if len(hosts) == 0 {
		hosts = rongcloud.Hosts(r.Region)
	}
	b.redact.Set(rongcloud.Service, string(r.AppSecret), string(r.PreviousSecret))
	b.rongcloud = rongcloud.New(rongcloud.Options{
		AppKey: r.AppKey, AppSecret: string(r.AppSecret), Hosts: hosts, Doer: outbound.NewClient(outbound.Options{}),
		Now: d.Now, Rand: rand.Reader, Redact: b.redact,
	})
	return bridge.Service{
		Name: rongcloud.Service, Minter: bridgerongcloud.New(b.rongcloud, r.AppKey, r.Region, r.TokenTTL, d.Now),
		Fingerprint: fingerprint(r.AppKey, string(r.AppSecret), r.Region), Rate: perSecond(rongcloudRate), Mirror: r.Mirror,
	}
}

func (b *bridges) useNetEase(d *Deps, n *config.NetEase) []bridge.Service {
	bases := n.V1Base
	if len(bases) == 0 {
		bases = netease.Bases(n.Region)
	}
	b.redact.Set(netease.Service, string(n.AppSecret), string(n.PreviousSecret), string(n.PermSecret))
	b.netease = netease.New(netease.Options{
		AppKey: n.AppKey, AppSecret: string(n.AppSecret), Bases: bases, Doer: outbound.NewClient(outbound.Options{}),
		Now: d.Now, Rand: rand.Reader, Redact: b.redact,
	})
	o := bridgenetease.Options{
		Client: b.netease, AppKey: n.AppKey, AppSecret: string(n.AppSecret), PermSecret: string(n.PermSecret), TTL: n.TTL, Now: d.Now,
	}
	print := fingerprint(n.AppKey, string(n.AppSecret), n.Region)
	var list []bridge.Service
	if n.IM != "off" {
		list = append(list, bridge.Service{
			Name: netease.Service, Minter: bridgenetease.NewIM(o, n.IM == "dynamic"), Fingerprint: print,
			Rate: perSecond(neteaseRate), Mirror: n.Mirror,
		})
	}
	if n.RTC != "off" {
		list = append(list, bridge.Service{
			Name: netease.Service, Part: "rtc", Minter: bridgenetease.NewRTC(o, n.RTC == "local"), Fingerprint: print,
			Rate: perSecond(neteaseRate),
		})
	}
	return list
}

// suspended are the accounts that services must not serve: the operator's
// commands may have changed them while no server ran.
func (s *Server) suspended(ctx context.Context) error {
	if s.bridges.manager == nil {
		return nil
	}
	states, err := s.store.UsersNotOK(ctx)
	if err != nil {
		return err
	}
	for u, state := range states {
		if state == store.StateSuspended {
			s.bridges.manager.Changed(u, bridge.Change{Suspended: true})
		}
	}
	return nil
}
