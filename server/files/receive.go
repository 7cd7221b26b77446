package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/media"
	"parley/media/picture"
	"parley/store"
)

// Upload is a file that comes in.
type Upload struct {
	Owner chat.UID // nobody: a stranger's avatar, of whom an account will be made
	// Body gives the bytes and then io.EOF. Any other error means that the rest
	// did not come, and nothing of the file is kept.
	Body io.Reader
	Type string // media type as its sender says; empty: he does not say
	Size int64  // probably; 0: unknown
	// Picture refuses what is no picture that the server understands.
	Picture bool
}

// Receive stores a file: what it is is found out, pictures lose what they tell
// about their maker, and get a small copy. When it returns nil the file is
// durable, ready, and not linked. After an error nothing of it is left, or will
// be after the next collection if the store is out of order. Errors: ErrEmpty,
// ErrPixels, ErrSide, ErrPicture, media.ErrTooLarge, media.ErrFull, that of Body, and
// whatever the stores return.
func (s *Service) Receive(ctx context.Context, up Upload) (f *store.File, err error) {
	defer func() {
		if err != nil {
			s.refused.Add(1)
		} else {
			s.received.Add(1)
		}
	}()
	body := media.Limit(up.Body, s.Config.MaxBytes)
	head, err := readHead(body)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, ErrEmpty
	}
	f = &store.File{Owner: up.Owner, Type: typeOf(head, up.Type)}
	if up.Picture && !strings.HasPrefix(f.Type, "image/") {
		return nil, ErrPicture
	}
	if err := s.begin(ctx, f); err != nil {
		return nil, err
	}
	if err = s.fill(ctx, f, io.MultiReader(bytes.NewReader(head), body), &up); err != nil {
		s.discard(ctx, f)
		return nil, err
	}
	return f, nil
}

// readHead reads as much as is needed to know what a file is, or all of it.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, headBytes)
	n := 0
	for n < len(head) { // io.ReadFull would hide whether r ended or failed
		m, err := r.Read(head[n:])
		n += m
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return head[:n], nil
}

// begin makes the record first: from then on a collection finds the bytes,
// whatever happens.
func (s *Service) begin(ctx context.Context, f *store.File) error {
	for {
		f.ID, f.Created = chat.NewFileID(), s.now()
		f.Updated = f.Created
		if err := s.Store.CreateFile(ctx, f); !errors.Is(err, store.ErrDuplicate) {
			return err
		}
	}
}

func (s *Service) fill(ctx context.Context, f *store.File, r io.Reader, up *Upload) error {
	clean := picture.Clean(&renewing{Reader: r, s: s, ctx: ctx, f: f, next: s.Now().Add(renewEvery)}, f.Type)
	sum := sha256.New()
	size, err := s.Blobs.Put(ctx, f.ID.Key(), io.TeeReader(clean, sum), media.PutOptions{
		Size: up.Size, Type: f.Type, CacheControl: s.Config.CacheControl,
	})
	if err != nil {
		return err
	}
	if size == 0 { // there was nothing in it but what was taken out
		return ErrEmpty
	}
	f.Size, f.ETag = size, base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16])
	if err := s.look(ctx, f, clean.Orientation(), up.Picture); err != nil {
		return err
	}
	f.Updated = s.now()
	return s.Store.FinishFile(ctx, f)
}

// renewing tells the store now and then that an upload goes on.
type renewing struct {
	io.Reader
	s    *Service
	ctx  context.Context
	f    *store.File
	next time.Time
}

func (r *renewing) Read(p []byte) (int, error) {
	if now := r.s.now(); now.After(r.next) {
		r.next = now.Add(renewEvery)
		if err := r.s.Store.RenewFile(r.ctx, r.f.ID, now); err != nil {
			return 0, fmt.Errorf("renew %s: %w", r.f.ID, err)
		}
	}
	return r.Reader.Read(p)
}

// look finds out the dimensions of a picture and makes its small copy.
func (s *Service) look(ctx context.Context, f *store.File, orientation int, must bool) error {
	if !strings.HasPrefix(f.Type, "image/") {
		return nil
	}
	b, err := s.Blobs.Open(ctx, f.ID.Key())
	if err != nil {
		return err
	}
	defer b.Close()
	size, err := picture.SizeOf(b, f.Type)
	switch {
	case errors.Is(err, picture.ErrNoPicture) && must:
		return ErrPicture
	case errors.Is(err, picture.ErrNoPicture): // one that only others understand, or damaged: it may be kept all the same
		return nil
	case err != nil:
		return err
	case size.Width == 0 || size.Height == 0:
		return ErrEmpty
	case size.Width > MaxSide || size.Height > MaxSide:
		return ErrSide
	case s.Config.MaxPixels > 0 && size.Pixels() > s.Config.MaxPixels:
		return ErrPixels
	}
	if f.Width, f.Height = size.Width, size.Height; orientation >= 5 { // on its side
		f.Width, f.Height = size.Height, size.Width
	}
	if max(size.Width, size.Height) <= picture.MaxSide && f.Size <= smallBytes {
		return nil // it is small itself
	}
	return s.shrink(ctx, f, b, orientation)
}

// MaxSide is the longest side of a picture, in pixels.
const MaxSide = 1 << 16

const (
	smallBytes = 64 << 10
	thumbTime  = 20 * time.Second // for an upload to wait for its turn
)

// shrink makes the small copy. A picture that is too large or damaged has none.
func (s *Service) shrink(ctx context.Context, f *store.File, b media.Blob, orientation int) error {
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		return err
	}
	turn, cancel := context.WithTimeout(ctx, thumbTime)
	defer cancel()
	var small bytes.Buffer
	kind, err := s.thumbs.Make(turn, &small, b, f.Type, orientation)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		s.Log.Warn("no small copy: too many pictures at a time", "file", f.ID.String())
		return nil
	case errors.Is(err, picture.ErrNoPicture), errors.Is(err, picture.ErrTooMuch), err == nil && small.Len() > maxThumbBytes:
		s.Log.Debug("no small copy", "file", f.ID.String(), "type", f.Type, "err", err)
		return nil
	case err != nil:
		return err
	}
	_, err = s.Blobs.Put(ctx, f.ThumbKey(), &small, media.PutOptions{
		Size: int64(small.Len()), Type: kind, CacheControl: s.Config.CacheControl,
	})
	if err == nil {
		f.Thumb = kind
	}
	return err
}

// discard removes what there is of a file that did not become ready, also when
// its sender has gone.
func (s *Service) discard(ctx context.Context, f *store.File) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	err := s.Blobs.Delete(ctx, f.ID.Key(), f.ThumbKey())
	if err == nil {
		err = s.Store.ForgetFiles(ctx, f.ID)
	}
	if err != nil {
		s.Log.Warn("what is left of a refused file waits for the collection", "file", f.ID.String(), "err", err)
	}
}

// Claim makes a user the owner of a file that was received before it was known
// who sends it.
func (s *Service) Claim(ctx context.Context, f *store.File, user chat.UID) error {
	if err := s.Store.ClaimFile(ctx, f.ID, user); err != nil {
		return err
	}
	f.Owner = user
	return nil
}

// Discard removes a ready file that was refused after all and that nobody has
// heard of.
func (s *Service) Discard(ctx context.Context, f *store.File) {
	s.received.Add(-1)
	s.refused.Add(1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := s.Store.DropFile(ctx, f.ID); err != nil {
		s.Log.Warn("a refused file waits for the collection", "file", f.ID.String(), "err", err)
		return
	}
	s.discard(ctx, f)
}
