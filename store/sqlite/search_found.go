package sqlite

import (
	"slices"

	"parley/internal/chat"
	"parley/store"
)

const (
	foundUsers = `SELECT id, updated, state, auth, anon, 0, 0, '', public, trusted, tags
		FROM users WHERE id IN (SELECT value FROM json_each(?))`
	foundTopics = `SELECT id, updated, state, auth, anon, channel, subs, name, public, trusted, tags
		FROM topics WHERE id IN (SELECT value FROM json_each(?))`
)

// records reads those who were found.
func (s *search) records(list []ranked) ([]store.Found, error) {
	var ids [2][]int64          // by kind
	var places [2]map[int64]int // by kind, in the answer
	found := make([]store.Found, len(list))
	for i, k := range list {
		if places[k.kind] == nil {
			places[k.kind] = map[int64]int{}
		}
		ids[k.kind] = append(ids[k.kind], k.id)
		places[k.kind][k.id] = i
	}
	for kind, text := range [2]string{kindUser: foundUsers, kindTopic: foundTopics} {
		if len(ids[kind]) == 0 {
			continue
		}
		err := s.conn.query(text, func(r *row) error {
			id := r.num()
			f := &found[places[kind][id]]
			*f = r.found()
			if kind == kindUser {
				f.User = chat.UID(id)
			}
			f.Tags = slices.DeleteFunc(f.Tags, func(tag string) bool { return s.weights[tag] == 0 })
			return nil
		}, numberList(ids[kind]))
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r *row) found() store.Found {
	return store.Found{
		Updated: r.time(), State: r.state(), Access: chat.Access{Auth: r.mode(), Anon: r.mode()},
		Channel: r.flag(), SubCount: r.int(), Topic: r.text(), Public: r.bytes(), Trusted: r.bytes(), Tags: r.tags(),
	}
}
