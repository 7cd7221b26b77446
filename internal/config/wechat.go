package config

import "fmt"

// WeChat is what an operator has of WeChat: apps of several kinds.
type WeChat struct {
	Enabled    bool        `conf:"enabled"`
	Apps       []WeChatApp `conf:"apps"`
	AutoCreate bool        `conf:"auto_create"` // accounts are made on first sign-in
	Push       WeChatPush  `conf:"push"`
}

// WeChatApp is one of them.
type WeChatApp struct {
	Kind      string   `conf:"kind"` // oa (service account), web (website app) or mini (mini-program)
	AppID     string   `conf:"app_id"`
	AppSecret Secret   `conf:"app_secret"`
	PushToken Secret   `conf:"push_token"` // signs what WeChat pushes to us; empty: nothing is accepted
	AESKey    Secret   `conf:"aes_key"`    // EncodingAESKey, 43 characters
	JSDomains []string `conf:"js_domains"` // hosts whose pages may use the JS-SDK
}

// WeChatPush sends notifications through WeChat.
type WeChatPush struct {
	TemplateID string `conf:"template_id"`
}

func (w *WeChat) check(k *checker) {
	if !w.Enabled {
		return
	}
	if len(w.Apps) == 0 {
		k.fault("bridges.wechat.apps", "required when bridges.wechat.enabled is true")
	}
	for i := range w.Apps {
		a, path := &w.Apps[i], fmt.Sprintf("bridges.wechat.apps[%d].", i)
		k.oneOf(path+"kind", a.Kind, "oa", "web", "mini")
		k.required(path+"app_id", a.AppID, "bridges.wechat.enabled is true")
		k.required(path+"app_secret", string(a.AppSecret), "bridges.wechat.enabled is true")
	}
}
