package topic

import (
	"context"

	"parley/internal/chat"
	"parley/wsproto"
)

// kind is what differs between me, fnd, p2p, groups, slf and sys.
type kind interface {
	// load reads the records; a topic that is not there yet is no error for
	// kinds that can be made by subscribing.
	load(ctx context.Context) error
	// join lets the user of r take part: it makes or changes the subscription.
	join(r *Request, q *wsproto.Sub) (joined, error)
	// attached and detached follow an attachment that began or ended; lost is a
	// session that has closed.
	attached(a *Attachment, j joined)
	detached(a *Attachment, lost bool)
	// sleep is called before the topic is unloaded.
	sleep()
	// nameFor is what a user calls the topic.
	nameFor(u chat.UID) string
	// describe answers {get desc} of somebody attached.
	describe(r *Request, a *Attachment, o *wsproto.GetOpts) (*wsproto.MetaDesc, error)
	// list answers {get sub} of somebody attached.
	list(r *Request, a *Attachment, o *wsproto.GetOpts) ([]wsproto.MetaSub, error)
	// glance answers {get desc} of somebody not attached.
	glance(r *Request) (*wsproto.MetaDesc, error)
	// setDesc changes the description.
	setDesc(r *Request, a *Attachment, d *wsproto.SetDesc) error
	// setOther changes what another user is granted.
	setOther(r *Request, a *Attachment, s *wsproto.SetSub) error
	// tags are those of the topic, or an error for who may not see them.
	tags(a *Attachment) ([]string, error)
	// setTags replaces them.
	setTags(ctx context.Context, tags, unique []string) error
	// remove answers {del topic}.
	remove(r *Request, hard bool) error
}

// joined is the outcome of a {sub}.
type joined struct {
	member            *member
	isNew             bool      // the subscription is
	created           bool      // the topic is
	oldWant, oldGiven chat.Mode // before, if not new
	tmpName           string    // of a new group
	peerNew           *member   // p2p: the other side was made too
}

func (j joined) changed() bool {
	return j.isNew || j.oldWant != j.member.want || j.oldGiven != j.member.given
}

// still is the join of a member whose modes have not changed yet.
func still(m *member) joined { return joined{member: m, oldWant: m.want, oldGiven: m.given} }

func newKind(t *Topic) kind {
	switch chat.KindOf(t.name) {
	case chat.KindMe:
		return &meTopic{Topic: t}
	case chat.KindP2P:
		return &p2pTopic{Topic: t}
	case chat.KindFnd:
		return &fndTopic{Topic: t}
	case chat.KindSlf:
		return &slfTopic{Topic: t}
	case chat.KindSys:
		return &sysTopic{Topic: t}
	default:
		return &groupTopic{Topic: t}
	}
}
