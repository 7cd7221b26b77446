package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"parley/internal/chat"
	"parley/store"
)

func raceCases() []testCase {
	return []testCase{
		{"races/one writer of a seq wins", raceAppend},
		{"races/writers of many topics do not disturb each other", raceTopics},
		{"races/refusals spoil nothing", raceRefusals},
		{"races/one owner of a tag", raceTag},
		{"races/one deletion of a number", raceDeletion},
	}
}

// together runs n functions at once and waits for them.
func together(n int, run func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	wg.Wait()
}

func raceAppend(k *kit) {
	const writers, rounds = 8, 20
	name := k.group()
	for round := range rounds {
		var won atomic.Int32
		together(writers, func(i int) {
			m := message(name, round+1)
			m.From = chat.UID(i + 1)
			switch err := k.Append(k.ctx, m); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrSeqTaken):
				k.Errorf("Append: got error %v, want none or %v", err, store.ErrSeqTaken)
			}
		})
		k.same("winners", won.Load(), int32(1))
	}
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(rounds, 1))
}

func raceTopics(k *kit) {
	const writers, rounds = 8, 25
	names := make([]string, writers)
	for i := range names {
		names[i] = k.group(chat.UID(i + 1))
	}
	together(writers, func(i int) {
		for n := range rounds {
			if err := k.Append(k.ctx, messages(names[i], 2*n+1, 2*n+2)...); err != nil {
				k.Errorf("Append: got error %v, want none", err)
				return
			}
			k.SetMarks(names[i], chat.UID(i+1), 2*n+1, 2*n+2)
			ms, err := k.History(k.ctx, names[i], store.HistoryQuery{Limit: 1})
			if err != nil || len(ms) != 1 || ms[0].Seq != 2*n+2 {
				k.Errorf("History after Append: got %v, %v, want message %d", ms, err, 2*n+2)
			}
			s, err := k.Sub(k.ctx, names[i], chat.UID(i+1))
			if err != nil || s.Read != 2*n+1 || s.Recv != 2*n+2 {
				k.Errorf("Sub after SetMarks: got %+v, %v, want read %d", s, err, 2*n+1)
			}
		}
	})
	for _, name := range names {
		k.same("history", k.seqs(name, store.HistoryQuery{}), down(2*rounds, 1))
	}
}

func raceRefusals(k *kit) {
	const writers, rounds = 6, 15
	name, taken := k.group(), k.group(1)
	together(writers, func(i int) {
		for n := range rounds {
			switch i {
			case 0:
				if err := k.Append(k.ctx, message(name, n+1)); err != nil {
					k.Errorf("Append: got error %v, want none", err)
				}
			case 1:
				k.wantErr("Append", k.Append(k.ctx, message(name, 1000)), store.ErrSeqTaken)
			case 2:
				k.wantErr("PutSubs", k.PutSubs(k.ctx, newSub(name, chat.UID(1000+n)), newSub(taken, 1)), store.ErrDuplicate)
			case 3:
				k.wantErr("UpdateSubs", k.UpdateSubs(k.ctx, store.SubUpdate{Topic: taken, User: 99}), store.ErrNotFound)
			case 4:
				if err := k.PutSubs(k.ctx, newSub(name, chat.UID(n+1))); err != nil {
					k.Errorf("PutSubs: got error %v, want none", err)
				}
			case 5:
				k.wantErr("CreateTopic", k.CreateTopic(k.ctx, newTopic(taken), nil, newSub(name, 5000)), store.ErrDuplicate)
			}
		}
	})
	t := k.topic(name)
	k.same("seq, subscriptions", []int{t.Seq, t.SubCount}, []int{rounds, rounds})
	k.same("history", k.seqs(name, store.HistoryQuery{}), down(rounds, 1))
}

func raceTag(k *kit) {
	ids := k.users(4)
	for round := range 5 {
		tag := fmt.Sprintf("alias:%d", round)
		var won atomic.Int32
		together(len(ids), func(i int) {
			if k.UpdateUser(k.ctx, ids[i], store.UserUpdate{Tags: &[]string{tag}, Unique: []string{tag}}) == nil {
				won.Add(1)
			}
		})
		k.same("winners", won.Load(), int32(1))
	}
}

func raceDeletion(k *kit) {
	name := k.group()
	k.fill(name, 10)
	var won atomic.Int32
	together(4, func(i int) {
		if _, err := k.DeleteMessages(k.ctx, name, store.NewDeletion{ID: 1, Ranges: ranges(i+1, i+2)}); err == nil {
			won.Add(1)
		}
	})
	k.same("winners", won.Load(), int32(1))
	k.same("messages left", len(k.seqs(name, store.HistoryQuery{})), 9)
}
