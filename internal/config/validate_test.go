package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := Default().Validate(); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"listen":               {func(c *Config) { c.Listen = "6060" }, "listen: must be host:port, :port, :service or unix:/path"},
		"data":                 {func(c *Config) { c.Data = "a\x00" }, "data: not the name of a folder"},
		"grpc_listen":          {func(c *Config) { c.GRPCListen = ":65536" }, "grpc_listen: the port must be between 0 and 65535"},
		"api_path":             {func(c *Config) { c.APIPath = "/a b/" }, "api_path: must be a plain path: letters, digits, - . _ ~ between slashes"},
		"static_mount":         {func(c *Config) { c.StaticMount = "/a/../" }, "static_mount: must not have empty parts, . or .. in it"},
		"cache_control":        {func(c *Config) { c.CacheControl = -1 }, "cache_control: must not be negative"},
		"x_frame_options":      {func(c *Config) { c.XFrameOptions = "" }, `x_frame_options: must be "SAMEORIGIN", "DENY" or "-"`},
		"api_key_salt":         {func(c *Config) { c.APIKeySalt = nil }, "api_key_salt: must not be empty"},
		"max_subscriber_count": {func(c *Config) { c.MaxSubscribers = 1 }, "max_subscriber_count: must be at least 2"},
		"max_tag_count":        {func(c *Config) { c.MaxTags = -1 }, "max_tag_count: must be at least 1"},
		"masked_tags":          {func(c *Config) { c.MaskedTags = []string{"ok", "no:"} }, "masked_tags[1]: must be 2 to 16 letters, digits or _, beginning with a lower-case letter"},
		"alias_tag":            {func(c *Config) { c.AliasTag = "a" }, "alias_tag: must be 2 to 16 letters, digits or _, beginning with a lower-case letter"},
		"default_country_code": {func(c *Config) { c.DefaultCountry = "USA" }, "default_country_code: must be two letters, such as US"},
		"pending requests":     {func(c *Config) { c.Limits.MaxPendingRequests = 0 }, "limits.max_pending_requests: must be between 1 and 4096"},
		"outbox":               {func(c *Config) { c.Limits.OutboxBytes = 131072 }, "limits.outbox_bytes: must be at least 2 × max_message_size"},
		"sessions":             {func(c *Config) { c.Limits.MaxSessions = -1 }, "limits.max_sessions: must be at least 0"},
		"tls files":            {func(c *Config) { c.TLS.Enabled = true }, "tls.cert_file: required when tls.enabled is true\ntls.key_file: required when tls.enabled is true"},
		"tls domains":          {func(c *Config) { c.TLS.Enabled, c.TLS.Autocert.Domains = true, []string{"a..b"} }, "tls.autocert.domains[0]: not the name of a domain"},
		"tls domain, address":  {func(c *Config) { c.ServeDomains([]string{"192.0.2.1"}) }, "tls.autocert.domains[0]: no authority gives certificates for this; it must be a full name, such as chat.example.com"},
		"tls e-mail":           {func(c *Config) { c.ServeDomains([]string{"a.b"}); c.TLS.Autocert.Email = "x" }, "tls.autocert.email: must be an e-mail address"},
		"tls directory":        {func(c *Config) { c.ServeDomains([]string{"a.b"}); c.TLS.Autocert.Directory = "x" }, "tls.autocert.directory: must be a full URL, such as https://chat.example.com/"},
		"tls redirect to self": {func(c *Config) { c.ServeDomains([]string{"a.b"}); c.Listen = ":80" }, `tls.http_redirect: the same address as "listen"; set it to an empty text, or "listen" to ":443"`},
		"tls redirect":         {func(c *Config) { c.TLS.HTTPRedirect = "80" }, "tls.http_redirect: must be host:port, :port, :service or unix:/path"},
		"tls redirect, a socket": {func(c *Config) {
			c.Listen, c.TLS = "unix:/s", TLS{Enabled: true, CertFile: "c", KeyFile: "k", HTTPRedirect: ":80"}
		}, "tls.http_redirect: not possible with a Unix socket; set it to an empty text"},
		"logical name, no colon":        {func(c *Config) { c.Auth.LogicalNames = []string{"basic"} }, `auth_config.logical_names[0]: must be "logical:real", or "real:" to hide a scheme`},
		"logical name, twice":           {func(c *Config) { c.Auth.LogicalNames = []string{"a1:basic", "A1:token"} }, "auth_config.logical_names[1]: the same logical name twice"},
		"logical name, unknown":         {func(c *Config) { c.Auth.LogicalNames = []string{"a:b"} }, "auth_config.logical_names[0]: unknown scheme; known are anonymous, basic, code, oidc, rest, token"},
		"logical name, too many colons": {func(c *Config) { c.Auth.LogicalNames = []string{"a1:basic:x"} }, `auth_config.logical_names[0]: must be "logical:real", or "real:" to hide a scheme`},
		"logical name, empty":           {func(c *Config) { c.Auth.LogicalNames = []string{":basic"} }, `auth_config.logical_names[0]: must be "logical:real", or "real:" to hide a scheme`},
		"logical name, not hidden":      {func(c *Config) { c.Auth.LogicalNames = []string{"corp:basic"} }, `auth_config.logical_names: basic cannot have the names basic and corp at once: hide one of them, as with "basic:"`},
		"logical name, no tag":          {func(c *Config) { c.Auth.LogicalNames = []string{"my-auth:basic", "basic:"} }, "auth_config.logical_names[0]: with auth_config.basic.add_to_tags the name is the beginning of tags: a lower-case letter, then 1 to 15 letters, digits or _"},
		"logical name, rest":            {func(c *Config) { c.Auth.LogicalNames = []string{"basic:rest", "rest:"} }, "auth_config.logical_names[0]: nobody to ask: auth_config.rest.server_url is empty"},
		"totp issuer":                   {func(c *Config) { c.Auth.TOTP.Issuer = "a:b" }, "auth_config.totp.issuer: must be a short name without : and /"},
		"oidc, nothing":                 {func(c *Config) { c.Auth.OIDC = []OIDCAuth{{}} }, "auth_config.oidc.issuer: must be a full URL, such as https://chat.example.com/\nauth_config.oidc.client_id: required when there is a provider\nauth_config.oidc.client_secret: required when there is a provider"},
		"oidc, the same twice": {func(c *Config) {
			o := OIDCAuth{Issuer: "https://a.b/", ClientID: "x", ClientSecret: "y", Name: "The staff"}
			p := o
			p.Name = "the-STAFF"
			c.Auth.OIDC = []OIDCAuth{o, p}
		}, "auth_config.oidc[1].name: two providers are called so in addresses (the-staff)"},
		"oidc, odd": {func(c *Config) {
			c.Auth.OIDC = []OIDCAuth{{Issuer: "https://a.b/?x|y", ClientID: "x", ClientSecret: "y", Name: "學", RedirectBase: "chat", Domains: []string{"a b"}}}
		}, "auth_config.oidc.issuer: must not have | or ? in it\nauth_config.oidc.name: must have letters a-z or digits in it, at most 64\nauth_config.oidc.redirect_base: must be a full URL, such as https://chat.example.com/\nauth_config.oidc.domains[0]: not the name of a domain"},
		"login length":     {func(c *Config) { c.Auth.Basic.MinLoginLength = 33 }, "auth_config.basic.min_login_length: must be between 1 and 32"},
		"password length":  {func(c *Config) { c.Auth.Basic.MinPasswordLength = -1 }, "auth_config.basic.min_password_length: must be between 1 and 1024"},
		"token key":        {func(c *Config) { c.Auth.Token.Keys = []Key{make(Key, 31)} }, "auth_config.token.key: must be at least 32 bytes, in base64"},
		"token keys":       {func(c *Config) { c.Auth.Token.Keys = []Key{make(Key, 32), nil} }, "auth_config.token.key[1]: must be at least 32 bytes, in base64"},
		"token lifetime":   {func(c *Config) { c.Auth.Token.ExpireIn = 0 }, "auth_config.token.expire_in: must be more than 0"},
		"token serial":     {func(c *Config) { c.Auth.Token.SerialNumber = -1 }, "auth_config.token.serial_num: must be between 0 and 2147483647"},
		"code":             {func(c *Config) { c.Auth.Code = CodeAuth{} }, "auth_config.code.expire_in: must be more than 0\nauth_config.code.max_retries: must be at least 1\nauth_config.code.code_length: must be between 4 and 18"},
		"rest":             {func(c *Config) { c.Auth.REST.ServerURL = "x.example.com" }, "auth_config.rest.server_url: must be a full URL, such as https://chat.example.com/"},
		"email port":       {func(c *Config) { c.Validation.Email.Config.SMTPPort = 70000 }, "acc_validation.email.config.smtp_port: must be between 1 and 65535"},
		"email mechanism":  {func(c *Config) { c.Validation.Email.Config.AuthMechanism = "ntlm" }, `acc_validation.email.config.auth_mechanism: must be "plain", "login" or "cram-md5"`},
		"email languages":  {func(c *Config) { c.Validation.Email.Config.Languages = []string{"en", "!"} }, "acc_validation.email.config.languages[1]: not a language, such as en or zh-TW"},
		"email domains":    {func(c *Config) { c.Validation.Email.Config.Domains = []string{"@example.com"} }, "acc_validation.email.config.domains[0]: not the name of a domain"},
		"tel code":         {func(c *Config) { c.Validation.Tel.Config.CodeLength = 3 }, "acc_validation.tel.config.code_length: must be between 4 and 18"},
		"email encryption": {func(c *Config) { c.Validation.Email.Config.SMTPTLS = "ssl" }, `acc_validation.email.config.smtp_tls: must be "auto", "starttls", "implicit" or "none"`},
		"email server with a port": {func(c *Config) {
			e := &c.Validation.Email.Config
			e.SMTPServer, e.HostURL, e.Sender = "mail.example.com:25", "https://x/", "a@b.c"
		}, "acc_validation.email.config.smtp_server: must be the name of a host, without a port"},
		"twilio": {func(c *Config) {
			c.Validation.Tel.Config.Twilio = Twilio{AccountSID: "x", BaseURL: "y"}
			c.Validation.Tel.Config.HTTP.URL, c.Validation.Tel.Config.HostURL = "http://x", "chat"
		}, "acc_validation.tel.config.host_url: must be a full URL, such as https://chat.example.com/\n" +
			"acc_validation.tel.config.twilio_conf.auth_token: required when twilio_conf.account_sid is set\n" +
			"acc_validation.tel.config.twilio_conf.base_url: must be a full URL, such as https://chat.example.com/\n" +
			"acc_validation.tel.config.http.url: not together with twilio_conf.account_sid: only one of them can send"},
		"account gc":              {func(c *Config) { c.AccountGC = AccountGC{Enabled: true, Period: 1, BlockSize: 1} }, "acc_gc_config.gc_min_account_age: must be more than 0"},
		"store: mysql":            {func(c *Config) { c.Store.Adapter = "mysql" }, `store_config.use_adapter: mysql is not supported; set "" to keep everything in the embedded store`},
		"store: mongodb":          {func(c *Config) { c.Store.Adapter = "mongodb" }, `store_config.use_adapter: mongodb is not supported in this version yet; set "" to keep everything in the embedded store`},
		"store: unknown":          {func(c *Config) { c.Store.Adapter = "oracle" }, `store_config.use_adapter: unknown adapter; set "" to keep everything in the embedded store`},
		"media handler":           {func(c *Config) { c.Media.Handler = "ftp" }, `media.use_handler: must be "fs", "s3", or "" for no files`},
		"media pixels":            {func(c *Config) { c.Media.MaxPixels = -1 }, "media.max_pixels: must be at least 0"},
		"media access":            {func(c *Config) { c.Media.Access = "all" }, `media.access: must be "readers" or "users"`},
		"media size":              {func(c *Config) { c.Media.MaxUploadBytes = -1 }, "media.max_size: must not be negative"},
		"media serve_url":         {func(c *Config) { c.Media.Handler, c.Media.Handlers.FS.ServeURL = "fs", "files" }, "media.handlers.fs.serve_url: must begin and end with /"},
		"media serve_url, full":   {func(c *Config) { c.Media.Handler, c.Media.Handlers.FS.ServeURL = "fs", "ftp://x/" }, "media.handlers.fs.serve_url: must be a full URL, such as https://chat.example.com/"},
		"media origin":            {func(c *Config) { c.Media.Handlers.FS.CORSOrigins = []string{"https://*.a.b", "https://a.b/"} }, "media.handlers.fs.cors_origins[1]: must be an origin, such as https://chat.example.com, without a slash at the end"},
		"media origin, not alone": {func(c *Config) { c.Media.Handlers.FS.CORSOrigins = []string{"*", "https://a.b"} }, `media.handlers.fs.cors_origins[0]: "*" must be the only entry`},
		"media s3": {
			func(c *Config) { c.Media.Handler = "s3" },
			"media.handlers.s3.access_key_id: required when media.use_handler is s3\n" +
				"media.handlers.s3.secret_access_key: required when media.use_handler is s3\n" +
				"media.handlers.s3.region: required when media.use_handler is s3\n" +
				"media.handlers.s3.bucket: required when media.use_handler is s3",
		},
		"wrong passwords": {func(c *Config) { c.Limits.PasswordsPerAccount = -1 }, "limits.wrong_passwords_per_account: must be between 0 and 1000"},
		"exempt":          {func(c *Config) { c.Limits.Exempt = []string{"::1", "home"} }, "limits.exempt[1]: must be an address or a network, such as 192.0.2.7 or 192.0.2.0/24"},
		"webrtc":          {func(c *Config) { c.WebRTC.Enabled = true }, "webrtc.ice_servers: required when webrtc.enabled is true"},
		"webrtc: turn_ttl": {
			func(c *Config) { c.WebRTC.TURNSecret, c.WebRTC.TURNTTL = "s", 0 }, "webrtc.turn_ttl: must be more than 0",
		},
		"push: fcm":    {func(c *Config) { c.Push.FCM.Enabled = true }, "push.fcm.credentials_file: required when fcm is enabled"},
		"push: tnpg":   {func(c *Config) { c.Push.TNPG = PushTNPG{Enabled: true, Org: "A"} }, "push.tnpg.token: required when tnpg is enabled\npush.tnpg.org: must be in lower case"},
		"push: buffer": {func(c *Config) { c.Push.Stdout.Buffer = -1 }, "push.stdout.buffer: must be at least 0"},
		"push: ttl":    {func(c *Config) { c.Push.FCM.TimeToLive = -time.Second }, "push.fcm.time_to_live: must not be negative"},
		"email server": {
			func(c *Config) {
				c.Validation.Email.Required = append(c.Validation.Email.Required, 20)
				c.Validation.Email.Config.SMTPServer = "mail.example.com"
			},
			"acc_validation.email.config.host_url: must be a full URL, such as https://chat.example.com/\n" +
				`acc_validation.email.config.sender: must be an address, such as "Parley <noreply@example.com>"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Default()
			tc.change(c)
			err := c.Validate()
			if err == nil {
				t.Fatal("no fault")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{":6060", ":0", ":http", "localhost:80", "127.0.0.1:1", "[::1]:443", "[::]:6060", "unix:/run/parley.sock", "chat.example.com:https"} {
		if s := badAddress(good); s != "" {
			t.Errorf("%s: %s", good, s)
		}
	}
	for _, bad := range []string{"", "6060", ":", "a b:1", ":-1", ":70000", "http://x:1", "unix:", "a:b:c", ":no such service", "::1:80", ":nosuchservice"} {
		if badAddress(bad) == "" {
			t.Errorf("%q is accepted", bad)
		}
	}
	if network, where := SplitAddress("unix:/s"); network != "unix" || where != "/s" {
		t.Errorf("got %s %s", network, where)
	}
	if network, where := SplitAddress(":1"); network != "tcp" || where != ":1" {
		t.Errorf("got %s %s", network, where)
	}
}
