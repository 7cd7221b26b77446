// Package netease speaks the Server API of NetEase Yunxin (bridges.md §B): it
// signs and sends requests, computes tokens, changes hosts, and reads callbacks.
// It keeps no tokens and knows nothing of our users and topics.
package netease

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/md5"  // #nosec: the vendor's choice
	"crypto/sha1" // #nosec: the vendor's choice
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func sha1Hex(parts ...string) string {
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// CheckSum signs a request: hex(sha1(secret + nonce + curTime)), curTime in
// seconds (bridges.md §B2).
func CheckSum(secret, nonce, curTime string) string { return sha1Hex(secret, nonce, curTime) }

// CallbackSums are the MD5 and the CheckSum of a callback with that body; curTime
// is in milliseconds (bridges.md §B8).
func CallbackSums(secret string, body []byte, curTime string) (md5sum, checkSum string) {
	sum := md5.Sum(body)
	md5sum = hex.EncodeToString(sum[:])
	return md5sum, sha1Hex(secret, md5sum, curTime)
}

// dynamic is a token that NetEase can check by itself. The order of the fields
// is that of the vendor.
type dynamic struct {
	Signature string `json:"signature"`
	CurTime   int64  `json:"curTime"` // ms
	TTL       int64  `json:"ttl"`     // s
}

func (d dynamic) String() string {
	b, err := json.Marshal(d)
	if err != nil {
		return "" // impossible: a text and two numbers
	}
	return base64.StdEncoding.EncodeToString(b)
}

// RTCToken is a token for calls: of a room, or of all with an empty room
// (bridges.md §B4). ttl is less than a day.
func RTCToken(appKey, secret string, uid int64, room string, at time.Time, ttl time.Duration) string {
	ms, s := at.UnixMilli(), int64(ttl/time.Second)
	return dynamic{sha1Hex(appKey, strconv.FormatInt(uid, 10), strconv.FormatInt(ms, 10), strconv.FormatInt(s, 10), room, secret), ms, s}.String()
}

// IMToken is a dynamic token for messages (bridges.md §B5).
func IMToken(appKey, secret, accid string, at time.Time, ttl time.Duration) string {
	ms, s := at.UnixMilli(), int64(ttl/time.Second)
	return dynamic{sha1Hex(appKey, accid, strconv.FormatInt(ms, 10), strconv.FormatInt(s, 10), secret), ms, s}.String()
}

// Privileges in a room.
const (
	SendAudio = 1 << iota
	SendVideo
	ReceiveAudio
	ReceiveVideo
	CreateRoom
	JoinRoom

	AllPrivileges = SendAudio | SendVideo | ReceiveAudio | ReceiveVideo | CreateRoom | JoinRoom
	ListenOnly    = ReceiveAudio | ReceiveVideo | JoinRoom
)

// permission is the content of a permission key.
type permission struct {
	AppKey     string `json:"appkey"`
	CheckSum   string `json:"checksum"`
	Room       string `json:"cname"`
	CurTime    int64  `json:"curTime"`    // s
	ExpireTime int64  `json:"expireTime"` // s, a duration
	Privilege  int    `json:"privilege"`
	UID        int64  `json:"uid"`
}

// PermissionKey says what a user may do in a room; secret is the permission
// secret, not that of the app (bridges.md §B4).
func PermissionKey(appKey, secret string, uid int64, room string, privilege int, at time.Time, ttl time.Duration) (string, error) {
	p := permission{AppKey: appKey, Room: room, CurTime: at.Unix(), ExpireTime: int64(ttl / time.Second), Privilege: privilege, UID: uid}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "appkey:%s\nuid:%d\ncurTime:%d\nexpireTime:%d\ncname:%s\nprivilege:%d\n",
		appKey, uid, p.CurTime, p.ExpireTime, room, privilege)
	p.CheckSum = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(text); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return permissionBase64.EncodeToString(packed.Bytes()), nil
}

// permissionBase64 is the vendor's alphabet.
var permissionBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-").WithPadding('_')
