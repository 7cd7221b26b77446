package server

import (
	"fmt"
	"strconv"
)

// op is one step of a random sequence. A frame is what its session sends, with
// <u0>, <u1>… for users and <g0>, <g1>… for groups, as in transcripts.
type op struct {
	do      string // a key of a client's message, or "up", "down", "pause"
	session int    // user*devices + device
	frame   map[string]any

	// What of the frame the model looks at.
	topic   string // "me", "<g0>", "<u1>", "new0"
	what    string
	mode    string // wanted or granted
	hasUser bool   // {set sub user}, {del sub}
	user    int
	desc    map[string]string // public, private, defacs
	part    string            // of a {set}: "sub", "desc"
	flag    bool              // unsub, noecho
	hard    bool
	noID    bool
	seq     int
	ranges  [][2]int // hi 0: a single message
	since   int
	before  int
	limit   int
}

func (o op) String() string {
	name := fmt.Sprintf("U%d.%d", o.session/devices, o.session%devices)
	if o.frame == nil {
		return fmt.Sprintf("%s %s", o.do, name)
	}
	return name + "> " + mFrame(o.frame).text()
}

// build fills in the frame.
func (o op) build(id int) op {
	body := map[string]any{}
	if !o.noID && o.do != "note" {
		body["id"] = strconv.Itoa(id)
	}
	o.frame = map[string]any{o.do: body}
	body["topic"] = o.topic
	put := func(into map[string]any, key string, value any, there bool) {
		if there {
			into[key] = value
		}
	}
	set := o.setParts()
	switch o.do {
	case "sub":
		put(body, "set", set, len(set) > 0)
		put(body, "get", o.query(), o.what != "")
	case "get":
		for key, value := range o.query() {
			body[key] = value
		}
	case "set":
		for key, value := range set {
			body[key] = value
		}
	case "leave":
		put(body, "unsub", true, o.flag)
	case "pub":
		put(body, "noecho", true, o.flag)
		body["content"] = "m" + strconv.Itoa(id)
	case "note":
		body["what"] = o.what
		put(body, "seq", o.seq, o.seq != 0)
	case "del":
		put(body, "what", o.what, o.what != "")
		put(body, "hard", true, o.hard)
		put(body, "user", userName(o.user), o.hasUser)
		put(body, "delseq", rangeList(o.ranges), o.ranges != nil)
	default:
		o.frame = nil
	}
	return o
}

func (o op) setParts() map[string]any {
	set := map[string]any{}
	sub := map[string]any{}
	if o.mode != "" {
		sub["mode"] = o.mode
	}
	if o.do == "set" && o.hasUser {
		sub["user"] = userName(o.user)
	}
	if len(sub) > 0 || o.part == "sub" {
		set["sub"] = sub
	}
	desc := map[string]any{}
	for key, value := range o.desc {
		if desc[key] = value; key == "defacs" {
			desc[key] = map[string]any{"auth": value}
		}
	}
	if len(desc) > 0 || o.part == "desc" {
		set["desc"] = desc
	}
	return set
}

func (o op) query() map[string]any {
	data := map[string]any{}
	for key, value := range map[string]int{"since": o.since, "before": o.before, "limit": o.limit} {
		if value != 0 {
			data[key] = value
		}
	}
	q := map[string]any{"what": o.what, "data": data, "del": data}
	if o.ranges != nil {
		q["data"] = map[string]any{"ranges": rangeList(o.ranges)}
	}
	return q
}

func rangeList(list [][2]int) []map[string]any {
	out := make([]map[string]any, len(list))
	for i, r := range list {
		if out[i] = map[string]any{"low": r[0]}; r[1] != 0 {
			out[i]["hi"] = r[1]
		}
	}
	return out
}
