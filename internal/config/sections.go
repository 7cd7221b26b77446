package config

import (
	"slices"
	"strings"
	"time"

	"parley/internal/chat"
)

// Validation configures the credentials that accounts may have to confirm.
// Ask Validators and RequiredCreds, which know what this version can do, and
// not the Required fields.
type Validation struct {
	Email EmailValidation `conf:"email"`
	Tel   TelValidation   `conf:"tel"`
}

// EmailValidation is the method "email".
type EmailValidation struct {
	AddToTags bool         `conf:"add_to_tags"` // the namespace email: belongs to the server
	Required  []chat.Level `conf:"required"`    // levels that need it; none disables the method
	Config    EmailConfig  `conf:"config"`
}

// EmailConfig is how addresses are confirmed.
type EmailConfig struct {
	HostURL            string   `conf:"host_url"` // of the web client, used in links
	SMTPServer         string   `conf:"smtp_server"`
	SMTPPort           int      `conf:"smtp_port,text"`
	SMTPTLS            string   `conf:"smtp_tls"`       // auto, starttls, implicit or none
	SMTPHeloHost       string   `conf:"smtp_helo_host"` // empty is the host of HostURL
	Sender             string   `conf:"sender"`         // RFC 5322 address
	Login              string   `conf:"login"`          // empty: no authentication
	SenderPassword     Secret   `conf:"sender_password"`
	AuthMechanism      string   `conf:"auth_mechanism"` // plain, login or cram-md5
	InsecureSkipVerify bool     `conf:"insecure_skip_verify"`
	Languages          []string `conf:"languages"`        // BCP 47; the first is the default
	ValidationTempl    string   `conf:"validation_templ"` // path, a template with .Language; empty: built in
	ResetSecretTempl   string   `conf:"reset_secret_templ"`
	MaxRetries         int      `conf:"max_retries"`
	CodeLength         int      `conf:"code_length"`
	Domains            []string `conf:"domains"`        // allowed e-mail domains; empty is all
	DebugResponse      Secret   `conf:"debug_response"` // a code that always works; empty is none
}

// TelValidation is the method "tel".
type TelValidation struct {
	AddToTags bool         `conf:"add_to_tags"`
	Required  []chat.Level `conf:"required"`
	Config    TelConfig    `conf:"config"`
}

// TelConfig is how phone numbers are confirmed.
type TelConfig struct {
	HostURL        string   `conf:"host_url"`
	Languages      []string `conf:"languages"`
	UniversalTempl string   `conf:"universal_templ"`
	Sender         string   `conf:"sender"`
	MaxRetries     int      `conf:"max_retries"`
	CodeLength     int      `conf:"code_length"`
	DebugResponse  Secret   `conf:"debug_response"`
	Twilio         Twilio   `conf:"twilio_conf"`
	HTTP           SMSHTTP  `conf:"http"`
}

// Twilio is an account for text messages.
type Twilio struct {
	AccountSID string `conf:"account_sid"` // empty: none
	AuthToken  Secret `conf:"auth_token"`
	BaseURL    string `conf:"base_url"` // another than Twilio's own
}

// SMSHTTP is any other provider of text messages that takes an HTTP request. URL
// and Body are templates with .To, .Text and .Code.
type SMSHTTP struct {
	URL     Secret  `conf:"url"` // empty: none
	Method  string  `conf:"method"`
	Headers Headers `conf:"headers"`
	Body    string  `conf:"body"`
}

// Headers are fields of an HTTP request; in the file they are an object.
type Headers []HeaderField

// HeaderField is one of them.
type HeaderField struct {
	Name  string
	Value Secret
}

// Media is where attachments are kept.
type Media struct {
	Handler        string        `conf:"use_handler"` // fs, s3, or empty for no files
	MaxUploadBytes int64         `conf:"max_size"`    // 0 is unlimited
	MaxPixels      int64         `conf:"max_pixels"`  // of a picture; 0 is unlimited
	Access         string        `conf:"access"`      // MediaReaders or MediaUsers
	GCPeriod       time.Duration `conf:"gc_period,s"` // unused files are collected when both are > 0
	GCBlockSize    int           `conf:"gc_block_size"`
	Handlers       MediaHandlers `conf:"handlers"`
}

// Who may fetch a file.
const (
	MediaReaders = "readers" // of the conversations that show it
	MediaUsers   = "users"   // all who are logged in, as with Tinode
)

// Serve is what the handler in use says of the URLs of files.
func (m *Media) Serve() (url, cacheControl string, origins []string) {
	if m.Handler == "s3" {
		return m.Handlers.S3.ServeURL, m.Handlers.S3.CacheControl, m.Handlers.S3.CORSOrigins
	}
	return m.Handlers.FS.ServeURL, m.Handlers.FS.CacheControl, m.Handlers.FS.CORSOrigins
}

// MediaHandlers has the settings of each handler, whichever is in use.
type MediaHandlers struct {
	FS MediaFS `conf:"fs"`
	S3 MediaS3 `conf:"s3"`
}

// MediaFS keeps files in a folder.
type MediaFS struct {
	UploadDir    string   `conf:"upload_dir"` // empty is "files"; starts at Data
	ServeURL     string   `conf:"serve_url"`
	CacheControl string   `conf:"cache_control"`
	CORSOrigins  []string `conf:"cors_origins"`
}

// MediaS3 keeps files in a bucket.
type MediaS3 struct {
	AccessKeyID     string        `conf:"access_key_id"`
	SecretAccessKey Secret        `conf:"secret_access_key"`
	Region          string        `conf:"region"`
	Bucket          string        `conf:"bucket"`
	Endpoint        string        `conf:"endpoint"` // host or URL; empty is the provider's own
	DisableSSL      bool          `conf:"disable_ssl"`
	ForcePathStyle  bool          `conf:"force_path_style"`
	PresignTTL      time.Duration `conf:"presign_ttl,s"`
	ServeURL        string        `conf:"serve_url"`
	CacheControl    string        `conf:"cache_control"`
	CORSOrigins     []string      `conf:"cors_origins"`
}

// WebRTC is for audio and video calls.
type WebRTC struct {
	Enabled        bool          `conf:"enabled"`
	CallTimeout    time.Duration `conf:"call_establishment_timeout,s"`
	ICEServers     []ICEServer   `conf:"ice_servers"`      // after Load those of ICEServersFile, if that was needed
	ICEServersFile string        `conf:"ice_servers_file"` // used when ICEServers is empty
	TURNSecret     Secret        `conf:"turn_secret"`      // shared with TURN servers; empty: none
	TURNTTL        time.Duration `conf:"turn_ttl,s"`       // of the credentials made with it
}

// On tells whether there are calls: clients need servers to reach each other.
func (w *WebRTC) On() bool { return w.Enabled && len(w.ICEServers) > 0 }

// ICEServer is told to clients as it is, but for the credentials of Derived.
type ICEServer struct {
	URLs           []string `conf:"urls"`
	Username       string   `conf:"username"`
	Credential     Secret   `conf:"credential"`
	CredentialType string   `conf:"credential_type"`
}

// Derived tells a TURN server without credentials of its own: they are made with
// TURNSecret, if there is one.
func (s *ICEServer) Derived() bool {
	return s.Username == "" && s.Credential == "" && slices.ContainsFunc(s.URLs, func(u string) bool {
		return strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:")
	})
}

// Push has the settings of each push handler; in the file it is a list of
// {name, config}.
type Push struct {
	Stdout PushStdout
	FCM    PushFCM
	TNPG   PushTNPG
}

// PushStdout prints what would be sent.
type PushStdout struct {
	Enabled bool `conf:"enabled"`
	Buffer  int  `conf:"buffer"` // queued receipts; more are dropped
}

// PushFCM sends through Firebase Cloud Messaging.
type PushFCM struct {
	Enabled         bool          `conf:"enabled"`
	DryRun          bool          `conf:"dry_run"`
	ProjectID       string        `conf:"project_id"`      // informational: the credentials have it
	Credentials     Secret        `conf:"credentials,raw"` // service account, JSON
	CredentialsFile string        `conf:"credentials_file"`
	TimeToLive      time.Duration `conf:"time_to_live,s"`
	APNSBundleID    string        `conf:"apns_bundle_id"`
	Buffer          int           `conf:"buffer"`
	Android         PushPlatform  `conf:"android"`
	APNS            PushPlatform  `conf:"apns"`
	WebPush         PushPlatform  `conf:"webpush"`
}

// PushPlatform is what notifications of one platform look like; Msg and Sub
// override it for new messages and new chats.
type PushPlatform struct {
	Enabled bool `conf:"enabled"`
	PushNotification
	Msg PushNotification `conf:"msg"`
	Sub PushNotification `conf:"sub"`
}

// PushNotification has the fields of a notification, as FCM names them.
type PushNotification struct {
	Title           string   `conf:"title"`
	TitleLocKey     string   `conf:"title_loc_key"`
	TitleLocArgs    []string `conf:"title_loc_args,one"`
	Body            string   `conf:"body"`
	BodyLocKey      string   `conf:"body_loc_key"`
	BodyLocArgs     []string `conf:"body_loc_args,one"`
	Icon            string   `conf:"icon"`
	Color           string   `conf:"color"`
	ClickAction     string   `conf:"click_action"`
	Sound           string   `conf:"sound"`
	Image           string   `conf:"image"`
	Action          string   `conf:"action"`
	ActionLocKey    string   `conf:"action_loc_key"`
	LaunchImage     string   `conf:"launch_image"`
	LocKey          string   `conf:"loc_key"`
	LocArgs         []string `conf:"loc_args,one"`
	Subtitle        string   `conf:"subtitle"`
	SummaryArg      string   `conf:"summary_arg"`
	SummaryArgCount int      `conf:"summary_arg_count"`
}

// PushTNPG sends through Tinode's own gateway.
type PushTNPG struct {
	Enabled     bool   `conf:"enabled"`
	Org         string `conf:"org"` // lower case
	Token       Secret `conf:"token"`
	DebugServer string `conf:"debug_server"` // another base URL
	Buffer      int    `conf:"buffer"`
}
