package files

import (
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// headBytes is how much of a file tells what it is.
const headBytes = 3072

const binary = "application/octet-stream"

// typeOf is the media type of a file: what its bytes say, and only where they
// say nothing what its sender says (surfaces.md §1.8). The difference between
// sound and film, which share containers, is the sender's to tell.
func typeOf(head []byte, said string) string {
	found := mimetype.Detect(head).String()
	kind, params, err := mime.ParseMediaType(said)
	if err != nil {
		return found
	}
	foundKind, _, _ := strings.Cut(found, ";")
	switch {
	case found == binary && known(kind):
		if text := mime.FormatMediaType(kind, params); text != "" && len(text) <= maxTypeBytes {
			return text
		}
	case isMedia(foundKind) && isMedia(kind) && subtype(foundKind) == subtype(kind):
		return kind
	}
	return found
}

const maxTypeBytes = 255

func known(kind string) bool {
	return slices.ContainsFunc([]string{"application/", "audio/", "font/", "image/", "text/", "video/"}, func(class string) bool {
		return len(kind) > len(class) && strings.HasPrefix(kind, class)
	})
}

func isMedia(kind string) bool {
	return strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/")
}

func subtype(kind string) string {
	_, sub, _ := strings.Cut(kind, "/")
	return sub
}

// Extension is that of a media type, with its dot; empty: it has none that is
// known.
func Extension(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, ";")
	switch kind { // those that mimetype knows under another class, or not at all
	case binary:
		return ""
	case "audio/webm":
		return ".webm"
	}
	if m := mimetype.Lookup(kind); m != nil {
		return m.Extension()
	}
	return ""
}

// Active tells types that a browser may run, or that people should look at with
// care: they are only ever downloaded (surfaces.md §1.9).
func Active(mediaType string) bool {
	if strings.Contains(mediaType, "html") || strings.Contains(mediaType, "xml") {
		return true
	}
	return !slices.ContainsFunc([]string{"image/", "audio/", "video/", "font/"}, func(class string) bool {
		return strings.HasPrefix(mediaType, class)
	})
}
