// Package store keeps billing's data with ent in SQLite or PostgreSQL.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
	"medicore.dev/medicore/subgraphs/billing/internal/ent"
	entaccount "medicore.dev/medicore/subgraphs/billing/internal/ent/account"
	"medicore.dev/medicore/subgraphs/billing/internal/ent/entry"
	"medicore.dev/medicore/subgraphs/billing/internal/ent/predicate"
)

//go:embed migrations
var migrations embed.FS

// Store implements account.Store.
type Store struct {
	db     *database.DB
	client *ent.Client
}

var _ account.Store = (*Store)(nil)

// Open opens the database and brings it to the current version.
func Open(ctx context.Context, cfg database.Config) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	db, err := database.Open(ctx, cfg, files)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, client: ent.NewClient(ent.Driver(db.Driver))}, nil
}

// Shut closes the database.
func (s *Store) Shut() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.SQL.PingContext(ctx) }

func toAccount(row *ent.Account) *account.Account {
	a := &account.Account{
		ID: row.ID, ProfileID: row.ProfileID, Status: account.Status(row.Status), Currency: row.Currency, Balance: row.Balance, CreatedAt: row.CreatedAt.UTC(),
	}
	if row.ClosedAt != nil {
		at := row.ClosedAt.UTC()
		a.ClosedAt = &at
	}
	return a
}

// known names the failures that the domain knows; whatever else a database answers may not last, and is for the log.
func known(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ent.IsNotFound(err):
		return fault.New(fault.NotFound, "no such billing account")
	}
	return &fault.Error{Code: fault.Unavailable, Message: "the billing database does not answer, try again", Err: fmt.Errorf("%s: %w", doing, err)}
}

// inTx runs do in a transaction, which is undone when do fails.
func (s *Store) inTx(ctx context.Context, do func(tx *ent.Tx) error) error {
	tx, err := s.client.Tx(ctx)
	if err != nil {
		return known("begin a transaction", err)
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	return known("commit", tx.Commit())
}

// locked returns the account that the predicate names, locked for the transaction. SQLite cannot lock rows and need not:
// its transactions run one after the other.
func (s *Store) locked(ctx context.Context, tx *ent.Tx, where predicate.Account) (*ent.Account, error) {
	q := tx.Account.Query().Where(where)
	if s.db.Dialect == dialect.Postgres {
		q = q.ForUpdate()
	}
	return q.Only(ctx)
}

func insert(ctx context.Context, tx *ent.Tx, a *account.Account) error {
	return tx.Account.Create().SetID(a.ID).SetProfileID(a.ProfileID).SetStatus(entaccount.Status(a.Status)).SetCurrency(a.Currency).
		SetCreatedAt(a.CreatedAt).SetNillableClosedAt(a.ClosedAt).OnConflictColumns(entaccount.FieldProfileID).Ignore().Exec(ctx)
}

// Open implements account.Store.
func (s *Store) Open(ctx context.Context, a *account.Account) (*account.Account, error) {
	var out *account.Account
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		if err := insert(ctx, tx, a); err != nil {
			return known("open an account", err)
		}
		row, err := tx.Account.Query().Where(entaccount.ProfileID(a.ProfileID)).Only(ctx)
		if err != nil {
			return known("read the opened account", err)
		}
		out = toAccount(row)
		return nil
	})
	return out, err
}

// Close implements account.Store.
func (s *Store) Close(ctx context.Context, a *account.Account) (*account.Account, error) {
	var out *account.Account
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		if err := insert(ctx, tx, a); err != nil {
			return known("close an account", err)
		}
		row, err := s.locked(ctx, tx, entaccount.ProfileID(a.ProfileID))
		if err != nil {
			return known("read the account to close", err)
		}
		if row.Status != entaccount.StatusCLOSED {
			if row, err = row.Update().SetStatus(entaccount.StatusCLOSED).SetNillableClosedAt(a.ClosedAt).Save(ctx); err != nil {
				return known("close an account", err)
			}
		}
		out = toAccount(row)
		return nil
	})
	return out, err
}

// ByID implements account.Store.
func (s *Store) ByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*account.Account, error) {
	rows, err := s.client.Account.Query().Where(entaccount.IDIn(ids...)).All(ctx)
	out := make(map[uuid.UUID]*account.Account, len(rows))
	for _, row := range rows {
		out[row.ID] = toAccount(row)
	}
	return out, known("get accounts", err)
}

// ByProfile implements account.Store.
func (s *Store) ByProfile(ctx context.Context, profiles []string) (map[string]*account.Account, error) {
	rows, err := s.client.Account.Query().Where(entaccount.ProfileIDIn(profiles...)).All(ctx)
	out := make(map[string]*account.Account, len(rows))
	for _, row := range rows {
		out[row.ProfileID] = toAccount(row)
	}
	return out, known("get accounts of profiles", err)
}

func where(f account.Filter) []predicate.Account {
	if f.Status == "" {
		return nil
	}
	return []predicate.Account{entaccount.StatusEQ(entaccount.Status(f.Status))}
}

// List implements account.Store.
func (s *Store) List(ctx context.Context, f account.Filter, p page.Page) ([]*account.Account, bool, error) {
	q := s.client.Account.Query().Where(where(f)...).Order(entaccount.ByID()).Limit(p.Limit + 1)
	if p.Last {
		q = s.client.Account.Query().Where(where(f)...).Order(ent.Desc(entaccount.FieldID)).Limit(p.Limit + 1)
	}
	for _, end := range []struct {
		key string
		cut func(uuid.UUID) predicate.Account
	}{{p.After, entaccount.IDGT}, {p.Before, entaccount.IDLT}} {
		id, given, err := rowID(end.key)
		if err != nil {
			return nil, false, err
		}
		if given {
			q = q.Where(end.cut(id))
		}
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, false, known("list accounts", err)
	}
	rows, more := page.Cut(p, rows)
	out := make([]*account.Account, len(rows))
	for i, row := range rows {
		out[i] = toAccount(row)
	}
	return out, more, nil
}

// rowID reads the key of a cursor.
func rowID(key string) (id uuid.UUID, given bool, err error) {
	if key == "" {
		return id, false, nil
	}
	if id, err = uuid.Parse(key); err != nil {
		return id, false, fault.New(fault.Invalid, "the cursor was not made by this list")
	}
	return id, true, nil
}

// Count implements account.Store.
func (s *Store) Count(ctx context.Context, f account.Filter) (int, error) {
	n, err := s.client.Account.Query().Where(where(f)...).Count(ctx)
	return n, known("count accounts", err)
}

// LedgerCounts implements account.Store.
func (s *Store) LedgerCounts(ctx context.Context, accounts []uuid.UUID) (map[uuid.UUID]int, error) {
	var rows []struct {
		AccountID uuid.UUID `json:"account_id"`
		Count     int       `json:"count"`
	}
	err := s.client.Entry.Query().Where(entry.AccountIDIn(accounts...)).GroupBy(entry.FieldAccountID).Aggregate(ent.Count()).Scan(ctx, &rows)
	out := make(map[uuid.UUID]int, len(rows))
	for _, r := range rows {
		out[r.AccountID] = r.Count
	}
	return out, known("count ledger entries", err)
}
