package topic

// Foreground is the event of a session that was opened in the background, by a
// push handler for instance, and has stayed: from now on its user counts as
// present (wire.md §9.6).
type Foreground struct{ A *Attachment }

// announcer is a kind of topic that tells others of sessions that come.
type announcer interface {
	// arrived is called when a session in the background has come to the fore.
	arrived(a *Attachment)
}

func (e Foreground) apply(t *Topic) {
	a := e.A
	if a.index >= len(t.attached) || t.attached[a.index] != a || !a.background {
		return // it has left meanwhile
	}
	a.background = false
	t.count(a, 1)
	if k, ok := t.kind.(announcer); ok {
		k.arrived(a)
	}
}
