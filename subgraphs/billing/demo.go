package billing

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
)

// Demonstration ledgers: accounts arrive by gRPC after the start, so they are looked for during a while.
const (
	inventEvery  = 2 * time.Second
	inventRounds = 30
	inventAtMost = 1000
)

var services = []struct {
	description string
	cents       int
}{
	{"Consultation", 9500},
	{"Blood panel", 6200},
	{"X-ray, chest", 14500},
	{"Physiotherapy session", 7200},
	{"Vaccination", 4800},
	{"MRI scan", 48000},
	{"Annual check-up", 18000},
	{"ECG", 5400},
}

var methods = []string{"CARD", "BANK_TRANSFER", "CASH", "INSURANCE"}

// invent gives every active account without a ledger a few entries, the same ones each time for the same profile.
func (s *Service) invent(ctx context.Context) error {
	ctx = principal.NewContext(ctx, principal.Principal{Subject: "service:demo", Role: principal.Admin})
	tick := time.NewTicker(inventEvery)
	defer tick.Stop()
	for range inventRounds {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.inventAll(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) inventAll(ctx context.Context) error {
	p := page.Page{Limit: page.Max}
	for range inventAtMost / page.Max {
		accounts, more, err := s.accounts.List(ctx, account.Filter{Status: account.Active}, p)
		if err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(accounts))
		for i, a := range accounts {
			ids[i] = a.ID
		}
		counts, err := s.accounts.LedgerCounts(ctx, ids)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if counts[a.ID] == 0 {
				if err := s.inventLedger(ctx, a); err != nil {
					return err
				}
			}
		}
		if !more {
			return nil
		}
		p.After = accounts[len(accounts)-1].ID.String()
	}
	return nil
}

func (s *Service) inventLedger(ctx context.Context, a *account.Account) error {
	h := fnv.New64a()
	_, _ = h.Write([]byte(a.ProfileID))
	r := rand.New(rand.NewPCG(h.Sum64(), 1)) //nolint:gosec // invented data, the same each time
	for i := range 1 + r.IntN(4) {
		what := services[r.IntN(len(services))]
		key := fmt.Sprintf("demo-%d", i)
		charge := account.Posting{AccountID: a.ID, Amount: int64(what.cents), Currency: a.Currency, Description: what.description, IdempotencyKey: key}
		if _, err := s.accounts.Charge(ctx, charge); err != nil {
			return err
		}
		if r.IntN(3) == 0 {
			continue
		}
		pay := charge
		pay.Method, pay.IdempotencyKey, pay.Description = methods[r.IntN(len(methods))], key+"-paid", "Payment: "+what.description
		if _, err := s.accounts.Pay(ctx, pay); err != nil {
			return err
		}
	}
	return nil
}
