package mediatest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"parley/media"
)

// hostile are names that must not reach a file system or a bucket.
func hostile() []string {
	return []string{
		"", ".", "..", "../up", "../../etc/passwd", "/etc/passwd", "a/b", `a\b`, `..\up`, "a/../../b", "%2e%2e%2fup",
		".hidden", "-rf", "_x", "A", "Case", "a b", "a.b", "a\x00b", "a\nb", "ä", "a:b", "a?b", "a*", "~root", "$HOME",
		strings.Repeat("a", media.MaxKeyBytes+1), strings.Repeat("../", 20) + "x",
	}
}

func keyCases() []testCase {
	return []testCase{
		{"keys/hostile ones", func(k *kit) {
			k.put("mine", []byte("mine"))
			for _, key := range hostile() {
				what := fmt.Sprintf("%q", key)
				_, err := k.Put(k.ctx, key, bytes.NewReader(noise(3)), media.PutOptions{})
				k.wantErr("Put "+what, err, media.ErrBadKey)
				_, err = k.Open(k.ctx, key)
				k.wantErr("Open "+what, err, media.ErrBadKey)
				_, err = k.Link(k.ctx, key, media.LinkOptions{})
				k.wantErr("Link "+what, err, media.ErrBadKey)
				k.wantErr("Delete "+what, k.Delete(k.ctx, "mine", key), media.ErrBadKey)
				if key != "" {
					_, err = k.List(k.ctx, key, 1)
					k.wantErr("List "+what, err, media.ErrBadKey)
				}
			}
			k.wantBlob("mine", []byte("mine")) // nothing was deleted beside a bad name
		}},
		{"keys/the longest", func(k *kit) {
			key := strings.Repeat("z", media.MaxKeyBytes)
			k.put(key, []byte("long"))
			k.wantBlob(key, []byte("long"))
		}},
	}
}

func sweepCases() []testCase {
	return []testCase{
		{"sweep/leaves what is finished or new", func(k *kit) {
			k.put("done", noise(100))
			pr, pw := io.Pipe()
			end := make(chan error)
			go func() {
				_, err := k.Put(k.ctx, "going", pr, media.PutOptions{})
				end <- err
			}()
			_, err := pw.Write([]byte("first"))
			k.must("Write", err)
			n, err := k.Sweep(k.ctx, time.Now().Add(-time.Hour))
			k.must("Sweep", err)
			if n != 0 {
				k.Errorf("Sweep: got %d removed, want 0", n)
			}
			_, err = pw.Write([]byte(" second"))
			k.must("Write", err)
			k.must("Close", pw.Close())
			k.must("Put", <-end)
			k.wantBlob("going", []byte("first second"))
			k.wantBlob("done", noise(100))
		}},
	}
}
