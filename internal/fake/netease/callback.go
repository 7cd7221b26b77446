package netease

import (
	"bytes"
	"crypto/md5"  // #nosec: the vendor's choice
	"crypto/sha1" // #nosec: the vendor's choice
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Headers signs a callback.
func Headers(appKey, secret string, body []byte, at time.Time) http.Header {
	cur := strconv.FormatInt(at.UnixMilli(), 10)
	m := md5.Sum(body)
	sum := hex.EncodeToString(m[:])
	check := sha1.Sum([]byte(secret + sum + cur))
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("AppKey", appKey)
	h.Set("CurTime", cur)
	h.Set("MD5", sum)
	h.Set("CheckSum", hex.EncodeToString(check[:]))
	return h
}

// Copied is the body of a copied text message.
func Copied(from, to, conv, text, ext, id, client string, at time.Time) []byte {
	b, err := json.Marshal(map[string]string{
		"eventType": "1", "convType": conv, "to": to, "fromAccount": from, "fromClientType": client, "msgType": "TEXT",
		"body": text, "ext": ext, "msgTimestamp": strconv.FormatInt(at.UnixMilli(), 10), "msgidClient": "c-" + id, "msgidServer": id, "resendFlag": "0",
	})
	if err != nil {
		panic(err) // texts
	}
	return b
}

// Post sends a callback and returns the status of the answer.
func Post(c *http.Client, target string, h http.Header, body []byte) (int, error) {
	r, err := http.NewRequest(http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header = h
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
