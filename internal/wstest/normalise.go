package wstest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

var (
	timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`) // exactly so (wire.md §1.6)
	entity    = regexp.MustCompile(`^(usr|grp|chn|p2p)([A-Za-z0-9_-]{8,})$`)
	tokenLike = regexp.MustCompile(`^[A-Za-z0-9_.+/=-]{60,}$`)
)

// normalise rewrites a frame so that two runs compare equal: IDs become
// placeholders, timestamps <ts>, tokens <token>, keys are sorted.
func (p *Player) normalise(frame string) string {
	var v any
	if err := json.Unmarshal([]byte(frame), &v); err != nil {
		return "not JSON: " + frame
	}
	b := new(strings.Builder)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p.walk("", v)) // made of what was decoded
	return strings.TrimSpace(b.String())
}

func (p *Player) walk(key string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for _, k := range sortedKeys(x) {
			out[p.text("", k)] = p.walk(k, x[k])
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = p.walk(key, e)
		}
		if key == "tags" { // a set: its order carries no meaning
			sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
		}
		if key == "sub" { // the order of subscriptions is the store's
			sort.Slice(out, func(i, j int) bool { return subKey(out[i]) < subKey(out[j]) })
		}
		return out
	case string:
		return p.text(key, x)
	case float64:
		if key == "webrtc-duration" { // milliseconds that the call took
			return "<ms>"
		}
	}
	return v
}

func subKey(v any) string {
	m, _ := v.(map[string]any)
	return fmt.Sprint(m["topic"], m["user"])
}

// text replaces one string value by its placeholder, naming new IDs as they
// first appear: <grp1>, <chn1> (the same group seen as a channel), <usr1>.
func (p *Player) text(key, s string) string {
	if name, ok := p.names[s]; ok {
		return name
	}
	if timestamp.MatchString(s) {
		return "<ts>"
	}
	if key == "token" && tokenLike.MatchString(s) {
		return "<token>"
	}
	if m := entity.FindStringSubmatch(s); m != nil {
		kind, rest := m[1], m[2]
		if kind == "grp" || kind == "chn" {
			p.counts["grp"]++
			n := p.counts["grp"]
			p.bind(fmt.Sprintf("grp%d", n), "grp"+rest)
			p.bind(fmt.Sprintf("chn%d", n), "chn"+rest)
		} else {
			p.counts[kind]++
			p.bind(fmt.Sprintf("%s%d", kind, p.counts[kind]), s)
		}
		return p.names[s]
	}
	for _, value := range p.longestFirst() { // an ID or a login inside a longer text
		s = strings.ReplaceAll(s, value, p.names[value])
	}
	return strings.ReplaceAll(s, p.run, "<run>")
}

func (p *Player) longestFirst() []string {
	values := make([]string, 0, len(p.names))
	for v := range p.names {
		values = append(values, v)
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	return values
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// compare matches expected against received frames of one step: as multisets,
// because frames of different origin may overtake each other, or, if ordered,
// with the frames of each session in their order. A line "X<? {...}" may also be
// missing. "<any>" matches any value, "<opt>" any value or none.
func compare(want, got []string, ordered bool) string {
	left := append([]string(nil), got...)
	var missing []string
	for _, w := range want {
		optional := strings.Contains(w, "<? ")
		w = strings.Replace(w, "<? ", "< ", 1)
		if i := find(w, left, ordered); i >= 0 {
			left = append(left[:i], left[i+1:]...)
		} else if !optional {
			missing = append(missing, w)
		}
	}
	if len(missing) == 0 && len(left) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range missing {
		fmt.Fprintln(&b, "- missing  "+m)
	}
	for _, g := range left {
		fmt.Fprintln(&b, "+ received "+g)
	}
	return b.String()
}

// find returns the index of the frame that w describes; if ordered only the
// first of its session can be it.
func find(w string, left []string, ordered bool) int {
	who, _, _ := strings.Cut(w, "< ")
	for i, g := range left {
		if sameFrame(w, g) {
			return i
		}
		if ordered && strings.HasPrefix(g, who+"< ") {
			return -1
		}
	}
	return -1
}

func sameFrame(want, got string) bool {
	ws, wf, _ := strings.Cut(want, "< ")
	gs, gf, _ := strings.Cut(got, "< ")
	if ws != gs {
		return false
	}
	if wf == gf || wf == "closed" && strings.HasPrefix(gf, "closed ") {
		return true
	}
	var w, g any
	if json.Unmarshal([]byte(wf), &w) != nil || json.Unmarshal([]byte(gf), &g) != nil {
		return false
	}
	return match(w, g)
}

func match(want, got any) bool {
	switch w := want.(type) {
	case string:
		return w == "<any>" || w == "<opt>" || w == got
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for k, wv := range w {
			gv, ok := g[k]
			if !ok && wv != "<opt>" || ok && !match(wv, gv) {
				return false
			}
		}
		for k := range g {
			if _, ok := w[k]; !ok && w["<more>"] == nil {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for i := range w {
			if !match(w[i], g[i]) {
				return false
			}
		}
		return true
	}
	return want == got
}
