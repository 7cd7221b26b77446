package files

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// maxLinks is how many files one message may have.
const maxLinks = 128

// URL is the address of a file for clients.
func (s *Service) URL(f *store.File) string {
	return s.Config.ServeURL + f.ID.String() + Extension(f.Type)
}

// Parse finds the file that a URL of ours names: a bare name, or one after
// ServeURL. Others, such as those of another server, are none (surfaces.md §6.1).
func (s *Service) Parse(url string) (chat.FileID, bool) {
	url, _, _ = strings.Cut(url, "?")
	name, ours := strings.CutPrefix(url, s.Config.ServeURL)
	if !ours {
		name = strings.TrimPrefix(url, "./")
	}
	id, err := chat.FileName(name)
	return id, err == nil
}

// Linkable returns the files that URLs of a message name; URLs that are none of
// ours are left out. Who sends it must be able to fetch the files, else
// wsproto.ErrDenied: a link lets others fetch them, too. The same for a URL of
// ours that names no file, whose sender would take it for linked.
func (s *Service) Linkable(ctx context.Context, user chat.UID, urls []string) ([]chat.FileID, error) {
	var ids []chat.FileID
	for _, url := range urls {
		id, ok := s.Parse(url)
		switch {
		case !ok && strings.HasPrefix(url, s.Config.ServeURL): // meant for us, and no file
			return nil, wsproto.ErrDenied
		case !ok, slices.Contains(ids, id):
			continue
		case len(ids) == maxLinks:
			return nil, wsproto.ErrPolicy.With("what", "attachments").With("limit", maxLinks)
		}
		_, err := s.MayFetch(ctx, user, id)
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, ErrDenied): // the same for both: nothing is told of others' files
			return nil, wsproto.ErrDenied
		case err != nil:
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Avatar is what becomes of somebody's picture, for a new public description and
// what was attached to it: the file to link, a pointer to zero for none, or nil
// to leave it as it is, because the description names a file that the user may
// not have.
func (s *Service) Avatar(ctx context.Context, user chat.UID, attached []string, public json.RawMessage) *chat.FileID {
	return s.avatar(ctx, user, false, attached, public)
}

// NewAvatar is Avatar for an account that a user, or a stranger (0), makes. Only
// such an account may have what a stranger uploaded, and nobody uses.
func (s *Service) NewAvatar(ctx context.Context, user chat.UID, attached []string, public json.RawMessage) *chat.FileID {
	return s.avatar(ctx, user, true, attached, public)
}

func (s *Service) avatar(ctx context.Context, user chat.UID, fresh bool, attached []string, public json.RawMessage) *chat.FileID {
	id := s.firstOf(append(slices.Clone(attached), photoRef(public)))
	if id == 0 {
		return &id
	}
	f, err := s.Store.File(ctx, id)
	if err == nil && (f.Owner != 0 || f.Linked || !fresh) {
		_, err = s.MayFetch(ctx, user, id)
	}
	if err != nil {
		s.Log.Warn("an avatar was not linked", "file", id.String(), "uid", user.String(), "err", err)
		return nil
	}
	return &id
}

func (s *Service) firstOf(urls []string) chat.FileID {
	for _, url := range urls {
		if id, ok := s.Parse(url); ok {
			return id
		}
	}
	return 0
}

// photoRef is public.photo.ref (surfaces.md §1.13).
func photoRef(public json.RawMessage) string {
	var card struct {
		Photo struct {
			Ref string `json:"ref"`
		} `json:"photo"`
	}
	if json.Unmarshal(public, &card) != nil { // any JSON is allowed there
		return ""
	}
	return card.Photo.Ref
}
