package profile

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Queue says where a record of the outbox goes. A queue that cannot be delivered does not hold up the other.
type Queue string

// The queues.
const (
	Events  Queue = "EVENTS"  // to the topic of profile events
	Billing Queue = "BILLING" // calls of the billing service
)

// Kind says what a record of the outbox is about.
type Kind string

// The kinds: the first three are events, the others calls of billing.
const (
	Created Kind = "CREATED"
	Updated Kind = "UPDATED"
	Deleted Kind = "DELETED"
	Open    Kind = "OPEN"
	Close   Kind = "CLOSE"
)

// Queue returns the queue that records of the kind go through.
func (k Kind) Queue() Queue {
	if k == Open || k == Close {
		return Billing
	}
	return Events
}

// Record is a message to another part of the platform. It is stored together with the change that it tells of, and then
// delivered at least once; the records of a profile in one queue in their order.
type Record struct {
	Seq         int64     // set by the store; orders the records of a profile
	ID          uuid.UUID // of the event
	Kind        Kind
	ProfileID   uuid.UUID
	Version     int
	Name, Email string // empty once the profile is deleted
	Traceparent string // W3C trace context of the request; may be ""
	At          time.Time
	NextAt      time.Time // not to be delivered before
	Attempts    int
}

type traceKey struct{}

// WithTrace returns ctx with the W3C trace context of the request, which the records of its changes carry.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	return context.WithValue(ctx, traceKey{}, traceparent)
}

func traceFrom(ctx context.Context) string {
	t, _ := ctx.Value(traceKey{}).(string)
	return t
}

// records returns one record for each kind, made now about p.
func records(ctx context.Context, p *Profile, now time.Time, kinds ...Kind) []Record {
	out := make([]Record, len(kinds))
	for i, k := range kinds {
		r := Record{ID: uuid.Must(uuid.NewV7()), Kind: k, ProfileID: p.ID, Version: p.Version, Traceparent: traceFrom(ctx), At: now, NextAt: now}
		if k != Deleted && k != Close {
			r.Name, r.Email = p.Name, p.Email
		}
		out[i] = r
	}
	return out
}
