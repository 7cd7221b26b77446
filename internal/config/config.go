// Package config turns tinode.conf into a typed, checked Config. It knows every
// key of the file, its unit and its default, and which keys of a Tinode file
// have no meaning here. It does not know what the options do, starts nothing and
// reads nothing but the file and what the file refers to.
//
// The struct tags are the schema: `conf:"key"` names the key, and what follows a
// comma says how its value is written: s, h (unit of a number that means a
// duration), one (a single value may stand for a list of one), text (a number
// may be written as text), raw (a JSON object kept as text).
package config

import (
	"log/slog"
	"time"

	"parley/internal/limit"
)

// Config is everything an operator can decide. Default has the values without
// a file; Load reads a file; after changing fields by hand call Validate.
// A Config is read-only once the server runs.
type Config struct {
	Data     string     `conf:"data"`      // folder of the embedded store, keys and files; made when missing
	LogLevel slog.Level `conf:"log_level"` // debug, info, warn or error

	Listen            string        `conf:"listen"`              // host:port, :port, :service or unix:/path; never empty after Load
	APIPath           string        `conf:"api_path"`            // prefix of v0/…, begins and ends with "/"
	StaticMount       string        `conf:"static_mount"`        // URL of the web client, begins and ends with "/"
	StaticData        string        `conf:"static_data"`         // folder of another web client; empty is the embedded one, "-" none
	CacheControl      time.Duration `conf:"cache_control,s"`     // max-age of static files; 0 sends no header
	XFrameOptions     string        `conf:"x_frame_options"`     // SAMEORIGIN, DENY, or "-" for no header
	UseXForwardedFor  bool          `conf:"use_x_forwarded_for"` // believe the proxy about the client's address
	GRPCListen        string        `conf:"grpc_listen"`         // as Listen; empty is off
	GRPCKeepalive     bool          `conf:"grpc_keepalive_enabled"`
	TLS               TLS           `conf:"tls"`
	APIKeySalt        Key           `conf:"api_key_salt"`         // HMAC key of the apps' API keys; identifies an app, protects nothing
	MaxMessageBytes   int           `conf:"max_message_size"`     // of one frame from a client
	MaxSubscribers    int           `conf:"max_subscriber_count"` // members of a group, channel readers not counted
	MaxTags           int           `conf:"max_tag_count"`        // per user or group
	MaskedTags        []string      `conf:"masked_tags"`          // namespaces searchable only by one's own tag
	AliasTag          string        `conf:"alias_tag"`            // namespace of unique aliases; empty is none
	P2PDeleteEnabled  bool          `conf:"p2p_delete_enabled"`   // peers of new p2p topics may delete for both
	MessageDeleteAge  time.Duration `conf:"msg_delete_age,s"`     // older messages cannot be deleted for all; 0 is no limit
	PermanentAccounts bool          `conf:"permanent_accounts"`   // users cannot delete themselves
	DefaultCountry    string        `conf:"default_country_code"` // ISO 3166 alpha-2, upper case

	Limits       Limits       `conf:"limits"`
	Auth         Auth         `conf:"auth_config"`
	Validation   Validation   `conf:"acc_validation"`
	Registration Registration `conf:"registration"`
	AccountGC    AccountGC    `conf:"acc_gc_config"`
	Store        Store        `conf:"store_config"`
	Media        Media        `conf:"media"`
	WebRTC       WebRTC       `conf:"webrtc"`
	Push         Push         `conf:"push"`
}

// Limits bounds what sessions may hold, and how often they may do what.
type Limits struct {
	MaxPendingRequests int `conf:"max_pending_requests"` // per session; then the reader waits
	OutboxBytes        int `conf:"outbox_bytes"`         // queued for one session; above it is closed as slow
	MaxSessions        int `conf:"max_sessions"`         // at a time; 0 is unlimited

	MaxSessionsPerAddress int        `conf:"max_sessions_per_address"` // at a time; 0 is unlimited
	SessionRequests       limit.Rate `conf:"requests_per_session"`
	UserRequests          limit.Rate `conf:"requests_per_user"`
	AddressRequests       limit.Rate `conf:"requests_per_address"`
	SessionMessages       limit.Rate `conf:"messages_per_session"`
	UserMessages          limit.Rate `conf:"messages_per_user"`
	AddressMessages       limit.Rate `conf:"messages_per_address"`
	AddressAccounts       limit.Rate `conf:"new_accounts_per_address"`
	UserGroups            limit.Rate `conf:"new_groups_per_user"`
	UserSearches          limit.Rate `conf:"searches_per_user"`
	UserCodes             limit.Rate `conf:"codes_per_user"` // sent to confirm an address
	AddressCodes          limit.Rate `conf:"codes_per_address"`
	AddressHTTP           limit.Rate `conf:"http_per_address"`
	AddressTokenLogins    limit.Rate `conf:"token_logins_per_address"`
	UserUploads           limit.Rate `conf:"uploads_per_user"`
	AddressAvatars        limit.Rate `conf:"avatars_per_address"` // of strangers who sign up

	PasswordsPerAccount int           `conf:"wrong_passwords_per_account"` // without a delay; 0 is unlimited
	PasswordsPerAddress int           `conf:"wrong_passwords_per_address"`
	PasswordDelay       time.Duration `conf:"wrong_password_delay,s"` // at most
	Exempt              []string      `conf:"exempt"`                 // CIDR, or single addresses
}

// TLS is how HTTP is encrypted: by files, or by certificates from an ACME
// authority when Autocert.Domains is not empty. After Load the paths start at
// the folder of the configuration.
type TLS struct {
	Enabled      bool          `conf:"enabled"`
	HTTPRedirect string        `conf:"http_redirect"`    // plain listener that answers 308; empty is none
	StrictMaxAge time.Duration `conf:"strict_max_age,s"` // HSTS; 0 or less is off
	Autocert     Autocert      `conf:"autocert"`
	CertFile     string        `conf:"cert_file"`
	KeyFile      string        `conf:"key_file"`
}

// Autocert asks an ACME authority for certificates of the listed domains.
type Autocert struct {
	CacheDir    string   `conf:"cache"` // empty is the folder "acme" in Data
	Email       string   `conf:"email"` // where the authority may send warnings; may be empty
	Domains     []string `conf:"domains"`
	Directory   string   `conf:"directory"`    // URL; empty is Let's Encrypt
	DirectoryCA string   `conf:"directory_ca"` // PEM file, whom to believe that it is the directory; empty is the system's list
}

// Auth configures the authentication schemes.
type Auth struct {
	LogicalNames []string   `conf:"logical_names"` // "logical:real"; "real:" hides a scheme
	Basic        BasicAuth  `conf:"basic"`
	Token        TokenAuth  `conf:"token"`
	Code         CodeAuth   `conf:"code"`
	REST         RESTAuth   `conf:"rest"`
	TOTP         TOTPAuth   `conf:"totp"`
	OIDC         []OIDCAuth `conf:"oidc,one"` // none: nobody signs in through others
}

// BasicAuth is login and password.
type BasicAuth struct {
	AddToTags         bool `conf:"add_to_tags"` // people are found by login: tag basic:<login>
	MinLoginLength    int  `conf:"min_login_length"`
	MinPasswordLength int  `conf:"min_password_length"`
}

// TokenAuth is the signed token of a login.
type TokenAuth struct {
	Keys         []Key         `conf:"key,one"` // the first signs, all verify; nil: the caller generates one into Data
	ExpireIn     time.Duration `conf:"expire_in,s"`
	SerialNumber int           `conf:"serial_num"` // another number makes all issued tokens invalid
}

// CodeAuth is the short code of a password reset.
type CodeAuth struct {
	ExpireIn   time.Duration `conf:"expire_in,s"`
	MaxRetries int           `conf:"max_retries"`
	CodeLength int           `conf:"code_length"`
}

// RESTAuth asks an external server; on when ServerURL is not empty.
type RESTAuth struct {
	ServerURL            string `conf:"server_url"`
	AllowNewAccounts     bool   `conf:"allow_new_accounts"`
	UseSeparateEndpoints bool   `conf:"use_separate_endpoints"`
}

// Registration says who may make an account. Administrators always may.
type Registration struct {
	Mode         string   `conf:"mode"`              // RegistrationOpen, …Closed or …Invite
	EmailDomains []string `conf:"email_domains,one"` // in every mode: only with a confirmed address there; lower case
}

// The modes of registration.
const (
	RegistrationOpen   = "open"
	RegistrationClosed = "closed"
	RegistrationInvite = "invite" // with the code of an invitation
)

// TOTPAuth is the second factor, which users turn on by themselves.
type TOTPAuth struct {
	Issuer string `conf:"issuer"` // what authenticator apps show beside the code
}

// AccountGC deletes accounts that never confirmed anything and never came back.
type AccountGC struct {
	Enabled       bool          `conf:"enabled"`
	Period        time.Duration `conf:"gc_period,s"`
	BlockSize     int           `conf:"gc_block_size"` // accounts per pass
	MinAccountAge time.Duration `conf:"gc_min_account_age,h"`
}

// Store chooses where everything is kept.
type Store struct {
	Adapter    string `conf:"use_adapter"` // always empty after Load: the embedded store
	MaxResults int    `conf:"max_results"` // rows of one list
}
