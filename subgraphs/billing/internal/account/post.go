package account

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Limits of what is posted. A balance fits GraphQL's Int.
const (
	MaxAmount  = 100_000_000
	maxBalance = 2_000_000_000
	maxText    = 200
	maxMethod  = 40
	maxKey     = 128
)

// Posting is a charge or a payment to be added to a ledger.
type Posting struct {
	AccountID      uuid.UUID
	Amount         int64  // minor units
	Currency       string // must be the account's
	Description    string
	Method         string // payments only
	IdempotencyKey string // "": none. The same key on the same account gives the entry made first
}

// Charge adds what the patient owes. It needs billing:write, and an account that is open.
func (s *Service) Charge(ctx context.Context, p Posting) (*Entry, error) {
	return s.post(ctx, Charge, p)
}

// Pay adds what the patient paid; a closed account takes payments too. It needs billing:write.
func (s *Service) Pay(ctx context.Context, p Posting) (*Entry, error) {
	return s.post(ctx, Payment, p)
}

func (s *Service) post(ctx context.Context, kind Kind, p Posting) (*Entry, error) {
	if err := principal.Require(ctx, principal.BillingWrite); err != nil {
		return nil, err
	}
	p.Description, p.Method = strings.TrimSpace(p.Description), strings.TrimSpace(p.Method)
	if err := p.check(kind); err != nil {
		return nil, err
	}
	e := &Entry{
		ID: uuid.Must(uuid.NewV7()), AccountID: p.AccountID, Kind: kind, Amount: p.Amount, Currency: p.Currency,
		Description: p.Description, Method: p.Method, At: s.now().UTC(),
	}
	kept, err := s.store.Post(ctx, e, p.IdempotencyKey, func(a *Account) error {
		switch {
		case p.Currency != a.Currency:
			return &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("the account is kept in %s", a.Currency), Fields: map[string]string{"currency": "must be " + a.Currency}}
		case kind == Charge && a.Status != Active:
			return fault.New(fault.Conflict, "the account is %s and takes no charges", a.Status)
		}
		if b := a.Balance + e.Signed(); b > maxBalance || b < -maxBalance {
			return fault.New(fault.Conflict, "the balance would leave the range of ±%d minor units", maxBalance)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if kept.ID != e.ID && (kept.Kind != e.Kind || kept.Amount != e.Amount || kept.Description != e.Description || kept.Method != e.Method) {
		return nil, fault.New(fault.Conflict, "the idempotency key was used for another entry")
	}
	return kept, nil
}

func (p *Posting) check(kind Kind) error {
	bad := map[string]string{}
	if p.Amount < 1 || p.Amount > MaxAmount {
		bad["amount"] = fmt.Sprintf("must be from 1 to %d minor units", MaxAmount)
	}
	if p.Description == "" || utf8.RuneCountInString(p.Description) > maxText {
		bad["description"] = fmt.Sprintf("must have 1 to %d characters", maxText)
	}
	if kind == Payment && (p.Method == "" || utf8.RuneCountInString(p.Method) > maxMethod) {
		bad["method"] = fmt.Sprintf("must have 1 to %d characters", maxMethod)
	}
	if !currencyCode(p.Currency) {
		bad["currency"] = "must be an ISO 4217 code such as EUR"
	}
	if len(p.IdempotencyKey) > maxKey {
		bad["idempotencyKey"] = fmt.Sprintf("must have at most %d bytes", maxKey)
	}
	if len(bad) > 0 {
		return &fault.Error{Code: fault.Invalid, Message: "the input is not valid", Fields: bad}
	}
	return nil
}

func currencyCode(c string) bool {
	if len(c) != 3 {
		return false
	}
	for _, b := range []byte(c) {
		if b < 'A' || b > 'Z' {
			return false
		}
	}
	return true
}
