package identity

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"medicore.dev/medicore/internal/fault"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestDelayGrowsFromTheFifthFailure(t *testing.T) {
	want := []time.Duration{0, 0, 0, 0, 0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
	for failures, d := range want {
		if got := delay(Count{failures, noon.Add(window)}, noon); got != d {
			t.Errorf("after %d failures %s, want %s", failures, got, d)
		}
	}
	if got := delay(Count{9, noon}, noon); got != 0 {
		t.Errorf("an expired count delays by %s", got)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		account, address Count
		want             time.Duration
	}{
		"nine failures do not lock":                {account: Count{9, noon.Add(window)}},
		"ten lock until they are forgotten":        {account: Count{10, noon.Add(time.Minute)}, want: time.Minute},
		"a lock that has ended":                    {account: Count{10, noon}},
		"99 failures of an address do not lock it": {address: Count{99, noon.Add(window)}},
		"100 do": {address: Count{100, noon.Add(time.Second)}, want: time.Second},
		"the later end counts when both are locked": {Count{10, noon.Add(time.Minute)}, Count{100, noon.Add(time.Second)}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(c.account, c.address, noon); got != c.want {
				t.Errorf("refused for %s, want %s", got, c.want)
			}
		})
	}
}

func TestFailCountsInTheRightWindow(t *testing.T) {
	var account, address Count
	now := noon
	for range accountLimit - 1 {
		if fail(&account, &address, now) {
			t.Fatal("locked too early")
		}
		now = now.Add(time.Minute)
	}
	if want := noon.Add(window); !address.Expires.Equal(want) {
		t.Errorf("the address's window ends at %s, want %s: it starts with the first failure", address.Expires, want)
	}
	if want := now.Add(window - time.Minute); !account.Expires.Equal(want) {
		t.Errorf("the account's window ends at %s, want %s: it starts with the last failure", account.Expires, want)
	}
	if !fail(&account, &address, now) {
		t.Error("the tenth failure does not lock")
	}
	now = now.Add(window)
	fail(&account, &address, now)
	if account.Failures != 1 || address.Failures != 1 {
		t.Errorf("%d and %d failures after a quiet window, want 1 and 1", account.Failures, address.Failures)
	}
}

func TestNetworkIsWhatOneClientHas(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":           "192.0.2.7",
		"::ffff:192.0.2.7":    "192.0.2.7",
		"2001:db8:1:2:3:4::5": "2001:db8:1:2::/64",
		"2001:db8:1:2::1":     "2001:db8:1:2::/64",
		"::1":                 "::1",
		"in-process":          "in-process",
	} {
		if got := network(in); got != want {
			t.Errorf("network(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestPasswordsWaitForASlotAndNoLongerThanAllowed(t *testing.T) {
	h, err := newHasher(bcrypt.MinCost, 1)
	if err != nil {
		t.Fatal(err)
	}
	release, err := h.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "a password"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	release()
	if _, err := h.hash(t.Context(), "a password"); err != nil {
		t.Errorf("with a free slot: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		full, err := newHasher(bcrypt.MinCost, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := full.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := full.hash(t.Context(), "a password"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("with no slot: %v", err)
		}
	})
}

func TestHashesMadeBeforehandCostAsMuchAsOthers(t *testing.T) {
	for name, hash := range map[string]string{"decoy": decoyHash, "seed": seedHash} {
		if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost != defaultCost {
			t.Errorf("%s: cost %d, %v", name, cost, err)
		}
	}
	if err := bcrypt.CompareHashAndPassword([]byte(seedHash), []byte(SeedPassword)); err != nil {
		t.Errorf("the seeded password: %v", err)
	}
	h, err := newHasher(5, 1)
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost(h.decoy); err != nil || cost != 5 {
		t.Errorf("decoy of cost %d, %v, want 5", cost, err)
	}
	if h.matches(nil, "nobody has this password") {
		t.Error("the decoy's password signs in")
	}
}

func TestHashesOfOtherProgramsVerify(t *testing.T) {
	h, err := newHasher(bcrypt.MinCost, 1)
	if err != nil {
		t.Fatal(err)
	}
	hash := "12$5LgQNDM/GfOk3HiFSdJa3OS78z5ZhKY/iU102hIrHLmVW3/vlEC96"
	for _, version := range []string{"$2a$", "$2b$"} {
		if !h.matches(&User{PasswordHash: version + hash}, SeedPassword) {
			t.Errorf("a %s hash does not verify", version)
		}
	}
}
