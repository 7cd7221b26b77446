package session

import (
	"context"
	"errors"

	"parley/auth/bridge"
	"parley/internal/chat"
	"parley/server/topic"
	"parley/store"
	"parley/wsproto"
)

// What is done to an account from outside of its own sessions: by
// administrators, by the operator's commands, and by the collection of stale
// accounts. Any goroutine may call these.

// SetState suspends a user, which ends his sessions, or lets him in again, and
// tells his topics. 404 for an unknown or deleted user, 304 if nothing changes.
func (r *Registry) SetState(ctx context.Context, uid chat.UID, state store.State) error {
	u, err := r.Store.User(ctx, uid)
	switch {
	case err != nil:
		return err
	case u.State == store.StateDeleted:
		return wsproto.ErrUserNotFound
	case u.State == state:
		return wsproto.NotModified
	}
	if err := r.Store.UpdateUser(ctx, uid, store.UserUpdate{State: &state}); err != nil {
		return err
	}
	r.roster.set(uid, state)
	if state != store.StateOK {
		r.evict(ctx, uid, nil)
	}
	r.Bridges.Changed(uid, bridge.Change{Suspended: state != store.StateOK, Resumed: state == store.StateOK})
	places, err := r.Store.Places(ctx, uid)
	if err != nil {
		return err
	}
	for _, p := range places {
		r.hub.Urge(p.Topic, topic.UserState{})
	}
	return nil
}

// Evict ends the sessions of a user. They may come back with what is still
// valid: his password, or a token that was not revoked.
func (r *Registry) Evict(ctx context.Context, uid chat.UID) { r.evict(ctx, uid, nil) }

// Online is how many sessions a user has.
func (r *Registry) Online(uid chat.UID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.users[uid])
}

// Delete deletes an account (store.Users has what that means), ends its
// sessions and tells everybody concerned. 404 for an unknown user.
func (r *Registry) Delete(ctx context.Context, uid chat.UID, hard bool) error {
	if err := r.leaveSchemes(ctx, uid, true); err != nil {
		return err
	}
	return r.delete(ctx, uid, hard, nil, func() {})
}

// delete deletes first and tells then: nobody hears of a deletion that a
// restart takes back. The session except is left to its owner, who still wants
// to answer; deleted is called when it is done, and nobody knows of it yet.
func (r *Registry) delete(ctx context.Context, uid chat.UID, hard bool, except *Session, deleted func()) error {
	places, err := r.Store.Places(ctx, uid)
	if err != nil {
		return err
	}
	members := make(map[string][]chat.UID) // of the groups that end with the account
	for _, p := range places {
		if chat.KindOf(p.Topic) == chat.KindGroup && p.Mode.Has(chat.ModeOwner) {
			err := r.Store.EachSub(ctx, p.Topic, func(m *store.Sub) error {
				members[p.Topic] = append(members[p.Topic], m.User)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	switch err := r.Store.DeleteUser(ctx, uid, hard, r.now()); {
	case errors.Is(err, store.ErrNotFound):
		return wsproto.ErrUserNotFound
	case err != nil:
		return err
	}
	r.roster.set(uid, store.StateDeleted)
	deleted()
	r.evict(ctx, uid, except)
	r.Bridges.Changed(uid, bridge.Change{Deleted: true})
	for _, p := range places {
		r.tellDeleted(uid, p, members[p.Topic])
	}
	return nil
}

// tellDeleted tells a conversation of a deleted account, and those who had part
// in it.
func (r *Registry) tellDeleted(uid chat.UID, p store.Place, members []chat.UID) {
	switch peer := chat.P2PPeer(p.Topic, uid); {
	case peer != 0:
		r.hub.Urge(p.Topic, topic.Removed{})
		r.hub.Urge(peer.MeName(), topic.Gone(p.Topic, uid.String()))
	case members != nil:
		r.hub.Urge(p.Topic, topic.Removed{})
		for _, u := range members {
			if u != uid {
				r.hub.Urge(u.MeName(), topic.Gone(p.Topic, p.Topic))
			}
		}
	case chat.KindOf(p.Topic) == chat.KindSlf:
		r.hub.Urge(p.Topic, topic.Removed{})
	default:
		r.hub.Urge(p.Topic, topic.Left{User: uid})
	}
}
