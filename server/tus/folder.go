package tus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"parley/internal/chat"
	"parley/media"
)

// In the folder, ID.json is the record of an upload and ID.part what came of it.
// How much that is, and when the last piece came, is what the file system says of
// the latter: it is true also after a kill.
const (
	recordEnd = ".json"
	dataEnd   = ".part"
	newEnd    = ".new" // a record that is being written
)

func dataName(id string) string { return id + dataEnd }

// record is what the folder keeps of an upload beside its bytes.
type record struct {
	Owner    chat.UID  `json:"owner"`
	Size     int64     `json:"size"`
	Type     string    `json:"type,omitempty"`
	Name     string    `json:"name,omitempty"`
	Metadata string    `json:"metadata,omitempty"` // the header, as it came
	Created  time.Time `json:"created"`
	Finished time.Time `json:"finished,omitzero"`
	Result   *Result   `json:"result,omitempty"`
}

// writeRecord writes the record of an upload, all of it or nothing.
func (s *Service) writeRecord(u *upload) error {
	s.mu.Lock()
	r := u.record
	if r.Result = u.result; r.Result != nil {
		r.Finished = u.touched
	}
	s.mu.Unlock()
	text, err := json.Marshal(&r)
	if err != nil {
		return err
	}
	name := u.id + recordEnd
	f, err := s.folder.OpenFile(name+newEnd, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return full(err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.folder.Rename(name+newEnd, name)
	}
	return full(err)
}

// remove deletes the files of an upload.
func (s *Service) remove(id string) {
	for _, name := range []string{dataName(id), id + recordEnd, id + recordEnd + newEnd} {
		if err := s.folder.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Log.Error("an upload was not removed", "err", err)
		}
	}
}

// load reads the folder. What belongs to no upload is removed.
func (s *Service) load() error {
	list, err := fs.ReadDir(s.folder.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range list {
		id, isRecord := strings.CutSuffix(e.Name(), recordEnd)
		if !isRecord || !validID(id) {
			continue
		}
		u, err := s.read(id)
		if err != nil {
			s.Log.Error("an upload cannot be read and is removed", "file", e.Name(), "err", err)
			s.remove(id)
			continue
		}
		s.all[id] = u
		if u.result == nil {
			s.count(u, 1)
		}
	}
	for _, e := range list {
		id, _, _ := strings.Cut(e.Name(), ".")
		u := s.all[id]
		if u == nil && validID(id) || strings.HasSuffix(e.Name(), newEnd) || u != nil && u.result != nil && e.Name() == dataName(id) {
			if err := s.folder.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Log.Error("the rest of an upload was not removed", "err", err)
			}
		}
	}
	return nil
}

// read is an upload of the folder.
func (s *Service) read(id string) (*upload, error) {
	text, err := s.folder.ReadFile(id + recordEnd)
	if err != nil {
		return nil, err
	}
	u := &upload{id: id}
	if err := json.Unmarshal(text, &u.record); err != nil {
		return nil, err
	}
	u.touched, u.result = u.Created, u.Result
	if u.result != nil {
		u.touched, u.offset = u.Finished, u.Size
		return u, nil
	}
	info, err := s.folder.Stat(dataName(id))
	switch {
	case errors.Is(err, fs.ErrNotExist): // nothing came yet
		return u, nil
	case err != nil:
		return nil, err
	case info.Size() > u.Size:
		return nil, errors.New("there is more of it than there should be")
	}
	u.offset, u.came, u.touched = info.Size(), info.Size(), info.ModTime()
	return u, nil
}

// full tells a full disk from other errors.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", media.ErrFull, err)
	}
	return err
}

const idLength = 26

// validID tells the names that uploads have.
func validID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
