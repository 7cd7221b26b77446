package config

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad: whatever is in the file, there is a fault with a text or a valid
// Config. Run it with -fuzzminimizetime 10x: the seeds are
// long, and the default spends its first minute on making one input shorter.
func FuzzLoad(f *testing.F) {
	for _, file := range []string{shipped, "testdata/stock.conf", "testdata/recordings.conf"} {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(`{"push": [{"name": "fcm", "config": {"credentials": {"a": [1]}}}], "data": "env:X"}`))
	path := filepath.Join(f.TempDir(), "tinode.conf")
	f.Fuzz(func(t *testing.T, src []byte) {
		c, _, err := parse(path, src, func(string) string { return "7" })
		switch {
		case c == nil && err == nil:
			t.Error("neither a config nor a fault")
		case err != nil && err.Error() == "":
			t.Error("a fault without a text")
		case err == nil && c.Validate() != nil:
			t.Errorf("invalid: %v", c.Validate())
		}
	})
}
