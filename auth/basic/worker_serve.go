package basic

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
)

// ServeWorker is what the process of a Worker does: jobs from in, until that
// ends, to answers on out.
func ServeWorker(in io.Reader, out io.Writer) error {
	signal.Ignore(endSignals...) // whoever started it ends it
	yieldToOthers()
	var mu sync.Mutex
	enc := json.NewEncoder(out)
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, runtime.GOMAXPROCS(0)) // also if those who asked have gone
	for dec := json.NewDecoder(in); ; {
		var t task
		switch err := dec.Decode(&t); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case t.Job == nil:
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			key := t.Job.do()
			mu.Lock()
			defer mu.Unlock()
			if enc.Encode(answer{t.ID, key}) != nil {
				os.Exit(1) // nobody listens any more
			}
		})
	}
}
