package topic

import (
	"encoding/json"
	"errors"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// pub is a {pub} that was accepted and waits for the rest of its batch, or a
// message of the server's own.
type pub struct {
	r    *Request    // nil: the server's own
	a    *Attachment // nil: likewise, or not attached, which only sys allows
	from *member     // whose marks the message moves; nil: nobody's
	msg  *store.Message
	call bool // it starts one
}

// collect checks a {pub} and adds it to the batch, or refuses it.
func (t *Topic) collect(r *Request) {
	r.id, r.name = r.Msg.ID(), r.Name
	if startsCall(r.Msg.Pub) { // what came before it decides whether the line is free
		t.flushPubs()
	}
	p, err := t.accept(r)
	if err != nil {
		// Answers about one topic keep the order of the requests.
		t.flushPubs()
		if r.id != "" {
			t.refuse(r, err)
		}
		r.finish()
		return
	}
	t.pubs = append(t.pubs, p)
}

func (t *Topic) accept(r *Request) (pub, error) {
	a := t.attachment(r)
	call := startsCall(r.Msg.Pub)
	open := chat.KindOf(t.name) == chat.KindSys && t.exists // everybody may write to it
	switch {
	case a == nil && !open: // the topic may be gone, too
		return pub{}, wsproto.ErrAttachFirst
	case t.readOnly:
		return pub{}, wsproto.ErrDenied
	}
	once, err := t.firstTime(r)
	if err != nil {
		return pub{}, err
	}
	if call {
		if err := t.mayCall(); err != nil {
			return pub{}, err
		}
	}
	switch {
	case !open && !a.mode().Has(chat.ModeWrite):
		return pub{}, wsproto.ErrDenied
	case t.rec.Seq+len(t.pubs) >= chat.MaxSeq:
		return pub{}, wsproto.ErrPolicy
	}
	msg := t.draft(r, once)
	if msg.Files, err = t.files(r); err != nil {
		return pub{}, err
	}
	if a == nil {
		return pub{r, nil, nil, msg, call}, nil
	}
	r.name = a.name
	return pub{r, a, a.member, msg, call}, nil
}

// draft is the message of a {pub}, with the next seq.
func (t *Topic) draft(r *Request, once string) *store.Message {
	q := r.Msg.Pub
	return &store.Message{
		Topic: t.name, Seq: t.rec.Seq + len(t.pubs) + 1, From: r.User, At: r.TS,
		Head: messageHead(q.Head, r.Sender), Content: q.Content, Once: once,
	}
}

// messageHead is the head as it is stored: "sender" is ours to set
// (wire.md §10.2).
func messageHead(head map[string]json.RawMessage, sender chat.UID) json.RawMessage {
	delete(head, "sender")
	if sender != 0 {
		if head == nil {
			head = make(map[string]json.RawMessage, 1)
		}
		head["sender"] = json.RawMessage(`"` + sender.String() + `"`)
	}
	if len(head) == 0 {
		return nil
	}
	b, err := json.Marshal(head)
	if err != nil {
		return nil // impossible: the values were decoded from JSON
	}
	return b
}

// flushPubs stores the batch, then answers, then tells everybody: nobody ever sees
// a message that a restart takes back.
func (t *Topic) flushPubs() {
	if len(t.pubs) == 0 {
		return
	}
	batch := t.pubs
	t.pubs = t.pubs[:0]
	if err := t.publish(batch); err != nil {
		e := t.wireError(err)
		for i := range batch {
			if p := &batch[i]; p.r.id != "" {
				p.r.reply(e)
			}
			batch[i].r.finish()
		}
		clear(batch)
		return
	}
	for i := range batch {
		if batch[i].call {
			t.startCall(&batch[i])
		}
		batch[i].r.finish()
	}
	clear(batch)
}

// publish stores messages, answers those who sent them, and tells everybody.
// With an error there is nothing to tell.
func (t *Topic) publish(batch []pub) error {
	if err := t.append(batch); err != nil {
		if errors.Is(err, store.ErrSeqTaken) { // what we know of the topic is wrong
			return t.reload(err)
		}
		return err
	}
	t.broadcast(batch)
	t.presMessages(batch)
	return nil
}

func (t *Topic) append(batch []pub) error {
	msgs := make([]*store.Message, len(batch))
	for i := range batch {
		msgs[i] = batch[i].msg
	}
	ctx, cancel := t.storeCtx()
	defer cancel()
	if err := t.Store.Append(ctx, msgs...); err != nil {
		return err
	}
	last := msgs[len(msgs)-1]
	t.rec.Seq, t.rec.Touched = last.Seq, last.At
	for i := range batch { // who writes has read
		if m := batch[i].from; m != nil && m.mode().Has(chat.ModeRead) {
			m.read, m.recv = batch[i].msg.Seq, batch[i].msg.Seq
		}
	}
	for i := range batch {
		if m := batch[i].from; m != nil && m.read == batch[i].msg.Seq {
			t.Store.SetMarks(t.name, m.uid, m.read, m.recv)
		}
	}
	return nil
}

// reload reads the topic again after somebody else wrote to it, or deleted it.
func (t *Topic) reload(cause error) error {
	ctx, cancel := t.storeCtx()
	defer cancel()
	rec, err := t.Store.Topic(ctx, t.name)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && rec.State == store.StateDeleted:
		return wsproto.ErrTopicNotFound
	case err != nil:
		return err
	}
	t.rec = rec
	return cause
}

// broadcast sends the batch to everybody attached who reads. What each receiver
// calls the topic decides how a message looks to him; the bytes are made once
// for each such name and shared. Those who published get their acks in the same
// write.
func (t *Topic) broadcast(batch []pub) {
	type block struct {
		each []wsproto.Frame
		all  wsproto.Frame
	}
	blocks := make(map[string]*block, 2)
	for i := range batch {
		p := &batch[i]
		switch {
		case p.r == nil:
			continue
		case p.a == nil:
			if p.r.id != "" {
				p.r.add(wsproto.AcceptedFrame(p.r.id, t.name, p.msg.Seq, p.msg.At))
			}
			continue
		}
		p.a.noEcho = p.a.noEcho || p.r.Msg.Pub.NoEcho
		if p.r.id != "" {
			p.a.acks = append(p.a.acks, wsproto.AcceptedFrame(p.r.id, p.a.name, p.msg.Seq, p.msg.At)...)
		}
	}
	for _, a := range t.attached {
		if !a.mode().Has(chat.ModeRead) {
			continue
		}
		b := blocks[a.name]
		if b == nil {
			b = new(block)
			b.each, b.all = encodeBatch(batch, a.name, a.member.reader)
			blocks[a.name] = b
		}
		if a.acks == nil && !a.noEcho {
			a.Session.Send(b.all)
		} else {
			t.sendOwn(a, batch, b.each)
		}
	}
	for i := range batch { // those who may write but not read
		if a := batch[i].a; a != nil && a.acks != nil {
			a.Session.Reply(a.acks)
			a.acks, a.noEcho = nil, false
		}
	}
}

// sendOwn sends the acks of somebody who published, and what he is to see.
func (t *Topic) sendOwn(a *Attachment, batch []pub, each []wsproto.Frame) {
	out := a.acks
	a.acks, a.noEcho = nil, false
	for i := range batch {
		if p := &batch[i]; !(p.a == a && p.r.Msg.Pub.NoEcho) {
			out = append(out, each[i]...)
		}
	}
	if len(out) > 0 {
		a.Session.Send(out)
	}
}

// dataFrame is a message as a receiver sees it who calls the topic by that name;
// readers of a channel do not learn who wrote it.
func dataFrame(m *store.Message, name string, reader bool) wsproto.Frame {
	d := wsproto.Data{Topic: name, From: m.From, TS: m.At, Seq: m.Seq, Head: m.Head, Content: m.Content}
	if reader {
		d.From = 0
	}
	return d.Frame()
}

func encodeBatch(batch []pub, name string, reader bool) (each []wsproto.Frame, all wsproto.Frame) {
	each = make([]wsproto.Frame, len(batch))
	size := 0
	for i := range batch {
		each[i] = dataFrame(batch[i].msg, name, reader)
		size += len(each[i])
	}
	if len(each) == 1 {
		return each, each[0]
	}
	all = make(wsproto.Frame, 0, size)
	for _, f := range each {
		all = append(all, f...)
	}
	return each, all
}

// presMessages tells the me of members who are online but not attached here.
func (t *Topic) presMessages(batch []pub) {
	t.countOnMe()
	for _, m := range t.members.list {
		if !m.mode().Has(chat.ModeRead|chat.ModePres) || !t.elsewhere(m, true) {
			continue
		}
		for i := range batch {
			t.presMe(m, notice{
				pres:       wsproto.Pres{What: "msg", Seq: batch[i].msg.Seq, Act: batch[i].msg.From},
				unattached: true,
			})
		}
	}
}
