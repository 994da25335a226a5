package identity

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"medicore.dev/medicore/internal/fault"
)

const (
	minPasswordLength = 8  // characters
	maxPasswordBytes  = 72 // BCrypt looks no further
	slotWait          = 10 * time.Second
)

// defaultCost is the cost for which hashes are known beforehand, so that neither start nor seeding computes one.
const defaultCost = 12

// decoyHash is of a random password that nobody kept.
const decoyHash = "$2a$12$70bxHhM4snRnw/fToCBCd.N8DpXcDJmMvu07.1mSgIHs0X43zJgTG"

// hasher computes and compares BCrypt hashes, a bounded number at a time.
type hasher struct {
	cost  int
	decoy []byte
	slots chan struct{}
}

func newHasher(cost, parallel int) (*hasher, error) {
	h := &hasher{cost: cost, decoy: []byte(decoyHash), slots: make(chan struct{}, parallel)}
	if cost != defaultCost {
		var err error
		if h.decoy, err = bcrypt.GenerateFromPassword([]byte("nobody has this password"), cost); err != nil {
			return nil, fmt.Errorf("hash a decoy password: %w", err)
		}
	}
	return h, nil
}

// acquire waits for the right to compute one hash. It returns fault.Unavailable when too much is waiting.
func (h *hasher) acquire(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	case <-timer.C:
		return nil, fault.New(fault.Unavailable, "too many sign-ins at once, try again")
	}
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	b, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(b), nil
}

// matches reports whether the password is the user's. For nobody (nil) it takes as long and says no.
// The caller holds a slot.
func (h *hasher) matches(u *User, password string) bool {
	hash := h.decoy
	if u != nil {
		hash = []byte(u.PasswordHash)
	}
	return bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil && u != nil
}

func checkPassword(fields map[string]string, field, password string) {
	switch {
	case utf8.RuneCountInString(password) < minPasswordLength:
		fields[field] = fmt.Sprintf("Password should have at least %d characters", minPasswordLength)
	case len(password) > maxPasswordBytes:
		fields[field] = fmt.Sprintf("Password cannot exceed %d bytes", maxPasswordBytes)
	}
}
