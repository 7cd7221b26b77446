package topic

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"parley/store"
	"parley/wsproto"
)

// A client that does not know whether its {pub} arrived repeats it with the same
// head.uid, and the message is stored once (docs/protocol.md#publish-once).
const (
	maxOnce = 64 // bytes of a head.uid

	// OnceFor is how long a repetition is recognised at least.
	OnceFor = 7 * 24 * time.Hour
)

// firstTime returns the head.uid of a {pub}, empty if it has none. If the user
// has published it before, the error is the answer that he got then.
func (t *Topic) firstTime(r *Request) (string, error) {
	raw := r.Msg.Pub.Head["uid"]
	if wsproto.IsNull(raw) {
		return "", nil
	}
	var once string
	if json.Unmarshal(raw, &once) != nil || once == "" || len(once) > maxOnce {
		return "", wsproto.ErrMalformed
	}
	if slices.ContainsFunc(t.pubs, func(p pub) bool { return p.msg.Once == once && p.msg.From == r.User }) {
		t.flushPubs() // it may be refused yet
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	seq, at, err := t.Store.Published(ctx, t.name, r.User, once)
	if errors.Is(err, store.ErrNotFound) {
		return once, nil
	}
	if err != nil {
		return "", err
	}
	if a := t.attachment(r); a != nil {
		r.name = a.name
	}
	r.TS = at
	return "", wsproto.Accepted.With("seq", seq)
}
