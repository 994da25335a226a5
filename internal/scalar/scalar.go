// Package scalar holds the custom GraphQL scalars that several subgraphs use.
package scalar

import (
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"medicore.dev/medicore/internal/fault"
)

// MarshalDateTime writes an instant as RFC 3339 in UTC.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = fmt.Fprintf(w, "%q", t.UTC().Format(time.RFC3339Nano)) })
}

// UnmarshalDateTime reads an instant as RFC 3339.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fault.New(fault.Invalid, "a DateTime is an RFC 3339 instant such as 2024-05-31T12:00:00Z")
	}
	return t.UTC(), nil
}

// MarshalDate writes a calendar date as YYYY-MM-DD.
func MarshalDate(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = fmt.Fprintf(w, "%q", t.Format(time.DateOnly)) })
}

// UnmarshalDate reads a calendar date, YYYY-MM-DD.
func UnmarshalDate(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fault.New(fault.Invalid, "a Date is YYYY-MM-DD, such as 2024-05-31")
	}
	return t, nil
}
