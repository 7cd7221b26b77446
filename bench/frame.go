//go:build linux

package bench

import (
	"encoding/binary"
	"errors"
)

// WebSocket opcodes (RFC 6455 §5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// maxFrameBytes bounds a single frame; anything larger is taken for a broken stream.
const maxFrameBytes = 16 << 20

var (
	errMasked   = errors.New("frame from the server is masked")
	errReserved = errors.New("frame has reserved bits set: no extension was negotiated")
	errTooBig   = errors.New("frame is larger than the limit")
)

// frame is one WebSocket frame; payload aliases the buffer it was parsed from.
type frame struct {
	op      byte
	fin     bool
	payload []byte
}

// parseFrame reads one server frame from the start of b and says how many bytes it took.
// It returns zero when b does not hold the whole frame yet.
func parseFrame(b []byte) (frame, int, error) {
	if len(b) < 2 {
		return frame{}, 0, nil
	}
	if b[0]&0x70 != 0 {
		return frame{}, 0, errReserved
	}
	if b[1]&0x80 != 0 {
		return frame{}, 0, errMasked
	}
	size, head := uint64(b[1]&0x7f), 2
	switch size {
	case 126:
		head = 4
		if len(b) < head {
			return frame{}, 0, nil
		}
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		head = 10
		if len(b) < head {
			return frame{}, 0, nil
		}
		size = binary.BigEndian.Uint64(b[2:])
	}
	if size > maxFrameBytes {
		return frame{}, 0, errTooBig
	}
	end := head + int(size)
	if len(b) < end {
		return frame{}, 0, nil
	}
	return frame{op: b[0] & 0x0f, fin: b[0]&0x80 != 0, payload: b[head:end]}, end, nil
}

// appendFrame appends a final client frame with the payload masked by key.
func appendFrame(dst []byte, op byte, key uint32, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = binary.LittleEndian.AppendUint32(dst, key)
	start := len(dst)
	dst = append(dst, payload...)
	mask(dst[start:], key)
	return dst
}

// mask XORs b with the repeated key, in place.
func mask(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(key >> (8 * (i & 3)))
	}
}
