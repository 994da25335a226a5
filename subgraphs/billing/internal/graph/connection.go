package graph

import (
	"context"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
)

// The kinds of lists, as their cursors name them.
const (
	accountsList = "account"
	ledgerList   = "entry"
)

// BillingAccountConnection is a page of accounts. TotalCount is counted only when asked for.
type BillingAccountConnection struct {
	Edges    []*BillingAccountEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all accounts that the filter lets through.
func (c *BillingAccountConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// LedgerEntryConnection is a page of one account's ledger. TotalCount is counted only when asked for.
type LedgerEntryConnection struct {
	Edges    []*LedgerEntryEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all entries of the account.
func (c *LedgerEntryConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

func accountConnection(rows []*account.Account, more bool, p page.Page, count func(context.Context) (int, error)) *BillingAccountConnection {
	c := &BillingAccountConnection{Edges: make([]*BillingAccountEdge, len(rows)), count: count}
	for i, a := range rows {
		c.Edges[i] = &BillingAccountEdge{Cursor: page.Cursor(accountsList, a.ID.String()), Node: (*BillingAccount)(a)}
	}
	c.PageInfo = pageInfo(p, more, c.Edges, func(e *BillingAccountEdge) string { return e.Cursor })
	return c
}

func ledgerConnection(l account.Ledger, p page.Page, count func(context.Context) (int, error)) *LedgerEntryConnection {
	c := &LedgerEntryConnection{Edges: make([]*LedgerEntryEdge, len(l.Entries)), count: count}
	for i, e := range l.Entries {
		c.Edges[i] = &LedgerEntryEdge{Cursor: page.Cursor(ledgerList, e.ID.String()), Node: toEntry(e)}
	}
	c.PageInfo = pageInfo(p, l.More, c.Edges, func(e *LedgerEntryEdge) string { return e.Cursor })
	return c
}

func pageInfo[E any](p page.Page, more bool, edges []E, cursor func(E) string) *PageInfo {
	info := &PageInfo{}
	info.HasNextPage, info.HasPreviousPage = p.Neighbours(more)
	if len(edges) > 0 {
		first, last := cursor(edges[0]), cursor(edges[len(edges)-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

// BillingAccount is an account as the schema shows it.
type BillingAccount account.Account

// IsEntity marks what other subgraphs refer to.
func (*BillingAccount) IsEntity() {}

func money(amount int64, currency string) *Money {
	return &Money{Amount: int(amount), Currency: currency}
}

func toEntry(e *account.Entry) LedgerEntry {
	if e.Kind == account.Payment {
		return toPayment(e)
	}
	return toCharge(e)
}

func toCharge(e *account.Entry) *Charge {
	return &Charge{ID: e.ID.String(), At: e.At, Amount: money(e.Amount, e.Currency), Description: e.Description}
}

func toPayment(e *account.Entry) *Payment {
	return &Payment{ID: e.ID.String(), At: e.At, Amount: money(e.Amount, e.Currency), Description: e.Description, Method: e.Method}
}

func parseID(id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, fault.New(fault.Invalid, "the id is not a UUID")
	}
	return u, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
