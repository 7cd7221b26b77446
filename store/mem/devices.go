package mem

import (
	"context"
	"slices"

	"parley/internal/chat"
	"parley/store"
)

// PutDevice implements store.Devices.
func (s *Store) PutDevice(ctx context.Context, d *store.Device) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.devices[d.ID] = *d
	return nil
}

// DeleteDevice implements store.Devices.
func (s *Store) DeleteDevice(ctx context.Context, id chat.UID, device string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if d, ok := s.devices[device]; !ok || d.User != id {
		return store.ErrNotFound
	}
	delete(s.devices, device)
	return nil
}

// Devices implements store.Devices.
func (s *Store) Devices(ctx context.Context, ids ...chat.UID) ([]store.Device, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ds []store.Device
	for _, d := range s.devices {
		if slices.Contains(ids, d.User) {
			ds = append(ds, d)
		}
	}
	return ds, nil
}
