package rongcloud

import (
	"crypto/sha1" // #nosec: the vendor's choice
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Query signs a callback: the parameters of its URL. old has the name that the
// timestamp has in older documents.
func Query(secret, nonce string, at time.Time, old bool) url.Values {
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	sum := sha1.Sum([]byte(secret + nonce + stamp))
	name := "timestamp"
	if old {
		name = "signTimestamp"
	}
	return url.Values{"nonce": {nonce}, name: {stamp}, "signature": {hex.EncodeToString(sum[:])}}
}

// Routed is the form of a routed message.
func Routed(from, to, channel, objectName, content, uid, source string, at time.Time) url.Values {
	return url.Values{
		"fromUserId": {from}, "toUserId": {to}, "objectName": {objectName}, "content": {content}, "channelType": {channel},
		"msgTimestamp": {strconv.FormatInt(at.UnixMilli(), 10)}, "msgUID": {uid}, "sensitiveType": {"0"}, "source": {source},
	}
}

var nonces atomic.Int64

// Nonce is a new one.
func Nonce() string { return fmt.Sprintf("n%d", nonces.Add(1)) }

// Post sends a callback and returns the status of the answer.
func Post(c *http.Client, target string, q, form url.Values) (int, error) {
	r, err := http.NewRequest(http.MethodPost, target+"?"+q.Encode(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
