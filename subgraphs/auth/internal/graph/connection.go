package graph

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// The kinds of lists, as their cursors name them.
const (
	usersList = "user"
	auditList = "audit"
)

// UserConnection is a page of users. TotalCount is counted only when asked for.
type UserConnection struct {
	Edges    []*UserEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all users that the filter lets through.
func (c *UserConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// AuditEntryConnection is a page of the audit log. TotalCount is counted only when asked for.
type AuditEntryConnection struct {
	Edges    []*AuditEntryEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all entries that the filter lets through.
func (c *AuditEntryConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// page reads the arguments of a connection field of the kind.
func page(kind string, first *int, after *string, last *int, before *string) (identity.Page, error) {
	p := identity.Page{Limit: defaultPage}
	if first != nil && last != nil {
		return p, fault.New(fault.Invalid, "give first or last, not both")
	}
	for _, n := range []*int{first, last} {
		if n == nil {
			continue
		}
		if *n < 0 || *n > maxPage {
			return p, fault.New(fault.Invalid, "first and last are from 0 to %d", maxPage)
		}
		p.Limit = *n
	}
	p.Last = last != nil
	var err error
	if p.After, err = readCursor(kind, after); err != nil {
		return p, err
	}
	p.Before, err = readCursor(kind, before)
	return p, err
}

func cursor(kind string, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + id.String()))
}

func readCursor(kind string, c *string) (uuid.UUID, error) {
	if c == nil {
		return uuid.Nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*c)
	text, ok := strings.CutPrefix(string(b), kind+":")
	id, bad := uuid.Parse(text)
	if err != nil || !ok || bad != nil || id == uuid.Nil {
		return uuid.Nil, fault.New(fault.Invalid, "the cursor was not made by this list")
	}
	return id, nil
}

func userConnection(rows []*identity.User, more bool, p identity.Page, count func(context.Context) (int, error)) *UserConnection {
	c := &UserConnection{Edges: make([]*UserEdge, len(rows)), count: count}
	for i, u := range rows {
		c.Edges[i] = &UserEdge{Cursor: cursor(usersList, u.ID), Node: (*User)(u)}
	}
	c.PageInfo = pageInfo(p, more, c.Edges, func(e *UserEdge) string { return e.Cursor })
	return c
}

func auditConnection(rows []identity.AuditEntry, more bool, p identity.Page, count func(context.Context) (int, error)) *AuditEntryConnection {
	c := &AuditEntryConnection{Edges: make([]*AuditEntryEdge, len(rows)), count: count}
	for i := range rows {
		c.Edges[i] = &AuditEntryEdge{Cursor: cursor(auditList, rows[i].ID), Node: &rows[i]}
	}
	c.PageInfo = pageInfo(p, more, c.Edges, func(e *AuditEntryEdge) string { return e.Cursor })
	return c
}

// pageInfo describes the page with the edges; more says whether rows lie beyond its far end.
func pageInfo[E any](p identity.Page, more bool, edges []E, cursor func(E) string) *PageInfo {
	info := &PageInfo{HasNextPage: more, HasPreviousPage: p.After != uuid.Nil}
	if p.Last {
		info.HasNextPage, info.HasPreviousPage = p.Before != uuid.Nil, more
	}
	if len(edges) > 0 {
		first, last := cursor(edges[0]), cursor(edges[len(edges)-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

func (f *UserFilter) domain() identity.UserFilter {
	var out identity.UserFilter
	if f == nil {
		return out
	}
	if f.Role != nil {
		out.Role = *f.Role
	}
	if f.Status != nil {
		out.Status = *f.Status
	}
	if f.EmailContains != nil {
		out.EmailContains = *f.EmailContains
	}
	return out
}

func (f *AuditFilter) domain() (identity.AuditFilter, error) {
	if f == nil {
		return identity.AuditFilter{}, nil
	}
	out := identity.AuditFilter{From: f.From, To: f.To}
	if f.Action != nil {
		out.Action = identity.Action(*f.Action)
	}
	var err error
	if out.ActorID, err = parseOptionalID(f.ActorID); err != nil {
		return out, err
	}
	out.SubjectID, err = parseOptionalID(f.SubjectID)
	return out, err
}

func parseID(id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, fault.New(fault.Invalid, "the id is not a UUID")
	}
	return u, nil
}

func parseOptionalID(id *string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	u, err := parseID(*id)
	return &u, err
}
