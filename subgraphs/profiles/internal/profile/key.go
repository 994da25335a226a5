package profile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Key remembers what a request with an idempotency key made.
type Key struct {
	ID        string // of caller, operation and key; see keyID
	BodyHash  string
	ProfileID uuid.UUID
	CreatedAt time.Time
}

// KeyLifetime is how long a key is remembered.
const KeyLifetime = 24 * time.Hour

// ErrKeyTaken is what a Store answers when the key is there already.
var ErrKeyTaken = fault.New(fault.Conflict, "the key is there already")

const maxKey = 255

// checkKey refuses a key that is not 1 to 255 visible ASCII characters.
func checkKey(key string) error {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fault.New(fault.Invalid, "an idempotency key has 1 to %d visible ASCII characters", maxKey)
	}
	return nil
}

// keyID names a key within its scope: who calls, and what for.
func keyID(ctx context.Context, operation, key string) string {
	p := principal.FromContext(ctx)
	caller := p.UserID
	if caller == "" {
		caller = p.Subject
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{caller, operation, key}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// createOnce is create for a request that may be a retry.
func (s *Service) createOnce(ctx context.Context, p *Profile, hash, key string) (*Profile, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	k := &Key{ID: keyID(ctx, "createMedicalProfile", key), BodyHash: hash, CreatedAt: s.now()}
	if !s.begin(k.ID) {
		return nil, ErrKeyRunning
	}
	defer s.end(k.ID)
	made, err := s.replay(ctx, k)
	if fault.CodeOf(err) != fault.NotFound || errors.Is(err, ErrNotFound) {
		return made, err
	}
	err = s.create(ctx, p, k)
	if errors.Is(err, ErrKeyTaken) { // another copy of the service was faster
		return s.replay(ctx, k)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// replay returns the profile that the key's first request made; ErrNotFound when it has been deleted since, another
// fault.NotFound when there was no such request.
func (s *Service) replay(ctx context.Context, k *Key) (*Profile, error) {
	known, err := s.store.Key(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	if known.BodyHash != k.BodyHash {
		return nil, ErrKeyReused
	}
	return s.store.Profile(ctx, known.ProfileID)
}

func (s *Service) begin(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[id] {
		return false
	}
	s.running[id] = true
	return true
}

func (s *Service) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}
