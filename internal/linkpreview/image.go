package linkpreview

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif" // for DecodeConfig
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	_ "golang.org/x/image/webp"
)

// imageTypes are the pictures that are passed on, by the names that package
// image has for their formats. SVG is none of them: it can contain programs.
var imageTypes = map[string]string{"gif": "image/gif", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

// fetchImage fetches a picture and looks whether it is one that may be shown.
func (s *Service) fetchImage(ctx context.Context, u *url.URL) (*Image, error) {
	res, err := s.get(ctx, u, "image/webp,image/png,image/jpeg,image/gif", "identity", func(kind string) bool {
		return strings.HasPrefix(kind, "image/")
	})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if e := res.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, fmt.Errorf("%w: the picture is compressed once more", ErrNoPreview)
	}
	tooLarge := fmt.Errorf("%w: the picture has more than %d MiB", ErrNoPreview, maxImageBytes>>20)
	if res.ContentLength > maxImageBytes {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxImageBytes+1))
	switch {
	case err != nil:
		return nil, failed(err)
	case len(data) > maxImageBytes:
		return nil, tooLarge
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || imageTypes[format] == "":
		return nil, fmt.Errorf("%w: the picture is none", ErrNoPreview)
	case c.Width < 1 || c.Height < 1 || c.Width > maxImageSide || c.Height > maxImageSide || c.Width*c.Height > maxPixels:
		return nil, fmt.Errorf("%w: the picture has %d × %d points", ErrNoPreview, c.Width, c.Height)
	}
	return &Image{Type: imageTypes[format], Data: bytes.Clone(data)}, nil // without the spare room of ReadAll
}

// imageCache keeps the pictures of late, up to a number of bytes.
type imageCache struct {
	mu    sync.Mutex // guards the following
	bytes int
	all   *lru.Cache[string, imageEntry]
}

// imageEntry is a picture, or why there is none.
type imageEntry struct {
	image *Image
	err   error
	until time.Time
}

// entryBytes is what an entry costs beside the picture, more or less.
const entryBytes = 1 << 10

func (e *imageEntry) cost() int {
	if e.image == nil {
		return entryBytes
	}
	return entryBytes + len(e.image.Data)
}

func newImageCache() *imageCache {
	c := &imageCache{}
	// The number of bytes ends what is kept, not the number of entries.
	c.all, _ = lru.NewWithEvict(keptImages/entryBytes, func(_ string, e imageEntry) { c.bytes -= e.cost() })
	return c
}

func (c *imageCache) get(key string, now time.Time) (*Image, error, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.all.Get(key)
	if !ok || !now.Before(e.until) {
		return nil, nil, false
	}
	return e.image, e.err, true
}

func (c *imageCache) put(key string, i *Image, err error, now time.Time) {
	e := imageEntry{image: i, err: err, until: now.Add(previewFor)}
	if err != nil {
		e.until = now.Add(refusalFor)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Remove(key) // so that its bytes are no longer counted
	c.bytes += e.cost()
	c.all.Add(key, e)
	for c.bytes > keptImages {
		c.all.RemoveOldest()
	}
}
