package sqlite

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/store"
)

// BenchmarkFile is what a download asks the store: the record, and whether a
// message before the user has the file; he is in 1000 groups, and the last of
// those that the file was sent to is his.
func BenchmarkFile(b *testing.B) {
	for _, links := range []int{1, 1000} {
		b.Run(fmt.Sprintf("links=%d", links), func(b *testing.B) {
			s, err := Open(b.Context(), filepath.Join(b.TempDir(), "parley.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			now, user, id := time.Now(), chat.NewUID(), chat.NewFileID()
			must := func(err error) {
				if err != nil {
					b.Fatal(err)
				}
			}
			f := &store.File{ID: id, Created: now, Updated: now, Type: "image/jpeg"}
			must(s.CreateFile(b.Context(), f))
			must(s.FinishFile(b.Context(), f))
			for i := range 1000 + links {
				name := chat.NewGroupName()
				sub := store.Sub{Topic: name, User: user, Created: now, Updated: now, Want: chat.ModeGroup, Given: chat.ModeGroup}
				if i >= 1000 && i < 999+links {
					sub.User = chat.NewUID()
				}
				must(s.CreateTopic(b.Context(), &store.Topic{Name: name, Created: now, Updated: now, Touched: now}, nil, sub))
				if i >= 1000 {
					must(s.Append(b.Context(), &store.Message{Topic: name, Seq: 1, At: now, Content: json.RawMessage(`1`), Files: []chat.FileID{id}}))
				}
			}
			b.ResetTimer()
			for b.Loop() {
				if _, err := s.File(b.Context(), id); err != nil {
					b.Fatal(err)
				}
				if shown, err := s.FileShown(b.Context(), id, user, chat.ModeJoin|chat.ModeRead); err != nil || !shown {
					b.Fatal(shown, err)
				}
			}
		})
	}
}
