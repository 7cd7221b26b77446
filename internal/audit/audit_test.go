package audit

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/store"
)

// notebook counts flushes.
type notebook struct {
	store.Audit
	entries []store.AuditEntry
	flushed int // entries
	err     error
}

func (n *notebook) AppendAudit(es ...store.AuditEntry) { n.entries = append(n.entries, es...) }

func (n *notebook) FlushAudit(context.Context) error {
	if n.err == nil {
		n.flushed = len(n.entries)
	}
	return n.err
}

// TestActsThatChangeSomethingAreDurable when Record returns; nobody waits for
// the others.
func TestActsThatChangeSomethingAreDurable(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	n := &notebook{}
	l := New(n, slog.New(slog.NewTextHandler(&text, nil)), time.Now)
	for act, durable := range map[string]bool{
		Login: false, LoginFailed: false, LoginLimited: false, LoginReset: false, SessionEvicted: false,
		AccountCreated: true, AccountSuspended: true, AccountDeleted: true, AccountRoot: true, TokenRevoked: true,
		PasswordChanged: true, PasswordReset: true, CredAdded: true, CredConfirmed: true, CredRemoved: true,
		SecondFactorOn: true, SecondFactorOff: true, GroupOwner: true, InviteMade: true, InviteRemoved: true, BackupMade: true,
		"some.new": true,
	} {
		n.entries, n.flushed = nil, 0
		l.Record(store.AuditEntry{Act: act})
		if len(n.entries) != 1 || n.flushed == 1 != durable {
			t.Errorf("%s: %d entries, %d of them durable", act, len(n.entries), n.flushed)
		}
	}
	if text.Len() > 0 {
		t.Errorf("logged: %s", &text)
	}
	n.err = errors.New("disk full")
	l.Record(store.AuditEntry{Act: PasswordChanged, Detail: strings.Repeat("x", 1000)})
	if e := n.entries[len(n.entries)-1]; len(e.Detail) != maxDetail || e.At.IsZero() || !strings.Contains(text.String(), "disk full") {
		t.Errorf("%+v, logged: %s", e, &text)
	}
	var none *Log
	none.Record(store.AuditEntry{Act: PasswordChanged})
}
