package validate

import (
	"time"

	"parley/internal/chat"
	"parley/store"
	"parley/wsproto"
)

// Proven is the confirmed credential of an address for which somebody else
// vouches, and the tag that it earns, if any. ok is false if the method is not
// in use or would not take the address.
func (s *Set) Proven(u chat.UID, method, address string) (cred store.Credential, tag string, ok bool) {
	m := s.method(method)
	if m == nil {
		return store.Credential{}, "", false
	}
	value, err := s.Check(&wsproto.Cred{Meth: method, Val: address}, "")
	if err != nil {
		return store.Credential{}, "", false
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	cred = store.Credential{User: u, Method: method, Value: value, Created: at, Updated: at, Done: true}
	if m.AddToTags {
		tag = method + ":" + value
	}
	return cred, tag, true
}
