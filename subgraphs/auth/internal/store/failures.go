package store

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"medicore.dev/medicore/subgraphs/auth/internal/ent"
	"medicore.dev/medicore/subgraphs/auth/internal/ent/failurecount"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

// all stands in the account column of an address's count over all accounts.
const all = ""

func toCount(row *ent.FailureCount) identity.Count {
	return identity.Count{Failures: row.Failures, Expires: row.ExpiresAt.UTC()}
}

// Failures implements identity.Failures.
func (s *Store) Failures(ctx context.Context, at identity.Place) (account, address identity.Count, err error) {
	rows, err := s.client.FailureCount.Query().Where(failurecount.Address(at.Address), failurecount.AccountIn(at.Account, all)).All(ctx)
	if err != nil {
		return account, address, known("read failure counts", err)
	}
	for _, row := range rows {
		if row.Account == all {
			address = toCount(row)
		} else {
			account = toCount(row)
		}
	}
	return account, address, nil
}

// lockCounts returns the rows of the address as a whole and of the place, made if they are not there, for this transaction
// alone. All take them in this order.
func (s *Store) lockCounts(ctx context.Context, tx *ent.Tx, at identity.Place) (account, address *ent.FailureCount, err error) {
	for _, name := range []string{all, at.Account} {
		err := tx.FailureCount.Create().SetAccount(name).SetAddress(at.Address).SetExpiresAt(time.Unix(0, 0).UTC()).
			OnConflictColumns(failurecount.FieldAccount, failurecount.FieldAddress).
			Update(func(u *ent.FailureCountUpsert) { u.SetIgnore(failurecount.FieldAddress) }).Exec(ctx)
		if err != nil {
			return nil, nil, known("make a failure count", err)
		}
		row, err := tx.FailureCount.Query().Where(failurecount.Account(name), failurecount.Address(at.Address)).Only(ctx)
		if err != nil {
			return nil, nil, known("read a failure count", err)
		}
		if name == all {
			address = row
		} else {
			account = row
		}
	}
	return account, address, nil
}

// Fail implements identity.Failures.
func (s *Store) Fail(ctx context.Context, at identity.Place, change func(account, address *identity.Count) []identity.AuditEntry) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		accountRow, addressRow, err := s.lockCounts(ctx, tx, at)
		if err != nil {
			return err
		}
		account, address := toCount(accountRow), toCount(addressRow)
		entries := change(&account, &address)
		if err := setCount(ctx, tx, accountRow.ID, account); err != nil {
			return err
		}
		if err := setCount(ctx, tx, addressRow.ID, address); err != nil {
			return err
		}
		return addEntries(ctx, tx, entries...)
	})
}

func setCount(ctx context.Context, tx *ent.Tx, id int64, c identity.Count) error {
	return known("keep a failure count", tx.FailureCount.UpdateOneID(id).SetFailures(c.Failures).SetExpiresAt(c.Expires).Exec(ctx))
}

// SignedIn implements identity.Failures.
func (s *Store) SignedIn(ctx context.Context, id uuid.UUID, when time.Time, at identity.Place, entry identity.AuditEntry) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		if err := tx.User.UpdateOneID(id).SetLastLoginAt(when).Exec(ctx); err != nil {
			return known("keep the time of a sign-in", err)
		}
		n, err := tx.FailureCount.Query().Where(failurecount.Account(at.Account), failurecount.Address(at.Address)).Count(ctx)
		if err != nil {
			return known("read a failure count", err)
		}
		if n > 0 {
			if err := s.clearCount(ctx, tx, at, when); err != nil {
				return err
			}
		}
		return addEntries(ctx, tx, entry)
	})
}

func (s *Store) clearCount(ctx context.Context, tx *ent.Tx, at identity.Place, now time.Time) error {
	account, address, err := s.lockCounts(ctx, tx, at)
	if err != nil {
		return err
	}
	if now.Before(account.ExpiresAt) {
		left := toCount(address)
		left.Failures = max(0, left.Failures-account.Failures)
		if err := setCount(ctx, tx, address.ID, left); err != nil {
			return err
		}
	}
	return known("forget a failure count", tx.FailureCount.DeleteOneID(account.ID).Exec(ctx))
}

// Unlock implements identity.Failures.
func (s *Store) Unlock(ctx context.Context, account string, entry identity.AuditEntry) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		if _, err := tx.FailureCount.Delete().Where(failurecount.Account(account)).Exec(ctx); err != nil {
			return known("forget failure counts", err)
		}
		return addEntries(ctx, tx, entry)
	})
}

// LockedUntil implements identity.Failures.
func (s *Store) LockedUntil(ctx context.Context, accounts []string, limit int, now time.Time) (map[string]time.Time, error) {
	rows, err := s.client.FailureCount.Query().
		Where(failurecount.AccountIn(accounts...), failurecount.FailuresGTE(limit), failurecount.ExpiresAtGT(now)).
		Order(failurecount.ByExpiresAt(sql.OrderAsc())).All(ctx)
	if err != nil {
		return nil, known("read failure counts", err)
	}
	out := map[string]time.Time{}
	for _, row := range rows {
		out[row.Account] = row.ExpiresAt.UTC()
	}
	return out, nil
}

// Forget implements identity.Failures.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	_, err := s.client.FailureCount.Delete().Where(failurecount.ExpiresAtLTE(now)).Exec(ctx)
	return known("forget expired failure counts", err)
}
