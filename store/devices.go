package store

import (
	"context"
	"time"

	"parley/internal/chat"
)

// Device is an installation that can be sent push notifications.
type Device struct {
	ID       string // token of the push service
	User     chat.UID
	Platform string // "android", "ios", "web"
	Lang     string
	LastSeen time.Time
}

// Devices are the installations of users. An ID belongs to one user at a time.
type Devices interface {
	// PutDevice adds or replaces the device with that ID, taking it away from
	// its former user.
	PutDevice(ctx context.Context, d *Device) error
	// DeleteDevice returns ErrNotFound if the user has no such device.
	DeleteDevice(ctx context.Context, id chat.UID, device string) error
	// Devices lists the devices of users.
	Devices(ctx context.Context, ids ...chat.UID) ([]Device, error)
}
