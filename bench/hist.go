//go:build linux

package bench

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bounds of a histogram in microseconds: what lies outside counts as the bound.
const (
	histLeast = 1
	histMost  = 120e6
)

// hist is a latency histogram from a microsecond to two minutes with three significant digits.
// It is not safe for concurrent use.
type hist struct{ h *hdrhistogram.Histogram }

// newHist makes an empty histogram.
func newHist() *hist { return &hist{hdrhistogram.New(histLeast, histMost, 3)} }

// record adds a duration in nanoseconds.
func (h *hist) record(ns int64) {
	_ = h.h.RecordValue(min(max(ns/1000, histLeast), histMost)) // cannot fail inside of the bounds
}

// percentile is in milliseconds; it is NaN for an empty histogram.
func (h *hist) percentile(p float64) float64 {
	if h.h.TotalCount() == 0 {
		return math.NaN()
	}
	return float64(h.h.ValueAtPercentile(p)) / 1000
}

// count is the number of recorded values.
func (h *hist) count() int64 { return h.h.TotalCount() }
