package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	ck "github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// Consumer reads topics as a member of a group.
type Consumer struct {
	Config Config
	Group  string
	Topics []string
	Log    *slog.Logger

	// Assigned returns, for partitions that this member is given, the offset to begin at; a partition it leaves out
	// begins at its first record. It is called before any of their records.
	Assigned func(ctx context.Context, partitions []Partition) (map[Partition]int64, error)
	// Handle processes records of one partition in order. An error makes the same records come again after a pause;
	// success commits them to the group, as a hint for those who look: Assigned decides.
	Handle func(ctx context.Context, records []Record) error

	reached atomic.Bool
}

// batch is how many records of one partition are handled at a time at most.
const batch = 256

// Reached reports whether the brokers have answered lately.
func (c *Consumer) Reached() bool { return c.reached.Load() }

// Run consumes until ctx ends. Brokers that do not answer are waited for.
func (c *Consumer) Run(ctx context.Context) error {
	consumer, err := ck.NewConsumer(c.Config.client(ck.ConfigMap{
		"group.id": c.Group, "enable.auto.commit": false, "auto.offset.reset": "earliest", "isolation.level": "read_committed",
		"partition.assignment.strategy": "range", "session.timeout.ms": 10000, "heartbeat.interval.ms": 2000,
		"fetch.wait.max.ms": 100, "queued.max.messages.kbytes": 8192, "topic.metadata.refresh.interval.ms": 5000,
	}))
	if err != nil {
		return fmt.Errorf("make a kafka consumer: %w", err)
	}
	defer func() { _ = consumer.Close() }()
	go follow(consumer.Logs(), c.Log)
	var failed error
	err = consumer.SubscribeTopics(c.Topics, func(consumer *ck.Consumer, e ck.Event) error {
		switch e := e.(type) {
		case ck.AssignedPartitions:
			if failed = c.assign(ctx, consumer, e.Partitions); failed != nil {
				return failed
			}
		case ck.RevokedPartitions:
			return consumer.Unassign()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	for ctx.Err() == nil {
		records := c.poll(ctx, consumer)
		if failed != nil {
			return fmt.Errorf("take over partitions: %w", failed)
		}
		for _, part := range split(records) {
			c.handle(ctx, consumer, part)
		}
	}
	return nil
}

func (c *Consumer) assign(ctx context.Context, consumer *ck.Consumer, partitions []ck.TopicPartition) error {
	var asked []Partition
	for _, p := range partitions {
		asked = append(asked, Partition{*p.Topic, p.Partition})
	}
	starts, err := c.Assigned(ctx, asked)
	if err != nil {
		return err
	}
	for i, p := range asked {
		partitions[i].Offset = ck.OffsetBeginning
		if at, ok := starts[p]; ok {
			partitions[i].Offset = ck.Offset(at)
		}
	}
	return consumer.Assign(partitions)
}

// poll waits for a record and takes along what else is there.
func (c *Consumer) poll(ctx context.Context, consumer *ck.Consumer) []Record {
	var out []Record
	wait := 100
	for len(out) < batch && ctx.Err() == nil {
		switch e := consumer.Poll(wait).(type) {
		case *ck.Message:
			if e.TopicPartition.Error == nil {
				c.reached.Store(true)
				out = append(out, toRecord(e))
				wait = 0
				continue
			}
		case ck.Error:
			c.reached.Store(e.Code() != ck.ErrAllBrokersDown && e.Code() != ck.ErrTransport)
			c.Log.LogAttrs(ctx, slog.LevelDebug, "kafka consumer", slog.String("error", e.Error()))
		case nil:
			if len(out) == 0 && ctx.Err() == nil {
				continue
			}
		}
		break
	}
	return out
}

// split groups records by partition, in order.
func split(records []Record) [][]Record {
	var out [][]Record
	at := map[Partition]int{}
	for _, r := range records {
		p := Partition{r.Topic, r.Partition}
		i, ok := at[p]
		if !ok {
			i = len(out)
			at[p] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

func (c *Consumer) handle(ctx context.Context, consumer *ck.Consumer, records []Record) {
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		err := c.Handle(ctx, records)
		if err == nil {
			last := records[len(records)-1]
			_, err := consumer.CommitOffsets([]ck.TopicPartition{{Topic: &last.Topic, Partition: last.Partition, Offset: ck.Offset(last.Offset + 1)}})
			if err != nil && ctx.Err() == nil {
				c.Log.LogAttrs(ctx, slog.LevelDebug, "offset was not committed to the group", slog.String("error", err.Error()))
			}
			return
		}
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return
		}
		c.Log.LogAttrs(ctx, slog.LevelWarn, "records were not handled, trying again", slog.String("topic", records[0].Topic),
			slog.Int("partition", int(records[0].Partition)), slog.Int64("offset", records[0].Offset), slog.String("error", err.Error()))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// Tail calls f with every record written to the topic from now on, to all partitions, without a group, until ctx ends.
// ready, if not nil, is called once when nothing written after that can be missed. The topic must exist.
func Tail(ctx context.Context, cfg Config, topic string, log *slog.Logger, ready func(), f func(Record)) error {
	consumer, err := ck.NewConsumer(cfg.client(ck.ConfigMap{
		"group.id": "unused", "enable.auto.commit": false, "auto.offset.reset": "latest", "fetch.wait.max.ms": 50, "queued.max.messages.kbytes": 1024,
	}))
	if err != nil {
		return fmt.Errorf("make a kafka consumer: %w", err)
	}
	defer func() { _ = consumer.Close() }()
	go follow(consumer.Logs(), log)
	ends, err := ends(ctx, consumer, topic)
	if err != nil {
		return err
	}
	if err := consumer.Assign(ends); err != nil {
		return fmt.Errorf("read %s: %w", topic, err)
	}
	if ready != nil {
		ready()
	}
	for ctx.Err() == nil {
		if m, ok := consumer.Poll(100).(*ck.Message); ok && m.TopicPartition.Error == nil {
			f(toRecord(m))
		}
	}
	return nil
}

// ends returns the present end of every partition: fixed offsets, so that what is written while the consumer connects
// is not missed.
func ends(ctx context.Context, consumer *ck.Consumer, topic string) ([]ck.TopicPartition, error) {
	for {
		out, err := tryEnds(consumer, topic)
		if err == nil {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("find the end of %s: %w", topic, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func tryEnds(consumer *ck.Consumer, topic string) ([]ck.TopicPartition, error) {
	md, err := consumer.GetMetadata(&topic, false, 2000)
	if err != nil {
		return nil, err
	}
	t := md.Topics[topic]
	if t.Error.Code() != ck.ErrNoError {
		return nil, t.Error
	}
	var out []ck.TopicPartition
	for _, p := range t.Partitions {
		_, high, err := consumer.QueryWatermarkOffsets(topic, p.ID, 2000)
		if err != nil {
			return nil, err
		}
		out = append(out, ck.TopicPartition{Topic: &topic, Partition: p.ID, Offset: ck.Offset(high)})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("topic %s has no partitions yet", topic)
	}
	return out, nil
}
