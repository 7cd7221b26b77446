//go:build linux

package bench

import "testing"

func TestSkim(t *testing.T) {
	ack := []byte(`{"ctrl":{"id":"n0000002a","topic":"usrX","params":{"seq":17},"code":202,"text":"accepted"}}`)
	spaced := []byte(`{ "ctrl" : { "code" : 202 , "id" : "n0000002a" , "params" : { "seq" : 17 } } }`)
	for _, p := range [][]byte{ack, spaced} {
		if kindOf(p) != kindCtrl {
			t.Errorf("kind of %s", p)
		}
		if n, ok := pubNumber(p); !ok || n != 42 {
			t.Errorf("number %d in %s", n, p)
		}
		if code, ok := skimInt(p, "code"); !ok || code != 202 {
			t.Errorf("code %d in %s", code, p)
		}
		if seq, ok := skimInt(p, "seq"); !ok || seq != 17 {
			t.Errorf("seq %d in %s", seq, p)
		}
	}
	data := []byte(`{"data":{"topic":"usrX","from":"usrY","seq":3,"content":"~T000000ff~xxx"}}`)
	if n, ok := dataNumber(data); kindOf(data) != kindData || !ok || n != 255 {
		t.Errorf("number %d in %s", n, data)
	}
	if topic, ok := skimStr(data, "topic"); !ok || string(topic) != "usrX" {
		t.Errorf("topic %q in %s", topic, data)
	}
}

func TestSkimNothing(t *testing.T) {
	for _, p := range []string{``, `{`, `{}`, `0`, `{"ctrl":{"id":"c1"}}`, `{"data":{"content":"~T0000"}}`, `{"id":`, `{"seq":"x"}`} {
		if _, ok := pubNumber([]byte(p)); ok {
			t.Errorf("a number of a pub in %q", p)
		}
		if _, ok := dataNumber([]byte(p)); ok {
			t.Errorf("a number of a data in %q", p)
		}
		if _, ok := skimInt([]byte(p), "seq"); ok {
			t.Errorf("a seq in %q", p)
		}
	}
}

func TestPubTemplate(t *testing.T) {
	tmpl := newPub("usrX", 100, true)
	p := tmpl.number(0xabc)
	if n, ok := pubNumber(p); !ok || n != 0xabc {
		t.Errorf("id in %s", p)
	}
	if n, ok := dataNumber(p); !ok || n != 0xabc {
		t.Errorf("marker in %s", p)
	}
	if content, _ := skimStr(p, "content"); len(content) != 100 {
		t.Errorf("content of %d bytes", len(content))
	}
}
