package relay

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/chat"
	"parley/internal/netease"
	"parley/internal/rongcloud"
	"parley/store"
)

// over are the members of the group at each service, sorted.
func (s *site) over() (rong, ne []string) {
	rong = s.rong.Members(chat.ExternalGroup(s.grp))
	slices.Sort(rong)
	for _, t := range s.ne.Teams() {
		ne = slices.Sorted(slices.Values(t.Members))
	}
	return rong, ne
}

func (s *site) add(mode chat.Mode) chat.UID {
	s.t.Helper()
	u, now := chat.NewUID(), time.Now().UTC()
	err := s.mem.CreateUser(s.t.Context(), &store.NewUser{User: store.User{ID: u}, Me: store.Sub{Topic: u.MeName(), User: u}})
	if err == nil {
		err = s.mem.PutSubs(s.t.Context(), store.Sub{Topic: s.grp, User: u, Created: now, Updated: now, Want: mode, Given: mode})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func external(users ...chat.UID) []string {
	var list []string
	for _, u := range users {
		list = append(list, u.External())
	}
	slices.Sort(list)
	return list
}

// Who leaves or is banned is out over there at once, and no message goes to him;
// a group that is deleted ends.
func TestMembersAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cid := s.add(chat.ModeGroup)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.grp}, netease.Service: {s.grp}})
	s.write(r, s.grp, "hello")
	s.until("sent", func() bool { return r.count.Sent.Load() == 2 })
	is := func(what string, users ...chat.UID) {
		t.Helper()
		want := external(users...)
		s.until(what, func() bool {
			rong, ne := s.over()
			return slices.Equal(rong, want) && slices.Equal(ne, want)
		})
	}
	is("all", s.ann, s.bob, cid)

	if err := s.mem.DeleteSub(t.Context(), s.grp, s.bob, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	r.Members(s.grp)
	is("Bob has left", s.ann, cid)

	banned := chat.ModeGroup &^ chat.ModeJoin
	if err := s.mem.UpdateSubs(t.Context(), store.SubUpdate{Topic: s.grp, User: cid, Given: &banned}); err != nil {
		t.Fatal(err)
	}
	r.Members(s.grp)
	s.write(r, s.grp, "is he gone?")
	s.until("sent", func() bool { return r.count.Sent.Load() == 4 })
	is("Cid is banned", s.ann)

	dan := s.add(chat.ModeGroup)
	r.Members(s.grp)
	is("Dan has come", s.ann, dan)

	// A new owner; the former one leaves.
	given, none := chat.ModeFull, chat.ModeGroup
	up := store.TopicUpdate{Owner: &dan, Subs: []store.SubUpdate{{Topic: s.grp, User: dan, Want: &given, Given: &given}, {Topic: s.grp, User: s.ann, Want: &none, Given: &none}}}
	if err := s.mem.UpdateTopic(t.Context(), s.grp, up); err != nil {
		t.Fatal(err)
	}
	s.write(r, s.grp, "farewell") // what she wrote before goes, and she does not come back with it
	if err := s.mem.DeleteSub(t.Context(), s.grp, s.ann, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	r.Members(s.grp)
	s.until("sent", func() bool { return r.count.Sent.Load() == 6 })
	is("Ann has left", dan)

	if err := s.mem.DeleteTopic(t.Context(), s.grp, true, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	r.Members(s.grp)
	s.until("dismissed", func() bool { return s.rong.Members(chat.ExternalGroup(s.grp)) == nil && len(s.ne.Teams()) == 0 })
	if s.rong.Calls("/group/dismiss.json", dan.External()) != 1 {
		t.Errorf("calls: %v", s.rong.Order())
	}
}

// In no second more goes than a service allows, after a pause neither.
func TestPace(t *testing.T) {
	t.Parallel()
	rong, ne := NewRongCloud(nil, nil, time.Now), NewNetEase(nil, nil, time.Now)
	for name, p := range map[string]struct {
		pace *pace
		most int
	}{"private": {&rong.pace, 100}, "group": {&rong.slow, 20}, "netease": {&ne.pace, 100}} {
		n, start := 0, time.Now()
		for d := time.Duration(0); d < time.Second; d += time.Millisecond {
			for p.pace.bucket.Take(start.Add(d).UnixNano(), p.pace.rate) == 0 {
				n++
			}
		}
		if n > p.most || n < p.most/2 {
			t.Errorf("%s: %d in a second, %d are allowed", name, n, p.most)
		}
	}
}

// Signs of HTML are what they are.
func TestPlainContent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, _ := s.relay(nil, map[string][]string{rongcloud.Service: {s.p2p}, netease.Service: {s.p2p}})
	s.write(r, s.p2p, "<b> & </b>")
	s.until("sent", func() bool { return r.count.Sent.Load() == 2 })
	if a, b := s.rong.Messages()[0].Content, s.ne.Messages()[0].Body; !strings.Contains(a, "<b> & </b>") || !strings.Contains(b, "<b> & </b>") {
		t.Errorf("got %s and %s", a, b)
	}
}

// Nobody gets an account at a service before there is a message for him.
func TestNoMessageNoAccounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r, stop := s.relay(nil, map[string][]string{rongcloud.Service: {s.grp}, netease.Service: {s.grp}})
	r.Members(s.grp)
	time.Sleep(20 * time.Millisecond)
	stop()
	if n := len(s.rong.Order()) + len(s.ne.Order()); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := s.mem.FindBridgeID(t.Context(), netease.Service, s.ann); err == nil {
		t.Error("Ann has an account")
	}
}
