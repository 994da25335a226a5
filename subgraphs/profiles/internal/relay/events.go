package relay

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"medicore.dev/medicore/proto/events"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// Message is what a record of the topic holds.
type Message struct {
	Key     string // the profile's id, so that a profile's events stay in order
	Value   []byte
	Headers []Header
}

// Header is one header of a message.
type Header struct{ Key, Value string }

// source is the CloudEvents source of all events.
const source = "/medicore/profiles"

var eventTypes = map[profile.Kind]struct{ message, cloud string }{
	profile.Created: {"MEDICAL_PROFILE_CREATED", "com.medicore.profile.created.v1"},
	profile.Updated: {"MEDICAL_PROFILE_UPDATED", "com.medicore.profile.updated.v1"},
	profile.Deleted: {"MEDICAL_PROFILE_DELETED", "com.medicore.profile.deleted.v1"},
}

// encode returns the event as a CloudEvent in binary mode: the value is what consumers of the original system read.
func encode(r profile.Record, noPHI bool) (Message, error) {
	types := eventTypes[r.Kind]
	e := &events.MedicalProfileEvent{
		MedicalProfileId: r.ProfileID.String(), Name: r.Name, Email: r.Email, EventType: types.message,
		EventId: r.ID.String(), OccurredAt: timestamppb.New(r.At), Version: int32(r.Version),
	}
	if noPHI {
		e.Name, e.Email = "", ""
	}
	value, err := proto.Marshal(e)
	if err != nil {
		return Message{}, fmt.Errorf("encode an event: %w", err)
	}
	m := Message{Key: e.GetMedicalProfileId(), Value: value, Headers: []Header{
		{"ce_specversion", "1.0"},
		{"ce_id", e.GetEventId()},
		{"ce_source", source},
		{"ce_type", types.cloud},
		{"ce_time", r.At.UTC().Format(time.RFC3339Nano)},
		{"ce_subject", e.GetMedicalProfileId()},
		{"content-type", "application/protobuf"},
	}}
	if r.Traceparent != "" {
		m.Headers = append(m.Headers, Header{"traceparent", r.Traceparent})
	}
	return m, nil
}

// publish writes a round's events and waits until all are acknowledged. A round has one event of a profile at most, so
// writing all of it again after a failure cannot bring a profile's events out of order.
func (r *Relay) publish(ctx context.Context, records []profile.Record) outcome {
	seqs := all(records)
	messages := make([]Message, len(records))
	for i, rec := range records {
		var err error
		if messages[i], err = encode(rec, r.opt.NoPHI); err != nil {
			return outcome{again: seqs, err: err}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := r.out.Publish(ctx, messages); err != nil {
		return outcome{again: seqs, err: err}
	}
	return outcome{delivered: seqs}
}

func all(records []profile.Record) []int64 {
	seqs := make([]int64, len(records))
	for i, r := range records {
		seqs[i] = r.Seq
	}
	return seqs
}
