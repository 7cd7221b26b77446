package topic

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"parley/store"
)

// A call ends with the process that carries it. If that was killed, nobody wrote
// so, and devices would ring for ever: whoever loads the topic next does.
const (
	lostCallAge    = 24 * time.Hour // older ones do not ring any more
	lostCallWithin = 20             // of the last messages
)

// endLostCall looks for a call that was left open before this process began.
func (t *Topic) endLostCall(ctx context.Context) error {
	began := t.Config.Started
	if !t.Config.CallsEnabled || t.rec.Seq == 0 || t.rec.Touched.After(began) || t.rec.Touched.Before(began.Add(-lostCallAge)) {
		return nil
	}
	ms, err := t.Store.History(ctx, t.name, store.HistoryQuery{Limit: lostCallWithin})
	if err != nil {
		return err
	}
	accepted := make(map[int]bool) // calls of which the last that is known is this
	for i := range ms {            // the newest first
		var head struct {
			WebRTC, Mime json.RawMessage
			Replace      string
		}
		if len(ms[i].Head) == 0 || json.Unmarshal(ms[i].Head, &head) != nil || len(head.WebRTC) == 0 {
			continue
		}
		if of, ok := strings.CutPrefix(head.Replace, ":"); ok {
			if string(head.WebRTC) != `"`+callAccepted+`"` {
				return nil // it ended, and those before it too
			}
			if seq, err := strconv.Atoi(of); err == nil {
				accepted[seq] = true
			}
			continue
		}
		state := callMissed
		if accepted[ms[i].Seq] {
			state = callDisconnected
		}
		t.tellCall(&call{seq: ms[i].Seq, content: ms[i].Content, mime: head.Mime, caller: party{uid: ms[i].From}}, state, 0)
		return nil
	}
	return nil
}
