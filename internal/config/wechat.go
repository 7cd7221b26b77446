package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/internal/limit"
)

// WeChat is what an operator has of WeChat: apps of several kinds.
type WeChat struct {
	Enabled      bool        `conf:"enabled"`
	Apps         []WeChatApp `conf:"apps"`
	AutoCreate   bool        `conf:"auto_create"`   // accounts are made on first sign-in
	RedirectBase string      `conf:"redirect_base"` // URL of this server; empty: as browsers address it
	Push         WeChatPush  `conf:"push"`
	Voice        WeChatVoice `conf:"voice"`
	APIBase      string      `conf:"api_base"`  // for tests: another than WeChat's
	OpenBase     string      `conf:"open_base"` // likewise: where browsers are sent
	JSSDK        string      `conf:"js_sdk"`    // likewise: URL of the script
}

// The kinds of apps.
const (
	WeChatAccount = "oa"   // service account
	WeChatWebsite = "web"  // website app
	WeChatMini    = "mini" // mini-program
)

// WeChatApp is one of them.
type WeChatApp struct {
	Kind      string   `conf:"kind"`
	AppID     string   `conf:"app_id"`
	AppSecret Secret   `conf:"app_secret"`
	PushToken Secret   `conf:"push_token"` // signs what WeChat pushes to us; empty: nothing is accepted
	AESKey    Secret   `conf:"aes_key"`    // EncodingAESKey, 43 characters
	JSDomains []string `conf:"js_domains"` // hosts whose pages may use the JS-SDK; lower case after Load
}

// WeChatVoice is what becomes of voice messages, which are AMR.
type WeChatVoice struct {
	Command []string `conf:"command"` // a program and its arguments; empty: they are kept as they are
	Type    string   `conf:"type"`    // media type of what comes out of it
}

// WeChatPush sends notifications through WeChat. Of the three ways the first is
// used that works for a user.
type WeChatPush struct {
	Template     WeChatTemplate `conf:"template"`     // template messages of the service account
	Subscription WeChatTemplate `conf:"subscription"` // subscription notices of the service account
	Mini         WeChatTemplate `conf:"mini"`         // subscription messages of the mini-program
	UserRate     limit.Rate     `conf:"per_user"`
	Rate         limit.Rate     `conf:"rate"` // of all together
}

// WeChatTemplate is how a message of one way looks.
type WeChatTemplate struct {
	TemplateID string `conf:"template_id"` // empty: this way is off
	// Fields are those of the template, with texts in which {from}, {topic}, {count},
	// {time} and {text} are replaced.
	Fields Headers `conf:"fields"`
	URL    string  `conf:"url"`  // where a tap leads, for the service account
	Page   string  `conf:"page"` // likewise, in the mini-program
}

func (w *WeChat) settle() {
	w.RedirectBase = strings.TrimRight(w.RedirectBase, "/")
	w.APIBase, w.OpenBase = strings.TrimRight(w.APIBase, "/"), strings.TrimRight(w.OpenBase, "/")
	for i := range w.Apps {
		a := &w.Apps[i]
		a.Kind = strings.ToLower(a.Kind)
		for j, d := range a.JSDomains {
			a.JSDomains[j] = strings.ToLower(d)
		}
	}
}

// Has tells whether there is an app of a kind.
func (w *WeChat) Has(kind string) bool {
	return w.Enabled && slices.ContainsFunc(w.Apps, func(a WeChatApp) bool { return a.Kind == kind })
}

const (
	aesKeyLen    = 43
	maxPushToken = 32
)

func (w *WeChat) check(k *checker) {
	const path = "bridges.wechat."
	const when = "bridges.wechat.enabled is true"
	if w.Enabled && len(w.Apps) == 0 {
		k.fault(path+"apps", "required when %s", when)
	}
	seen := make(map[string]bool)
	for i := range w.Apps {
		a, at := &w.Apps[i], fmt.Sprintf("%sapps[%d].", path, i)
		k.oneOf(at+"kind", a.Kind, WeChatAccount, WeChatWebsite, WeChatMini)
		if w.Enabled {
			k.required(at+"app_id", a.AppID, when)
			k.required(at+"app_secret", string(a.AppSecret), when)
		}
		if a.AppID != "" && seen[a.AppID] {
			k.fault(at+"app_id", "the same app twice")
		}
		if strings.ContainsFunc(a.AppID, notAlphanumeric) || len(a.AppID) > 64 {
			k.fault(at+"app_id", "has letters and digits only")
		}
		seen[a.AppID] = true
		if n := len(a.PushToken); n != 0 && (n < 3 || n > maxPushToken) {
			k.fault(at+"push_token", "must have 3 to %d characters", maxPushToken)
		}
		if n := len(a.AESKey); n != 0 && n != aesKeyLen {
			k.fault(at+"aes_key", "must have %d characters", aesKeyLen)
		}
		if a.AESKey != "" && a.PushToken == "" {
			k.fault(at+"push_token", "required when aes_key is set")
		}
		if len(a.JSDomains) > 0 && a.Kind != WeChatAccount {
			k.fault(at+"js_domains", "only a service account (oa) has the JS-SDK")
		}
		for j, d := range a.JSDomains {
			if strings.ContainsAny(d, "/@?#\\ *") || badURL("https://"+d) != "" {
				k.fault(fmt.Sprintf("%sjs_domains[%d]", at, j), "must be the name of one host, such as chat.example.com")
			}
		}
	}
	for _, base := range [][2]string{{"redirect_base", w.RedirectBase}, {"api_base", w.APIBase}, {"open_base", w.OpenBase}, {"js_sdk", w.JSSDK}} {
		if base[1] != "" {
			k.use(path+base[0], badURL(base[1]))
		}
		if base[0] != "js_sdk" && strings.Contains(base[1], "?") {
			k.fault(path+base[0], "must have no ?: paths are added to it")
		}
	}
	if w.APIBase != "" && badURL(w.APIBase) == "" {
		k.vendorURLs(path+"api_base", []string{w.APIBase})
	}
	if len(w.Voice.Command) > 0 {
		if w.Voice.Command[0] == "" {
			k.fault(path+"voice.command[0]", "must be the name of a program")
		}
		if !strings.HasPrefix(w.Voice.Type, "audio/") {
			k.fault(path+"voice.type", "must be the media type of a sound, such as audio/mpeg")
		}
	}
	w.checkPush(k)
}

var (
	placeholder  = regexp.MustCompile(`\{[^{}]*\}`)
	placeholders = []string{"{from}", "{topic}", "{count}", "{time}", "{text}"}
)

func (w *WeChat) checkPush(k *checker) {
	for _, t := range []struct {
		name, kind string
		*WeChatTemplate
	}{
		{"template", WeChatAccount, &w.Push.Template}, {"subscription", WeChatAccount, &w.Push.Subscription}, {"mini", WeChatMini, &w.Push.Mini},
	} {
		at := "bridges.wechat.push." + t.name + "."
		if t.TemplateID == "" {
			continue
		}
		if w.Enabled && !w.Has(t.kind) {
			k.fault(at+"template_id", "there is no app of the kind %q in bridges.wechat.apps", t.kind)
		}
		if len(t.Fields) == 0 {
			k.fault(at+"fields", "required when template_id is set: what goes into the fields of the template")
		}
		for _, f := range t.Fields {
			for _, found := range placeholder.FindAllString(string(f.Value), -1) {
				if !slices.Contains(placeholders, found) {
					k.fault(at+"fields", "%s has the unknown placeholder %s; known are %s", f.Name, found, strings.Join(placeholders, ", "))
				}
			}
		}
		if t.URL != "" {
			k.use(at+"url", badURL(t.URL))
		}
	}
}
