package wechatapi

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The vectors of bridges.md §F5 and §F6.

func TestJSSignature(t *testing.T) {
	t.Parallel()
	const ticket, nonce, at = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg", "Wm3WZYTPz0wzccnW", 1414587457
	const page = "http://mp.weixin.qq.com?params=value"
	const official = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
	for url, want := range map[string]string{
		page: official,
		"https://chat.example.com/m/?topic=grpAbC&x=%E4%B8%AD": "2d899a31a349d3c0c133a126a925e4588eb48e4e",
		// What a wrong caller would sign:
		url.QueryEscape(page): "fc555b5603f3cd82d454a79af8ad7fabb2609276",
		page + "#x":           "49e882ed1d77a029e6dc50a36da02d15d228293e",
	} {
		if got := JSSignature(ticket, nonce, at, url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	// The mistakes of others, which must not be ours.
	text := "jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=1414587457&url=" + page
	for wrong, sum := range map[string]string{
		strings.Replace(text, "noncestr", "nonceStr", 1): "e38013746041040aa9a92d26dd0cf63b4491ed55",
		strings.ReplaceAll(text, "&", " "):               "13f898ef8cf88e187c5d23862f61af08fd308aef",
	} {
		if got := hexSHA1(wrong); got != sum || got == official {
			t.Errorf("%s: %s, want %s", wrong, got, sum)
		}
	}
}

func TestPushSignature(t *testing.T) {
	t.Parallel()
	for _, v := range [][3]string{
		{"1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"},
		{"1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"},
		{"1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"},
	} {
		if got := PushSignature("AAAAA", v[0], v[1]); got != v[2] {
			t.Errorf("%s: %s, want %s", v[0], got, v[2])
		}
		if got := PushSignature(v[1], "AAAAA", v[0]); got != v[2] {
			t.Errorf("%s in another order: %s, want %s", v[0], got, v[2])
		}
		if hexSHA1("AAAAA"+v[0]+v[1]) == v[2] && !(v[0] < v[1]) {
			t.Errorf("%s: not sorted", v[0])
		}
	}
}

const officialEncrypt = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="

func officialCrypt(t testing.TB) *Crypt {
	t.Helper()
	c, err := NewCrypt("wxba5fad812f8e6fb9", strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDecryptOfficial(t *testing.T) {
	t.Parallel()
	if got := PushSignature("AAAAA", "1714112445", "415670741", officialEncrypt); got != "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3" {
		t.Errorf("msg_signature %s", got)
	}
	const want = `{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}`
	got, err := officialCrypt(t).Decrypt(officialEncrypt)
	if err != nil || string(got) != want || len(got) != 167 {
		t.Errorf("%q, %v", got, err)
	}
	if again := officialCrypt(t).Encrypt([]byte(want), []byte("a8eedb185eb2fecf")); again != officialEncrypt {
		t.Errorf("encrypted again it is %s", again)
	}
	other, err := NewCrypt("wxba5fad812f8e6fb8", strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Decrypt(officialEncrypt); err != ErrCipher {
		t.Errorf("for another app: %v", err)
	}
}

func TestEncryptOfficial(t *testing.T) {
	t.Parallel()
	r := NewReply(officialCrypt(t), "AAAAA", []byte(`{"demo_resp":"good luck"}`), 1713424427, "415670741", []byte("707722b803182950"))
	if r.Encrypt != "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==" {
		t.Error(r.Encrypt)
	}
	if r.MsgSignature != "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1" {
		t.Error(r.MsgSignature)
	}
}

const strayKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

// A key whose last character carries bits that belong to nothing; and XML.
func TestDecryptStrayBits(t *testing.T) {
	t.Parallel()
	const encrypt = "Q3stYC6hdFzMh9T8HCvyDH9UQaYPjCpPMMYaEDX3bnzmqumaaQvdv9iwU5k3twnG85yc5XEXFsZEV/nL/WyjR6vmFK9LLEiBd2eZg+a0QSWgKXThRO8/KeMYJZKZ/2gwQSF8VOGjfH4/SVxTEzZ0qDZ99ZNtj3p3oHkgg6aoRihRVAfGihs2/C84iDWGKDrRAKl05zmdvD9XKo9lZ9+ae26P9BXPM/7psEgJcFvnm6cBLLrvX1nxLnRPXbNfz7X/bO5HEEVvR2Wh6Is1gzp5bHGmRPsBm4ZxyPEsMfi0W0HfYUEuuWnj6/18Ws8ehBldZ7ZpRAUnIKXiYwqmC3NLIYaOw4QDVNQsGnAUtcbHPgdz1pzsg7zf/yqCXeOmkNan"
	const message = `<xml><ToUserName><![CDATA[gh_test]]></ToUserName><FromUserName><![CDATA[oUser1]]></FromUserName><CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>`
	if _, err := base64.StdEncoding.Strict().DecodeString(strayKey + "="); err == nil {
		t.Error("a strict decoder takes the key: it is no test")
	}
	c, err := NewCrypt("wx0000000000000001", strayKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(c.iv); got != "69b71d79f8218a39259a7a29aabb2dba" {
		t.Errorf("iv %s", got)
	}
	got, err := c.Decrypt(encrypt)
	if err != nil || string(got) != message || len(got) != 225 {
		t.Errorf("%q, %v", got, err)
	}
	if again := c.Encrypt([]byte(message), []byte("0123456789abcdef")); again != encrypt {
		t.Error(again)
	}
	h := &hook{tokens: []string{"tok3n"}, crypt: c, now: func() time.Time { return time.Unix(1700000000, 0) }}
	q := url.Values{
		"encrypt_type": {"aes"}, "timestamp": {"1700000000"}, "nonce": {"nonce1"},
		"msg_signature": {"f3d8b72aad07fbaf285c1f1aa7c623a64b25f476"},
	}
	e, err := h.open(q, []byte("<xml><ToUserName><![CDATA[gh_test]]></ToUserName><Encrypt><![CDATA["+encrypt+"]]></Encrypt></xml>"))
	if err != nil || e.From != "oUser1" || e.Type != "text" || e.MsgID != "1" || e.key() != "1" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestHook(t *testing.T) {
	t.Parallel()
	at := time.Unix(1714112445, 0)
	h := &hook{tokens: []string{"NEW", "AAAAA"}, crypt: officialCrypt(t), now: func() time.Time { return at }}
	good := func() url.Values {
		return url.Values{
			"encrypt_type": {"aes"}, "timestamp": {"1714112445"}, "nonce": {"415670741"}, "echostr": {"4375120948345356249"},
			"signature": {"6c5c811b55cc85e0e1b54100749188c20beb3f5d"}, "msg_signature": {"046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"},
		}
	}
	body := `{"ToUserName":"gh_97417a04a28d","Encrypt":"` + officialEncrypt + `"}`
	if e, err := h.open(good(), []byte(body)); err != nil || e.Event != "debug_demo" || e.Created != "1714112445" {
		t.Errorf("%+v, %v", e, err)
	}
	if s, err := h.echo(good()); s != "4375120948345356249" || err != nil {
		t.Errorf("%s, %v", s, err)
	}
	refused := func(name string, want error, q url.Values, body string) {
		t.Helper()
		if e, err := h.open(q, []byte(body)); !errors.Is(err, want) || e != nil {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	for name, change := range map[string]url.Values{
		"signature": {"msg_signature": {strings.Repeat("0", 40)}}, "none": {"msg_signature": nil}, "timestamp": {"timestamp": {"1714112446"}},
		"nonce": {"nonce": {"415670742"}}, "no time": {"timestamp": {"x"}}, "plain": {"encrypt_type": nil}, "raw": {"encrypt_type": {"raw"}},
	} {
		q := good()
		for k, v := range change {
			q[k] = v
		}
		refused(name, ErrSignature, q, body)
	}
	refused("changed", ErrSignature, good(), strings.Replace(body, "+qdx1", "+qdx2", 1))
	refused("not encrypted", ErrMalformed, good(), `{"ToUserName":"x","FromUserName":"y","MsgType":"text"}`)
	refused("empty", ErrMalformed, good(), "")
	refused("half", ErrMalformed, good(), body[:len(body)-3])
	at = at.Add(maxAge + time.Second)
	refused("stale", ErrSignature, good(), body)
	at = at.Add(-2*maxAge - 2*time.Second)
	refused("from the future", ErrSignature, good(), body)
}

func TestHookPlain(t *testing.T) {
	t.Parallel()
	h := &hook{tokens: []string{"AAAAA"}, now: func() time.Time { return time.Unix(1714037059, 0) }}
	q := url.Values{"timestamp": {"1714037059"}, "nonce": {"486452656"}, "signature": {"899cf89e464efb63f54ddac96b0a0a235f53aa78"}}
	for body, want := range map[string]string{
		`<xml><FromUserName><![CDATA[o1]]></FromUserName><CreateTime>5</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event></xml>`: "o1 5 subscribe",
		`{"FromUserName":"o1","CreateTime":"5","MsgType":"event","Event":"SCAN"}`:                                                                                  "o1 5 SCAN",
		`{"FromUserName":"o1","CreateTime":5,"MsgType":"voice","MediaId":"m","Format":"amr","MsgId":12345678901}`:                                                  "12345678901",
	} {
		if e, err := h.open(q, []byte(body)); err != nil || e.key() != want {
			t.Errorf("%s: %+v, %v", body, e, err)
		}
	}
	for name, body := range map[string]string{
		"one": `{"FromUserName":"o1","CreateTime":5,"MsgType":"event","Event":"subscribe_msg_popup_event","List":{"TemplateId":"T1","SubscribeStatusString":"accept","PopupScene":"0"}}`,
		"xml": `<xml><FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List><List><TemplateId>T2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List></SubscribeMsgPopupEvent></xml>`,
		"two": `{"FromUserName":"o1","CreateTime":5,"MsgType":"event","Event":"subscribe_msg_popup_event","List":[{"TemplateId":"T1","SubscribeStatusString":"accept"},{"TemplateId":"T2","SubscribeStatusString":"reject"}]}`,
	} {
		e, err := h.open(q, []byte(body))
		if err != nil || len(e.Choices) < 1 || e.Choices[0] != (Choice{"T1", true}) || name != "one" && (len(e.Choices) != 2 || e.Choices[1] != (Choice{"T2", false})) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	q.Set("signature", "f464b24fc39322e44b38aa78f5edd27bd1441696")
	if _, err := h.open(q, []byte(`{"FromUserName":"o1","MsgType":"text"}`)); err != ErrSignature {
		t.Error(err)
	}
}

func queryOf(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
