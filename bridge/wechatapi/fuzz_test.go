package wechatapi

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParsePush: what strangers send is read or refused, never more.
func FuzzParsePush(f *testing.F) {
	for _, s := range []string{
		"", "<xml>", "<xml></xml>", "{}", `{"FromUserName":"o","MsgType":"event","Event":"e","List":{"TemplateId":"t"}}`,
		`<xml><FromUserName><![CDATA[o]]></FromUserName><MsgType>text</MsgType></xml>`, `<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>`,
		`{"CreateTime":1e9}`, `{"List":[[]]}`, "\ufeff{}", `<xml xmlns="x"><xml/></xml>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePush(body)
		if err != nil {
			if err != ErrMalformed || p != nil {
				t.Fatal(err)
			}
			return
		}
		e, err := p.event()
		if err != nil {
			return
		}
		if e.From == "" || e.Type == "" || e.key() == "" || len(e.key()) > 4*maxField+3 || len(e.Choices) > 64 {
			t.Fatalf("%+v", e)
		}
	})
}

// FuzzUnpad: what was padded comes back, everything else is refused or shorter.
func FuzzUnpad(f *testing.F) {
	f.Add([]byte{}, []byte("x"))
	f.Add(bytes.Repeat([]byte{32}, 32), bytes.Repeat([]byte{1}, 31))
	f.Add([]byte{0}, []byte{33})
	f.Fuzz(func(t *testing.T, padded, message []byte) {
		if b, err := unpad(bytes.Clone(padded)); err == nil {
			n := len(padded) - len(b)
			if n < 1 || n > padBlock || !bytes.Equal(b, padded[:len(b)]) || strings.Trim(string(padded[len(b):]), string(rune(n))) != "" {
				t.Fatalf("%x became %x", padded, b)
			}
		}
		n := padBlock - len(message)%padBlock
		b, err := unpad(append(bytes.Clone(message), bytes.Repeat([]byte{byte(n)}, n)...))
		if err != nil || !bytes.Equal(b, message) {
			t.Fatalf("%x became %x, %v", message, b, err)
		}
	})
}

// FuzzDecrypt: what nobody encrypted is refused.
func FuzzDecrypt(f *testing.F) {
	f.Add(officialEncrypt)
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c := officialCrypt(t)
		m, err := c.Decrypt(text)
		if err != nil {
			if err != ErrCipher {
				t.Fatal(err)
			}
			return
		}
		if strings.TrimRight(text, "\r\n") == officialEncrypt {
			return
		}
		back, err := c.Decrypt(c.Encrypt(m, make([]byte, randomLen)))
		if err != nil || !bytes.Equal(back, m) {
			t.Fatalf("%x became %x, %v", m, back, err)
		}
	})
}
