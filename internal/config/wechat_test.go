package config

import (
	"strings"
	"testing"
	"time"
)

func TestWeChat(t *testing.T) {
	t.Parallel()
	const app = `"enabled":true,"apps":[{"kind":"oa","app_id":"wx1","app_secret":"s1234"`
	for name, tc := range map[string]struct{ text, want string }{
		"all":             {app + `,"push_token":"tok","aes_key":"` + strings.Repeat("A", 43) + `","js_domains":["Chat.example.com","localhost:8443"]},{"kind":"Mini","app_id":"wx2","app_secret":"s"}],"redirect_base":"https://chat.example.com/","push":{"template":{"template_id":"T","fields":{"thing1":"{from}"},"url":"https://chat.example.com/"},"mini":{"template_id":"M","fields":{"thing1":"{from}"}},"per_user":"6/h"}`, ""},
		"no apps":         {`"enabled":true`, "bridges.wechat.apps: required"},
		"kind":            {`"apps":[{"kind":"app"}]`, "bridges.wechat.apps[0].kind: must be one of oa, web, mini"},
		"no secret":       {`"enabled":true,"apps":[{"kind":"oa","app_id":"wx1"}]`, "bridges.wechat.apps[0].app_secret: required"},
		"twice":           {app + `},{"kind":"web","app_id":"wx1","app_secret":"s"}]`, "apps[1].app_id: the same app twice"},
		"id":              {`"apps":[{"kind":"oa","app_id":"wx/1"}]`, "apps[0].app_id: has letters and digits only"},
		"aes key":         {app + `,"push_token":"tok","aes_key":"AAAA"}]`, "aes_key: must have 43 characters"},
		"aes alone":       {app + `,"aes_key":"` + strings.Repeat("A", 43) + `"}]`, "push_token: required when aes_key is set"},
		"token":           {app + `,"push_token":"x"}]`, "push_token: must have 3 to 32"},
		"domain":          {app + `,"js_domains":["https://chat.example.com"]}]`, "js_domains[0]: must be the name of one host"},
		"domain of web":   {`"apps":[{"kind":"web","app_id":"w","js_domains":["a.b"]}]`, "only a service account"},
		"redirect":        {`"redirect_base":"chat.example.com"`, "bridges.wechat.redirect_base: must be a full URL"},
		"redirect with ?": {`"redirect_base":"https://chat.example.com/?x"`, "bridges.wechat.redirect_base: must have no ?"},
		"plain":           {`"api_base":"http://api.example.com"`, "api_base[0]: must be https"},
		"template no app": {`"enabled":true,"apps":[{"kind":"web","app_id":"w","app_secret":"s"}],"push":{"template":{"template_id":"T","fields":{"a":"b"}}}`, `template_id: there is no app of the kind "oa"`},
		"no fields":       {app + `}],"push":{"template":{"template_id":"T"}}`, "push.template.fields: required"},
		"rate":            {`"push":{"per_user":"often"}`, "push.per_user: must be a rate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, err := parse("x.conf", []byte(`{"bridges":{"wechat":{`+tc.text+`}}}`), noEnv)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			case tc.want == "":
				w := &c.Bridges.WeChat
				if w.Apps[0].JSDomains[0] != "chat.example.com" || w.RedirectBase != "https://chat.example.com" || !w.Has(WeChatMini) || w.Has(WeChatWebsite) ||
					w.Push.UserRate.Every != 10*time.Minute || w.Push.Template.Fields[0].Name != "thing1" {
					t.Errorf("%+v", w)
				}
			}
		})
	}
}
