package mediatest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/media"
)

func openCases() []testCase {
	return []testCase{
		{"open/unknown", func(k *kit) {
			_, err := k.Open(k.ctx, "nobody")
			k.wantErr("Open", err, media.ErrNotFound)
		}},
		{"open/parts of it", openParts},
		{"open/two at once", func(k *kit) {
			k.put("two", []byte("0123456789"))
			a, err := k.Open(k.ctx, "two")
			k.must("Open", err)
			b, err := k.Open(k.ctx, "two")
			k.must("Open", err)
			k.wantPart(a, 4, io.SeekStart, "45")
			k.wantPart(b, 7, io.SeekStart, "789")
			k.wantPart(a, 0, io.SeekCurrent, "67")
			k.must("Close", a.Close())
			k.must("Close", b.Close())
		}},
		{"open/when it was stored", func(k *kit) {
			before := time.Now().Add(-time.Minute)
			k.put("dated", noise(10))
			b, err := k.Open(k.ctx, "dated")
			k.must("Open", err)
			if m := b.Modified(); m.Before(before) || m.After(time.Now().Add(time.Minute)) {
				k.Errorf("Modified: got %v, want about now", m)
			}
			k.must("Close", b.Close())
		}},
		{"delete/many", deleteMany},
		{"delete/none", func(k *kit) { k.must("Delete", k.Delete(k.ctx)) }},
		{"list/pages", listPages},
		{"link", link},
		{"check", func(k *kit) {
			k.must("Check", k.Check(k.ctx))
			if keys := k.keys("", 10); len(keys) > 0 {
				k.Errorf("List: got %q, want nothing left by Check", keys)
			}
		}},
	}
}

// wantPart seeks and reads as many bytes as wanted.
func (k *kit) wantPart(b media.Blob, offset int64, whence int, want string) {
	k.Helper()
	_, err := b.Seek(offset, whence)
	k.must("Seek", err)
	got := make([]byte, len(want))
	_, err = io.ReadFull(b, got)
	k.must("Read", err)
	if string(got) != want {
		k.Errorf("after Seek(%d, %d): got %q, want %q", offset, whence, got, want)
	}
}

func openParts(k *kit) {
	all := noise(3 << 20)
	k.put("parts", all)
	b, err := k.Open(k.ctx, "parts")
	k.must("Open", err)
	defer func() { k.must("Close", b.Close()) }()
	at := func(from, n int) string { return string(all[from : from+n]) }
	k.wantPart(b, 2<<20, io.SeekStart, at(2<<20, 1000))
	k.wantPart(b, -10, io.SeekEnd, at(3<<20-10, 10))
	k.wantPart(b, 5, io.SeekStart, at(5, 70_000))
	k.wantPart(b, 100, io.SeekCurrent, at(5+70_000+100, 7))
	end, err := b.Seek(0, io.SeekEnd) // what http.ServeContent does first
	k.must("Seek", err)
	if end != int64(len(all)) {
		k.Errorf("Seek to the end: got %d, want %d", end, len(all))
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		k.Errorf("Read at the end: got %d, %v, want 0, EOF", n, err)
	}
	if _, err := b.Seek(-1, io.SeekStart); err == nil {
		k.Error("Seek before the beginning: got no error")
	}
}

func deleteMany(k *kit) {
	var keys []string
	for i := range 1100 { // some stores delete at most 1000 at a time
		keys = append(keys, fmt.Sprintf("d%04d", i))
	}
	for _, i := range []int{0, 1, 500, 999, 1000, 1099} {
		k.put(keys[i], []byte(keys[i]))
	}
	k.put("other", []byte("stays"))
	k.must("Delete", k.Delete(k.ctx, keys...))
	if got := k.keys("", 100); !slices.Equal(got, []string{"other"}) {
		k.Errorf("List: got %q, want other", got)
	}
	k.must("Delete", k.Delete(k.ctx, keys[:10]...))
	k.wantBlob("other", []byte("stays"))
}

func listPages(k *kit) {
	want := []string{"0", "a", "a-t", "a1", "a_b", "b", "zzz"}
	for i, key := range want {
		k.put(key, noise(i))
	}
	if got := k.keys("", 100); !slices.Equal(got, want) {
		k.Errorf("got %q, want %q", got, want)
	}
	if got := k.keys("a", 3); !slices.Equal(got, want[2:5]) {
		k.Errorf("after a, three: got %q, want %q", got, want[2:5])
	}
	if got := k.keys("zzz", 3); len(got) != 0 {
		k.Errorf("after the last: got %q, want none", got)
	}
	list, err := k.List(k.ctx, "b", 1)
	k.must("List", err)
	if len(list) != 1 || list[0].Size != 6 || time.Since(list[0].Modified).Abs() > time.Hour {
		k.Errorf("got %+v, want zzz of 6 bytes, stored now", list)
	}
}

// link: where there are links, they work without credentials and say what was
// asked for.
func link(k *kit) {
	body := noise(1000)
	_, err := k.Put(k.ctx, "linked", bytes.NewReader(body), media.PutOptions{Type: "image/png"})
	k.must("Put", err)
	o := media.LinkOptions{TTL: time.Minute, Type: "text/plain", Disposition: "attachment", CacheControl: "no-cache"}
	url, err := k.Link(k.ctx, "linked", o)
	k.must("Link", err)
	if url == "" {
		return
	}
	res, err := http.Get(url)
	k.must("GET", err)
	got, err := io.ReadAll(res.Body)
	k.must("Read", err)
	k.must("Close", res.Body.Close())
	if res.StatusCode != http.StatusOK || !bytes.Equal(got, body) {
		k.Errorf("GET %s: got %s and %d bytes", url, res.Status, len(got))
	}
	for name, want := range map[string]string{"Content-Type": "text/plain", "Content-Disposition": "attachment", "Cache-Control": "no-cache"} {
		if got := res.Header.Get(name); got != want {
			k.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	altered, err := http.Get(strings.Replace(url, "linked", "others", 1))
	k.must("GET", err)
	k.must("Close", altered.Body.Close())
	if altered.StatusCode < 400 {
		k.Errorf("an altered link: got %s, want an error", altered.Status)
	}
}
