package wechat

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/outgoing"
	"parley/internal/wechat"
)

// What WeChat says about a receiver or a message (bridges.md §C4).
const (
	codeOpenID    = 40003 // unknown to the app
	codeTemplate  = 40037
	codePage      = 41030
	codeFollow    = 43004 // he does not follow the account
	codeDeclined  = 43101 // he declined, or his consent is used up
	codeQuota     = 45009
	codeMinute    = 45011
	codeTwice     = 45065 // client_msg_id was there before
	codeData      = 47003
	codeForbidden = 48001
)

// errNoWay is that nothing leads to somebody now.
var errNoWay = errors.New("no way leads to him: he does not follow the account and has given no consent")

// deliver tries the routes in their order until one works.
func (s *Sender) deliver(ctx context.Context, j *job) error {
	for i := range s.Routes {
		r := &s.Routes[i]
		openID, err := s.People.OpenID(ctx, j.to, r.App)
		if err != nil {
			return err
		}
		if openID == "" || r.Kind == Template && s.isAway(r.App, openID) {
			continue
		}
		if r.Kind != Template && !j.paid[i] {
			ok, err := s.takeConsent(ctx, r, j.to)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			j.paid[i] = true // for all attempts
		}
		next, err := s.try(ctx, r, openID, j)
		if !next {
			return err
		}
	}
	return outgoing.Permanent(errNoWay)
}

// try sends by one route. next: another one may work.
func (s *Sender) try(ctx context.Context, r *Route, openID string, j *job) (next bool, err error) {
	body, err := s.body(ctx, r, openID, j)
	if err != nil {
		return false, err
	}
	if err := s.wait(ctx); err != nil {
		return false, err
	}
	err = s.API.Call(ctx, r.App, string(r.Kind), body, nil)
	switch code := wechat.Code(err); code {
	case 0:
		j.unclear = j.unclear || err != nil
		return false, err // sent, or nobody knows: tried again later
	case codeTwice:
		return false, nil
	case codeFollow:
		s.Follows(r.App, openID, false)
		return true, nil
	case codeDeclined:
		if j.unclear { // the attempt before has used it up
			return false, nil
		}
		return true, s.noConsent(ctx, r, j.to)
	case codeOpenID:
		return true, nil
	case codeTemplate, codePage, codeData, codeForbidden:
		s.Log.Error("WeChat refuses messages of this template: see bridges.wechat.push", "app", r.App, "template", r.TemplateID, "err", err)
		return true, nil
	case codeQuota, codeMinute:
		return false, outgoing.Permanent(err)
	case -1, 40001, 40014, 42001: // the token has died, and another one was not to be had at once
		return false, err
	default:
		return false, outgoing.Permanent(fmt.Errorf("refused: %w", err))
	}
}
