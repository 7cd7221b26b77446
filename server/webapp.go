package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"parley/internal/chat"
	"parley/webclient"
	"parley/wsproto"
)

// webPolicy is what the built-in client may do: its own scripts and styles, no
// inline ones, and no other host (design.md §9). Pictures come as data: in cards
// and as blob: while they are uploaded; sound and video as blob:.
const webPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: data:; " +
	"font-src 'self'; connect-src 'self'%ws; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// webPermissions: calls, voice messages and pictures are ours to ask for.
const webPermissions = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"

// appKey is the number of the built-in client in its API key, which says nothing.
const appKey = 1

// webFile is one of the built-in client.
type webFile struct {
	data []byte
	kind string
	tag  string
}

// webapp serves the built-in client. Its files keep their names from one version
// to the next, so browsers always ask, and get 304 if nothing has changed.
func (s *Server) webapp(info *clientFiles) http.HandlerFunc {
	files := webFiles(webclient.Files())
	return func(w http.ResponseWriter, r *http.Request) {
		s.pageHeaders(w.Header())
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		f, ok := files[name]
		if name == "client.json" {
			f, ok = info.of(r), true
			w.Header().Set("Vary", "User-Agent")
		}
		if !ok {
			s.refuse(w, http.StatusNotFound, &wsproto.Error{Code: http.StatusNotFound, Text: http.StatusText(http.StatusNotFound)})
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", s.weChatPolicy(r, strings.Replace(webPolicy, "%ws", socketSource(r), 1)))
		h.Set("Permissions-Policy", webPermissions)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		serveFile(w, r, f)
	}
}

// socketSource is the address of the WebSocket for a policy: browsers differ in
// whether 'self' has it (CSP level 3 says so, Safari before 15.4 does not).
func socketSource(r *http.Request) string {
	if strings.ContainsAny(r.Host, " ;,'\"\t\r\n") || r.Host == "" {
		return ""
	}
	return " ws://" + r.Host + " wss://" + r.Host
}

func serveFile(w http.ResponseWriter, r *http.Request, f webFile) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

// webFiles reads the built-in client, and names each version of a file by its
// content.
func webFiles(from fs.FS) map[string]webFile {
	files := make(map[string]webFile)
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		files[name] = newWebFile(data, webType(name))
		return err
	})
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}

func newWebFile(data []byte, kind string) webFile {
	sum := sha256.Sum256(data)
	return webFile{data: data, kind: kind, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// webType does not depend on what the machine has in its tables.
func webType(name string) string {
	known := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".png": "image/png",
		".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2", ".wasm": "application/wasm",
	}
	if kind := known[path.Ext(name)]; kind != "" {
		return kind
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// clientFacts is what the client must know before anybody logs in:
// docs/protocol/transport.md. Nothing in it is secret.
type clientFacts struct {
	Product      string         `json:"product"`
	Version      string         `json:"version"`
	API          string         `json:"api"` // path of the protocol, with "/" at both ends
	APIKey       string         `json:"apiKey"`
	Registration string         `json:"registration"` // open, invite, closed
	MinLogin     int            `json:"minLogin"`     // characters
	MaxLogin     int            `json:"maxLogin"`
	MinPassword  int            `json:"minPassword"`
	Required     []string       `json:"required"`  // addresses that a new account must give
	Reset        []string       `json:"reset"`     // by which a forgotten password can be replaced
	Providers    []signInButton `json:"providers"` // docs/protocol.md, scheme oidc
	Calls        bool           `json:"calls"`
	MaxUpload    int64          `json:"maxUpload"` // bytes; 0: no files
	WeChat       *weChatFacts   `json:"wechat,omitempty"`
}

// clientInfo is made once: it changes with the configuration alone.
func (s *Server) clientInfo() *clientFiles {
	return &clientFiles{usual: s.clientFile(false), inWeChat: s.clientFile(true)}
}

func (s *Server) clientFile(inWeChat bool) webFile {
	cfg := s.cfg
	facts := clientFacts{
		Product: "Parley", Version: version(s.build), API: cfg.APIPath, APIKey: NewAPIKey(cfg.APIKeySalt, appKey, false),
		Registration: cfg.Registration.Mode, MinLogin: cfg.Auth.Basic.MinLoginLength, MaxLogin: maxLogin,
		MinPassword: cfg.Auth.Basic.MinPasswordLength, Required: []string{}, Reset: []string{}, Providers: s.signInButtons(inWeChat),
		Calls: cfg.WebRTC.On(),
	}
	if inWeChat {
		facts.WeChat = s.weChatFacts()
	}
	facts.Required = append(facts.Required, cfg.RequiredCreds()[chat.LevelAuth]...)
	if resettable(&cfg.Auth) != "" {
		for method := range s.posts.byMethod {
			facts.Reset = append(facts.Reset, method)
		}
		slices.Sort(facts.Reset)
	}
	if cfg.Media.Handler != "" {
		facts.MaxUpload = int64(cfg.Media.MaxUploadBytes)
	}
	data, err := json.Marshal(facts)
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	return newWebFile(data, "application/json; charset=utf-8")
}

const maxLogin = 32 // auth/basic

// version is what people read of a build such as "sqlite:parley-0.3".
func version(build string) string {
	if _, after, ok := strings.Cut(build, "-"); ok {
		return after
	}
	return build
}

// serveClient is the same file for clients that are served elsewhere; the
// built-in one reads client.json beside its page, and so needs no api_path.
func serveClient(info *clientFiles) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Access-Control-Allow-Origin", "*") // there is nothing secret in it
		w.Header().Set("Vary", "User-Agent")
		serveFile(w, r, info.of(r))
	}
}
