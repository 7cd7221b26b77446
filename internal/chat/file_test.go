package chat

import (
	"errors"
	"testing"
)

func TestFileID(t *testing.T) {
	t.Parallel()
	// surfaces.md App. A: the Uid of value 1 and its two texts.
	const id FileID = 17024875952998968514
	if got, want := id.String(), "wuyXQ3qCROw"; got != want {
		t.Errorf("String: got %q, want %q", got, want)
	}
	if got, want := id.Key(), "ylwjoq32qjcoy"; got != want {
		t.Errorf("Key: got %q, want %q", got, want)
	}
	if got := FileID(0).String(); got != "" {
		t.Errorf("none: got %q", got)
	}
	for _, name := range []string{"wuyXQ3qCROw", "wuyXQ3qCROw.jpg", "wuyXQ3qCROw.tar.gz"} {
		if got, err := FileName(name); got != id || err != nil {
			t.Errorf("FileName(%q): got %d, %v, want %d", name, got, err, id)
		}
	}
	for _, name := range []string{"", "wuyXQ3qCRO", "wuyXQ3qCROww", "AAAAAAAAAAA", "../wuyXQ3qCROw", "wuyXQ3qCRO/", "wuyXQ3qCROx.jpg", "wuyXQ3q CROw", ".jpg"} {
		if got, err := FileName(name); !errors.Is(err, ErrFileID) {
			t.Errorf("FileName(%q): got %d, %v, want ErrFileID", name, got, err)
		}
	}
	seen := map[FileID]bool{}
	for range 1000 {
		id := NewFileID()
		if back, err := ParseFileID(id.String()); back != id || err != nil || seen[id] {
			t.Fatalf("%d: got %d, %v back, seen: %v", id, back, err, seen[id])
		}
		seen[id] = true
	}
}
