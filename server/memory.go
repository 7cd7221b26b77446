package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The memory keeper trades memory for time where there is plenty of it, and
// gives memory back where it is not needed any more. A server that holds many
// idle sessions would otherwise keep what its garbage collector needed while
// they connected: nearly twice the live heap.
const (
	memoryTick  = time.Second
	smallHeap   = 16 << 20 // below this the collector runs less often
	minPercent  = 100      // the runtime's default
	maxPercent  = 400
	quietBytes  = 1 << 20 // allocated per tick by a server that has little to do
	worthBytes  = 4 << 20 // least amount that is worth a collection
	quietNeeded = 2       // ticks
)

// keeper holds what the last look at the memory has shown.
type keeper struct {
	release   func() // gives back the memory of others, like the store
	samples   []metrics.Sample
	percent   int    // of garbage, by our decision; 0: not ours
	allocated uint64 // in all, at the last tick
	released  uint64 // in all, at the last release
	quiet     int    // ticks with few allocations
}

func newKeeper(release func()) *keeper {
	return &keeper{release: release, samples: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}}
}

// run looks at the memory until ctx is done.
func (k *keeper) run(ctx context.Context) error {
	if os.Getenv("GOGC") == "" { // else the operator has decided
		k.percent = maxPercent
		defer debug.SetGCPercent(debug.SetGCPercent(maxPercent))
	}
	tick := time.NewTicker(memoryTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			metrics.Read(k.samples)
			k.look(k.samples[0].Value.Uint64(), k.samples[1].Value.Uint64())
		}
	}
}

// look sets the collector's pace by the live heap, and releases memory in the
// first quiet moments after a busy time.
func (k *keeper) look(live, allocated uint64) {
	if p := percentFor(live); k.percent != 0 && p != k.percent {
		k.percent = p
		debug.SetGCPercent(p)
	}
	if k.quiet++; allocated-k.allocated > quietBytes {
		k.quiet = 0
	}
	k.allocated = allocated
	if k.quiet >= quietNeeded && allocated-k.released > worthBytes {
		k.released = allocated
		k.release()
		debug.FreeOSMemory()
	}
}

// percentFor is how much garbage may pile up for a live heap, in steps, so that
// it does not change all the time.
func percentFor(live uint64) int {
	const step = 50
	p := int(smallHeap*100/max(live, 1)) / step * step
	return min(max(p, minPercent), maxPercent)
}
