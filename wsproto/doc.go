// Package wsproto is the wire as types: the messages of the Tinode protocol as
// JSON (docs/protocol.md), their codes, and how they are decoded and encoded.
// It does not know what they mean.
package wsproto
