package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	ck "github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// Producer publishes records: idempotent, acknowledged by all in-sync replicas. It may be used by several goroutines.
type Producer struct {
	p      *ck.Producer
	closed sync.Once
	done   chan struct{}
}

// NewProducer returns a producer. It does not wait for a broker.
func NewProducer(cfg Config, log *slog.Logger) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure kafka: %w", err)
	}
	p, err := ck.NewProducer(cfg.client(ck.ConfigMap{
		"acks": "all", "enable.idempotence": true, "linger.ms": 2, "delivery.timeout.ms": 30000, "message.timeout.ms": 30000,
	}))
	if err != nil {
		return nil, fmt.Errorf("make a kafka producer: %w", err)
	}
	out := &Producer{p: p, done: make(chan struct{})}
	go follow(p.Logs(), log)
	go func() { // errors of the connection come here; deliveries go to their own channels
		for {
			select {
			case <-out.done:
				return
			case e, ok := <-p.Events():
				if !ok {
					return
				}
				if err, isErr := e.(ck.Error); isErr {
					log.LogAttrs(context.Background(), slog.LevelDebug, "kafka producer", slog.String("error", err.Error())) //nolint:forbidigo // librdkafka reports outside any request
				}
			}
		}
	}()
	return out, nil
}

// Publish sends the records and waits until each is acknowledged. On an error some may have been written: publishing
// again is right where consumers know a record by its id. Records of one key keep their order.
func (p *Producer) Publish(ctx context.Context, records []Record) error {
	acks := make(chan ck.Event, len(records))
	sent := 0
	var errs []error
	for _, r := range records {
		m := &ck.Message{TopicPartition: ck.TopicPartition{Topic: &r.Topic, Partition: ck.PartitionAny}, Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, ck.Header{Key: h.Key, Value: h.Value})
		}
		if err := p.p.Produce(m, acks); err != nil {
			errs = append(errs, fmt.Errorf("publish to %s: %w", r.Topic, err))
			break // later ones of the same key must not overtake it
		}
		sent++
	}
	for range sent {
		select {
		case e := <-acks:
			if m, ok := e.(*ck.Message); ok && m.TopicPartition.Error != nil {
				errs = append(errs, fmt.Errorf("publish to %s: %w", *m.TopicPartition.Topic, m.TopicPartition.Error))
			}
		case <-ctx.Done():
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
	return errors.Join(errs...)
}

// Close gives what is still being sent a moment, then ends the producer.
func (p *Producer) Close() {
	p.closed.Do(func() {
		p.p.Flush(2000)
		close(p.done)
		p.p.Close()
	})
}
