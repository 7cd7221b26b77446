//go:build linux

package bench

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// serverFrame builds a frame as a server sends it.
func serverFrame(payload []byte) []byte {
	b := []byte{0x80 | opText}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func TestParseFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 70000} {
		want := bytes.Repeat([]byte("ab"), n)[:n]
		whole := serverFrame(want)
		for _, cut := range []int{0, 1, 2, 3, len(whole) - 1} {
			if cut >= 0 && cut < len(whole) {
				if _, used, err := parseFrame(whole[:cut]); used != 0 || err != nil {
					t.Errorf("size %d cut at %d: used %d, %v", n, cut, used, err)
				}
			}
		}
		f, used, err := parseFrame(append(whole, "rest"...))
		if err != nil || used != len(whole) || !f.fin || f.op != opText || !bytes.Equal(f.payload, want) {
			t.Errorf("size %d: used %d of %d, %v", n, used, len(whole), err)
		}
	}
}

func TestParseFrameErrors(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"masked":   {[]byte{0x81, 0x81, 0, 0, 0, 0, 1}, errMasked},
		"reserved": {[]byte{0xC1, 0x01, 1}, errReserved},
		"too big":  {append([]byte{0x81, 127}, 0xff, 0, 0, 0, 0, 0, 0, 0), errTooBig},
	} {
		if _, _, err := parseFrame(c.b); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 65536} {
		want := bytes.Repeat([]byte("xyz"), n)[:n]
		b := appendFrame([]byte("head"), opText, 0x11223344, want)[4:]
		if b[1]&0x80 == 0 {
			t.Fatal("not masked")
		}
		payload := b[len(b)-n:]
		key := b[len(b)-n-4 : len(b)-n]
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		if !bytes.Equal(payload, want) {
			t.Errorf("size %d: the payload does not survive masking", n)
		}
	}
}
