package relay

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Body is what of a message other services understand: a text, or one file.
type Body struct {
	Text string
	File *File // nil: it is a text
}

// Kinds of files.
const (
	Image = "image"
	Audio = "audio"
	Video = "video"
	Other = "file"
)

// File is one that strangers can fetch.
type File struct {
	Kind, Name, Mime, URL string
	Size                  int64 // bytes; 0: not known
	Width, Height         int
	Millis                int // how long it plays
}

// draft is as much of the format Drafty as is needed here.
type draft struct {
	Txt string `json:"txt"`
	Ent []struct {
		Tp   string `json:"tp"`
		Data struct {
			Mime     string  `json:"mime"`
			Name     string  `json:"name"`
			Ref      string  `json:"ref"`
			URL      string  `json:"url"`
			Size     int64   `json:"size"`
			Width    int     `json:"width"`
			Height   int     `json:"height"`
			Duration float64 `json:"duration"` // ms
		} `json:"data"`
	} `json:"ent"`
}

var kinds = map[string]string{"IM": Image, "AU": Audio, "VD": Video, "EX": Other}

// render makes a body of a message; false if there is nothing in it for people.
// Files that want a login here are named, not linked: the other side has none.
func render(head, content json.RawMessage) (Body, bool) {
	var h struct {
		WebRTC json.RawMessage `json:"webrtc"`
	}
	_ = json.Unmarshal(head, &h)
	if h.WebRTC != nil {
		return Body{}, false
	}
	var text string
	if json.Unmarshal(content, &text) == nil {
		return Body{Text: text}, strings.TrimSpace(text) != ""
	}
	var d draft
	if json.Unmarshal(content, &d) != nil {
		return Body{}, false
	}
	lines := []string{}
	if t := strings.TrimSpace(d.Txt); t != "" {
		lines = append(lines, t)
	}
	var file *File
	for _, e := range d.Ent {
		kind, ok := kinds[e.Tp]
		if !ok {
			continue
		}
		f := &File{
			Kind: kind, Name: e.Data.Name, Mime: e.Data.Mime, URL: webURL(e.Data.Ref), Size: e.Data.Size,
			Width: e.Data.Width, Height: e.Data.Height, Millis: int(e.Data.Duration),
		}
		if f.URL != "" && file == nil && len(d.Ent) == 1 && len(lines) == 0 {
			file = f
			continue
		}
		lines = append(lines, strings.TrimSpace("["+kind+"] "+f.Name+" "+f.URL))
	}
	if file != nil {
		return Body{File: file}, true
	}
	return Body{Text: strings.Join(lines, "\n")}, len(lines) > 0
}

const maxURL = 2048

// webURL is an absolute address of the web, or nothing.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s) > maxURL {
		return ""
	}
	return s
}

// mimeDrafty is the head.mime of what has entities.
const mimeDrafty = "text/x-drafty"

// content makes the content of a message of a body, and its head.mime.
func (b *Body) content() (json.RawMessage, *head) {
	f := b.File
	if f == nil {
		return quote(strings.ToValidUTF8(b.Text, "")), nil
	}
	data := map[string]any{"ref": f.URL}
	for key, v := range map[string]string{"mime": f.Mime, "name": f.Name} {
		if v != "" {
			data[key] = v
		}
	}
	for key, v := range map[string]int64{"size": f.Size, "width": int64(f.Width), "height": int64(f.Height), "duration": int64(f.Millis)} {
		if v > 0 {
			data[key] = v
		}
	}
	tp := map[string]string{Image: "IM", Audio: "AU", Video: "VD", Other: "EX"}[f.Kind]
	v := map[string]any{"txt": " ", "fmt": []map[string]int{{"at": 0, "len": 1, "key": 0}}, "ent": []map[string]any{{"tp": tp, "data": data}}}
	if f.Kind == Other { // an attachment, not part of the text
		v["txt"], v["fmt"] = "", []map[string]int{{"at": -1, "len": 0, "key": 0}}
	}
	c, err := json.Marshal(v)
	if err != nil {
		return nil, nil // impossible: texts and numbers
	}
	return c, &head{Mime: mimeDrafty}
}

// plainJSON is JSON as people write it: the other side need not read \u003c.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

// cut shortens a text to n bytes, and says so.
func cut(s string, n int) string {
	const more = " […]"
	if len(s) <= n {
		return s
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}
