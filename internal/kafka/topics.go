package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	ck "github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// Topic is a topic as it must be.
type Topic struct {
	Name       string
	Partitions int               // of a topic that has to be created; 0: Config.Partitions
	Settings   map[string]string // topic-level settings; an existing topic that differs is an error
}

// Topics returns what the platform needs: the event log is kept for ever, since analytics can be rebuilt from it.
func Topics() []Topic {
	kept := map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}
	return []Topic{{Name: TopicProfiles, Settings: kept}, {Name: TopicDeadLetters, Settings: kept}, {Name: TopicUpdates, Partitions: 1}}
}

// ErrTopic is an existing topic that is not as it must be.
var ErrTopic = errors.New("topic differs")

// EnsureTopics creates the topics that are missing. It tries until ctx ends while the brokers do not answer; a topic
// that exists with other settings gives an error that wraps ErrTopic and names the setting.
func EnsureTopics(ctx context.Context, cfg Config, log *slog.Logger, topics []Topic) error {
	admin, err := ck.NewAdminClient(cfg.client(nil))
	if err != nil {
		return fmt.Errorf("make a kafka admin client: %w", err)
	}
	defer admin.Close()
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := ensure(ctx, admin, cfg, topics)
		if err == nil || errors.Is(err, ErrTopic) {
			return err
		}
		log.LogAttrs(ctx, slog.LevelDebug, "topics are not there yet", slog.String("error", err.Error()))
		select {
		case <-ctx.Done():
			return fmt.Errorf("ensure topics: %w", err)
		case <-time.After(pause):
		}
	}
}

func ensure(ctx context.Context, admin *ck.AdminClient, cfg Config, topics []Topic) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var specs []ck.TopicSpecification
	for _, t := range topics {
		n := t.Partitions
		if n == 0 {
			n = cfg.Partitions
		}
		specs = append(specs, ck.TopicSpecification{Topic: t.Name, NumPartitions: n, ReplicationFactor: cfg.Replication, Config: t.Settings})
	}
	results, err := admin.CreateTopics(ctx, specs, ck.SetAdminOperationTimeout(5*time.Second))
	if err != nil {
		return err
	}
	for _, r := range results {
		if c := r.Error.Code(); c != ck.ErrNoError && c != ck.ErrTopicAlreadyExists {
			return fmt.Errorf("create topic %s: %w", r.Topic, r.Error)
		}
	}
	return compare(ctx, admin, topics)
}

func compare(ctx context.Context, admin *ck.AdminClient, topics []Topic) error {
	var asked []ck.ConfigResource
	want := map[string]map[string]string{}
	for _, t := range topics {
		if len(t.Settings) > 0 {
			asked = append(asked, ck.ConfigResource{Type: ck.ResourceTopic, Name: t.Name})
			want[t.Name] = t.Settings
		}
	}
	results, err := admin.DescribeConfigs(ctx, asked)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Error.Code() != ck.ErrNoError {
			return fmt.Errorf("describe topic %s: %w", r.Name, r.Error)
		}
		for key, value := range want[r.Name] {
			if is, ok := r.Config[key]; ok && is.Value != value {
				return fmt.Errorf("%w: topic %s has %s=%s and must have %s: change it, or the event log cannot be relied on", ErrTopic, r.Name, key, is.Value, value)
			}
		}
	}
	return nil
}

// Ping returns nil when a broker answers within the context's time, at most 2 s.
func (p *Producer) Ping(ctx context.Context) error {
	timeout := 2 * time.Second
	if d, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(d))
	}
	if timeout <= 0 {
		return context.DeadlineExceeded
	}
	topic := TopicProfiles
	_, err := p.p.GetMetadata(&topic, false, int(timeout.Milliseconds()))
	return err
}
