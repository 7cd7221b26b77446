package demo

// picture is one that was uploaded.
type picture struct {
	ref  string // empty: files are off
	size int    // bytes
}

// photograph uploads the picture, by Ben.
func (s *story) photograph() (picture, error) {
	data, err := hills()
	if err != nil {
		return picture{}, err
	}
	p := picture{ref: s.ben().upload("image/png", data), size: len(data)}
	return p, s.ben().lost
}

// show publishes the picture with words below it.
func (c *client) show(topic string, p picture, words string) int {
	if p.ref == "" {
		return c.say(topic, words)
	}
	content := m{
		"txt": "  " + words,
		"fmt": []m{{"at": 0, "len": 1, "key": 0}, {"at": 1, "len": 1, "tp": "BR"}},
		"ent": []m{{"tp": "IM", "data": m{
			"mime": "image/png", "ref": p.ref, "name": "evening.png", "width": pictureWidth, "height": pictureHeight, "size": p.size,
		}}},
	}
	return c.ask("pub", m{
		"topic": topic, "noecho": true, "content": content, "head": m{"mime": "text/x-drafty"},
	}, p.ref).Params.Seq
}

// channel: Dana writes, the others read.
func (s *story) channel() {
	dana := s.dana()
	name := dana.ask("sub", m{"topic": "nch", "set": m{
		"desc": m{"public": m{"fn": "Town Library", "note": "Opening hours, new books, readings"}},
		"tags": []string{"library", "books"},
	}}).Topic
	dana.say(name, drafty(bold("Open on Sundays"), newline(), plain("From next week on we are open on Sundays from 10 to 16, too.")))
	reader := "chn" + name[min(3, len(name)):]
	for _, c := range []*client{s.anna(), s.ben(), s.chen()} {
		c.ask("sub", m{"topic": reader})
	}
	seq := dana.say(name, drafty(
		plain("Reading on Friday: "), italic("The Old Man and the Sea"), plain(". Places are few, so "),
		link("tell us", "https://example.com/library"), plain(" if you come. "), hashtag("reading"),
	))
	dana.read(name, seq)
	s.chen().read(reader, seq)
}

// group: plans for Saturday.
func (s *story) group(p picture) {
	anna, ben, chen, dana := s.anna(), s.ben(), s.chen(), s.dana()
	name := anna.ask("sub", m{"topic": "new", "set": m{
		"desc": m{"public": m{"fn": "Saturday hike", "note": "Where we go, who drives, what we eat"}},
		"tags": []string{"hiking"},
	}}).Topic
	anna.invite(name, ben, chen, dana)
	anna.say(name, drafty(bold("Saturday, 8:30"), plain(" at the station. Who comes?")))
	ben.say(name, "Me! I can take three in the car.")
	chen.say(name, "I'm in. I'll bring tea 🍵")
	dana.say(name, drafty(plain("Which way, "), mention("Anna Berg", anna.id), plain("?")))
	anna.say(name, drafty(
		plain("Up by the lake, down through the forest:"), newline(), code("12 km, 640 m up"), newline(),
		plain("Take something warm; "), styled("DL", "sun"), plain(" wind is forecast."),
	))
	last := ben.show(name, p, "This is what it looked like last year")
	ben.read(name, last)
	chen.read(name, last)
}

// abroad: a conversation in two languages, all read.
func (s *story) abroad() {
	anna, chen := s.anna(), s.chen()
	anna.ask("sub", m{"topic": chen.id})
	anna.say(chen.id, "How do you say “see you tomorrow”?")
	chen.ask("sub", m{"topic": anna.id})
	chen.say(anna.id, drafty(bold("明天见"), plain(", míngtiān jiàn.")))
	last := anna.say(chen.id, "明天见! 👋")
	chen.read(anna.id, last)
	anna.read(chen.id, last)
}

// pair: Anna and Ben; what Ben says in the end has not been read yet.
func (s *story) pair(p picture) {
	anna, ben := s.anna(), s.ben()
	anna.ask("sub", m{"topic": ben.id})
	question := anna.say(ben.id, "Did you find the photo of the hills?")
	ben.ask("sub", m{"topic": anna.id})
	ben.read(anna.id, question)
	seen := ben.show(anna.id, p, "Here it is")
	anna.read(ben.id, seen)
	thanks := anna.say(ben.id, drafty(plain("Beautiful, "), bold("thank you"), plain("! "), italic("I'll print it.")))
	ben.read(anna.id, thanks)
	ben.say(anna.id, "Take the large one, it is sharper")
	ben.say(anna.id, drafty(plain("And bring the "), code("1:25 000"), plain(" map on Saturday, please 🗺")))
}
