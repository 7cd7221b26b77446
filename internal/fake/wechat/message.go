package wechat

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// getMedia gives bytes, or an error as JSON with status 200; of a video its
// address.
func (s *Server) getMedia(w http.ResponseWriter, r *http.Request) {
	if !only(w, r, "access_token", "media_id") {
		return
	}
	a := s.caller(w, r, "/cgi-bin/media/get")
	if a == nil {
		return
	}
	m := s.media[r.URL.Query().Get("media_id")]
	switch {
	case m == nil || m.app != a.ID || !m.expires.After(s.Now()):
		fail(w, 40007, "invalid media_id")
	case m.kind == "video":
		answer(w, map[string]any{"video_url": s.URL + "/video"})
	default:
		w.Header().Set("Content-Type", m.contentType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+m.kind+`.amr"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(m.body)))
		_, _ = w.Write(m.body)
	}
}

// userOf finds who has an openid of an app.
func (s *Server) userOf(app, openID string) *User {
	for _, u := range s.users {
		if openID != "" && u.OpenIDs[app] == openID {
			return u
		}
	}
	return nil
}

// message reads what is common to all kinds.
func (s *Server) message(w http.ResponseWriter, r *http.Request, known ...string) (*App, *User, map[string]any) {
	if !only(w, r, "access_token") {
		return nil, nil, nil
	}
	a := s.caller(w, r, r.URL.Path)
	if a == nil {
		return nil, nil, nil
	}
	var in map[string]any
	if !strictJSON(w, r, &in) {
		return nil, nil, nil
	}
	for k := range in {
		if !has(known, k) {
			fail(w, 47001, "unknown member "+k)
			return nil, nil, nil
		}
	}
	to, _ := in["touser"].(string)
	u := s.userOf(a.ID, to)
	template, _ := in["template_id"].(string)
	data, _ := in["data"].(map[string]any)
	switch {
	case u == nil:
		fail(w, 40003, "invalid openid")
	case template == "" || template == "unknown":
		fail(w, 40037, "invalid template_id")
	case !goodData(data):
		fail(w, 47003, "argument invalid! data invalid")
	default:
		return a, u, in
	}
	return nil, nil, nil
}

// goodData wants fields with texts; those called thing have 20 characters at
// most.
func goodData(data map[string]any) bool {
	for name, field := range data {
		f, _ := field.(map[string]any)
		text, ok := f["value"].(string)
		if !ok || text == "" || len(name) > 5 && name[:5] == "thing" && len([]rune(text)) > 20 {
			return false
		}
	}
	return len(data) > 0
}

func (s *Server) template(w http.ResponseWriter, r *http.Request) {
	a, u, in := s.message(w, r, "touser", "template_id", "url", "miniprogram", "client_msg_id", "data")
	switch {
	case a == nil:
	case a.Kind != "oa":
		fail(w, 48001, "api unauthorized")
	case !u.Follows:
		fail(w, 43004, "require subscribe")
	default:
		if id, _ := in["client_msg_id"].(string); id != "" {
			for _, m := range s.sent {
				if m.Body["client_msg_id"] == id {
					fail(w, 45065, "clientmsgid exist")
					return
				}
			}
		}
		s.deliver(w, r.URL.Path, in)
	}
}

func (s *Server) subscription(w http.ResponseWriter, r *http.Request) {
	a, u, in := s.message(w, r, "touser", "template_id", "page", "data", "miniprogram", "miniprogram_state", "lang")
	if a == nil {
		return
	}
	kind := map[string]string{"/cgi-bin/message/subscribe/bizsend": "oa", "/cgi-bin/message/subscribe/send": "mini"}[r.URL.Path]
	template := in["template_id"].(string)
	switch {
	case a.Kind != kind || u.Consents[template] <= 0:
		fail(w, 43101, "user refuse to accept the msg")
	default:
		u.Consents[template]--
		s.deliver(w, r.URL.Path, in)
	}
}

func (s *Server) deliver(w http.ResponseWriter, path string, in map[string]any) {
	to, _ := in["touser"].(string)
	template, _ := in["template_id"].(string)
	s.sent = append(s.sent, Sent{path, to, template, in})
	answer(w, map[string]any{"errcode": 0, "errmsg": "ok", "msgid": len(s.sent)})
}

// script is the JS-SDK as far as tests need it: it keeps what the page does in
// window.wxCalls.
func (s *Server) script(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript")
	_, _ = fmt.Fprint(w, JSSDK)
}

// JSSDK is a stand-in for WeChat's script.
const JSSDK = `(() => {
  const calls = [];
  window.wxCalls = calls;
  let ready = [];
  window.wx = {
    config(o) { calls.push(["config", o]); setTimeout(() => ready.forEach((f) => f()), 0); },
    ready(f) { ready.push(f); },
    error(f) { this.onerror = f; },
    updateAppMessageShareData(o) { calls.push(["share", o]); o.success && o.success(); },
    updateTimelineShareData(o) { calls.push(["timeline", o]); o.success && o.success(); },
    startRecord(o) { calls.push(["startRecord"]); o && o.success && o.success(); },
    stopRecord(o) { calls.push(["stopRecord"]); o.success({ localId: "local-1" }); },
    onVoiceRecordEnd(o) { calls.push(["onVoiceRecordEnd"]); window.wxRecordEnd = o.complete; },
    uploadVoice(o) { calls.push(["uploadVoice", o.localId]); o.success({ serverId: window.wxServerId || "media-1" }); },
  };
})();
`

// pastDay is where the day of quotas ends: midnight in Beijing.
func pastDay(t time.Time) time.Time {
	beijing := time.FixedZone("UTC+8", 8*3600)
	t = t.In(beijing)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, beijing)
}

// NextDay is when the quotas of today begin anew.
func (s *Server) NextDay() time.Time { return pastDay(s.Now()) }
