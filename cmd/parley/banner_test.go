package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/config"
)

// TestHints: what the start advises to write into tinode.conf is accepted.
func TestHints(t *testing.T) {
	t.Parallel()
	b := banner{cfg: config.Default(), home: &home{}, addr: &net.TCPAddr{Port: 6060}}
	lines := 0
	for _, o := range b.off() {
		if !strings.HasPrefix(o[1], `"`) {
			continue // a flag
		}
		lines++
		path := filepath.Join(t.TempDir(), "tinode.conf")
		if err := os.WriteFile(path, []byte("{"+strings.ReplaceAll(o[1], "HOST", "example.com")+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, warnings, err := config.Load(path, os.Getenv); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", o[0], warnings, err)
		}
	}
	if lines == 0 {
		t.Error("nothing was advised")
	}
}
