package sqlite

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

const (
	blockShift = 12
	blockSize  = 1 << blockShift // numbers in a block
	blockMask  = blockSize - 1

	sparseBlock = 0 // first byte of what is stored: numbers of 16 bits follow
	denseBlock  = 1 // a bit for each number follows
)

// block is a set of the numbers 0 to blockSize-1.
type block [blockSize / 64]uint64

func (b *block) add(n int64) { b[n>>6] |= 1 << (n & 63) }

func (b *block) remove(n int64) { b[n>>6] &^= 1 << (n & 63) }

func (b *block) has(n int64) bool { return b[n>>6]&(1<<(n&63)) != 0 }

func (b *block) size() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// all yields the numbers, the smallest first.
func (b *block) all() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i, word := range b {
			for ; word != 0; word &= word - 1 {
				if !yield(int64(i<<6 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// read adds what was stored.
func (b *block) read(data []byte) {
	switch {
	case len(data) == 0:
	case data[0] == denseBlock && len(data) == 1+blockSize/8:
		for i := range b {
			b[i] |= binary.LittleEndian.Uint64(data[1+8*i:])
		}
	case data[0] == sparseBlock:
		for data = data[1:]; len(data) >= 2; data = data[2:] {
			b.add(int64(binary.BigEndian.Uint16(data)) & blockMask)
		}
	}
}

// bytes is how the block is stored, whichever form is shorter.
func (b *block) bytes() []byte {
	if n := b.size(); 2*n < blockSize/8 {
		data := make([]byte, 1, 1+2*n)
		data[0] = sparseBlock
		for n := range b.all() {
			data = binary.BigEndian.AppendUint16(data, uint16(n))
		}
		return data
	}
	data := make([]byte, 1, 1+blockSize/8)
	data[0] = denseBlock
	for _, word := range b {
		data = binary.LittleEndian.AppendUint64(data, word)
	}
	return data
}

// slots is a set of any numbers, in blocks, none of which is empty.
type slots map[int64]*block

func (s slots) block(n int64) *block {
	b := s[n>>blockShift]
	if b == nil {
		b = new(block)
		s[n>>blockShift] = b
	}
	return b
}

func (s slots) has(n int64) bool {
	b := s[n>>blockShift]
	return b != nil && b.has(n&blockMask)
}

func (s slots) remove(n int64) {
	if b := s[n>>blockShift]; b != nil {
		b.remove(n & blockMask)
		if *b == (block{}) {
			delete(s, n>>blockShift)
		}
	}
}

func (s slots) size() int {
	n := 0
	for _, b := range s {
		n += b.size()
	}
	return n
}

// or adds the others.
func (s slots) or(others slots) {
	for at, o := range others {
		b := s.block(at << blockShift)
		for i := range b {
			b[i] |= o[i]
		}
	}
}

// and removes what is not among the others.
func (s slots) and(others slots) {
	for at, b := range s {
		o := others[at]
		if o == nil {
			delete(s, at)
			continue
		}
		for i := range b {
			b[i] &= o[i]
		}
		if *b == (block{}) {
			delete(s, at)
		}
	}
}
