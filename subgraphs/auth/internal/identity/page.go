package identity

import "github.com/google/uuid"

// Page is a stretch of an ordered list. The row named by After or Before need not pass the list's filter.
type Page struct {
	Limit         int
	After, Before uuid.UUID // ids of the rows to start after or end before; uuid.Nil: none
	Last          bool      // the last Limit rows of the stretch, not the first
}
