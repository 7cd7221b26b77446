// Package demo fills a new server with people who talk to each other, for
// whoever wants to see what there is. It does so as their apps would, by the
// protocol: nothing that is made here could not have been made by people.
package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// Person is somebody who can log in.
type Person struct{ Name, Login, Password string }

// passwordLength is what a person can type, at 5 bits each.
const passwordLength = 12

// Make makes accounts and conversations. The passwords are new each time. If it
// fails or ctx ends, some of them may be there.
func Make(ctx context.Context, s Server) ([]Person, error) {
	st := &story{server: s}
	defer st.end()
	people := []Person{
		{Name: "Anna Berg", Login: "anna"},
		{Name: "Ben Okafor", Login: "benjamin"},
		{Name: "Chen Li", Login: "chenli"},
		{Name: "Dana Ruiz", Login: "dana"},
	}
	for i := range people {
		p := &people[i]
		p.Password = password(max(passwordLength, s.PasswordLength))
		if err := st.arrive(ctx, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Login, err)
		}
	}
	picture := picture{}
	if s.Files {
		var err error
		if picture, err = st.photograph(); err != nil {
			return nil, err
		}
	}
	for _, chapter := range []func(){
		st.channel, func() { st.group(picture) }, st.abroad, func() { st.pair(picture) },
	} {
		if chapter(); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for i, c := range st.cast {
			if c.lost != nil {
				return nil, fmt.Errorf("%s: %w", people[i].Login, c.lost)
			}
		}
	}
	return people, nil
}

func password(n int) string {
	text := ""
	for len(text) < n {
		text += strings.ToLower(rand.Text())
	}
	return text[:n]
}

// story is what happens among those who have arrived.
type story struct {
	server Server
	cast   []*client // in the order of Make
}

func (s *story) anna() *client { return s.cast[0] }
func (s *story) ben() *client  { return s.cast[1] }
func (s *story) chen() *client { return s.cast[2] }
func (s *story) dana() *client { return s.cast[3] }

func (s *story) end() {
	for _, c := range s.cast {
		c.close()
	}
}

// arrive makes an account and stays logged in.
func (s *story) arrive(ctx context.Context, p *Person) error {
	c, err := s.server.client(ctx)
	if err != nil {
		return err
	}
	s.cast = append(s.cast, c)
	context.AfterFunc(ctx, c.close)
	c.ask("hi", m{"ver": "0.25", "ua": "Parley/demo"})
	a := c.ask("acc", m{
		"user": "new", "scheme": "basic", "secret": secret(p.Login, p.Password), "login": true,
		"desc": m{"public": m{"fn": p.Name}},
	})
	c.id, c.token = a.Params.User, a.Params.Token
	c.ask("sub", m{"topic": "me"})
	return c.lost
}

// say publishes a message: a text, or a formatted one.
func (c *client) say(topic string, content any) int {
	body := m{"topic": topic, "noecho": true, "content": content}
	if _, formatted := content.(m); formatted {
		body["head"] = m{"mime": "text/x-drafty"}
	}
	return c.ask("pub", body).Params.Seq
}

// read tells the others that all up to a message has been read. A note has no
// answer; the request after it comes later at the server, too.
func (c *client) read(topic string, seq int) {
	if c.lost == nil {
		c.lost = c.ws.WriteJSON(m{"note": m{"topic": topic, "what": "read", "seq": seq}})
	}
}

// invite adds members to a group of c.
func (c *client) invite(group string, others ...*client) {
	for _, o := range others {
		c.ask("set", m{"topic": group, "sub": m{"user": o.id, "mode": "JRWPS"}})
		if o.lost == nil {
			o.ask("sub", m{"topic": group})
		}
	}
}
