package picture

import "encoding/binary"

// orientationTag is the one field of Exif that changes what people see.
const (
	orientationTag = 0x0112
	typeShort      = 3
	maxFields      = 1000 // of one directory: there are about 60 tags
)

// exifOrientation finds the orientation in a TIFF structure (Exif 2.32 §4.5.2);
// 0: there is none.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	fields := int(order.Uint16(tiff[at:]))
	dir := tiff[at+2:]
	for i := 0; i < min(fields, maxFields) && len(dir) >= 12; i, dir = i+1, dir[12:] {
		if order.Uint16(dir) == orientationTag && order.Uint16(dir[2:]) == typeShort {
			if n := int(order.Uint16(dir[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 0
		}
	}
	return 0
}

// minimalExif is a TIFF structure with an orientation and nothing else.
func minimalExif(orientation int) []byte {
	return []byte{
		'M', 'M', 0, '*', 0, 0, 0, 8, // the first directory is at 8
		0, 1, // field
		orientationTag >> 8, orientationTag & 0xff, 0, typeShort, 0, 0, 0, 1, 0, byte(orientation), 0, 0,
		0, 0, 0, 0, // no other directory
	}
}
