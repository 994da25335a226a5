// Package activity is analytics' domain: what happened to medical profiles, the figures over it, and its live feed. It
// holds no patient data.
package activity

import (
	"context"
	"time"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/internal/principal"
)

// Type is what an event says.
type Type string

// The types of events.
const (
	Created Type = "CREATED"
	Updated Type = "UPDATED"
	Deleted Type = "DELETED"
)

// Types lists them in the order they are shown.
func Types() []Type { return []Type{Created, Updated, Deleted} }

// Event is something that happened to a profile.
type Event struct {
	ID        string
	Type      Type
	ProfileID string
	At        time.Time
	Version   *int // of the profile after the event; nil for events of the original system
	Partition int32
	Offset    int64
}

// DeadLetter is a record that could not be understood.
type DeadLetter struct {
	ID        string
	At        time.Time
	Topic     string
	Partition int32
	Offset    int64
	Cause     string
}

// Record is one record of the log as it was read: an event or a dead letter.
type Record struct {
	Offset int64
	Event  *Event
	Dead   *DeadLetter
}

// Filter chooses events; the zero value all.
type Filter struct {
	Types     []Type
	ProfileID string
	From, To  *time.Time // both ends included
}

// Summary is the figures at a position of the log.
type Summary struct {
	Position Position
	At       time.Time
	ByType   map[Type]int64
	Active   int64
}

// Total is the number of all events.
func (s *Summary) Total() int64 {
	var n int64
	for _, c := range s.ByType {
		n += c
	}
	return n
}

// Day counts the events of one day, UTC.
type Day struct {
	Date                      time.Time
	Created, Updated, Deleted int
}

// Log is a page of events, newest first.
type Log struct {
	Events []*Event
	More   bool
}

// Store keeps the log and its figures. A database that does not answer gives fault.Unavailable.
type Store interface {
	// Apply takes the records of one partition, in order: those not applied before change the log, the figures and the
	// partition's position in one transaction.
	Apply(ctx context.Context, partition int32, records []Record) error
	// Position returns how far every partition is applied.
	Position(ctx context.Context) (Position, error)
	// Between returns events of one partition with offsets from (included) to to (not), in order, at most limit.
	Between(ctx context.Context, partition int32, from, to int64, limit int) ([]*Event, error)
	Summary(ctx context.Context) (*Summary, error)
	Days(ctx context.Context, from, to time.Time) (map[string]Day, error)
	Events(ctx context.Context, f Filter, p page.Page) (Log, error)
	Count(ctx context.Context, f Filter) (int, error)
	ByID(ctx context.Context, ids []string) (map[string]*Event, error)
	OfProfiles(ctx context.Context, profiles []string, p page.Page) (map[string]Log, error)
	CountOfProfiles(ctx context.Context, profiles []string) (map[string]int, error)
	Deleted(ctx context.Context, profiles []string) (map[string]bool, error)
	DeadLetters(ctx context.Context, p page.Page) ([]*DeadLetter, bool, error)
	CountDeadLetters(ctx context.Context) (int, error)
}

// Service is the use cases of those who read. Each asks the caller's rights itself.
type Service struct {
	store Store
	feed  *Feed
}

// NewService returns the use cases over a store and its live feed.
func NewService(store Store, feed *Feed) *Service { return &Service{store, feed} }

func read(ctx context.Context) error { return principal.Require(ctx, principal.AnalyticsRead) }

// Summary returns the figures now. It needs analytics:read.
func (s *Service) Summary(ctx context.Context) (*Summary, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return s.store.Summary(ctx)
}

// maxDays bounds EventsPerDay.
const maxDays = 366

// EventsPerDay returns a row for each day from from to to, both included, oldest first. It needs analytics:read.
func (s *Service) EventsPerDay(ctx context.Context, from, to time.Time) ([]Day, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	if to.Before(from) || to.Sub(from) > (maxDays-1)*24*time.Hour {
		return nil, fault.New(fault.Invalid, "from must not be after to, and at most %d days can be asked for", maxDays)
	}
	found, err := s.store.Days(ctx, from, to)
	if err != nil {
		return nil, err
	}
	var out []Day
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		day := found[d.Format(time.DateOnly)]
		day.Date = d
		out = append(out, day)
	}
	return out, nil
}

// Events returns a page of the log, newest first. It needs analytics:read.
func (s *Service) Events(ctx context.Context, f Filter, p page.Page) (Log, error) {
	if err := read(ctx); err != nil {
		return Log{}, err
	}
	return s.store.Events(ctx, f, p)
}

// Count returns how many events the filter lets through. It needs analytics:read.
func (s *Service) Count(ctx context.Context, f Filter) (int, error) {
	if err := read(ctx); err != nil {
		return 0, err
	}
	return s.store.Count(ctx, f)
}

// ByID returns the events that exist. It needs analytics:read.
func (s *Service) ByID(ctx context.Context, ids []string) (map[string]*Event, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return s.store.ByID(ctx, ids)
}

// OfProfiles returns the page of each profile's events, newest first. It needs analytics:read.
func (s *Service) OfProfiles(ctx context.Context, profiles []string, p page.Page) (map[string]Log, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return s.store.OfProfiles(ctx, profiles, p)
}

// CountOfProfiles returns how many events each profile has. It needs analytics:read.
func (s *Service) CountOfProfiles(ctx context.Context, profiles []string) (map[string]int, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return s.store.CountOfProfiles(ctx, profiles)
}

// Deleted says of each profile whether it is known to be deleted. It needs analytics:read.
func (s *Service) Deleted(ctx context.Context, profiles []string) (map[string]bool, error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return s.store.Deleted(ctx, profiles)
}

// DeadLetters returns a page of what could not be applied, newest first. It needs analytics:admin.
func (s *Service) DeadLetters(ctx context.Context, p page.Page) ([]*DeadLetter, bool, error) {
	if err := principal.Require(ctx, principal.AnalyticsAdmin); err != nil {
		return nil, false, err
	}
	return s.store.DeadLetters(ctx, p)
}

// CountDeadLetters returns how many there are. It needs analytics:admin.
func (s *Service) CountDeadLetters(ctx context.Context) (int, error) {
	if err := principal.Require(ctx, principal.AnalyticsAdmin); err != nil {
		return 0, err
	}
	return s.store.CountDeadLetters(ctx)
}
