package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
)

// The throttle of sign-ins. Failures are counted per (account, client address) and per client address. The first count
// forgets after window without failure, the second window after its first failure; at its limit each refuses until then.
const (
	delayAfter   = 5
	accountLimit = 10
	addressLimit = 100
	window       = 15 * time.Minute
	firstDelay   = 250 * time.Millisecond
	maxDelayed   = 512 // sign-ins held back at a time
)

// Place is where a count belongs: an account tried from a client address.
type Place struct {
	Account string // SHA-256 of the email address, in hex, whether or not anybody has it
	Address string
}

// Count is a number of failures, zero again from Expires on.
type Count struct {
	Failures int
	Expires  time.Time
}

// Failures keeps the counts, shared by all copies of the service.
type Failures interface {
	// Failures returns the counts of the place and of its address as a whole. Both may have expired.
	Failures(ctx context.Context, at Place) (account, address Count, err error)
	// Fail lets change alter both counts, alone, and keeps them together with the entries it returns.
	Fail(ctx context.Context, at Place, change func(account, address *Count) []AuditEntry) error
	// SignedIn keeps the time of a user's sign-in with the entry, forgets the place's count, and takes what it held off the
	// address's.
	SignedIn(ctx context.Context, id uuid.UUID, when time.Time, at Place, entry AuditEntry) error
	// Unlock forgets an account's counts from all addresses, and keeps the entry.
	Unlock(ctx context.Context, account string, entry AuditEntry) error
	// LockedUntil returns until when the accounts are refused from at least one address: those with at least limit
	// failures, not expired.
	LockedUntil(ctx context.Context, accounts []string, limit int, now time.Time) (map[string]time.Time, error)
	// Forget removes counts that have expired.
	Forget(ctx context.Context, now time.Time) error
}

// Throttled is why a sign-in was refused unseen.
type Throttled struct{ RetryAfter time.Duration }

func (t *Throttled) Error() string { return fmt.Sprintf("sign-in refused for %s", t.RetryAfter) }

func throttled(d time.Duration) error {
	d = d.Truncate(time.Second) + time.Second
	return &fault.Error{Code: fault.Unauthenticated, Message: fmt.Sprintf("too many failed sign-ins: try again in %d s", int(d.Seconds())), Err: &Throttled{d}}
}

// at returns the count as it stands now.
func (c Count) at(now time.Time) Count {
	if !now.Before(c.Expires) {
		return Count{}
	}
	return c
}

// refused returns for how long from now on sign-ins are refused; 0: they are not.
func refused(account, address Count, now time.Time) time.Duration {
	account, address = account.at(now), address.at(now)
	var d time.Duration
	if account.Failures >= accountLimit {
		d = account.Expires.Sub(now)
	}
	if address.Failures >= addressLimit {
		d = max(d, address.Expires.Sub(now))
	}
	return d
}

// delay returns how long a sign-in is held back before it is looked at: from the fifth failure on, doubling.
func delay(account Count, now time.Time) time.Duration {
	n := account.at(now).Failures
	if n < delayAfter {
		return 0
	}
	return firstDelay << min(n-delayAfter, accountLimit-delayAfter)
}

// fail counts one more failure, and reports whether that reached a limit.
func fail(account, address *Count, now time.Time) (locked bool) {
	*account, *address = account.at(now), address.at(now)
	account.Failures++
	account.Expires = now.Add(window)
	if address.Failures == 0 {
		address.Expires = now.Add(window)
	}
	address.Failures++
	return account.Failures == accountLimit || address.Failures == addressLimit
}

func accountKey(email string) string {
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// network returns what counts as one client: an IPv4 address, an IPv6 /64 network, as one customer has at least that.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() && !ip.IsLoopback() {
		p, _ := ip.Prefix(64) // 64 fits every IPv6 address
		return p.String()
	}
	return ip.String()
}
