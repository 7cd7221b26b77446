// Package storetest is the contract of package store as a test suite. Every
// adapter passes it unchanged. It knows no adapter.
package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/chat"
	"parley/store"
)

// testCase is one rule of the contract.
type testCase struct {
	name  string
	check func(*kit)
}

// Run applies every case to a fresh, empty store, several at a time. The store
// that open returns is closed by Run.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, group := range [][]testCase{
		userCases(), loginCases(), credentialCases(), deviceCases(), topicCases(), subCases(), markCases(),
		contactCases(), memberCases(), appendCases(), historyCases(), deletionCases(), tagCases(), raceCases(), searchCases(), publishedCases(),
		deleteUserCases(), readerCases(), wholeCases(),
		accountCases(), staleCases(), codeCases(), inviteCases(), revocationCases(), tokenCases(), auditCases(), accountRaceCases(), fileCases(),
	} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				defer func() {
					if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
						t.Errorf("Close: got %v, want nil", err)
					}
				}()
				c.check(&kit{T: t, Store: s, ctx: t.Context()})
			})
		}
	}
}

// kit is a store under test with what every case needs.
type kit struct {
	*testing.T
	store.Store
	ctx context.Context
}

func (k *kit) must(what string, err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%s: got error %v, want none", what, err)
	}
}

func (k *kit) wantErr(what string, got, want error) {
	k.Helper()
	if !errors.Is(got, want) {
		k.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// same compares got and want; nil and empty lists are the same.
func (k *kit) same(what string, got, want any) {
	k.Helper()
	// Byte by byte would take seconds for large values.
	sameJSON := cmp.FilterValues(func(a, b json.RawMessage) bool { return len(a) > 0 && len(b) > 0 },
		cmp.Comparer(func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }))
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty(), sameJSON); diff != "" {
		k.Errorf("%s: -got +want\n%s", what, diff)
	}
}

// at is a time n seconds and some milliseconds after an arbitrary one.
func at(n int) time.Time {
	return time.UnixMilli(1_700_000_000_123).Add(time.Duration(n) * time.Second).UTC()
}

func ptr[T any](v T) *T { return &v }

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// noJSON clears a JSON field.
func noJSON() *json.RawMessage { return ptr(json.RawMessage(nil)) }

// newUser is a user as simple as possible.
func newUser() *store.NewUser {
	id := chat.NewUID()
	return &store.NewUser{
		User: store.User{
			ID: id, Created: at(0), Updated: at(0), Access: chat.Access{Auth: chat.ModeUser},
			Public: raw(fmt.Sprintf(`{"fn":"%s"}`, id)),
		},
		Me: store.Sub{
			Topic: id.MeName(), User: id, Created: at(0), Updated: at(0), Want: chat.ModeMe, Given: chat.ModeMe,
		},
	}
}

// user creates a user.
func (k *kit) user() chat.UID {
	k.Helper()
	u := newUser()
	k.must("CreateUser", k.CreateUser(k.ctx, u))
	return u.User.ID
}

func (k *kit) users(n int) []chat.UID {
	ids := make([]chat.UID, n)
	for i := range ids {
		ids[i] = k.user()
	}
	return ids
}

func newSub(topic string, id chat.UID) store.Sub {
	return store.Sub{
		Topic: topic, User: id, Created: at(0), Updated: at(0), Want: chat.ModeGroup, Given: chat.ModeGroup,
	}
}

func newTopic(name string) *store.Topic {
	return &store.Topic{Name: name, Created: at(0), Updated: at(0), Touched: at(0)}
}

// Subs collects what EachSub goes through.
func Subs(ctx context.Context, s store.Subs, topic string) ([]store.Sub, error) {
	var subs []store.Sub
	err := s.EachSub(ctx, topic, func(sub *store.Sub) error {
		subs = append(subs, *sub)
		return nil
	})
	return subs, err
}

// group creates a group of the members given, who need not exist.
func (k *kit) group(members ...chat.UID) string {
	k.Helper()
	name := chat.NewGroupName()
	subs := make([]store.Sub, len(members))
	for i, id := range members {
		subs[i] = newSub(name, id)
	}
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(name), nil, subs...))
	return name
}

// p2p creates a conversation of two users.
func (k *kit) p2p(a, b chat.UID) string {
	k.Helper()
	name := chat.P2PName(a, b)
	k.must("CreateTopic", k.CreateTopic(k.ctx, newTopic(name), nil, newSub(name, a), newSub(name, b)))
	return name
}

// message is number seq of a topic, sent at second seq.
func message(topic string, seq int) *store.Message {
	return &store.Message{Topic: topic, Seq: seq, From: 1, At: at(seq), Content: raw(fmt.Sprintf(`"message %d"`, seq))}
}

func messages(topic string, from, to int) []*store.Message {
	var ms []*store.Message
	for seq := from; seq <= to; seq++ {
		ms = append(ms, message(topic, seq))
	}
	return ms
}

// fill appends messages 1 to n.
func (k *kit) fill(topic string, n int) {
	k.Helper()
	k.must("Append", k.Append(k.ctx, messages(topic, 1, n)...))
}

func (k *kit) topic(name string) *store.Topic {
	k.Helper()
	t, err := k.Topic(k.ctx, name)
	k.must("Topic", err)
	return t
}

func (k *kit) sub(topic string, id chat.UID) *store.Sub {
	k.Helper()
	s, err := k.Sub(k.ctx, topic, id)
	k.must("Sub", err)
	return s
}

// seqs lists the numbers of a History answer.
func (k *kit) seqs(topic string, q store.HistoryQuery) []int {
	k.Helper()
	ms, err := k.History(k.ctx, topic, q)
	k.must("History", err)
	var seqs []int
	for _, m := range ms {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// down lists the numbers from hi down to lo.
func down(hi, lo int) []int {
	var seqs []int
	for n := hi; n >= lo; n-- {
		seqs = append(seqs, n)
	}
	return seqs
}
