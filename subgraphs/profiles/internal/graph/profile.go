package graph

import (
	"context"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// MedicalProfile is a profile as the schema shows it. Its id and name are for all who may have it; the rest is revealed
// to those who may read profiles.
type MedicalProfile profile.Profile

// IsEntity marks what other subgraphs refer to.
func (*MedicalProfile) IsEntity() {}

// IsNode marks what has an id of its own.
func (*MedicalProfile) IsNode() {}

// GetID is the profile's id.
func (p *MedicalProfile) GetID() string { return p.ID.String() }

// revealed returns a field's value to those who may see more of a profile than its name.
func revealed[T any](ctx context.Context, value T) (T, error) {
	if err := profile.Reveal(ctx); err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// MarshalDate writes a calendar date.
func MarshalDate(d profile.Date) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(d))) })
}

// UnmarshalDate reads a calendar date.
func UnmarshalDate(v any) (profile.Date, error) {
	s, _ := v.(string)
	d, ok := profile.ParseDate(s)
	if !ok {
		return "", fault.New(fault.Invalid, "a Date is YYYY-MM-DD, such as 2024-05-31")
	}
	return d, nil
}

// profilesList names the list in its cursors.
const profilesList = "profile"

// MedicalProfileConnection is a page of profiles. TotalCount is counted only when asked for.
type MedicalProfileConnection struct {
	Edges    []*MedicalProfileEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all profiles that the filter lets through.
func (c *MedicalProfileConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

func connection(rows []*profile.Profile, more bool, p page.Page, count func(context.Context) (int, error)) *MedicalProfileConnection {
	c := &MedicalProfileConnection{Edges: make([]*MedicalProfileEdge, len(rows)), PageInfo: &PageInfo{}, count: count}
	for i, row := range rows {
		c.Edges[i] = &MedicalProfileEdge{Cursor: page.Cursor(profilesList, row.ID.String()), Node: (*MedicalProfile)(row)}
	}
	c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = p.Neighbours(more)
	if len(rows) > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(rows)-1].Cursor
	}
	return c
}

// stretch is the page as the domain takes it.
func stretch(p page.Page) (profile.Page, error) {
	out := profile.Page{Limit: p.Limit, Last: p.Last}
	var err error
	if out.After, err = rowID(p.After); err != nil {
		return out, err
	}
	out.Before, err = rowID(p.Before)
	return out, err
}

func rowID(key string) (uuid.UUID, error) {
	if key == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(key)
	if err != nil {
		return uuid.Nil, fault.New(fault.Invalid, "the cursor was not made by this list")
	}
	return id, nil
}

func (f *MedicalProfileFilter) domain() profile.Filter {
	if f == nil {
		return profile.Filter{}
	}
	return profile.Filter{
		Search: or(f.Search), BornFrom: or(f.BornFrom), BornTo: or(f.BornTo), RegisteredFrom: or(f.RegisteredFrom), RegisteredTo: or(f.RegisteredTo),
	}
}

// or is the value, or zero where there is none.
func or[T any](v *T) T {
	if v == nil {
		var none T
		return none
	}
	return *v
}

func (o *MedicalProfileOrder) domain() profile.Order {
	if o == nil {
		return profile.Order{}
	}
	return profile.Order{Field: o.Field, Desc: o.Direction == OrderDirectionDesc}
}

func parseID(id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, fault.New(fault.Invalid, "the id is not a UUID")
	}
	return u, nil
}

// found is the profile of a lookup: none is null, not an error.
func found(p *profile.Profile, err error) (*MedicalProfile, error) {
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return (*MedicalProfile)(p), err
}
