package server

import (
	"fmt"
	"slices"
	"testing"

	"parley/internal/chat"
)

// What is done to the members of a group is told at once, without a message.
func TestBridgesMembers(t *testing.T) {
	t.Parallel()
	s := newBridgeSite(t, "")
	ann, _ := s.login(t, &s.ann)
	bob, _ := s.login(t, &s.bob)
	ann.want(200, ann.ask("sub", fmt.Sprintf(`"topic":%q`, s.grp)))
	ann.want(202, ann.ask("pub", fmt.Sprintf(`"topic":%q,"content":"hello"`, s.grp)))
	group := chat.ExternalGroup(s.grp)
	is := func(what string, want ...string) {
		t.Helper()
		slices.Sort(want)
		s.until(t, what, func() bool {
			got := s.rong.Members(group)
			slices.Sort(got)
			teams := s.ne.Teams()
			if len(want) == 0 {
				return len(got) == 0 && len(teams) == 0
			}
			return slices.Equal(got, want) && len(teams) == 1 && slices.Equal(slices.Sorted(slices.Values(teams[0].Members)), want)
		})
	}
	is("both", s.annID.External(), s.bobID.External())
	bob.want(200, bob.ask("sub", fmt.Sprintf(`"topic":%q`, s.grp)))
	bob.want(200, bob.ask("leave", fmt.Sprintf(`"topic":%q,"unsub":true`, s.grp)))
	is("Bob has left", s.annID.External())
	bob.want(200, bob.ask("sub", fmt.Sprintf(`"topic":%q`, s.grp)))
	bob.want(200, bob.ask("set", fmt.Sprintf(`"topic":%q,"sub":{"mode":"JRWPS"}`, s.grp)))
	is("Bob is back", s.annID.External(), s.bobID.External())
	ann.want(200, ann.ask("set", fmt.Sprintf(`"topic":%q,"sub":{"user":%q,"mode":"N"}`, s.grp, s.bob.User)))
	is("Bob is banned", s.annID.External())
	ann.want(200, ann.ask("del", fmt.Sprintf(`"topic":%q,"what":"topic","hard":true`, s.grp)))
	is("deleted")
}
