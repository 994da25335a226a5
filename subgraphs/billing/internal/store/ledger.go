package store

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
	"medicore.dev/medicore/subgraphs/billing/internal/ent"
	entaccount "medicore.dev/medicore/subgraphs/billing/internal/ent/account"
	"medicore.dev/medicore/subgraphs/billing/internal/ent/entry"
)

func toEntry(row *ent.Entry, currency string) *account.Entry {
	return &account.Entry{
		ID: row.ID, AccountID: row.AccountID, Kind: account.Kind(row.Kind), Amount: row.Amount, Currency: currency,
		Description: row.Description, Method: row.Method, At: row.At.UTC(),
	}
}

// Post implements account.Store.
func (s *Store) Post(ctx context.Context, e *account.Entry, key string, check func(*account.Account) error) (*account.Entry, error) {
	out := e
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		row, err := s.locked(ctx, tx, entaccount.ID(e.AccountID))
		if err != nil {
			return known("lock an account", err)
		}
		if key != "" { // the lock orders postings to one account, so a repeated key is seen here
			old, err := tx.Entry.Query().Where(entry.AccountID(e.AccountID), entry.IdempotencyKey(key)).Only(ctx)
			if err == nil {
				out = toEntry(old, row.Currency)
				return nil
			}
			if !ent.IsNotFound(err) {
				return known("look for the idempotency key", err)
			}
		}
		if err := check(toAccount(row)); err != nil {
			return err
		}
		create := tx.Entry.Create().SetID(e.ID).SetAccountID(e.AccountID).SetKind(entry.Kind(e.Kind)).SetAmount(e.Amount).
			SetDescription(e.Description).SetMethod(e.Method).SetAt(e.At)
		if key != "" {
			create.SetIdempotencyKey(key)
		}
		if err := create.Exec(ctx); err != nil {
			return known("add a ledger entry", err)
		}
		return known("change the balance", row.Update().AddBalance(e.Signed()).Exec(ctx))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Ledgers implements account.Store: one query for any number of accounts.
func (s *Store) Ledgers(ctx context.Context, accounts []uuid.UUID, p page.Page) (map[uuid.UUID]account.Ledger, error) {
	after, hasAfter, err := rowID(p.After)
	if err != nil {
		return nil, err
	}
	before, hasBefore, err := rowID(p.Before)
	if err != nil {
		return nil, err
	}
	owners, err := s.ByID(ctx, accounts)
	if err != nil {
		return nil, err
	}
	rows, err := s.client.Entry.Query().Modify(func(q *sql.Selector) {
		d := sql.Dialect(q.Dialect())
		t := sql.Table(entry.Table)
		rank := sql.RowNumber().PartitionBy(t.C(entry.FieldAccountID))
		if p.Last {
			rank = rank.OrderBy(t.C(entry.FieldID))
		} else {
			rank = rank.OrderBy(sql.Desc(t.C(entry.FieldID)))
		}
		ids := make([]any, len(accounts))
		for i, id := range accounts {
			ids[i] = id
		}
		ranked := d.Select(t.C(entry.FieldID)).AppendSelectExprAs(rank, "place").From(t).Where(sql.In(t.C(entry.FieldAccountID), ids...))
		if hasAfter { // newest first: after means older
			ranked.Where(sql.LT(t.C(entry.FieldID), after))
		}
		if hasBefore {
			ranked.Where(sql.GT(t.C(entry.FieldID), before))
		}
		ranked.As("ranked")
		q.Join(ranked).On(q.C(entry.FieldID), ranked.C(entry.FieldID)).Where(sql.LTE(ranked.C("place"), p.Limit+1))
		if p.Last {
			q.OrderBy(q.C(entry.FieldID))
		} else {
			q.OrderBy(sql.Desc(q.C(entry.FieldID)))
		}
	}).All(ctx)
	if err != nil {
		return nil, known("read ledgers", err)
	}
	lists := map[uuid.UUID][]*account.Entry{}
	for _, row := range rows {
		lists[row.AccountID] = append(lists[row.AccountID], toEntry(row, owners[row.AccountID].Currency))
	}
	out := make(map[uuid.UUID]account.Ledger, len(accounts))
	for _, id := range accounts {
		entries, more := page.Cut(p, lists[id])
		out[id] = account.Ledger{Entries: entries, More: more}
	}
	return out, nil
}
