// Command fakewechat is internal/fake/wechat as a program, for tests that are not
// written in Go. It prints its URL, and answers on /control of a second one:
//
//	POST /control {"redirect": "host:port"}       where people may be sent back to
//	POST /control {"user": "ann", "snapshot": true, "follows": true}
//	POST /control {"voice": "<app>"}              → {"media": "<id>"}: two seconds of AMR
//	GET /control                                  → {"secrets": [...], "sent": n}
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"parley/internal/fake/wechat"
)

// The apps and their secrets, as tests/wechat.test.js has them.
const (
	oaApp  = "wx00000000000000oa"
	webApp = "wx0000000000000web"
)

func main() {
	f := wechat.New(time.Now,
		wechat.App{ID: oaApp, Secret: "oa-secret-sentinel", Kind: "oa", PushToken: "hook-token-sentinel"},
		wechat.App{ID: webApp, Secret: "web-secret-sentinel", Kind: "web"},
	)
	for _, name := range []string{"ann", "bob"} {
		f.AddUser(wechat.User{
			Name: name, Nickname: name + " 微信", Picture: f.URL + "/mmopen/" + name + "/0", UnionID: "union_" + name, Follows: true,
			OpenIDs: map[string]string{oaApp: "oa_" + name, webApp: "web_" + name},
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s http://%s/control\n", f.URL, l.Addr())
	http.HandleFunc("/control", func(w http.ResponseWriter, r *http.Request) { control(f, w, r) })
	log.Fatal(http.Serve(l, nil))
}

func control(f *wechat.Server, w http.ResponseWriter, r *http.Request) {
	var in struct {
		Redirect, User, Voice string
		Snapshot, Follows     bool
	}
	out := map[string]any{"secrets": f.Secrets(), "sent": len(f.Sent())}
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	switch {
	case in.Redirect != "":
		f.AllowRedirect(in.Redirect)
	case in.User != "":
		f.Change(in.User, func(u *wechat.User) { u.Snapshot, u.Follows = in.Snapshot, in.Follows })
	case in.Voice != "":
		out["media"] = f.AddMedia(in.Voice, "voice", "audio/amr", wechat.AMR(100))
	}
	_ = json.NewEncoder(w).Encode(out)
}
