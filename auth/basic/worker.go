package basic

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// workerIdle is how long a process without jobs is kept: its start takes some ten
// milliseconds, and while it lives it takes memory.
const workerIdle = 10 * time.Second

// Worker is a Deriver that works in another process of this program, which it
// starts when there is something to do. Passwords of many people at once would
// otherwise hold up everything else here: hashing leaves the scheduler no
// processor, and its memory calls for the garbage collector all the time.
// Without another process it works in this one.
type Worker struct {
	args  []string
	idle  time.Duration
	fault func(error) // is told, once, why there is no process

	mu     sync.Mutex // guards the following
	proc   *process   // nil: none runs
	used   time.Time
	closed bool
	told   bool
}

// NewWorker makes a worker: the program is called with the arguments given, and
// has to call ServeWorker then. fault is told if that does not work.
func NewWorker(fault func(error), args ...string) *Worker {
	return &Worker{args: args, idle: workerIdle, fault: fault}
}

// Derive implements Deriver.
func (w *Worker) Derive(ctx context.Context, j *Job) ([]byte, error) {
	if p := w.running(); p != nil {
		switch key, err := p.ask(ctx, j); {
		case err == nil || ctx.Err() != nil:
			return key, err
		default:
			w.drop(p, err)
		}
	}
	return j.do(), nil
}

// Close ends the process. Jobs go on in this one.
func (w *Worker) Close() {
	w.mu.Lock()
	p := w.proc
	w.proc, w.closed = nil, true
	w.mu.Unlock()
	if p != nil {
		p.end()
	}
}

// running is the process; nil if there can't be one.
func (w *Worker) running() *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	if w.proc == nil {
		p, err := startProcess(w.args)
		if err != nil {
			w.tell(err)
			return nil
		}
		p.timer = time.AfterFunc(w.idle, func() { w.rest(p) })
		w.proc = p
	}
	w.used = time.Now()
	return w.proc
}

// rest ends a process that has nothing to do.
func (w *Worker) rest(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.proc != p:
	case p.busy() || time.Since(w.used) < w.idle:
		p.timer.Reset(w.idle)
	default:
		w.proc = nil
		p.end()
	}
}

// drop forgets a process that has failed.
func (w *Worker) drop(p *process, err error) {
	w.mu.Lock()
	if w.proc == p {
		w.proc = nil
		w.tell(err)
	}
	w.mu.Unlock()
	p.end()
}

func (w *Worker) tell(err error) {
	if !w.told && w.fault != nil {
		w.told = true
		w.fault(err)
	}
}

// process is one that derives keys. Its jobs and answers are JSON values, one
// after the other.
type process struct {
	cmd   *exec.Cmd
	timer *time.Timer // ends it when it is idle

	send sync.Mutex // of those who write
	in   io.WriteCloser
	enc  *json.Encoder

	mu      sync.Mutex // guards the following
	waiting map[uint64]chan []byte
	next    uint64
	gone    bool
}

// task and answer are what is sent to the process, and comes back.
type task struct {
	ID  uint64 `json:"id"`
	Job *Job   `json:"job"`
}

type answer struct {
	ID  uint64 `json:"id"`
	Key []byte `json:"key"`
}

var errProcessGone = errors.New("the process that checks passwords has ended")

func startProcess(args []string) (*process, error) {
	path, err := ownProgram()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{} // it needs none, and knows no secrets by it
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, enc: json.NewEncoder(in), waiting: make(map[uint64]chan []byte)}
	go p.listen(out)
	return p, nil
}

// listen hands answers on until the process ends.
func (p *process) listen(out io.Reader) {
	for dec := json.NewDecoder(out); ; {
		var a answer
		if dec.Decode(&a) != nil {
			break
		}
		p.mu.Lock()
		if ch := p.waiting[a.ID]; ch != nil {
			delete(p.waiting, a.ID)
			ch <- a.Key
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	p.gone = true
	for _, ch := range p.waiting {
		close(ch)
	}
	p.waiting = nil
	p.mu.Unlock()
	_ = p.cmd.Wait()
}

func (p *process) ask(ctx context.Context, j *Job) ([]byte, error) {
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return nil, errProcessGone
	}
	p.next++
	id, ch := p.next, make(chan []byte, 1)
	p.waiting[id] = ch
	p.mu.Unlock()

	p.send.Lock()
	err := p.enc.Encode(task{id, j})
	p.send.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case key, ok := <-ch:
		if !ok {
			return nil, errProcessGone
		}
		return key, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *process) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) > 0
}

// end has the process end once it is through; others may still be waiting for it.
func (p *process) end() {
	p.timer.Stop()
	_ = p.in.Close()
}
