package server

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// collectAccounts deletes accounts that nobody uses (surfaces.md §3.5), a few at
// a time, until ctx is done.
func (s *Server) collectAccounts(ctx context.Context) error {
	gc := &s.cfg.AccountGC
	if !gc.Enabled {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(jitter(gc.Period, rand.Float64())):
			if n, err := s.collect(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("stale accounts not removed", "count", n, "err", err)
			} else if n > 0 {
				s.log.Info("stale accounts removed", "count", n)
			}
		}
	}
}

// jitter is 0.75 to 1.25 times d, so that several servers do not do the same at
// the same moment; random is from 0 to 1.
func jitter(d time.Duration, random float64) time.Duration {
	return time.Duration(float64(d) * (0.75 + random/2))
}

// collect is one pass; it returns how many accounts it has deleted.
func (s *Server) collect(ctx context.Context) (count int, err error) {
	gc := &s.cfg.AccountGC
	// Who has never left counts as never seen, so more are asked for than there
	// are sessions of such people.
	stale, err := s.store.StaleUsers(ctx, s.now().Add(-gc.MinAccountAge), gc.BlockSize+s.sessions.Len())
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, uid := range stale {
		if count == gc.BlockSize || ctx.Err() != nil {
			break
		}
		if s.sessions.Online(uid) > 0 {
			continue
		}
		if err := s.collectOne(ctx, uid); err != nil {
			errs = append(errs, err) // the next one may do better
			continue
		}
		count++
	}
	return count, errors.Join(errs...)
}

func (s *Server) collectOne(ctx context.Context, uid chat.UID) error {
	err := s.sessions.Delete(ctx, uid, true)
	if err == nil {
		s.store.AppendAudit(store.AuditEntry{At: s.now(), Act: audit.AccountCollected, User: uid, From: "server"})
	}
	if errors.Is(err, wsproto.ErrUserNotFound) {
		err = nil // gone already
	}
	return err
}
