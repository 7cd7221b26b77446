package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
)

// Push is something that WeChat sends to an app's address.
type Push struct {
	App     string
	Body    string // XML or JSON
	Encrypt bool
	// What may be wrong with it.
	Token    string // another than the app's
	Age      int64  // seconds
	Tampered bool   // its body is not what was signed
	OtherApp string // whom it was encrypted for
}

// Send delivers a push to a hook, and returns the status and text of the answer.
func (s *Server) Send(hook string, p Push) (int, string, error) {
	address, body := s.Prepare(hook, p)
	return Post(address, body)
}

// Prepare signs a push: what is returned may be posted more than once.
func (s *Server) Prepare(hook string, p Push) (address, body string) {
	s.mu.Lock()
	a := *s.apps[p.App]
	now := s.Now().Unix() - p.Age
	s.mu.Unlock()
	if p.Token != "" {
		a.PushToken = p.Token
	}
	timestamp, nonce := strconv.FormatInt(now, 10), rand.Text()[:10]
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "openid": {"o"}, "signature": {sortedSum(a.PushToken, timestamp, nonce)}}
	body = p.Body
	if p.Encrypt {
		id := a.ID
		if p.OtherApp != "" {
			id = p.OtherApp
		}
		text := encrypt(a.AESKey, id, p.Body)
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", sortedSum(a.PushToken, timestamp, nonce, text))
		if p.Tampered {
			text = encrypt(a.AESKey, id, p.Body+" ")
		}
		body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + text + "]]></Encrypt></xml>"
		if len(p.Body) > 0 && p.Body[0] == '{' {
			b, _ := json.Marshal(map[string]string{"ToUserName": "gh_1", "Encrypt": text})
			body = string(b)
		}
	}
	return hook + "?" + q.Encode(), body
}

// Verify asks a hook, as the console does when the address is saved.
func (s *Server) Verify(hook, app, token, echo string) (int, string, error) {
	timestamp, nonce := strconv.FormatInt(s.Now().Unix(), 10), rand.Text()[:10]
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {sortedSum(token, timestamp, nonce)}, "echostr": {echo}}
	res, err := http.Get(hook + "?" + q.Encode())
	return read(res, err)
}

// Post sends a prepared push.
func Post(address, body string) (int, string, error) {
	res, err := http.Post(address, "text/xml", bytes.NewBufferString(body))
	return read(res, err)
}

func read(res *http.Response, err error) (int, string, error) {
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func sum(text string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(text))) }

func sortedSum(parts ...string) string {
	sort.Strings(parts)
	all := ""
	for _, p := range parts {
		all += p
	}
	return sum(all)
}

func pageSignature(ticket, nonce string, timestamp int64, page string) string {
	return sum(fmt.Sprintf("jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket, nonce, timestamp, page))
}

// encrypt is written after the description, not after what it tests.
func encrypt(key, app, message string) string {
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	b.WriteString(rand.Text()[:16])
	_ = binary.Write(&b, binary.BigEndian, uint32(len(message)))
	b.WriteString(message + app)
	pad := 32 - b.Len()%32
	b.Write(bytes.Repeat([]byte{byte(pad)}, pad))
	block, err := aes.NewCipher(raw)
	if err != nil {
		panic(err)
	}
	out := make([]byte, b.Len())
	cipher.NewCBCEncrypter(block, raw[:16]).CryptBlocks(out, b.Bytes())
	return base64.StdEncoding.EncodeToString(out)
}
