package totp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"parley/auth/seal"
	"parley/internal/chat"
)

const (
	period      = 30 // seconds
	skew        = 1  // periods that a clock may be off, either way
	secretLen   = 32 // characters of base32: 160 bits, as RFC 4226 recommends
	recoveries  = 10 // codes
	recoveryLen = 10 // characters: 50 bits
)

// state is what is kept of a user's second factor.
type state struct {
	Secret     string    `json:"secret"` // base32
	On         bool      `json:"on"`     // confirmed
	Step       int64     `json:"step"`   // the newest one whose code was used
	Failed     int       `json:"failed,omitempty"`
	LastFailed time.Time `json:"lastFailed,omitzero"`
	Told       bool      `json:"told,omitempty"`     // since the last one failed, somebody was refused
	Recovery   [][]byte  `json:"recovery,omitempty"` // hashes of those not used yet
}

func parse(b []byte) (*state, error) {
	st := &state{}
	if err := json.Unmarshal(b, st); err != nil {
		return nil, fmt.Errorf("second factor: %w", err)
	}
	return st, nil
}

func (st *state) bytes() []byte {
	b, err := json.Marshal(st)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return b
}

// codeAt is the code of a step.
func (st *state) codeAt(step int64, digits otp.Digits) (string, error) {
	return hotp.GenerateCodeCustom(st.Secret, uint64(step), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1})
}

// match finds the step that a code is of: one of those around now, later than
// the newest that was used. All of them are looked at, so that the time tells
// nothing.
func (st *state) match(code string, now time.Time) (step int64, ok bool) {
	at := now.Unix() / period
	for s := at - skew; s <= at+skew; s++ {
		want, err := st.codeAt(s, otp.DigitsSix)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > st.Step {
			step, ok = s, true
		}
	}
	return step, ok
}

// take accepts a code or a recovery code, once.
func (st *state) take(u chat.UID, code string, now time.Time) bool {
	if step, ok := st.match(code, now); ok {
		st.Step = step
		return true
	}
	hash := recoveryHash(u, code)
	found := -1
	for i, h := range st.Recovery {
		if subtle.ConstantTimeCompare(h, hash) == 1 {
			found = i
		}
	}
	if found >= 0 {
		st.Recovery = slices.Delete(st.Recovery, found, found+1)
	}
	return found >= 0
}

// newRecovery makes the recovery codes: "abcde-fghij".
func (st *state) newRecovery(u chat.UID) []string {
	codes := make([]string, recoveries)
	st.Recovery = make([][]byte, recoveries)
	for i := range codes {
		code := strings.ToLower(seal.Text(recoveryLen))
		codes[i] = code[:recoveryLen/2] + "-" + code[recoveryLen/2:]
		st.Recovery[i] = recoveryHash(u, code)
	}
	return codes
}

// recoveryHash needs no salt and no slowness: the code is random and long.
func recoveryHash(u chat.UID, code string) []byte {
	sum := sha256.Sum256([]byte(u.String() + ":" + code))
	return sum[:]
}

// normal is a code as it was typed, without what people add to it.
func normal(code string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code))
}

// wellFormed tells whether a normal text can be a code at all.
func wellFormed(code string) bool {
	switch len(code) {
	case int(otp.DigitsSix):
		return strings.Trim(code, "0123456789") == ""
	case recoveryLen:
		return strings.Trim(code, "abcdefghijklmnopqrstuvwxyz234567") == ""
	}
	return false
}
