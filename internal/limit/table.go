package limit

import "sync"

// Table holds what is known of each key: for as long as somebody holds it, and
// for the latest of those that nobody holds. All methods are safe from any
// goroutine.
type Table[K comparable, V any] struct {
	keep   int           // keys that nobody holds
	forget func(*V) bool // nothing would be lost with the value

	mu     sync.Mutex // guards the following
	all    map[K]*Entry[K, V]
	idle   Entry[K, V] // head of the ring of those that nobody holds; its next is the oldest
	nIdle  int
	lookAt int // entries looked at for each one released
}

// Entry is what is known of a key.
type Entry[K comparable, V any] struct {
	Value      V // its own locking, if any, is the user's affair
	key        K
	held       int
	prev, next *Entry[K, V]
}

// NewTable makes a table that keeps so many keys that nobody holds, unless
// forget says that there is nothing to remember. forget is called with a lock
// held and must not call back; it is only asked of values that nobody holds.
func NewTable[K comparable, V any](keep int, forget func(*V) bool) *Table[K, V] {
	t := &Table[K, V]{keep: keep, forget: forget, all: make(map[K]*Entry[K, V]), lookAt: 2}
	t.idle.prev, t.idle.next = &t.idle, &t.idle
	return t
}

// Hold finds the entry of a key, or makes one. Each must be released once.
func (t *Table[K, V]) Hold(key K) *Entry[K, V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.all[key]
	switch {
	case e == nil:
		e = &Entry[K, V]{key: key}
		t.all[key] = e
	case e.held == 0:
		t.unlink(e)
	}
	e.held++
	return e
}

// Held is how many hold a key.
func (t *Table[K, V]) Held(key K) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.all[key]; e != nil {
		return e.held
	}
	return 0
}

// Release ends a Hold. nil is nothing.
func (t *Table[K, V]) Release(e *Entry[K, V]) {
	if e == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.held--; e.held > 0 {
		return
	}
	if t.forget(&e.Value) {
		delete(t.all, e.key)
	} else {
		e.prev, e.next = t.idle.prev, &t.idle
		e.prev.next, e.next.prev = e, e
		t.nIdle++
	}
	for range t.lookAt { // so that there is nothing to sweep
		if o := t.idle.next; o != &t.idle && (t.nIdle > t.keep || t.forget(&o.Value)) {
			t.unlink(o)
			delete(t.all, o.key)
		}
	}
}

func (t *Table[K, V]) unlink(e *Entry[K, V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
	t.nIdle--
}

// Len is how many keys are known.
func (t *Table[K, V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all)
}
