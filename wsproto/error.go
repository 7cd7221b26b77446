package wsproto

import (
	"encoding/json"
	"time"
)

// Error is a refusal, or a result that is told like one, with its place on the
// wire (wire.md §2.2). Clients compare some of the texts.
type Error struct {
	Code   int
	Text   string
	Params map[string]any  // nil: none
	Raw    json.RawMessage // parameters that are encoded already, instead of Params
}

// Error is the text.
func (e *Error) Error() string { return e.Text }

// With is e with a parameter more; e itself is not changed.
func (e *Error) With(key string, value any) *Error {
	p := map[string]any{key: value}
	for k, v := range e.Params {
		p[k] = v
	}
	return &Error{Code: e.Code, Text: e.Text, Params: p}
}

// TooMany is the refusal of somebody who has to wait.
func TooMany(wait time.Duration) *Error { return ErrTooMany.With("retry", Seconds(wait)) }

// Seconds is a wait as clients are told of it, never too short.
func Seconds(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }

// WithAll is e with all its parameters, a struct or a map.
func (e *Error) WithAll(params any) *Error {
	return &Error{Code: e.Code, Text: e.Text, Raw: appendAny(nil, params)}
}

// The codes and their texts.
var (
	OK             = &Error{Code: 200, Text: "ok"}
	Created        = &Error{Code: 201, Text: "created"}
	Accepted       = &Error{Code: 202, Text: "accepted"}
	NoContent      = &Error{Code: 204, Text: "no content"}
	Evicted        = &Error{Code: 205, Text: "evicted"}
	ServerShutdown = &Error{Code: 205, Text: "server shutdown"}
	Delivered      = &Error{Code: 208, Text: "delivered"}

	ValidateCreds     = &Error{Code: 300, Text: "validate credentials"}
	Challenge         = &Error{Code: 300, Text: "challenge"}
	AuthReset         = &Error{Code: 301, Text: "auth reset"}
	UseOther          = &Error{Code: 303, Text: "use other"}
	AlreadySubscribed = &Error{Code: 304, Text: "already subscribed"}
	NotJoined         = &Error{Code: 304, Text: "not joined"}
	NoAction          = &Error{Code: 304, Text: "no action"}
	NotModified       = &Error{Code: 304, Text: "not modified"}

	ErrMalformed     = &Error{Code: 400, Text: "malformed"}
	ErrAuthRequired  = &Error{Code: 401, Text: "authentication required"}
	ErrAuthFailed    = &Error{Code: 401, Text: "authentication failed"}
	ErrAuthUnknown   = &Error{Code: 401, Text: "unknown authentication scheme"}
	ErrDenied        = &Error{Code: 403, Text: "permission denied"}
	ErrAPIKey        = &Error{Code: 403, Text: "valid API key required"}
	ErrSession       = &Error{Code: 403, Text: "invalid or expired session"}
	ErrTopicNotFound = &Error{Code: 404, Text: "topic not found"}
	ErrUserNotFound  = &Error{Code: 404, Text: "user not found"}
	ErrNotFound      = &Error{Code: 404, Text: "not found"}
	ErrNotAllowed    = &Error{Code: 405, Text: "operation or method not allowed"}
	ErrResponse      = &Error{Code: 406, Text: "invalid response"}
	ErrAuthenticated = &Error{Code: 409, Text: "already authenticated"}
	ErrDuplicateCred = &Error{Code: 409, Text: "duplicate credential"}
	ErrAttachFirst   = &Error{Code: 409, Text: "must attach first"}
	ErrSequence      = &Error{Code: 409, Text: "command out of sequence"}
	ErrPolicy        = &Error{Code: 422, Text: "policy violation"}
	ErrTooMany       = &Error{Code: 429, Text: "too many requests"} // with "retry": see docs/protocol.md
	ErrBusy          = &Error{Code: 486, Text: "busy here"}
	ErrInternal      = &Error{Code: 500, Text: "internal error"}
	ErrUnsupported   = &Error{Code: 501, Text: "not implemented"}
	ErrUnavailable   = &Error{Code: 503, Text: "service unavailable"}
	ErrLocked        = &Error{Code: 503, Text: "locked"}
	ErrVersion       = &Error{Code: 505, Text: "version not supported"}
)
