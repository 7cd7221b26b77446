package outbound

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what is to be done about a Failure.
type Kind uint8

// The kinds.
const (
	Temporary     Kind = iota // ask again later
	RateLimited               // the whole app is asked to wait
	Misconfigured             // only an administrator can cure it
	Forbidden                 // this request will never be granted
)

// String is the kind as labels and logs have it.
func (k Kind) String() string {
	return [...]string{"temporary", "rate_limited", "misconfigured", "forbidden"}[k]
}

// Failure is what a foreign service refused, or why it could not be asked.
type Failure struct {
	Service    string
	Kind       Kind
	Code       int           // of the service; 0: there was no answer
	Status     int           // of HTTP, if the client of the service says so
	Text       string        // cleaned of secrets
	RetryAfter time.Duration // 0: not known
	Err        error         // nil: the service itself said so
	Unsure     bool          // what was asked for may have been done, and must not be done twice
}

// Error names the service, its code and what it said.
func (f *Failure) Error() string {
	if f.Code == 0 {
		return fmt.Sprintf("%s: %s", f.Service, f.Text)
	}
	return fmt.Sprintf("%s: code %d (%s): %s", f.Service, f.Code, f.Kind, f.Text)
}

// Unwrap is the cause, if it is not the service's answer.
func (f *Failure) Unwrap() error { return f.Err }

// KindOf is the kind of an error; what is no Failure is Temporary.
func KindOf(err error) Kind {
	var f *Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return Temporary
}

// RetryAfter is what the error says about it, or 0.
func RetryAfter(err error) time.Duration {
	var f *Failure
	if errors.As(err, &f) {
		return f.RetryAfter
	}
	return 0
}
