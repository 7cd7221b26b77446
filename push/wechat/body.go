package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/internal/chat"
	"parley/push"
	"parley/store"
)

// value is a field of a message.
type value struct {
	Value string `json:"value"`
}

// miniProgram is where a tap on a template message leads.
type miniProgram struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath"`
}

// message is the body for all kinds.
type message struct {
	To       string           `json:"touser"`
	Template string           `json:"template_id"`
	URL      string           `json:"url,omitempty"`
	Mini     *miniProgram     `json:"miniprogram,omitempty"`
	ID       string           `json:"client_msg_id,omitempty"` // of Template: guards against duplicates
	Page     string           `json:"page,omitempty"`
	State    string           `json:"miniprogram_state,omitempty"`
	Lang     string           `json:"lang,omitempty"`
	Data     map[string]value `json:"data"`
}

func (s *Sender) body(ctx context.Context, r *Route, openID string, j *job) (*message, error) {
	words, err := s.words(ctx, r, j)
	if err != nil {
		return nil, err
	}
	m := &message{To: openID, Template: r.TemplateID, Data: make(map[string]value)}
	for _, f := range r.Fields {
		m.Data[f.Name] = value{fit(f.Name, words.Replace(f.Text))}
	}
	switch r.Kind {
	case Template:
		m.URL, m.ID = r.URL, fmt.Sprintf("%s-%d-%s", j.topic, j.seq, j.to)
		if r.Page != "" && r.MiniApp != "" {
			m.Mini = &miniProgram{r.MiniApp, r.Page}
		}
	case Subscription:
		m.Page = r.URL
		if r.Page != "" && r.MiniApp != "" {
			m.Mini = &miniProgram{r.MiniApp, r.Page}
		}
	case Mini:
		m.Page, m.State, m.Lang = r.Page, "formal", "zh_CN"
	}
	return m, nil
}

// china is where the readers of these messages are.
var china = time.FixedZone("UTC+8", 8*60*60)

// words replaces what fields name.
func (s *Sender) words(ctx context.Context, r *Route, j *job) (*strings.Replacer, error) {
	from, err := s.userName(ctx, j.from)
	if err != nil {
		return nil, err
	}
	topic := from
	if chat.KindOf(j.topic) == chat.KindGroup {
		t, err := s.Names.Topic(ctx, j.topic)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if topic = "…"; err == nil {
			topic = nameIn(t.Public)
		}
	}
	return strings.NewReplacer(
		"{from}", from, "{topic}", topic, "{count}", strconv.Itoa(max(j.unread, 1)), "{time}", j.at.In(china).Format("2006-01-02 15:04"), "{text}", j.text,
	), nil
}

func (s *Sender) userName(ctx context.Context, u chat.UID) (string, error) {
	if u == 0 {
		return "…", nil
	}
	user, err := s.Names.User(ctx, u)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "…", nil
	case err != nil:
		return "", err
	}
	return nameIn(user.Public), nil
}

// nameIn is the name in a public description (wire.md §14.2).
func nameIn(public json.RawMessage) string {
	var card struct {
		FN string `json:"fn"`
	}
	if json.Unmarshal(public, &card) != nil || strings.TrimSpace(card.FN) == "" {
		return "…"
	}
	return card.FN
}

// most are how long fields may be, by the beginning of their names; WeChat
// refuses longer ones.
var most = []struct {
	prefix string
	runes  int
}{{"thing", 20}, {"phrase", 5}, {"name", 10}, {"number", 32}, {"character_string", 32}, {"", 200}}

// fit makes a text what WeChat takes: one line, not empty, not too long.
func fit(field, text string) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")))
	limit := 0
	for _, m := range most {
		if strings.HasPrefix(field, m.prefix) {
			limit = m.runes
			break
		}
	}
	runes := []rune(text)
	switch {
	case len(runes) == 0:
		return "…"
	case len(runes) > limit:
		return string(runes[:limit-1]) + "…"
	}
	return text
}

// preview is the text of a message, only if a field shows it: by default WeChat
// learns nothing of what people write.
func (s *Sender) preview(r *push.Receipt) string {
	for i := range s.Routes {
		for _, f := range s.Routes[i].Fields {
			if strings.Contains(f.Text, "{text}") {
				return plain(r.Content)
			}
		}
	}
	return ""
}

const maxPreview = 200 // code points

// plain is the text of a message: of Drafty that without its formatting.
func plain(content json.RawMessage) string {
	var text string
	if json.Unmarshal(content, &text) != nil {
		var d struct {
			Text string `json:"txt"`
		}
		if json.Unmarshal(content, &d) != nil {
			return ""
		}
		text = d.Text
	}
	if runes := []rune(text); len(runes) > maxPreview {
		return string(runes[:maxPreview])
	}
	return text
}
