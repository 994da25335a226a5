// Package page reads the arguments of Relay connections and makes their opaque keyset cursors.
//
// Source: the GraphQL Cursor Connections Specification, "Arguments" and "PageInfo".
package page

import (
	"encoding/base64"
	"slices"
	"strings"

	"medicore.dev/medicore/internal/fault"
)

// Page sizes.
const (
	Default = 20
	Max     = 100
)

// Page is a stretch of an ordered list.
type Page struct {
	Limit         int
	After, Before string // keys of the rows to start after or end before; "": none
	Last          bool   // the last Limit rows of the stretch, not the first
}

// Read reads the arguments of a connection; kind names the list, so that a cursor of another list is refused. Errors are
// fault.Invalid.
func Read(kind string, first *int, after *string, last *int, before *string) (Page, error) {
	p := Page{Limit: Default, Last: last != nil}
	if first != nil && last != nil {
		return p, fault.New(fault.Invalid, "give first or last, not both")
	}
	for _, n := range []*int{first, last} {
		if n == nil {
			continue
		}
		if *n < 0 || *n > Max {
			return p, fault.New(fault.Invalid, "first and last are from 0 to %d", Max)
		}
		p.Limit = *n
	}
	var err error
	if p.After, err = key(kind, after); err != nil {
		return p, err
	}
	p.Before, err = key(kind, before)
	return p, err
}

// Cursor returns the cursor of the row with the key in the list named kind.
func Cursor(kind, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + key))
}

func key(kind string, cursor *string) (string, error) {
	if cursor == nil {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*cursor)
	k, ok := strings.CutPrefix(string(b), kind+":")
	if err != nil || !ok || k == "" {
		return "", fault.New(fault.Invalid, "the cursor was not made by this list")
	}
	return k, nil
}

// Cut takes rows as a query for Limit+1 gave them, in reverse order if Last, and returns at most Limit of them in the
// list's order, and whether there are more beyond the far end.
func Cut[T any](p Page, rows []T) ([]T, bool) {
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	if p.Last {
		slices.Reverse(rows)
	}
	return rows, more
}

// Neighbours says whether there are rows after and before the page, given that there are more beyond its far end.
func (p Page) Neighbours(more bool) (next, previous bool) {
	if p.Last {
		return p.Before != "", more
	}
	return more, p.After != ""
}
