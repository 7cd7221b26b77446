package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"time"

	"parley/internal/audit"
	"parley/store"
)

// InviteRequest asks for an invitation.
type InviteRequest struct {
	Uses    int           `json:"uses"`              // 0: any number
	Expires time.Duration `json:"expires,omitempty"` // from now; 0: never
	Note    string        `json:"note,omitempty"`    // for the operator
}

// Invite is an invitation to register.
type Invite struct {
	Code    string     `json:"code"`
	Note    string     `json:"note,omitempty"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"` // nil: never
	Uses    int        `json:"uses"`              // in all; 0: any number
	Used    int        `json:"used"`
	Open    bool       `json:"open"` // somebody could still use it
}

// The characters of codes: none that is mistaken for another, and small ones
// only, because clients write tags in small letters. Twelve of them are 59 bits.
const (
	codeChars = "abcdefghjkmnpqrstuvwxyz23456789"
	codeLen   = 12
)

func newCode() (string, error) {
	code := make([]byte, codeLen)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeChars))))
		if err != nil {
			return "", err
		}
		code[i] = codeChars[n.Int64()]
	}
	return string(code), nil
}

// NewInvite implements Operations.
func (s *Service) NewInvite(ctx context.Context, r InviteRequest) (*Invite, error) {
	if r.Uses < 0 || r.Expires < 0 {
		return nil, fault("neither uses nor expires can be negative")
	}
	code, err := newCode()
	if err != nil {
		return nil, err
	}
	now := s.now()
	rec := store.Invite{Code: code, Note: r.Note, Created: now, Max: r.Uses}
	if r.Expires > 0 {
		rec.Expires = now.Add(r.Expires).Truncate(time.Millisecond)
	}
	if err := s.Store.PutInvite(ctx, &rec); err != nil {
		return nil, err
	}
	s.note(audit.InviteMade, 0, r.Note)
	return s.invite(&rec), nil
}

func (s *Service) invite(rec *store.Invite) *Invite {
	i := &Invite{Code: rec.Code, Note: rec.Note, Created: rec.Created, Uses: rec.Max, Used: rec.Used}
	i.Open = rec.Max == 0 || rec.Used < rec.Max
	if !rec.Expires.IsZero() {
		i.Expires = &rec.Expires
		i.Open = i.Open && rec.Expires.After(s.now())
	}
	return i
}

// Invites implements Operations: the newest first.
func (s *Service) Invites(ctx context.Context) ([]Invite, error) {
	recs, err := s.Store.Invites(ctx)
	out := make([]Invite, 0, len(recs))
	for i := range recs {
		out = append(out, *s.invite(&recs[i]))
	}
	return out, err
}

// DeleteInvite implements Operations.
func (s *Service) DeleteInvite(ctx context.Context, code string) error {
	err := s.Store.DeleteInvite(ctx, strings.ToLower(code))
	if errors.Is(err, store.ErrNotFound) {
		return fault("there is no invitation %q", code)
	}
	if err == nil {
		s.note(audit.InviteRemoved, 0, "")
	}
	return err
}

// Backup implements Operations.
func (s *Service) Backup(ctx context.Context, path string, progress func(done, total int)) error {
	if err := s.Store.Backup(ctx, path, progress); err != nil {
		return err
	}
	s.note(audit.BackupMade, 0, path)
	return nil
}
