package profile

import (
	"unicode/utf8"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
)

// Filter narrows a list; zero fields do not.
type Filter struct {
	Search                       string // part of name or email address, case-insensitive
	BornFrom, BornTo             Date   // inclusive
	RegisteredFrom, RegisteredTo Date   // inclusive
}

const maxSearch = 100 // characters

func (f Filter) check() error {
	if utf8.RuneCountInString(f.Search) > maxSearch || !storable(f.Search) {
		return &fault.Error{Code: fault.Invalid, Message: "the search term is too long or has characters that are not allowed", Fields: map[string]string{"search": "at most 100 characters"}}
	}
	return nil
}

// OrderField is what a list is ordered by; profiles that are equal in it are ordered by id.
type OrderField string

// The order fields. The zero value is CREATED_AT.
const (
	ByCreatedAt      OrderField = "CREATED_AT"
	ByName           OrderField = "NAME"
	ByDateOfBirth    OrderField = "DATE_OF_BIRTH"
	ByRegisteredDate OrderField = "REGISTERED_DATE"
)

// Order of a list. The zero value is the order of creation.
type Order struct {
	Field OrderField
	Desc  bool
}

// Page is a stretch of an ordered list.
type Page struct {
	Limit         int
	Offset        int       // rows to leave out at the start; not together with the others below
	After, Before uuid.UUID // profiles to start after or end before; uuid.Nil: none. They need not pass the filter
	Last          bool      // the last Limit rows of the stretch, not the first
}
