package relay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"parley/internal/chat"
	"parley/internal/outbound"
	"parley/store"
)

// membersOK is how long a list of members is believed.
const membersOK = time.Minute

// settle tells who has come and gone. Who has left must not be reached over there
// any more, whether something is written here or not.
func (l *lane) settle(ctx context.Context) error {
	if chat.KindOf(l.topic) != chat.KindGroup || l.settled == l.changes.Load() || ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	changes := l.changes.Load()
	if has, err := l.carrier.Has(ctx, l.topic); err != nil {
		return err
	} else if !has { // nobody needs an account there before there is a message
		l.settled = changes
		return nil
	}
	if err := l.readMembers(ctx, 0); err != nil {
		return err
	}
	out := &Outgoing{Message: &store.Message{Topic: l.topic}}
	err := l.address(ctx, out)
	if err == nil {
		err = l.carrier.Sync(ctx, out)
	}
	switch {
	case err == nil:
	case outbound.KindOf(err) == outbound.Forbidden: // the next message, or change, tries again
		l.r.Log.Error("a service refuses the members of a group", "bridge", l.carrier.Name(), "topic", l.topic, "err", err)
	default:
		return err
	}
	l.settled = l.seen
	return nil
}

// dismiss ends the group of a conversation that is no more.
func (l *lane) dismiss(ctx context.Context) error {
	if chat.KindOf(l.topic) != chat.KindGroup {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := l.carrier.Dismiss(ctx, l.topic)
	if err != nil && outbound.KindOf(err) == outbound.Forbidden {
		l.r.Log.Error("a service does not end the group of a conversation that was deleted", "bridge", l.carrier.Name(), "topic", l.topic, "err", err)
		return nil
	}
	return err
}

// address names those whom a service has accounts for.
func (l *lane) address(ctx context.Context, out *Outgoing) error {
	out.Members, out.Owner, out.Title = nil, l.owner, l.title
	for _, u := range l.members {
		switch err := l.ensure(ctx, u); {
		case err == nil:
			out.Members = append(out.Members, u)
		case u == out.From && errors.Is(err, store.ErrNotFound):
			return errNobody
		case u == out.From, u == out.Owner, chat.KindOf(l.topic) != chat.KindGroup, outbound.KindOf(err) != outbound.Forbidden:
			return err
		}
	}
	return nil
}

// ensure makes sure that the service has the account of a user.
func (l *lane) ensure(ctx context.Context, u chat.UID) error {
	if l.ensured[u] {
		return nil
	}
	err := l.r.Ensure(ctx, l.carrier.Name(), u)
	if err == nil {
		l.ensured[u] = true
	}
	return err
}

// readMembers reads who may read, from time to time and when somebody is new.
func (l *lane) readMembers(ctx context.Context, from chat.UID) error {
	now, changes := l.r.now(), l.changes.Load()
	if l.seen == changes && now.Sub(l.read) < membersOK && slices.Contains(l.members, from) {
		return nil
	}
	var members []chat.UID
	var owner chat.UID
	seen := false
	err := l.r.Store.EachSub(ctx, l.topic, func(s *store.Sub) error {
		mode := s.Want & s.Given
		if s.Reader || !s.Deleted.IsZero() || !mode.Has(chat.ModeJoin|chat.ModeRead) {
			return nil
		}
		if mode.Has(chat.ModeOwner) {
			owner = s.User
		}
		seen = seen || s.User == from
		members = append(members, s.User)
		return nil
	})
	if err != nil {
		return err
	}
	if from != 0 && !seen { // he has left since he wrote it: he is in for this one message
		members = append(members, from)
		changes = -1
	}
	if owner == 0 && len(members) > 0 {
		owner = members[0]
	}
	if len(l.ensured) > 2*len(members)+page { // of many who have left
		clear(l.ensured)
	}
	t, err := l.find(ctx)
	if err != nil {
		return err
	}
	var card struct {
		FN string `json:"fn"`
	}
	_ = json.Unmarshal(t.Public, &card)
	l.members, l.owner, l.title, l.read = members, owner, card.FN, now
	l.seen = changes
	return nil
}
