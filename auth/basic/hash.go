package basic

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"

	"parley/auth"
)

// Parameters of argon2id as OWASP recommends them (Password Storage Cheat
// Sheet): 19 MiB, two passes, one lane.
const (
	hashMemory = 19 * 1024 // KiB
	hashTime   = 2
	hashLanes  = 1
	hashLen    = 32
	saltLen    = 16

	maxWaiting = 1024 // hashes queued behind those under way
)

var b64 = base64.RawStdEncoding

// hasher makes and checks hashes. Each takes a core for tens of milliseconds and
// 19 MiB of memory, so one core is left to those who do not log in.
type hasher struct {
	deriver Deriver
	running chan struct{}
	waiting chan struct{}
}

func newHasher(d Deriver) *hasher {
	if d == nil {
		d = inProcess{}
	}
	return &hasher{
		deriver: d,
		running: make(chan struct{}, max(runtime.GOMAXPROCS(0)-1, 1)),
		waiting: make(chan struct{}, maxWaiting),
	}
}

// enter waits for its turn; the caller must call the function returned.
func (h *hasher) enter(ctx context.Context) (func(), error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, auth.ErrBusy
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash makes a hash in the PHC format: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (h *hasher) hash(ctx context.Context, password string) ([]byte, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	salt := make([]byte, saltLen)
	rand.Read(salt)
	sum, err := h.derive(ctx, password, salt)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		hashMemory, hashTime, hashLanes, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// waste takes as long as a check.
func (h *hasher) waste(ctx context.Context, password string) error {
	leave, err := h.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = h.derive(ctx, password, make([]byte, saltLen))
	return err
}

// derive makes a key with the parameters of today.
func (h *hasher) derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	return h.deriver.Derive(ctx, &Job{
		Password: []byte(password), Salt: salt, Passes: hashTime, Memory: hashMemory, Lanes: hashLanes, Len: hashLen,
	})
}

// check compares a password with a hash; old says that the hash should be made
// anew with today's parameters.
func (h *hasher) check(ctx context.Context, hash []byte, password string) (ok, old bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	if bytes.HasPrefix(hash, []byte("$2")) {
		same, err := h.deriver.Derive(ctx, &Job{Password: []byte(password), Bcrypt: hash})
		return len(same) > 0, true, err
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := bytes.Split(hash, []byte("$"))
	if len(parts) != 6 || string(parts[1]) != "argon2id" {
		return false, false, fmt.Errorf("basic: unknown kind of hash")
	}
	if _, err := fmt.Sscanf(string(parts[2])+" "+string(parts[3]), "v=%d m=%d,t=%d,p=%d",
		&version, &memory, &passes, &lanes); err != nil || version != argon2.Version || passes == 0 || lanes == 0 {
		return false, false, fmt.Errorf("basic: unreadable hash")
	}
	salt, err := b64.DecodeString(string(parts[4]))
	if err != nil {
		return false, false, fmt.Errorf("basic: unreadable hash")
	}
	want, err := b64.DecodeString(string(parts[5]))
	if err != nil || len(want) == 0 {
		return false, false, fmt.Errorf("basic: unreadable hash")
	}
	got, err := h.deriver.Derive(ctx, &Job{
		Password: []byte(password), Salt: salt, Passes: passes, Memory: memory, Lanes: lanes, Len: uint32(len(want)),
	})
	if err != nil {
		return false, false, err
	}
	old = memory != hashMemory || passes != hashTime || lanes != hashLanes
	return subtle.ConstantTimeCompare(got, want) == 1, old, nil
}
