//go:build linux

package bench

import (
	"fmt"
	"strings"
)

// protoVersion is what {hi} offers.
const protoVersion = "0.25"

// Schemes of accounts and logins (docs/protocol.md).
const (
	schemeBasic     = "basic"
	schemeAnonymous = "anonymous"
	schemeToken     = "token"
)

func hiRequest(id string) []byte {
	return fmt.Appendf(nil, `{"hi":{"id":%q,"ver":%q,"ua":"parley-bench/1.0"}}`, id, protoVersion)
}

// accRequest asks for an account with a login: an anonymous one if u has no name.
func accRequest(id string, u *user) []byte {
	if u.Login == "" {
		return fmt.Appendf(nil, `{"acc":{"id":%q,"user":"new","scheme":"anonymous","login":true}}`, id)
	}
	return fmt.Appendf(nil, `{"acc":{"id":%q,"user":"new","scheme":"basic","secret":%q,"login":true,`+
		`"desc":{"public":{"fn":%q}}}}`, id, u.basicSecret(), u.Login)
}

func loginRequest(id, scheme, secret string) []byte {
	return fmt.Appendf(nil, `{"login":{"id":%q,"scheme":%q,"secret":%q}}`, id, scheme, secret)
}

// topicRequest is a {sub} or a {leave}.
func topicRequest(kind, id, topic string) []byte {
	return fmt.Appendf(nil, `{%q:{"id":%q,"topic":%q}}`, kind, id, topic)
}

// openGroupRequest makes a group which anonymous users may join.
func openGroupRequest(id string) []byte {
	return fmt.Appendf(nil, `{"sub":{"id":%q,"topic":"new","set":{"desc":{"defacs":{"auth":"JRWPS","anon":"JRWPS"}}}}}`, id)
}

func historyRequest(id, topic string, since, before, limit int) []byte {
	return fmt.Appendf(nil, `{"get":{"id":%q,"topic":%q,"what":"data","data":{"since":%d,"before":%d,"limit":%d}}}`,
		id, topic, since, before, limit)
}

// pubTemplate is a {pub} whose number is filled in at both of its places.
type pubTemplate struct {
	buf      []byte
	id, mark int
}

// newPub makes a {pub} with a content of the given number of bytes.
func newPub(topic string, sizeBytes int, noecho bool) *pubTemplate {
	pad := strings.Repeat("x", max(0, sizeBytes-len(marker)-9))
	buf := fmt.Appendf(nil, `{"pub":{"id":"%c00000000","topic":%q,"noecho":%t,"content":"%s00000000~%s"}}`,
		idPrefix, topic, noecho, marker, pad)
	head := fmt.Sprintf(`{"pub":{"id":"%c`, idPrefix)
	return &pubTemplate{buf: buf, id: len(head), mark: strings.Index(string(buf), marker) + len(marker)}
}

// number returns the message for number n; it is valid until the next call.
func (t *pubTemplate) number(n uint32) []byte {
	putHex8(t.buf[t.id:], n)
	putHex8(t.buf[t.mark:], n)
	return t.buf
}
