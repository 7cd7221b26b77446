package picture

import (
	"math"

	"golang.org/x/crypto/cryptobyte"
)

// items says where the metadata of a picture stands (ISO/IEC 14496-12 §8.11 and
// 23008-12 annex A).
type items struct {
	inside  []span // in the box that was read
	outside []span // in the file
}

// readItems reads the body of a box "meta"; ok is false if it lists no items.
func readItems(meta []byte) (found items, ok bool) {
	var ids map[uint32]bool
	var places cryptobyte.String
	var data span // body of the box "idat"
	s := cryptobyte.String(meta)
	for s.Skip(4); !s.Empty(); { // version and flags first
		kind, body, whole := readBox(&s)
		if !whole {
			break
		}
		switch kind {
		case "iinf":
			ids, ok = metadataItems(body), true
		case "iloc":
			places = body
		case "idat":
			end := int64(len(meta) - len(s))
			data = span{end - int64(len(body)), end}
		}
	}
	readPlaces(places, func(id uint32, inIdat bool, at span) {
		switch {
		case !ids[id]:
		case inIdat:
			at.begin, at.end = min(data.begin+at.begin, data.end), min(data.begin+at.end, data.end)
			found.inside = append(found.inside, at)
		default:
			found.outside = append(found.outside, at)
		}
	})
	return found, ok
}

func readBox(s *cryptobyte.String) (kind string, body cryptobyte.String, ok bool) {
	var size uint32
	var name, rest []byte
	if !s.ReadUint32(&size) || !s.ReadBytes(&name, 4) || size < 8 || !s.ReadBytes(&rest, int(size-8)) {
		return "", nil, false
	}
	return string(name), rest, true
}

// readCount reads a number of two bytes, or of four if wide.
func readCount(s *cryptobyte.String, wide bool, n *uint32) bool {
	if wide {
		return s.ReadUint32(n)
	}
	var short uint16
	ok := s.ReadUint16(&short)
	*n = uint32(short)
	return ok
}

// metadataItems reads a box "iinf": the items that are Exif or have a media
// type, as XMP does.
func metadataItems(s cryptobyte.String) map[uint32]bool {
	ids := map[uint32]bool{}
	var version, entry uint8
	var count, id uint32
	var kind []byte
	if !s.ReadUint8(&version) || !s.Skip(3) || !readCount(&s, version > 0, &count) {
		return nil
	}
	for {
		_, e, ok := readBox(&s)
		if !ok {
			return ids
		}
		if e.ReadUint8(&entry) && e.Skip(3) && entry >= 2 && readCount(&e, entry > 2, &id) && e.Skip(2) && e.ReadBytes(&kind, 4) &&
			(string(kind) == "Exif" || string(kind) == "mime") {
			ids[id] = true
		}
	}
}

// readPlaces calls found for each part of an item in a box "iloc".
func readPlaces(s cryptobyte.String, found func(id uint32, inIdat bool, at span)) {
	var version, sizes, more uint8
	var count uint32
	if !s.ReadUint8(&version) || !s.Skip(3) || !s.ReadUint8(&sizes) || !s.ReadUint8(&more) || !readCount(&s, version > 1, &count) {
		return
	}
	for ; count > 0; count-- {
		var id uint32
		var method, parts uint16
		var base, begin, length int64
		if !readCount(&s, version > 1, &id) || version > 0 && !s.ReadUint16(&method) || !s.Skip(2) ||
			!readSized(&s, more>>4, &base) || !s.ReadUint16(&parts) {
			return
		}
		if sizes == 0 {
			parts = min(parts, 1) // they are all the same, and take no room
		}
		for ; parts > 0; parts-- {
			if version > 0 && !s.Skip(int(more&15)) || !readSized(&s, sizes>>4, &begin) || !readSized(&s, sizes&15, &length) {
				return
			}
			if length == 0 { // all there is
				length = toEnd
			}
			if method&15 <= 1 { // 2 is a part of another item
				found(id, method&15 == 1, span{base + begin, base + begin + length})
			}
		}
	}
}

// readSized reads a number of 0, 4 or 8 bytes, none of them larger than a file.
func readSized(s *cryptobyte.String, size uint8, n *int64) bool {
	var p []byte
	if !s.ReadBytes(&p, int(size)) {
		return false
	}
	var v uint64
	for _, b := range p {
		v = v<<8 | uint64(b)
	}
	*n = int64(min(v, math.MaxInt64/8))
	return true
}
