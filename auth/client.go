package auth

import (
	"context"
	"time"
)

// Client is who asks, for schemes to which that matters.
type Client struct {
	Addr    string    // empty: unknown
	Country string    // where phone numbers without + are dialled: ISO 3166 alpha-2
	At      time.Time // when the request came in, by the clock of the process
}

type clientKey struct{}

// WithClient notes in a context who asks.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientOf is who asks; the zero Client if nobody noted it.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}
