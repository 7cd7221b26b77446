package server

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is an OpenID Connect provider that checks what it is sent: the client,
// its address, PKCE, and that a code is used once.
type issuer struct {
	*httptest.Server
	t        *testing.T
	key      *rsa.PrivateKey
	callback string // the only redirect_uri that it knows; empty: the first that comes

	mu      sync.Mutex
	pending map[string]url.Values // code → what was asked for
	claims  jwt.MapClaims         // of whoever signs in, beside the usual ones
	change  func(*jwt.Token)      // spoils the id_token
	sign    any                   // nil: key
	method  jwt.SigningMethod
	more    map[string]any // of userinfo
	refuse  string         // error instead of a code
}

func newIssuer(t *testing.T) *issuer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key, pending: map[string]url.Values{}, claims: jwt.MapClaims{"sub": "ann-1"}, method: jwt.SigningMethodRS256}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", i.describe)
	mux.HandleFunc("/authorize", i.authorize)
	mux.HandleFunc("/token", i.token)
	mux.HandleFunc("/keys", i.keys)
	mux.HandleFunc("/userinfo", i.userinfo)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (i *issuer) describe(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, 200, map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"userinfo_endpoint": i.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	})
}

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	q := r.URL.Query()
	if i.callback == "" {
		i.callback = q.Get("redirect_uri")
	}
	if q.Get("client_id") != "parley" || q.Get("redirect_uri") != i.callback || q.Get("response_type") != "code" ||
		!strings.Contains(" "+q.Get("scope")+" ", " openid ") || len(q.Get("nonce")) < 22 || len(q.Get("state")) < 22 ||
		q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || strings.Contains(r.URL.RawQuery, "secret") {
		i.t.Errorf("asked %s", r.URL)
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}}
	if i.refuse != "" {
		back.Set("error", i.refuse)
	} else {
		code := rand.Text()
		i.pending[code] = q
		back.Set("code", code)
	}
	http.Redirect(w, r, i.callback+"?"+back.Encode(), http.StatusFound)
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // RFC 6749 §2.3.1
	q := i.pending[r.PostFormValue("code")]
	delete(i.pending, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != "parley" || secret != "client+secret":
		answerJSON(w, 401, map[string]string{"error": "invalid_client"})
		return
	case r.PostFormValue("grant_type") != "authorization_code" || q == nil || r.PostFormValue("redirect_uri") != q.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge"):
		answerJSON(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := jwt.MapClaims{"iss": i.URL, "aud": "parley", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": q.Get("nonce")}
	for k, v := range i.claims {
		claims[k] = v
	}
	text := jwt.NewWithClaims(i.method, claims)
	text.Header["kid"] = "1"
	if i.change != nil {
		i.change(text)
	}
	var with any = i.key
	if i.sign != nil {
		with = i.sign
	}
	signed, err := text.SignedString(with)
	if err != nil {
		i.t.Error(err)
	}
	answerJSON(w, 200, map[string]any{"access_token": "opened", "token_type": "Bearer", "expires_in": 60, "id_token": signed})
}

func (i *issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, 200, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": base64.RawURLEncoding.EncodeToString(i.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()),
	}}})
}

func (i *issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.more == nil || r.Header.Get("Authorization") != "Bearer opened" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	answerJSON(w, 200, i.more)
}
