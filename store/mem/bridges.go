package mem

import (
	"context"
	"time"

	"parley/internal/chat"
	"parley/store"
)

type bridgeKey struct {
	bridge string
	user   chat.UID
}

// BridgeID implements store.BridgeIDs.
func (s *Store) BridgeID(ctx context.Context, bridge string, id chat.UID, at time.Time) (*store.BridgeID, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	key := bridgeKey{bridge, id}
	if b := s.bridgeIDs[key]; b != nil {
		c := *b
		return &c, nil
	}
	s.bridgeNums[bridge]++
	b := store.BridgeID{Bridge: bridge, User: id, Num: s.bridgeNums[bridge], Updated: at}
	s.bridgeIDs[key] = &b
	c := b
	return &c, nil
}

// FindBridgeID implements store.BridgeIDs.
func (s *Store) FindBridgeID(ctx context.Context, bridge string, id chat.UID) (*store.BridgeID, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	b := s.bridgeIDs[bridgeKey{bridge, id}]
	if b == nil {
		return nil, store.ErrNotFound
	}
	c := *b
	return &c, nil
}

// UpdateBridgeID implements store.BridgeIDs.
func (s *Store) UpdateBridgeID(ctx context.Context, b *store.BridgeID) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	old := s.bridgeIDs[bridgeKey{b.Bridge, b.User}]
	if old == nil {
		return store.ErrNotFound
	}
	old.Created, old.Profile, old.Updated = b.Created, b.Profile, b.Updated
	return nil
}
