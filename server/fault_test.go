package server

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/chat"
	"parley/internal/wstest"
	"parley/store"
	"parley/store/mem"
)

// faulty is a store whose disk can fill up: then nothing can be written, and
// everything can still be read.
type faulty struct {
	store.Store
	full atomic.Bool
}

var errFull = errors.New("no space left on device")

func (s *faulty) fail() error {
	if s.full.Load() {
		return errFull
	}
	return nil
}

func (s *faulty) Append(ctx context.Context, ms ...*store.Message) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.Append(ctx, ms...)
}

func (s *faulty) PutSubs(ctx context.Context, subs ...store.Sub) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.PutSubs(ctx, subs...)
}

func (s *faulty) UpdateSubs(ctx context.Context, ups ...store.SubUpdate) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.UpdateSubs(ctx, ups...)
}

func (s *faulty) CreateTopic(ctx context.Context, t *store.Topic, unique []string, subs ...store.Sub) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.CreateTopic(ctx, t, unique, subs...)
}

func (s *faulty) UpdateTopic(ctx context.Context, name string, up store.TopicUpdate) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.UpdateTopic(ctx, name, up)
}

func (s *faulty) UpdateUser(ctx context.Context, id chat.UID, up store.UserUpdate) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.UpdateUser(ctx, id, up)
}

func (s *faulty) DeleteMessages(ctx context.Context, topic string, d store.NewDeletion) ([]chat.Range, error) {
	if err := s.fail(); err != nil {
		return nil, err
	}
	return s.Store.DeleteMessages(ctx, topic, d)
}

func (s *faulty) DeleteUser(ctx context.Context, id chat.UID, hard bool, at time.Time) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.DeleteUser(ctx, id, hard, at)
}

func (s *faulty) DeleteTopic(ctx context.Context, name string, hard bool, at time.Time) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.DeleteTopic(ctx, name, hard, at)
}

func (s *faulty) DeleteSub(ctx context.Context, topic string, id chat.UID, at time.Time) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.DeleteSub(ctx, topic, id, at)
}

// play plays lines of a transcript that is written into the test.
func play(t *testing.T, p *wstest.Player, lines string) {
	t.Helper()
	tr, err := wstest.Read(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range p.Play(tr) {
		t.Error(problem)
	}
}

// TestFullDisk: a publish is answered 500, nothing is acknowledged or shown that
// was not stored, reads go on, and so does everything once there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, "")
	synctest.Test(t, func(t *testing.T) {
		st := &faulty{Store: mem.New()}
		h := newHarness(t, cfg, st)
		p := wstest.NewPlayer(h.memory(settled), h.account)
		play(t, p, `
login A alice
login B bob
login C carol
quietly A> {"sub":{"id":"1","topic":"<bob>"}}
quietly B> {"sub":{"id":"1","topic":"<alice>"}}
quietly A> {"pub":{"id":"2","topic":"<bob>","content":"before"}}
quietly A> {"sub":{"id":"x1","topic":"nch1"}}
quietly C> {"sub":{"id":"x1","topic":"<chn1>"}}
login R root root
`)
		st.full.Store(true)
		play(t, p, `
A> {"pub":{"id":"3","topic":"<bob>","content":"lost"}}
A< {"ctrl":{"id":"3","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
A> {"pub":{"topic":"<bob>","content":"lost without a word"}}
A> {"get":{"id":"4","topic":"<bob>","what":"data desc"}}
A< {"meta":{"id":"4","topic":"<bob>","ts":"<ts>","desc":{"<more>":"<opt>","seq":1,"read":1,"recv":1}}}
A< {"data":{"topic":"<bob>","from":"<alice>","ts":"<ts>","seq":1,"content":"before"}}
A< {"ctrl":{"id":"4","topic":"<bob>","code":208,"text":"delivered","params":{"what":"data","count":1},"ts":"<ts>"}}
A> {"del":{"id":"5","topic":"<bob>","what":"msg","delseq":[{"low":1}],"hard":true}}
A< {"ctrl":{"id":"5","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
A> {"set":{"id":"6","topic":"<bob>","sub":{"mode":"JRA"}}}
A< {"ctrl":{"id":"6","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
A> {"set":{"id":"7","topic":"<bob>","desc":{"private":"x"},"aux":{"pins":[1]}}}
A< {"ctrl":{"id":"7","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
A< {"ctrl":{"id":"7","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
C> {"sub":{"id":"1","topic":"<bob>"}}
C< {"ctrl":{"id":"1","topic":"<bob>","code":500,"text":"internal error","ts":"<ts>"}}
C> {"sub":{"id":"2","topic":"slf"}}
C< {"ctrl":{"id":"2","topic":"slf","code":500,"text":"internal error","ts":"<ts>"}}
C> {"sub":{"id":"2","topic":"fnd"}}
C< {"ctrl":{"id":"2","topic":"fnd","code":500,"text":"internal error","ts":"<ts>"}}
C> {"leave":{"id":"2","topic":"<chn1>","unsub":true}}
C< {"ctrl":{"id":"2","topic":"<chn1>","code":500,"text":"internal error","ts":"<ts>"}}
C> {"del":{"id":"2","what":"user","hard":true}}
C< {"ctrl":{"id":"2","code":500,"text":"internal error","ts":"<ts>"}}
A> {"del":{"id":"2","topic":"<grp1>","what":"topic","hard":true}}
A< {"ctrl":{"id":"2","topic":"<grp1>","code":500,"text":"internal error","ts":"<ts>"}}
R> {"acc":{"id":"2","user":"<bob>","status":"susp"}}
R< {"ctrl":{"id":"2","code":500,"text":"internal error","ts":"<ts>"}}
A> {"pub":{"id":"2","topic":"<grp1>","content":"lost too"}}
A< {"ctrl":{"id":"2","topic":"<grp1>","code":500,"text":"internal error","ts":"<ts>"}}
C> {"sub":{"id":"2","topic":"new1"}}
C< {"ctrl":{"id":"2","topic":"new1","code":500,"text":"internal error","ts":"<ts>"}}
C> {"sub":{"id":"3","topic":"me","get":{"what":"tags"}}}
C< {"ctrl":{"id":"3","topic":"me","code":200,"text":"ok","ts":"<ts>"}}
C< {"meta":{"id":"3","topic":"me","ts":"<ts>","tags":["basic:<carol.login>","email:<carol.login>@example.com"]}}
C> {"set":{"id":"4","topic":"me","desc":{"public":"x"}}}
C< {"ctrl":{"id":"4","topic":"me","code":500,"text":"internal error","ts":"<ts>"}}
`)
		st.full.Store(false)
		play(t, p, `
A> {"pub":{"id":"8","topic":"<bob>","content":"after","noecho":true}}
A< {"ctrl":{"id":"8","topic":"<bob>","code":202,"text":"accepted","params":{"seq":2},"ts":"<ts>"}}
B< {"data":{"topic":"<alice>","from":"<alice>","ts":"<ts>","seq":2,"content":"after"}}
B> {"get":{"id":"2","topic":"<alice>","what":"data sub"}}
B< {"meta":{"id":"2","topic":"<alice>","ts":"<ts>","sub":[{"user":"<alice>","updated":"<ts>","acs":{"want":"JRWPAD","given":"JRWPASD","mode":"JRWPAD"},"read":2,"recv":2},{"user":"<bob>","updated":"<ts>","acs":{"want":"JRWPAD","given":"JRWPAD","mode":"JRWPAD"}}]}}
B< {"data":{"topic":"<alice>","from":"<alice>","ts":"<ts>","seq":2,"content":"after"}}
B< {"data":{"topic":"<alice>","from":"<alice>","ts":"<ts>","seq":1,"content":"before"}}
B< {"ctrl":{"id":"2","topic":"<alice>","code":208,"text":"delivered","params":{"what":"data","count":2},"ts":"<ts>"}}
A> {"pub":{"id":"9","topic":"<grp1>","content":"news"}}
A< {"ctrl":{"id":"9","topic":"<grp1>","code":202,"text":"accepted","params":{"seq":1},"ts":"<ts>"}}
A< {"data":{"topic":"<grp1>","from":"<alice>","ts":"<ts>","seq":1,"content":"news"}}
C< {"data":{"topic":"<chn1>","ts":"<ts>","seq":1,"content":"news"}}
C> {"sub":{"id":"5","topic":"slf"}}
C< {"ctrl":{"id":"5","topic":"slf","code":200,"text":"ok","params":{"acs":{"want":"JRWDO","given":"JRWDO","mode":"JRWDO"}},"ts":"<ts>"}}
C> {"get":{"id":"5","topic":"me","what":"desc"}}
C< {"meta":{"id":"5","topic":"me","ts":"<ts>","desc":{"<more>":"<opt>","public":{"fn":"carol"}}}}
`)
		p.Close()
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
}
