package config

import (
	"fmt"
	"strings"

	"golang.org/x/text/language"
)

func (g *AccountGC) check(k *checker) {
	if !g.Enabled {
		return
	}
	k.positive("acc_gc_config.gc_period", g.Period)
	k.atLeast("acc_gc_config.gc_block_size", int64(g.BlockSize), 1)
	k.positive("acc_gc_config.gc_min_account_age", g.MinAccountAge)
}

func (s *Store) check(k *checker) {
	const path = "store_config.use_adapter"
	const embedded = `; set "" to keep everything in the embedded store`
	switch s.Adapter {
	case "":
	case "mysql", "rethinkdb":
		k.fault(path, "%s is not supported%s", s.Adapter, embedded)
	case "postgres", "mongodb":
		k.fault(path, "%s is not supported in this version yet%s", s.Adapter, embedded)
	default:
		k.fault(path, "unknown adapter%s", embedded)
	}
	k.between("store_config.max_results", int64(s.MaxResults), 1, 1_000_000)
}

func (m *Media) check(k *checker) {
	if m.MaxUploadBytes < 0 {
		k.fault("media.max_size", "must not be negative")
	}
	k.atLeast("media.max_pixels", m.MaxPixels, 0)
	if m.Access != MediaReaders && m.Access != MediaUsers {
		k.fault("media.access", `must be "readers" or "users"`)
	}
	fs, s3 := &m.Handlers.FS, &m.Handlers.S3
	k.origins("media.handlers.fs.cors_origins", fs.CORSOrigins)
	k.origins("media.handlers.s3.cors_origins", s3.CORSOrigins)
	const path, when = "media.handlers.s3.", "media.use_handler is s3"
	switch m.Handler {
	case "":
	case "fs":
		k.use("media.handlers.fs.serve_url", badServeURL(fs.ServeURL))
	case "s3":
		k.required(path+"access_key_id", s3.AccessKeyID, when)
		k.required(path+"secret_access_key", string(s3.SecretAccessKey), when)
		k.required(path+"region", s3.Region, when)
		k.required(path+"bucket", s3.Bucket, when)
		k.use(path+"serve_url", badServeURL(s3.ServeURL))
		k.positive(path+"presign_ttl", s3.PresignTTL)
	default:
		k.fault("media.use_handler", `must be "fs", "s3", or "" for no files`)
	}
}

func (w *WebRTC) check(k *checker) {
	if w.Enabled && len(w.ICEServers) == 0 {
		k.required("webrtc.ice_servers", w.ICEServersFile, "webrtc.enabled is true")
	}
	for i, s := range w.ICEServers {
		if len(s.URLs) == 0 {
			k.fault(fmt.Sprintf("webrtc.ice_servers[%d].urls", i), "must not be empty")
		}
	}
	if w.TURNSecret != "" {
		k.positive("webrtc.turn_ttl", w.TURNTTL)
	}
}

func (p *Push) check(k *checker) {
	if p.FCM.Enabled && p.FCM.Credentials == "" {
		k.required("push.fcm.credentials_file", p.FCM.CredentialsFile, "fcm is enabled")
	}
	if p.TNPG.Enabled {
		k.required("push.tnpg.org", p.TNPG.Org, "tnpg is enabled")
		k.required("push.tnpg.token", string(p.TNPG.Token), "tnpg is enabled")
		if p.TNPG.Org != strings.ToLower(p.TNPG.Org) {
			k.fault("push.tnpg.org", "must be in lower case")
		}
	}
	k.atLeast("push.stdout.buffer", int64(p.Stdout.Buffer), 0)
	k.atLeast("push.fcm.buffer", int64(p.FCM.Buffer), 0)
	k.atLeast("push.tnpg.buffer", int64(p.TNPG.Buffer), 0)
	k.notNegative("push.fcm.time_to_live", p.FCM.TimeToLive)
}

// badServeURL says what is wrong with the prefix of the URLs of files: a path, or
// a full URL where a proxy stands in front.
func badServeURL(s string) string {
	if strings.Contains(s, "://") {
		return badURL(s)
	}
	return badPath(s)
}

// origins checks a list of web origins (surfaces.md §1.10).
func (k *checker) origins(path string, list []string) {
	for i, o := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case o == "" || o == "*":
			if len(list) > 1 {
				k.fault(at, `"%s" must be the only entry`, o)
			}
		default:
			k.use(at, badOrigin(o))
		}
	}
}

func (k *checker) languages(path string, list []string) {
	for i, l := range list {
		if _, err := language.Parse(l); err != nil {
			k.fault(fmt.Sprintf("%s[%d]", path, i), "not a language, such as en or zh-TW")
		}
	}
}
