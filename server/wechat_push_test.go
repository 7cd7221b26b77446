package server

import (
	"fmt"
	"testing"
	"time"

	fake "parley/internal/fake/wechat"
)

const pushFields = `,"push":{"per_user":"off","template":{"template_id":"TPL","fields":{"thing1":"{from}","number2":"{count}"}},"mini":{"template_id":"MINI","fields":{"thing1":"{from}"}}}`

// pair is two people who have a conversation; ann is logged in.
func (p *weChatWorld) pair(t *testing.T) (ann, bob *asker, annID, bobID string) {
	t.Helper()
	bob = p.asker(t)
	bobID = bob.want(200, bob.login("wechat", p.code("oa", "bob", ""), ""))["user"].(string)
	c := p.asker(t)
	c.want(200, c.login("wechat", p.mini("bob"), ""))
	ann = p.asker(t)
	annID = ann.want(200, ann.login("wechat", p.mini("ann"), ""))["user"].(string)
	ann.want(200, ann.ask("sub", `"topic":"`+bobID+`"`))
	return ann, bob, annID, bobID
}

func (p *weChatWorld) say(c *asker, topic, text, more string) {
	p.t.Helper()
	c.want(202, c.ask("pub", fmt.Sprintf(`"topic":%q,"content":%q%s`, topic, text, more)))
}

// settled waits until nothing is under way, and returns how many were delivered.
func (p *weChatWorld) settled(t *testing.T) int {
	t.Helper()
	eventually(t, "everything is sent", func() bool {
		c := p.wechat.push.Counts()
		return c.Waiting == 0 && c.Sent+c.Dropped == c.Queued
	})
	time.Sleep(20 * time.Millisecond) // receipts that lead to nothing are not counted
	return len(p.fake.Sent())
}

func TestWeChatPush(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, pushFields, "")
	p.fake.Change("bob", func(u *fake.User) { u.Follows = true })
	ann, bob, annID, bobID := p.pair(t)
	p.say(ann, bobID, "first", "")
	eventually(t, "bob is told", func() bool { return len(p.fake.Sent()) == 1 })
	p.say(ann, bobID, "second", "")
	eventually(t, "bob is told again", func() bool { return len(p.fake.Sent()) == 2 })
	for i, m := range p.fake.Sent() {
		data := fmt.Sprint(m.Body["data"])
		if m.To != "oa_bob" || m.Template != "TPL" || data != fmt.Sprintf("map[number2:map[value:%d] thing1:map[value:Ann 安]]", i+1) && data != fmt.Sprintf("map[number2:map[value:%d] thing1:map[value:…]]", i+1) {
			t.Errorf("%+v", m)
		}
	}
	// An edit disturbs nobody.
	p.say(ann, bobID, "second, again", `,"head":{"replace":":2"}`)
	if n := p.settled(t); n != 2 {
		t.Errorf("%d messages after an edit", n)
	}
	// Who is attached sees it.
	bob.want(200, bob.ask("sub", `"topic":"`+annID+`"`))
	p.say(ann, bobID, "third", "")
	if n := p.settled(t); n != 2 {
		t.Errorf("%d messages for somebody who is there", n)
	}
	bob.want(200, bob.ask("leave", `"topic":"`+annID+`"`))
	p.say(ann, bobID, "fourth", "")
	eventually(t, "bob is told when he has left", func() bool { return len(p.fake.Sent()) == 3 })
	// Who has muted the conversation is left alone.
	bob.want(200, bob.ask("sub", `"topic":"`+annID+`","set":{"sub":{"mode":"JRWA"}}`))
	bob.want(200, bob.ask("leave", `"topic":"`+annID+`"`))
	p.say(ann, bobID, "fifth", "")
	if n := p.settled(t); n != 3 {
		t.Errorf("%d messages for somebody who has muted", n)
	}
}

// Consents come by the hook, and each is good for one message.
func TestWeChatPushConsents(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, `,"push":{"per_user":"off","subscription":{"template_id":"SUB","fields":{"thing1":"{from}"}}}`, "")
	ann, _, _, bobID := p.pair(t)
	p.say(ann, bobID, "nobody may be told", "")
	if n := p.settled(t); n != 0 || p.fake.Calls("/cgi-bin/message/subscribe/bizsend") != 0 {
		t.Errorf("%d messages without consent", n)
	}
	p.fake.Change("bob", func(u *fake.User) { u.Consents["SUB"] = 1 })
	event := fake.Push{App: oaApp, Encrypt: true, Body: `{"ToUserName":"gh","FromUserName":"oa_bob","CreateTime":5,"MsgType":"event","Event":"subscribe_msg_popup_event","List":[{"TemplateId":"SUB","SubscribeStatusString":"accept"},{"TemplateId":"OTHER","SubscribeStatusString":"accept"}]}`}
	for range 3 { // repeated, as after a late answer
		if status, body, err := p.fake.Send(p.hook(), event); status != 200 || body != "success" || err != nil {
			t.Fatal(status, body, err)
		}
	}
	key := "wechat:consent:" + oaApp + ":SUB:" + bobID
	eventually(t, "the consent is there", func() bool {
		v, err := p.store.Value(t.Context(), key, p.now())
		return err == nil && string(v.Data) == "1"
	})
	for range 3 {
		p.say(ann, bobID, "you have a message", "")
	}
	eventually(t, "bob is told", func() bool { return len(p.fake.Sent()) > 0 })
	if n := p.settled(t); n != 1 || p.fake.Calls("/cgi-bin/message/subscribe/bizsend") != 1 {
		t.Errorf("%d messages with one consent, %d calls", n, p.fake.Calls("/cgi-bin/message/subscribe/bizsend"))
	}
}

// A WeChat that does not answer holds up no message.
func TestWeChatPushSlow(t *testing.T) {
	t.Parallel()
	p := newWeChatWorld(t, pushFields, "")
	p.fake.Change("bob", func(u *fake.User) { u.Follows = true })
	ann, _, _, bobID := p.pair(t)
	p.fake.Fail("/cgi-bin/message/template/send", fake.Fault{Delay: time.Minute})
	begin := time.Now()
	for i := range 200 {
		p.say(ann, bobID, fmt.Sprint("message ", i), "")
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("200 messages took %v", d)
	}
}
