package config

import (
	"encoding/base64"
	"log/slog"
	"time"

	"parley/internal/limit"
)

// Names and values that have a meaning of their own.
const (
	defaultListen = ":6060"
	defaultData   = "parley-data"

	minMessageBytes = 1024
	maxMessageBytes = 64 << 20
	minTokenKey     = 32 // bytes
	maxLoginLength  = 32 // runes
	outboxMessages  = 2  // an outbox holds at least so many messages of full size
)

// stockSaltText belongs to the API key that the published apps carry. It
// identifies them and protects nothing.
const stockSaltText = "T713/rYYgW7g4m3vG6zGRh7+FM1t0T8j13koXScOAj4="

func stockSalt() Key {
	k, _ := base64.StdEncoding.DecodeString(stockSaltText) // a constant
	return k
}

// Default is the configuration without a file. The caller owns the result.
//
// A key that is missing from a file has the value it has here, so that one rule
// covers every file and tinode.conf can say it. The only exception: a file made
// for Tinode. There, missing keys that clients can notice have the values that
// Tinode's code gives them (surfaces.md §7, column "Code"), because an existing
// installation must not change under its users. Such a file is known by
// store_config.uid_key: Tinode does not start without it, and here it has no
// meaning. Load names those keys in a warning; see tinodeDefaults.
func Default() *Config {
	return &Config{
		Data:             defaultData,
		LogLevel:         slog.LevelInfo,
		Listen:           defaultListen,
		APIPath:          "/",
		StaticMount:      "/",
		CacheControl:     39600 * time.Second,
		XFrameOptions:    "SAMEORIGIN",
		GRPCKeepalive:    true,
		TLS:              TLS{HTTPRedirect: ":80", StrictMaxAge: 604800 * time.Second},
		APIKeySalt:       stockSalt(),
		MaxMessageBytes:  131072,
		MaxSubscribers:   1024,
		MaxTags:          16,
		AliasTag:         "alias",
		P2PDeleteEnabled: true,
		MessageDeleteAge: 600 * time.Second,
		DefaultCountry:   "US",
		Limits:           defaultLimits(),
		Auth: Auth{
			Basic: BasicAuth{AddToTags: true, MinLoginLength: 4, MinPasswordLength: 6},
			Token: TokenAuth{ExpireIn: 1209600 * time.Second, SerialNumber: 1},
			Code:  CodeAuth{ExpireIn: 900 * time.Second, MaxRetries: 3, CodeLength: 6},
			TOTP:  TOTPAuth{Issuer: "Parley"},
		},
		Validation: Validation{
			Email: EmailValidation{
				AddToTags: true,
				Config:    EmailConfig{SMTPPort: 25, SMTPTLS: "auto", AuthMechanism: "plain", MaxRetries: 3, CodeLength: 6},
			},
			Tel: TelValidation{
				AddToTags: true,
				Config:    TelConfig{Sender: "Parley", MaxRetries: 3, CodeLength: 6, HTTP: SMSHTTP{Method: "POST"}},
			},
		},
		Registration: Registration{Mode: RegistrationOpen},
		AccountGC:    AccountGC{Period: time.Hour, BlockSize: 10, MinAccountAge: 30 * time.Hour},
		Store:        Store{MaxResults: 1024},
		Media: Media{
			Handler:        "fs",
			MaxUploadBytes: 8388608,
			MaxPixels:      250_000_000,
			Access:         MediaReaders,
			GCPeriod:       time.Minute,
			GCBlockSize:    100,
			Handlers: MediaHandlers{
				FS: MediaFS{ServeURL: "/v0/file/s/", CacheControl: "max-age=86400"},
				S3: MediaS3{PresignTTL: 120 * time.Second, ServeURL: "/v0/file/s/", CacheControl: "no-cache, must-revalidate"},
			},
		},
		WebRTC: WebRTC{CallTimeout: 30 * time.Second, TURNTTL: 604800 * time.Second},
		Push: Push{
			Stdout: PushStdout{Buffer: 32},
			FCM:    PushFCM{TimeToLive: time.Hour, Buffer: 1024},
			TNPG:   PushTNPG{Buffer: 1024},
		},
	}
}

// defaultLimits are what no person and no sensible program comes near to, while a
// flood does at once.
func defaultLimits() Limits {
	per := func(unit time.Duration, n, burst int) limit.Rate {
		return limit.Rate{Every: unit / time.Duration(n), Burst: burst}
	}
	return Limits{
		MaxPendingRequests: 32, OutboxBytes: 1 << 20,
		MaxSessionsPerAddress: 1000,
		SessionRequests:       per(time.Second, 100, 1000),
		UserRequests:          per(time.Second, 200, 2000),
		AddressRequests:       per(time.Second, 1000, 10000),
		SessionMessages:       per(time.Second, 50, 500),
		UserMessages:          per(time.Second, 50, 500),
		AddressMessages:       per(time.Second, 500, 5000),
		AddressAccounts:       per(time.Hour, 60, 60),
		UserGroups:            per(time.Hour, 60, 60),
		UserSearches:          per(time.Second, 2, 120),
		UserCodes:             per(time.Hour, 20, 10),
		AddressCodes:          per(time.Hour, 120, 60),
		AddressHTTP:           per(time.Second, 200, 2000),
		AddressTokenLogins:    per(time.Second, 100, 5000),
		UserUploads:           per(time.Minute, 60, 300),
		AddressAvatars:        per(time.Hour, 60, 60),
		PasswordsPerAccount:   5,
		PasswordsPerAddress:   20,
		PasswordDelay:         15 * time.Minute,
		Exempt:                []string{"127.0.0.0/8", "::1/128"},
	}
}

// tinodeDefault is a key whose value, when it is missing, differs between
// Tinode's code and Default.
type tinodeDefault struct {
	path, value string // value as the warning shows it
	set         func(*Config)
}

// tinodeDefaults lists them; Default says when they apply.
func tinodeDefaults() []tinodeDefault {
	return []tinodeDefault{
		{"listen", `":80", or ":443" with TLS`, func(c *Config) { c.Listen = "" }},
		{"max_message_size", "524288", func(c *Config) { c.MaxMessageBytes = 524288 }},
		{"max_subscriber_count", "256", func(c *Config) { c.MaxSubscribers = 256 }},
		{"alias_tag", `""`, func(c *Config) { c.AliasTag = "" }},
		{"p2p_delete_enabled", "false", func(c *Config) { c.P2PDeleteEnabled = false }},
		{"msg_delete_age", "0", func(c *Config) { c.MessageDeleteAge = 0 }},
		{"auth_config.basic.add_to_tags", "false", func(c *Config) { c.Auth.Basic.AddToTags = false }},
		{"auth_config.basic.min_login_length", "2", func(c *Config) { c.Auth.Basic.MinLoginLength = 2 }},
		{"auth_config.basic.min_password_length", "3", func(c *Config) { c.Auth.Basic.MinPasswordLength = 3 }},
		{"acc_validation.email.add_to_tags", "false", func(c *Config) { c.Validation.Email.AddToTags = false }},
		{"acc_validation.tel.add_to_tags", "false", func(c *Config) { c.Validation.Tel.AddToTags = false }},
		{"media.use_handler", `""`, func(c *Config) { c.Media.Handler = "" }},
		{"media.max_size", "0", func(c *Config) { c.Media.MaxUploadBytes = 0 }},
	}
}
