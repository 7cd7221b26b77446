package sms

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// twilioURL is where the Messages resource of Twilio is.
const twilioURL = "https://api.twilio.com"

// Twilio sends through an account there.
type Twilio struct {
	sid, token string
	from       string
	base       string
	client     *http.Client
}

// NewTwilio makes a provider. from is a number in E.164, a name if the country
// allows it, or the SID of a messaging service. base is another URL than Twilio's
// own; empty: that.
func NewTwilio(sid, token, from, base string) *Twilio {
	if base == "" {
		base = twilioURL
	}
	return &Twilio{sid: sid, token: token, from: from, base: strings.TrimSuffix(base, "/"), client: newClient()}
}

// Send implements Provider.
func (t *Twilio) Send(ctx context.Context, m Message) error {
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if strings.HasPrefix(t.from, "MG") && len(t.from) == 34 {
		form.Set("MessagingServiceSid", t.from)
	} else {
		form.Set("From", t.from)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		t.base+"/2010-04-01/Accounts/"+url.PathEscape(t.sid)+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.SetBasicAuth(t.sid, t.token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t.client, req)
}
