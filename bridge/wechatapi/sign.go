package wechatapi

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// JSSignature is the signature of a page that may use the JS-SDK
// (bridges.md §C3). url is the page's address without "#" and what follows, as
// the browser has it; timestamp is in seconds.
func JSSignature(ticket, nonce string, timestamp int64, url string) string {
	return hexSHA1("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + strconv.FormatInt(timestamp, 10) + "&url=" + url)
}

// PushSignature is the signature of what WeChat pushes to us, and of what we
// answer: of the parts in the order of their bytes (bridges.md §C9).
func PushSignature(parts ...string) string {
	parts = slices.Clone(parts)
	slices.Sort(parts)
	return hexSHA1(strings.Join(parts, ""))
}

func hexSHA1(text string) string {
	sum := sha1.Sum([]byte(text)) // WeChat's choice
	return hex.EncodeToString(sum[:])
}

// same compares signatures in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
