package basic

import (
	"context"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Job is what takes long about a password: a key to be derived with argon2id or,
// if Bcrypt is set, a comparison with that hash.
type Job struct {
	Password []byte `json:"password"`
	Bcrypt   []byte `json:"bcrypt,omitempty"`
	Salt     []byte `json:"salt,omitempty"`
	Passes   uint32 `json:"passes,omitempty"`
	Memory   uint32 `json:"memory,omitempty"` // KiB
	Lanes    uint8  `json:"lanes,omitempty"`
	Len      uint32 `json:"len,omitempty"` // of the key, bytes
}

// Deriver does jobs somewhere. The result is the key; of a comparison one byte,
// or none if the password is wrong.
type Deriver interface {
	Derive(ctx context.Context, j *Job) ([]byte, error)
}

// inProcess is the Deriver that needs nothing.
type inProcess struct{}

func (inProcess) Derive(_ context.Context, j *Job) ([]byte, error) { return j.do(), nil }

func (j *Job) do() []byte {
	if len(j.Bcrypt) == 0 {
		return argon2.IDKey(j.Password, j.Salt, j.Passes, j.Memory, j.Lanes, j.Len)
	}
	if bcrypt.CompareHashAndPassword(j.Bcrypt, j.Password) == nil {
		return []byte{1}
	}
	return nil
}
