package mem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// States of files.
const (
	filePending = iota
	fileReady
	fileDoomed
)

type file struct {
	store.File
	State int
	Links []link
}

// link is who uses a file: a message, or with Seq 0 a topic or a user whose
// picture it is.
type link struct {
	Topic string
	Seq   int
	User  chat.UID
}

// CreateFile implements store.Files.
func (s *Store) CreateFile(ctx context.Context, f *store.File) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.files[f.ID] != nil {
		return store.ErrDuplicate
	}
	s.files[f.ID] = &file{File: store.File{ID: f.ID, Owner: f.Owner, Created: f.Created, Updated: f.Updated}}
	return nil
}

// pendingFile is one of that state, with s.mu held.
func (s *Store) pendingFile(id chat.FileID) (*file, error) {
	if f := s.files[id]; f != nil && f.State == filePending {
		return f, nil
	}
	return nil, store.ErrNotFound
}

// RenewFile implements store.Files.
func (s *Store) RenewFile(ctx context.Context, id chat.FileID, at time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	f, err := s.pendingFile(id)
	if err == nil {
		f.Updated = at
	}
	return err
}

// FinishFile implements store.Files.
func (s *Store) FinishFile(ctx context.Context, f *store.File) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	rec, err := s.pendingFile(f.ID)
	if err != nil {
		return err
	}
	created := rec.Created
	rec.File, rec.State = *f, fileReady
	rec.Created, rec.Avatar, rec.Linked = created, false, false
	return nil
}

// File implements store.Files.
func (s *Store) File(ctx context.Context, id chat.FileID) (*store.File, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	rec := s.files[id]
	if rec == nil || rec.State != fileReady {
		return nil, store.ErrNotFound
	}
	f := rec.File
	f.Avatar = slices.ContainsFunc(rec.Links, func(l link) bool { return l.Seq == 0 })
	f.Linked = len(rec.Links) > 0
	return &f, nil
}

// FileShown implements store.Files.
func (s *Store) FileShown(ctx context.Context, id chat.FileID, user chat.UID, need chat.Mode) (bool, error) {
	if err := s.lock(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	rec := s.files[id]
	return rec != nil && slices.ContainsFunc(rec.Links, func(l link) bool {
		sub := s.subs[subKey{l.Topic, user}]
		return l.Seq > 0 && sub != nil && sub.Deleted.IsZero() && (sub.Want & sub.Given).Has(need) &&
			!s.topics[l.Topic].deletedFor(user, l.Seq)
	}), nil
}

// UnusedFiles implements store.Files.
func (s *Store) UnusedFiles(ctx context.Context, pending, ready time.Time, limit int) ([]chat.FileID, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var unused []*file
	for _, f := range s.files {
		switch {
		case len(f.Links) > 0:
		case f.State == fileDoomed, f.State == filePending && f.Updated.Before(pending), f.State == fileReady && f.Updated.Before(ready):
			unused = append(unused, f)
		}
	}
	rank := []int{filePending: 1, fileReady: 2, fileDoomed: 0}
	slices.SortFunc(unused, func(a, b *file) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), a.Updated.Compare(b.Updated))
	})
	var ids []chat.FileID
	for _, f := range cut(unused, limit) {
		f.State = fileDoomed
		ids = append(ids, f.ID)
	}
	return ids, nil
}

// ClaimFile implements store.Files.
func (s *Store) ClaimFile(ctx context.Context, id chat.FileID, user chat.UID) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || f.State != fileReady || f.Owner != 0 {
		return store.ErrNotFound
	}
	f.Owner = user
	return nil
}

// DropFile implements store.Files.
func (s *Store) DropFile(ctx context.Context, id chat.FileID) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || len(f.Links) > 0 {
		return store.ErrNotFound
	}
	f.State = fileDoomed
	return nil
}

// ForgetFiles implements store.Files.
func (s *Store) ForgetFiles(ctx context.Context, ids ...chat.FileID) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, id := range ids {
		if f := s.files[id]; f != nil && f.State != fileReady {
			delete(s.files, id)
		}
	}
	return nil
}

// link adds a link, if the file is ready.
func (s *Store) link(id chat.FileID, l link) {
	if f := s.files[id]; f != nil && f.State == fileReady && !slices.Contains(f.Links, l) {
		f.Links = append(f.Links, l)
	}
}

// unlink removes the links that are chosen.
func (s *Store) unlink(chosen func(link) bool) {
	for _, f := range s.files {
		f.Links = slices.DeleteFunc(f.Links, chosen)
	}
}

// setAvatar makes a file, if there is one, the only picture of a topic or a user.
func (s *Store) setAvatar(id *chat.FileID, of link) {
	if id == nil {
		return
	}
	for other, f := range s.files {
		if other != *id {
			f.Links = slices.DeleteFunc(f.Links, func(l link) bool { return l == of })
		}
	}
	s.link(*id, of)
	if f := s.files[*id]; f != nil && f.State == fileReady && f.Owner == 0 {
		f.Owner = of.User
	}
}

// purgeFiles takes the files of a user who is purged from him.
func (s *Store) purgeFiles(id chat.UID) {
	s.unlink(func(l link) bool { return l == link{User: id} })
	for _, f := range s.files {
		if f.Owner == id {
			f.Owner = 0
		}
	}
}
