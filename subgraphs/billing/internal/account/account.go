// Package account is billing's domain: one account for each medical profile, and its ledger of charges and payments.
package account

import (
	"context"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/internal/principal"
)

// Status is an account's status.
type Status string

// The statuses. Closed is final.
const (
	Pending   Status = "PENDING"
	Active    Status = "ACTIVE"
	Suspended Status = "SUSPENDED"
	Closed    Status = "CLOSED"
)

// Account is the billing account of one medical profile.
type Account struct {
	ID        uuid.UUID
	ProfileID string
	Status    Status
	Currency  string // ISO 4217
	Balance   int64  // charges minus payments, in minor units
	CreatedAt time.Time
	ClosedAt  *time.Time
}

// Kind is what a ledger entry is.
type Kind string

// The kinds of entries.
const (
	Charge  Kind = "CHARGE"
	Payment Kind = "PAYMENT"
)

// Entry is one line of a ledger.
type Entry struct {
	ID          uuid.UUID
	AccountID   uuid.UUID
	Kind        Kind
	Amount      int64 // minor units, positive
	Currency    string
	Description string
	Method      string // payments only
	At          time.Time
}

// Signed is what the entry adds to the balance.
func (e *Entry) Signed() int64 {
	if e.Kind == Payment {
		return -e.Amount
	}
	return e.Amount
}

// Filter chooses accounts; the zero value all.
type Filter struct{ Status Status }

// Store keeps accounts. What is not there is fault.NotFound; a database that does not answer fault.Unavailable.
type Store interface {
	// Open returns the profile's account, adding a if there is none; concurrent calls return the same one.
	Open(ctx context.Context, a *Account) (*Account, error)
	// Close closes the profile's account, adding a, closed, if there is none.
	Close(ctx context.Context, a *Account) (*Account, error)
	// Post adds the entry and changes the balance in one transaction, after check has seen the locked account. An entry
	// with the same key on the account is returned instead, with its own data.
	Post(ctx context.Context, e *Entry, key string, check func(*Account) error) (*Entry, error)
	ByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*Account, error)
	ByProfile(ctx context.Context, profiles []string) (map[string]*Account, error)
	List(ctx context.Context, f Filter, p page.Page) ([]*Account, bool, error)
	Count(ctx context.Context, f Filter) (int, error)
	// Ledgers returns the page of each account's entries, newest first, and whether there are more.
	Ledgers(ctx context.Context, accounts []uuid.UUID, p page.Page) (map[uuid.UUID]Ledger, error)
	LedgerCounts(ctx context.Context, accounts []uuid.UUID) (map[uuid.UUID]int, error)
}

// Ledger is a page of one account's entries.
type Ledger struct {
	Entries []*Entry
	More    bool
}

// Service is billing's use cases. Each asks the caller's rights itself.
type Service struct {
	store    Store
	currency string
	now      func() time.Time
}

// New returns the use cases over a store; new accounts get the currency.
func New(store Store, currency string, now func() time.Time) *Service {
	return &Service{store: store, currency: currency, now: now}
}

func (s *Service) account(profileID string, status Status) (*Account, error) {
	if profileID == "" || len(profileID) > 64 {
		return nil, &fault.Error{Code: fault.Invalid, Message: "a profile id has 1 to 64 bytes", Fields: map[string]string{"medicalProfileId": "1 to 64 bytes"}}
	}
	return &Account{ID: uuid.Must(uuid.NewV7()), ProfileID: profileID, Status: status, Currency: s.currency, CreatedAt: s.now().UTC()}, nil
}

// Open returns the profile's account, made at the first call. It needs billing:open.
func (s *Service) Open(ctx context.Context, profileID string) (*Account, error) {
	if err := principal.Require(ctx, principal.BillingOpen); err != nil {
		return nil, err
	}
	a, err := s.account(profileID, Active)
	if err != nil {
		return nil, err
	}
	return s.store.Open(ctx, a)
}

// Close closes the profile's account for good; the ledger is kept. A profile id is never used twice, so closing what was
// not opened yet leaves a closed account, and a late Open changes nothing. It needs billing:open.
func (s *Service) Close(ctx context.Context, profileID string) (*Account, error) {
	if err := principal.Require(ctx, principal.BillingOpen); err != nil {
		return nil, err
	}
	a, err := s.account(profileID, Closed)
	if err != nil {
		return nil, err
	}
	at := a.CreatedAt
	a.ClosedAt = &at
	return s.store.Close(ctx, a)
}

// ByID returns the accounts that exist. It needs billing:read.
func (s *Service) ByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*Account, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return nil, err
	}
	return s.store.ByID(ctx, ids)
}

// ByProfile returns the accounts of the profiles that have one. It needs billing:read.
func (s *Service) ByProfile(ctx context.Context, profiles []string) (map[string]*Account, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return nil, err
	}
	return s.store.ByProfile(ctx, profiles)
}

// List returns a page of accounts in the order of opening. It needs billing:read.
func (s *Service) List(ctx context.Context, f Filter, p page.Page) ([]*Account, bool, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return nil, false, err
	}
	return s.store.List(ctx, f, p)
}

// Count returns how many accounts the filter lets through. It needs billing:read.
func (s *Service) Count(ctx context.Context, f Filter) (int, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return 0, err
	}
	return s.store.Count(ctx, f)
}

// Ledgers returns the page of each account's ledger, newest first. It needs billing:read.
func (s *Service) Ledgers(ctx context.Context, accounts []uuid.UUID, p page.Page) (map[uuid.UUID]Ledger, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return nil, err
	}
	return s.store.Ledgers(ctx, accounts, p)
}

// LedgerCounts returns how many entries each account has. It needs billing:read.
func (s *Service) LedgerCounts(ctx context.Context, accounts []uuid.UUID) (map[uuid.UUID]int, error) {
	if err := principal.Require(ctx, principal.BillingRead); err != nil {
		return nil, err
	}
	return s.store.LedgerCounts(ctx, accounts)
}
