package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"parley/internal/chat"
)

// Bridges are the services of others that users get credentials for and that
// conversations can be carried to (docs/bridges.md). All are off by default.
type Bridges struct {
	LoginBudget time.Duration `conf:"login_budget_ms,ms"` // that a login waits for all of them; 0: it does not
	CacheKey    Key           `conf:"cache_key"`          // 32 bytes; nil: derived from auth_config.token.key
	RongCloud   RongCloud     `conf:"rongcloud"`
	NetEase     NetEase       `conf:"netease"`
	WeChat      WeChat        `conf:"wechat"`
}

// RongCloud is an app of RongCloud.
type RongCloud struct {
	Enabled        bool          `conf:"enabled"`
	AppKey         string        `conf:"app_key"`
	AppSecret      Secret        `conf:"app_secret"`
	PreviousSecret Secret        `conf:"previous_secret"` // still accepted in callbacks; empty: none
	Region         string        `conf:"region"`          // one of RongCloudRegions
	Hosts          []string      `conf:"hosts"`           // URLs in the place of the region's; the first is preferred
	TokenTTL       time.Duration `conf:"token_ttl,s"`     // as the vendor's console says
	Mirror         bool          `conf:"mirror"`
	Relay          []string      `conf:"relay"` // conversations; see RelayTopic
}

// NetEase is an app of NetEase Yunxin.
type NetEase struct {
	Enabled        bool          `conf:"enabled"`
	AppKey         string        `conf:"app_key"`
	AppSecret      Secret        `conf:"app_secret"`
	PreviousSecret Secret        `conf:"previous_secret"` // still accepted in callbacks; empty: none
	PermSecret     Secret        `conf:"perm_secret"`     // of permission keys; empty: there are none
	IM             string        `conf:"im"`              // dynamic, static or off
	RTC            string        `conf:"rtc"`             // local, call or off
	TTL            time.Duration `conf:"ttl,s"`           // of what is computed or asked for
	Region         string        `conf:"region"`          // one of NetEaseRegions
	V1Base         []string      `conf:"v1_base"`         // URLs in the place of the region's
	Mirror         bool          `conf:"mirror"`
	Relay          []string      `conf:"relay"` // conversations; see RelayTopic
}

// RongCloudRegions are the data centres, which an app cannot leave
// (bridges.md §A1).
func RongCloudRegions() []string { return []string{"bj", "sg", "sgb", "us", "sau"} }

// NetEaseRegions are those of NetEase (bridges.md §B1).
func NetEaseRegions() []string { return []string{"cn", "sg"} }

func (b *Bridges) settle() {
	b.WeChat.settle()
	if len(b.CacheKey) == 0 {
		b.CacheKey = nil
	}
	for _, p := range []*string{&b.RongCloud.Region, &b.NetEase.Region, &b.NetEase.IM, &b.NetEase.RTC} {
		*p = strings.ToLower(*p)
	}
	for _, list := range [][]string{b.RongCloud.Hosts, b.NetEase.V1Base} {
		for i, s := range list {
			if s != "" && !strings.Contains(s, "://") {
				s = "https://" + s
			}
			list[i] = strings.TrimRight(s, "/")
		}
	}
}

const (
	maxLoginBudget = 10 * time.Second // well below the time that a client waits
	cacheKeyLen    = 32
)

func (b *Bridges) check(k *checker) {
	k.between("bridges.login_budget_ms", b.LoginBudget.Milliseconds(), 0, maxLoginBudget.Milliseconds())
	if n := len(b.CacheKey); n != 0 && n != cacheKeyLen {
		k.fault("bridges.cache_key", "must be %d bytes, in base64", cacheKeyLen)
	}
	b.RongCloud.check(k)
	b.NetEase.check(k)
	b.WeChat.check(k)
}

func (r *RongCloud) check(k *checker) {
	const path, when = "bridges.rongcloud.", "bridges.rongcloud.enabled is true"
	if r.Enabled {
		k.required(path+"app_key", r.AppKey, when)
		k.required(path+"app_secret", string(r.AppSecret), when)
	}
	k.appKey(path+"app_key", r.AppKey)
	k.oneOf(path+"region", r.Region, RongCloudRegions()...)
	k.vendorURLs(path+"hosts", r.Hosts)
	k.paths(path+"hosts", r.Hosts, false)
	if r.TokenTTL < 10*time.Minute || r.TokenTTL > 10*365*24*time.Hour {
		k.fault(path+"token_ttl", "must be between 10m and 10 years (87600h)")
	}
	k.relayTopics(path+"relay", r.Relay)
}

func (n *NetEase) check(k *checker) {
	const path, when = "bridges.netease.", "bridges.netease.enabled is true"
	if n.Enabled {
		k.required(path+"app_key", n.AppKey, when)
		k.required(path+"app_secret", string(n.AppSecret), when)
		if n.IM == "off" && n.RTC == "off" {
			k.fault(path+"im", "im and rtc are both off: there is nothing to give; set enabled to false")
		}
		if len(n.Relay) > 0 && n.IM == "off" {
			k.fault(path+"relay", "needs im: messages are those of its accounts")
		}
	}
	k.oneOf(path+"region", n.Region, NetEaseRegions()...)
	k.oneOf(path+"im", n.IM, "dynamic", "static", "off")
	k.oneOf(path+"rtc", n.RTC, "local", "call", "off")
	k.appKey(path+"app_key", n.AppKey)
	k.vendorURLs(path+"v1_base", n.V1Base)
	k.paths(path+"v1_base", n.V1Base, true)
	if n.TTL < time.Minute || n.TTL >= 24*time.Hour {
		k.fault(path+"ttl", "must be at least 1m and less than 24h: a token that was given away cannot be taken back")
	}
	k.relayTopics(path+"relay", n.Relay)
}

func (k *checker) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		k.fault(path, "must be one of %s", strings.Join(known, ", "))
	}
}

// vendorURLs checks addresses of a vendor: secrets go there, so they are
// encrypted but on this machine.
func (k *checker) vendorURLs(path string, list []string) {
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if wrong := badURL(s); wrong != "" {
			k.fault(at, "must be the name of a host, or a full URL, such as https://api.example.com")
			continue
		}
		if u, err := url.Parse(s); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
			k.fault(at, "must be https: what is sent there logs in as the whole app")
		}
	}
}

// paths checks that addresses of a vendor have a path, or none.
func (k *checker) paths(path string, list []string, wanted bool) {
	for i, s := range list {
		u, err := url.Parse(s)
		if err != nil || badURL(s) != "" {
			continue // told already
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case u.User != nil || u.RawQuery != "" || u.ForceQuery:
			k.fault(at, "must have no user and no ?")
		case wanted && strings.Trim(u.Path, "/") == "":
			k.fault(at, "must have the path of the interface, such as https://api.example.com/nimserver")
		case !wanted && u.Path != "":
			k.fault(at, "must have no path: only the host, such as https://api.example.com")
		}
	}
}

const maxAppKey = 64

// appKey checks what vendors make of letters and digits.
func (k *checker) appKey(path, s string) {
	if len(s) > maxAppKey || strings.ContainsFunc(s, notAlphanumeric) {
		k.fault(path, "has letters and digits only, %d at most: copy it from the console without blanks", maxAppKey)
	}
}

func notAlphanumeric(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (k *checker) relayTopics(path string, list []string) {
	seen := make(map[string]bool)
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch name := RelayTopic(s); {
		case name == "":
			k.fault(at, `must be a group ("grp…"), or the IDs of two users with a blank between them ("usr… usr…")`)
		case seen[name]:
			k.fault(at, "the same conversation twice")
		default:
			seen[name] = true
		}
	}
}

// RelayTopic is the canonical name of the conversation that an entry of a relay
// list means: a group, or two users with a blank between them. It is empty for
// anything else.
func RelayTopic(s string) string {
	if a, b, ok := strings.Cut(strings.TrimSpace(s), " "); ok {
		x, errX := chat.ParseUID(a)
		y, errY := chat.ParseUID(strings.TrimSpace(b))
		if errX != nil || errY != nil {
			return ""
		}
		return chat.P2PName(x, y)
	}
	name, channel, ok := chat.GroupName(strings.TrimSpace(s))
	if !ok || channel {
		return ""
	}
	return name
}
