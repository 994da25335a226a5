package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/kafka/embedded"
)

func config(t *testing.T, dir string) (kafka.Config, *embedded.Broker) {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	cfg := kafka.DefaultConfig()
	cfg.Brokers = b.Addrs()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := kafka.EnsureTopics(ctx, cfg, slog.New(slog.DiscardHandler), kafka.Topics()); err != nil {
		t.Fatal(err)
	}
	return cfg, b
}

func publish(t *testing.T, cfg kafka.Config, from, to int) {
	t.Helper()
	p, err := kafka.NewProducer(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var records []kafka.Record
	for i := from; i < to; i++ {
		records = append(records, kafka.Record{Topic: kafka.TopicProfiles, Key: fmt.Appendf(nil, "k%d", i%5), Value: fmt.Appendf(nil, "%d", i), Headers: []kafka.Header{{Key: "ce_id", Value: []byte("x")}}})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Publish(ctx, records); err != nil {
		t.Fatal(err)
	}
}

// consume reads until want distinct values were seen, and returns how often each came.
func consume(t *testing.T, cfg kafka.Config, want int, starts map[kafka.Partition]int64, refuse func(r kafka.Record) error) (map[string]int, map[kafka.Partition]int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	var mu sync.Mutex
	seen, next := map[string]int{}, map[kafka.Partition]int64{}
	c := &kafka.Consumer{
		Config: cfg, Group: kafka.GroupAnalytics, Topics: []string{kafka.TopicProfiles}, Log: slog.New(slog.DiscardHandler),
		Assigned: func(context.Context, []kafka.Partition) (map[kafka.Partition]int64, error) { return starts, nil },
		Handle: func(_ context.Context, records []kafka.Record) error {
			mu.Lock()
			defer mu.Unlock()
			for _, r := range records {
				if refuse != nil {
					if err := refuse(r); err != nil {
						return err
					}
				}
			}
			for _, r := range records {
				seen[string(r.Value)]++
				next[kafka.Partition{Topic: r.Topic, ID: r.Partition}] = r.Offset + 1
				if string(r.Header("ce_id")) != "x" {
					t.Errorf("record %s lost its header", r.Value)
				}
			}
			if len(seen) >= want {
				cancel()
			}
			return nil
		},
	}
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != want {
		t.Fatalf("%d values were read, want %d", len(seen), want)
	}
	return seen, next
}

func TestRecordsSurviveARestartAndAreReadFromWhereTheCallerSays(t *testing.T) {
	dir := t.TempDir()
	cfg, broker := config(t, dir)
	publish(t, cfg, 0, 500)
	seen, next := consume(t, cfg, 500, nil, nil)
	for v, n := range seen {
		if n != 1 {
			t.Errorf("value %s came %d times", v, n)
		}
	}
	broker.Close()

	cfg, _ = config(t, dir)
	publish(t, cfg, 500, 600)
	again, _ := consume(t, cfg, 100, next, nil)
	if again["499"] != 0 || again["500"] != 1 {
		t.Errorf("after the restart %d old and %d new records came", again["499"], again["500"])
	}
}

func TestRecordsThatAreNotHandledComeAgain(t *testing.T) {
	cfg, _ := config(t, t.TempDir())
	publish(t, cfg, 0, 20)
	failures := 0
	seen, _ := consume(t, cfg, 20, nil, func(r kafka.Record) error {
		if string(r.Value) == "7" && failures < 3 {
			failures++
			return errors.New("not now")
		}
		return nil
	})
	if failures != 3 || seen["7"] != 1 {
		t.Errorf("refused %d times, then handled %d times", failures, seen["7"])
	}
}

func TestTailSeesWhatIsWrittenAfterItIsReady(t *testing.T) {
	cfg, _ := config(t, t.TempDir())
	publish(t, cfg, 0, 10)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var got []string
	written := make(chan struct{})
	ready := func() {
		p, err := kafka.NewProducer(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			defer close(written)
			defer p.Close()
			for i := 10; i < 20; i++ {
				if err := p.Publish(ctx, []kafka.Record{{Topic: kafka.TopicProfiles, Value: fmt.Appendf(nil, "%d", i)}}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	err := kafka.Tail(ctx, cfg, kafka.TopicProfiles, slog.New(slog.DiscardHandler), ready, func(r kafka.Record) {
		if got = append(got, string(r.Value)); len(got) == 10 {
			<-written
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		if len(v) != 2 {
			t.Errorf("an old record came: %s", v)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d records came, want 10", len(got))
	}
}

func TestAnExistingTopicThatForgetsIsAnError(t *testing.T) {
	cfg, _ := config(t, t.TempDir())
	topic := kafka.Topic{Name: kafka.TopicProfiles, Settings: map[string]string{"cleanup.policy": "compact"}}
	err := kafka.EnsureTopics(t.Context(), cfg, slog.New(slog.DiscardHandler), []kafka.Topic{topic})
	if !errors.Is(err, kafka.ErrTopic) {
		t.Errorf("got %v, want an error that names the setting", err)
	}
}

func TestABrokerThatDoesNotAnswerEndsWithTheContext(t *testing.T) {
	cfg := kafka.DefaultConfig()
	cfg.Brokers = []string{"127.0.0.1:1"}
	p, err := kafka.NewProducer(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := p.Publish(ctx, []kafka.Record{{Topic: "t", Value: []byte("v")}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	if err := p.Ping(ctx); err == nil {
		t.Error("a broker that is not there answered")
	}
}
