// Package profile holds the medical profiles and their rules: what a valid one is, who may read and write it, and what a
// change sets off elsewhere. It knows neither how profiles are stored nor how they are served.
package profile

import (
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
)

// Profile is a patient's medical profile.
type Profile struct {
	ID             uuid.UUID
	Name           string
	Email          string
	Address        string
	DateOfBirth    Date
	RegisteredDate Date
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Version        int // grows by one with every change
}

// The faults that callers tell apart, with errors.Is.
var (
	ErrNotFound   = fault.New(fault.NotFound, "Medical Profile not found")
	ErrEmailTaken = fault.New(fault.Conflict, "Email address already exists")
	ErrVersion    = fault.New(fault.Conflict, "the profile has changed since the version given")
	ErrKeyReused  = fault.New(fault.Conflict, "the idempotency key was used with another input")
	ErrKeyRunning = fault.New(fault.Conflict, "a request with this idempotency key is still running")
)

// Date is a calendar date in the form YYYY-MM-DD, so dates compare as strings do. The zero value is no date.
type Date string

const dateForm = "2006-01-02"

// ParseDate reads a date of the form YYYY-MM-DD, of a year from 0001 to 9999; ok is false for anything else.
func ParseDate(s string) (d Date, ok bool) {
	t, err := time.Parse(dateForm, s)
	if err != nil || t.Year() < 1 {
		return "", false
	}
	return Date(s), true
}

// DateOf returns the date of t in UTC.
func DateOf(t time.Time) Date { return Date(t.UTC().Format(dateForm)) }

// Time returns the date's first instant in UTC.
func (d Date) Time() time.Time {
	t, _ := time.Parse(dateForm, string(d))
	return t
}
