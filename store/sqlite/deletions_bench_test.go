package sqlite

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// BenchmarkDeleteForAll publishes a message and deletes it for everybody. What that costs must
// not depend on how many read the topic.
func BenchmarkDeleteForAll(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("subs=%d", n), func(b *testing.B) {
			s, name := openTest(b, testPath(b)), chat.NewGroupName()
			subs := make([]store.Sub, n)
			for i := range subs {
				subs[i] = store.Sub{Topic: name, User: chat.UID(i + 1), Reader: true, Want: chat.ModeReader, Given: chat.ModeReader}
			}
			if err := s.CreateTopic(b.Context(), &store.Topic{Name: name, Channel: true}, nil, subs...); err != nil {
				b.Fatal(err)
			}
			id := 0
			for b.Loop() {
				id++
				m := &store.Message{Topic: name, Seq: id, At: time.UnixMilli(1), Content: []byte(`"x"`)}
				if err := s.Append(b.Context(), m); err != nil {
					b.Fatal(err)
				}
				d := store.NewDeletion{ID: id, Ranges: []chat.Range{{Low: id, Hi: id + 1}}}
				if _, err := s.DeleteMessages(b.Context(), name, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
