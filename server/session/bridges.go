package session

import (
	"context"
	"strings"
	"time"

	"parley/auth"
	"parley/internal/chat"
	"parley/wsproto"
)

// TokenUser is whose login token a request carries that comes outside of any
// session. The token must be good for a session: one of a login that is not
// complete, or for a single purpose, is refused. The error has its place on the
// wire.
func (r *Registry) TokenUser(ctx context.Context, remote, scheme string, secret []byte) (chat.UID, error) {
	if sc := r.Schemes.Get(strings.TrimSpace(scheme)); sc == nil || !r.isToken(strings.ToLower(scheme)) {
		return 0, wsproto.ErrAuthUnknown
	}
	ctx = auth.WithClient(ctx, auth.Client{Addr: remote, At: time.Now()})
	rec, err := r.Token.Authenticate(ctx, secret)
	switch {
	case err != nil:
		return 0, authError(err, r.log)
	case rec.NoLogin || rec.Purpose != "" || !rec.Validated:
		return 0, wsproto.ErrAuthFailed
	}
	if err := r.roster.mayLogin(rec.User); err != nil {
		return 0, err
	}
	return rec.User, nil
}
