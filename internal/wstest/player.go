package wstest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Account is somebody who can log in.
type Account struct {
	User   string // ID
	Login  string
	Secret string // for the scheme basic, in base64
	Token  string // for the scheme token, in base64
}

// Player runs the directives of one transcript and keeps what its placeholders
// stand for: <alice> is the ID of the account of "login A alice".
type Player struct {
	dialer   Dialer
	accounts func(login, who, level string) (Account, error)
	run      string // makes account names unique to this run
	activity chan struct{}
	sessions []*session
	vars     map[string]string // placeholder without <> → value
	names    map[string]string // value → placeholder with <>
	counts   map[string]int    // how many grp, usr… were named so far
	nextID   int

	// Files is for the directives "file" and "fetch"; nil: there are none.
	Files Files
}

// Files uploads and fetches for transcripts, in the way that HTTP would.
type Files interface {
	// Upload makes a file of a user, or of nobody for "", and returns its URL.
	Upload(user string) (url string, err error)
	// Fetch returns the status of a download by a user.
	Fetch(user, url string) (int, error)
}

// session is one connection.
type session struct {
	name string
	user string // ID of the account of "login"; empty: none
	conn Conn
	in   Inbox
}

// NewPlayer makes a player. accounts makes an account of that login name, for
// somebody of that first name, with a level of "", "anon", "auth" or "root".
func NewPlayer(d Dialer, accounts func(login, who, level string) (Account, error)) *Player {
	b := make([]byte, 4)
	rand.Read(b)
	return &Player{
		dialer: d, accounts: accounts, run: "c" + hex.EncodeToString(b), activity: make(chan struct{}, 1),
		vars: map[string]string{}, names: map[string]string{}, counts: map[string]int{},
	}
}

// Play runs a transcript to its end, or to the first step that cannot be done,
// and returns a text for each step that went otherwise than written.
func (p *Player) Play(tr *Transcript) []string {
	var problems []string
	for _, s := range tr.steps {
		got, err := p.step(s.text, s.want)
		if err != nil {
			return append(problems, fmt.Sprintf("line %d: %s\n%v", s.line, s.text, err))
		}
		if got == nil && s.want == nil {
			continue
		}
		if diff := compare(s.want, got, s.ordered); diff != "" {
			problems = append(problems, fmt.Sprintf("line %d: %s\n%s", s.line, s.text, diff))
		}
	}
	return problems
}

// Record runs the directives of a transcript and returns its text with the
// frames that came in the place of those that were written: a first draft, to
// be held against the specification line by line.
func (p *Player) Record(text string) (string, error) {
	tr, err := Read(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	lines := strings.Split(text, "\n")
	var out []string
	next := 0 // first line not written yet
	for i, s := range tr.steps {
		for ; next < s.line; next++ {
			if !isExpectation(strings.TrimSpace(lines[next])) {
				out = append(out, lines[next])
			}
		}
		got, err := p.step(s.text, s.want)
		if err != nil {
			return "", fmt.Errorf("line %d: %s: %w", tr.steps[i].line, s.text, err)
		}
		out = append(out, got...)
	}
	return strings.Join(out, "\n") + "\n", nil
}

// Value is what a placeholder stands for, without its <>.
func (p *Player) Value(name string) string { return p.vars[name] }

// Move plays on against another server, which knows the same accounts.
func (p *Player) Move(d Dialer) { p.dialer = d }

// Close ends what the transcript left open.
func (p *Player) Close() {
	for _, s := range p.sessions {
		s.conn.Close()
	}
	p.sessions = nil
}

// step runs one directive and returns the normalised frames that it caused.
func (p *Player) step(line string, want []string) ([]string, error) {
	if name, frame, ok := strings.Cut(line, "> "); ok && !strings.ContainsAny(name, " {") {
		s := p.find(name)
		if s == nil {
			return nil, errors.New("no such session")
		}
		text := p.expand(frame)
		if err := s.conn.Send(text); err != nil {
			return nil, err
		}
		id := messageID(text)
		p.settle(id, s, want)
		if id == "" && want == nil { // nothing says when it is done, and writing may take longer than the quiet
			p.settle(id, s, want)
		}
		return p.take(), nil
	}
	f := strings.Fields(line)
	switch {
	case f[0] == "open" && len(f) >= 2:
		ver := "0.25"
		if len(f) > 2 {
			ver = f[2]
		}
		return nil, p.open(f[1], ver)
	case f[0] == "login" && len(f) >= 3:
		return nil, p.login(f[1], f[2], f[3:])
	case f[0] == "close" && len(f) == 2:
		s := p.find(f[1])
		if s == nil {
			return nil, errors.New("no such session")
		}
		s.conn.Close()
		p.remove(s)
		p.settle("", nil, want)
		return p.take(), nil
	case f[0] == "pause" && len(f) == 2:
		d, err := time.ParseDuration(f[1])
		if err != nil {
			return nil, err
		}
		time.Sleep(d)
		p.settle("", nil, want)
		return p.take(), nil
	case f[0] == "file" && len(f) == 3 && p.Files != nil:
		return nil, p.upload(f[1], f[2])
	case f[0] == "fetch" && len(f) == 4 && p.Files != nil:
		return nil, p.fetch(f[1], f[2], f[3])
	case f[0] == "quietly":
		_, err := p.step(strings.TrimSpace(strings.TrimPrefix(line, "quietly")), nil)
		return nil, err
	}
	return nil, errors.New("unknown directive")
}

// upload makes a file of the user of a session, of which <name> is the URL.
func (p *Player) upload(session, name string) error {
	s := p.find(session)
	if s == nil {
		return errors.New("no such session")
	}
	url, err := p.Files.Upload(s.user)
	if err == nil {
		p.bind(name, url)
	}
	return err
}

// fetch checks what comes of a download.
func (p *Player) fetch(session, name, want string) error {
	s := p.find(session)
	if s == nil {
		return errors.New("no such session")
	}
	got, err := p.Files.Fetch(s.user, p.vars[name])
	if err == nil && fmt.Sprint(got) != want {
		err = fmt.Errorf("got status %d, want %s", got, want)
	}
	return err
}

// open opens a session; unless ver is "raw" it says hi.
func (p *Player) open(name, ver string) error {
	s := &session{name: name}
	s.in.activity = p.activity
	conn, err := p.dialer.Dial(&s.in)
	if err != nil {
		return err
	}
	s.conn = conn
	p.sessions = append(p.sessions, s)
	if ver == "raw" {
		return nil
	}
	_, err = p.ask(s, map[string]any{"hi": map[string]any{"id": p.id(), "ver": ver, "ua": "conformance/1.0", "lang": "en"}})
	return err
}

// login opens a session for somebody; the first time his account is made.
// Options are a level and a protocol version.
func (p *Player) login(name, who string, options []string) error {
	level, ver := "", "0.25"
	for _, o := range options {
		if strings.Contains(o, ".") {
			ver = o
		} else {
			level = o
		}
	}
	if err := p.open(name, ver); err != nil {
		return err
	}
	if _, known := p.vars[who]; !known {
		a, err := p.accounts(p.run+who, who, level)
		if err != nil {
			return err
		}
		p.bind(who, a.User)
		p.bind(who+".login", a.Login)
		p.bind(who+".secret", a.Secret)
		p.vars[who+".token"] = a.Token
		p.names[a.Token] = "<token>"
	}
	p.find(name).user = p.vars[who]
	_, err := p.ask(p.find(name), map[string]any{"login": map[string]any{
		"id": p.id(), "scheme": "token", "secret": p.vars[who+".token"],
	}})
	return err
}

// ask sends a request of the setting-up and drops what it causes.
func (p *Player) ask(s *session, req map[string]any) (map[string]any, error) {
	b, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	id := messageID(string(b))
	if err := s.conn.Send(string(b)); err != nil {
		return nil, err
	}
	p.settle(id, s, nil)
	frames, _ := s.in.look()
	p.take()
	for _, f := range frames {
		var m map[string]map[string]any
		if json.Unmarshal([]byte(f), &m) != nil || m["ctrl"] == nil || m["ctrl"]["id"] != id {
			continue
		}
		if code, _ := m["ctrl"]["code"].(float64); code >= 300 {
			return nil, fmt.Errorf("refused: %s", f)
		}
		return m["ctrl"], nil
	}
	return nil, errors.New("no reply")
}

func (p *Player) id() string { p.nextID++; return fmt.Sprintf("setup-%d", p.nextID) }

// settle waits until the step is over: what is expected has arrived, the reply
// to id too.
func (p *Player) settle(id string, from *session, want []string) {
	need := make(map[string]int)
	for _, w := range want {
		if name, _, ok := strings.Cut(w, "< "); ok && !strings.Contains(w, "<? ") {
			need[name]++
		}
	}
	p.dialer.Settle(func() bool {
		answered := id == "" || len(want) > 0
		for _, s := range p.sessions {
			frames, closed := s.in.look()
			n := len(frames)
			if closed != "" {
				n++
			}
			if n < need[s.name] && closed == "" {
				return false
			}
			for _, f := range frames {
				answered = answered || s == from && messageID(f) == id
			}
			answered = answered || s == from && closed != ""
		}
		return answered
	}, p.activity)
}

// take empties every inbox into normalised "X< frame" lines.
func (p *Player) take() []string {
	var out []string
	for _, s := range append([]*session(nil), p.sessions...) {
		frames, closed := s.in.take()
		for _, f := range frames {
			out = append(out, s.name+"< "+p.normalise(f))
		}
		if closed != "" {
			out = append(out, s.name+"< closed "+closed)
			s.conn.Close()
			p.remove(s)
		}
	}
	return out
}

func (p *Player) find(name string) *session {
	for _, s := range p.sessions {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (p *Player) remove(gone *session) {
	for i, s := range p.sessions {
		if s == gone {
			p.sessions = append(p.sessions[:i], p.sessions[i+1:]...)
			return
		}
	}
}

func (p *Player) bind(name, value string) {
	p.vars[name] = value
	p.names[value] = "<" + name + ">"
}

var (
	placeholder = regexp.MustCompile(`<([a-z0-9:.#+ _@-]+)>`)
	b64Call     = regexp.MustCompile(`<b64:[^>]*>`)
	nowCall     = regexp.MustCompile(`^now([+-][0-9a-z]+)?$`)
)

// expand replaces placeholders in a frame to be sent. <b64:TEXT> is TEXT in
// base64, <long:N> is N letters, <now-1h> a time, <deep:N> is N nested arrays.
func (p *Player) expand(frame string) string {
	for range 2 { // a placeholder may stand inside <b64:...>
		frame = placeholder.ReplaceAllStringFunc(frame, func(m string) string { return p.value(m[1:len(m)-1], m) })
		frame = b64Call.ReplaceAllStringFunc(frame, func(m string) string {
			text := m[len("<b64:") : len(m)-1]
			if strings.Contains(text, "<") {
				return m
			}
			return base64.StdEncoding.EncodeToString([]byte(text))
		})
	}
	return frame
}

func (p *Player) value(name, otherwise string) string {
	if v, ok := p.vars[name]; ok {
		return v
	}
	if name == "run" {
		return p.run
	}
	if m := nowCall.FindStringSubmatch(name); m != nil {
		d, _ := time.ParseDuration(m[1])
		return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	var n int
	if _, err := fmt.Sscanf(name, "long:%d", &n); err == nil {
		return strings.Repeat("x", n)
	}
	if _, err := fmt.Sscanf(name, "deep:%d", &n); err == nil {
		return strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	return otherwise
}

// messageID is the id of a frame of either direction.
func messageID(frame string) string {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(frame), &m) != nil {
		return ""
	}
	for key, body := range m {
		var h struct {
			ID string `json:"id"`
		}
		if key != "extra" && json.Unmarshal(body, &h) == nil && h.ID != "" {
			return h.ID
		}
	}
	return ""
}
