package chat

import (
	"cmp"
	"slices"
)

// MaxSeq bounds the numbers of messages: from here on clients number their
// unsent messages (wire.md §1.7).
const MaxSeq = 0xFFFFFFF - 1

// Range is a half-open range of sequence numbers: Low <= seq < Hi. Both are
// always set; Hi is Low+1 for a single message.
type Range struct{ Low, Hi int }

// Len is how many numbers the range holds.
func (r Range) Len() int { return max(r.Hi-r.Low, 0) }

// MergeRanges sorts ranges and joins those that overlap or touch. Empty ones
// are dropped. It may change and return its argument.
func MergeRanges(rs []Range) []Range {
	rs = slices.DeleteFunc(rs, func(r Range) bool { return r.Hi <= r.Low })
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.Low, b.Low) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && r.Low <= out[n-1].Hi {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return out
}
