package fs

import (
	"testing"

	"parley/media"
	"parley/media/mediatest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	mediatest.Run(t, func(t *testing.T) media.Store {
		s, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}
