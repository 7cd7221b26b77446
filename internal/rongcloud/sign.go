// Package rongcloud speaks the Server API of RongCloud (bridges.md §A): it signs
// and sends requests, changes hosts, tells apart what may be repeated, and reads
// callbacks. It keeps no tokens and knows nothing of our users and topics.
package rongcloud

import (
	"crypto/sha1" // #nosec: the vendor's choice
	"encoding/hex"
)

// Sign is hex(sha1(secret + nonce + timestamp)), in this order (bridges.md §A3;
// the sorted order that some examples use is refused).
func Sign(secret, nonce, timestamp string) string {
	sum := sha1.Sum([]byte(secret + nonce + timestamp))
	return hex.EncodeToString(sum[:])
}
