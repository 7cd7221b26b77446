package topic

import (
	"context"
	"errors"
	"slices"

	"parley/internal/audit"
	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Validator knows how addresses are checked and confirmed. Errors are those
// of the wire.
type Validator interface {
	// Request asks the user to prove that the address is his. country is where
	// phone numbers without + are dialled, here and below: Request.Country. lang
	// is that of the message: Request.Lang.
	Request(ctx context.Context, user chat.UID, c *wsproto.Cred, country, lang string) (added bool, err error)
	// Confirm checks his answer and returns the tag that he earned, if any.
	Confirm(ctx context.Context, user chat.UID, c *wsproto.Cred) (tag string, err error)
	// Remove forgets an address; tag is what is lost with it.
	Remove(ctx context.Context, user chat.UID, level chat.Level, c *wsproto.Cred, country string) (tag string, err error)
}

// setCred adds or confirms a credential (wire.md §7.6).
func (t *Topic) setCred(r *Request, c *wsproto.Cred) error {
	me, ok := t.kind.(*meTopic)
	if !ok {
		return wsproto.ErrNotAllowed
	}
	if c.Meth == factorMethod && t.Factor != nil {
		return t.setFactor(r, c)
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	switch {
	case c.Meth == "", c.Val == "" && c.Resp == "":
		return wsproto.ErrMalformed
	case c.Resp == "":
		added, err := t.Validator.Request(ctx, r.User, c, r.Country, r.Lang)
		if added {
			t.record(r, audit.CredAdded, r.User, c.Meth)
		}
		if err != nil {
			return err
		}
		r.reply(wsproto.OK)
		return nil
	}
	tag, err := t.Validator.Confirm(ctx, r.User, c)
	if err != nil {
		return err
	}
	t.record(r, audit.CredConfirmed, r.User, c.Meth)
	r.reply(wsproto.OK)
	return me.changeTags(ctx, tag, "")
}

// delCred removes a credential (wire.md §7.11).
func (t *Topic) delCred(r *Request, a *Attachment, c *wsproto.Cred) error {
	me, ok := t.kind.(*meTopic)
	switch {
	case !ok:
		return wsproto.ErrDenied
	case c != nil && c.Meth == factorMethod && t.Factor != nil:
		return t.delFactor(r, c)
	case c == nil || c.Meth == "" || c.Val == "":
		return wsproto.ErrMalformed
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	tag, err := t.Validator.Remove(ctx, r.User, a.level, c, r.Country)
	if errors.Is(err, store.ErrNotFound) {
		return wsproto.NoAction
	}
	if err != nil {
		return err
	}
	t.record(r, audit.CredRemoved, r.User, c.Meth)
	r.reply(wsproto.OK)
	return me.changeTags(ctx, "", tag)
}

// changeTags adds and removes a tag that the server itself looks after, and
// tells all sessions of the user.
func (t *meTopic) changeTags(ctx context.Context, add, remove string) error {
	tags := slices.Clone(t.user.Tags)
	if add != "" && !slices.Contains(tags, add) {
		tags = append(tags, add)
		slices.Sort(tags)
	}
	if i := slices.Index(tags, remove); i >= 0 && remove != "" {
		tags = slices.Delete(tags, i, i+1)
	}
	if slices.Equal(tags, t.user.Tags) {
		return nil
	}
	if err := t.setTags(ctx, tags, nil); err != nil {
		return err
	}
	t.presTopic(wsproto.Pres{What: "tags"}, nil, everybody)
	return nil
}

// TagChange tells a live me that the server changed a tag of its user, whose
// login has another name now.
type TagChange struct {
	Tags   []string
	Except Session // that caused it, if it is to be told otherwise
}

func (e TagChange) apply(t *Topic) {
	if me, ok := t.kind.(*meTopic); ok && t.loadErr == nil {
		me.user.Tags = e.Tags
		me.presTopic(wsproto.Pres{What: "tags"}, e.Except, everybody)
	}
}
