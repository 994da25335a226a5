// Package events brings the profile events of the log into the store: it decodes them, sets aside what cannot be
// understood, and announces to other copies what was applied.
package events

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"medicore.dev/medicore/internal/kafka"
	pb "medicore.dev/medicore/proto/events"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
)

// typePrefix begins the event types on the wire.
const typePrefix = "MEDICAL_PROFILE_"

// announceTimeout bounds the announcement of what was applied: it only spares others a second.
const announceTimeout = 500 * time.Millisecond

// Publisher publishes records; it returns when all are acknowledged.
type Publisher interface {
	Publish(ctx context.Context, records []kafka.Record) error
}

// Consumer applies the log. All of its fields are needed.
type Consumer struct {
	Config    kafka.Config
	Store     activity.Store
	Feed      *activity.Feed
	Publisher Publisher
	Log       *slog.Logger
}

// Group returns the consumer of the analytics group.
func (c *Consumer) Group() *kafka.Consumer {
	return &kafka.Consumer{
		Config: c.Config, Group: kafka.GroupAnalytics, Topics: []string{kafka.TopicProfiles}, Log: c.Log,
		Assigned: c.positions, Handle: c.handle,
	}
}

// positions tells where to begin: where the store says, whatever the group has committed.
func (c *Consumer) positions(ctx context.Context, partitions []kafka.Partition) (map[kafka.Partition]int64, error) {
	at, err := c.Store.Position(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[kafka.Partition]int64, len(partitions))
	for _, p := range partitions {
		if next, ok := at[p.ID]; ok {
			out[p] = next
		}
	}
	return out, nil
}

// handle applies records of one partition. Dead letters are published before the position moves: after a crash in
// between they are published twice, never lost.
func (c *Consumer) handle(ctx context.Context, records []kafka.Record) error {
	batch := make([]activity.Record, len(records))
	var dead []kafka.Record
	for i, r := range records {
		batch[i] = activity.Record{Offset: r.Offset}
		event, err := Decode(r)
		if err == nil {
			batch[i].Event = event
			continue
		}
		batch[i].Dead = &activity.DeadLetter{ID: place(r), At: r.Time.UTC(), Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Cause: err.Error()}
		dead = append(dead, letter(r, err))
	}
	if len(dead) > 0 {
		if err := c.Publisher.Publish(ctx, dead); err != nil {
			return fmt.Errorf("set aside %d records: %w", len(dead), err)
		}
		c.Log.LogAttrs(ctx, slog.LevelWarn, "records were set aside", slog.Int("count", len(dead)), slog.String("topic", kafka.TopicDeadLetters))
	}
	partition := records[0].Partition
	if err := c.Store.Apply(ctx, partition, batch); err != nil {
		return err
	}
	c.Feed.Wake()
	c.announce(ctx, partition, records[len(records)-1].Offset+1)
	return nil
}

// announce tells other copies to look. A lost announcement costs them a second.
func (c *Consumer) announce(ctx context.Context, partition int32, next int64) {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	value := fmt.Sprintf(`{"partition":%d,"offset":%d}`, partition, next-1)
	err := c.Publisher.Publish(ctx, []kafka.Record{{Topic: kafka.TopicUpdates, Value: []byte(value)}})
	if err != nil {
		c.Log.LogAttrs(ctx, slog.LevelDebug, "an announcement was not sent", slog.String("error", err.Error()))
	}
}

// Decode reads an event. Its error says what is wrong and quotes nothing of the record.
func Decode(r kafka.Record) (*activity.Event, error) {
	var m pb.MedicalProfileEvent
	if err := proto.Unmarshal(r.Value, &m); err != nil {
		return nil, fmt.Errorf("not a MedicalProfileEvent in protobuf")
	}
	if id := m.GetMedicalProfileId(); id == "" || len(id) > 64 {
		return nil, fmt.Errorf("no profile id of 1 to 64 bytes")
	}
	e := &activity.Event{ID: m.GetEventId(), ProfileID: m.GetMedicalProfileId(), At: r.Time.UTC(), Partition: r.Partition, Offset: r.Offset}
	kind, ok := strings.CutPrefix(m.GetEventType(), typePrefix)
	switch e.Type = activity.Type(kind); {
	case ok && (e.Type == activity.Created || e.Type == activity.Updated || e.Type == activity.Deleted):
	default:
		return nil, fmt.Errorf("unknown event type")
	}
	if e.ID == "" {
		e.ID = place(r)
	}
	if len(e.ID) > 120 {
		return nil, fmt.Errorf("the event id has more than 120 bytes")
	}
	if m.OccurredAt != nil {
		if err := m.OccurredAt.CheckValid(); err != nil {
			return nil, fmt.Errorf("the time is out of range")
		}
		e.At = m.OccurredAt.AsTime()
	}
	if v := int(m.GetVersion()); v != 0 {
		e.Version = &v
	}
	return e, nil
}

func place(r kafka.Record) string {
	return fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)
}

// letter is the record as it goes to the dead-letter topic: unchanged, with what is wrong and where it was.
func letter(r kafka.Record, cause error) kafka.Record {
	return kafka.Record{Topic: kafka.TopicDeadLetters, Key: r.Key, Value: r.Value, Headers: append(append([]kafka.Header{}, r.Headers...),
		kafka.Header{Key: "x-error", Value: []byte(cause.Error())},
		kafka.Header{Key: "x-original-topic", Value: []byte(r.Topic)},
		kafka.Header{Key: "x-original-partition", Value: []byte(strconv.Itoa(int(r.Partition)))},
		kafka.Header{Key: "x-original-offset", Value: []byte(strconv.FormatInt(r.Offset, 10))},
	)}
}
