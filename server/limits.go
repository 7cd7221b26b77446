package server

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/internal/config"
	"parley/internal/limit"
	"parley/server/session"
	"parley/wsproto"
)

// limits are those of the configuration as sessions know them.
func limits(l *config.Limits) session.Limits {
	return session.Limits{
		SessionsPerAddress: l.MaxSessionsPerAddress,
		SessionRequests:    l.SessionRequests, UserRequests: l.UserRequests, AddressRequests: l.AddressRequests,
		SessionMessages: l.SessionMessages, UserMessages: l.UserMessages, AddressMessages: l.AddressMessages,
		AddressAccounts: l.AddressAccounts, UserGroups: l.UserGroups, UserSearches: l.UserSearches,
		UserCodes: l.UserCodes, AddressCodes: l.AddressCodes,
		AddressHTTP: l.AddressHTTP, AddressTokens: l.AddressTokenLogins,
		UserUploads: l.UserUploads, AddressAvatars: l.AddressAvatars,
		Passwords: limit.GuardConfig{
			PerAccount: l.PasswordsPerAccount, PerAddress: l.PasswordsPerAddress, MaxDelay: l.PasswordDelay,
		},
		Exempt: l.ExemptNets(),
	}
}

// crowdedRetry is what somebody is told whose address has too many connections:
// nobody knows when one of them will end.
const crowdedRetry = 30 * time.Second

// limited refuses requests of addresses that send too many. Files are not
// counted: one page of a conversation may show a hundred.
func (s *Server) limited(next http.Handler) http.Handler {
	files := s.cfg.APIPath + "v0/file/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, files) {
			next.ServeHTTP(w, r)
			return
		}
		if wait := s.sessions.ChargeHTTP(s.remote(r)); wait > 0 {
			s.refuseBusy(w, wait)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuseBusy answers 429 with the time to wait.
func (s *Server) refuseBusy(w http.ResponseWriter, wait time.Duration) {
	e := wsproto.TooMany(wait)
	w.Header().Set("Retry-After", fmt.Sprint(e.Params["retry"])) // seconds (RFC 9110 §10.2.3)
	s.refuse(w, e.Code, e)
}
