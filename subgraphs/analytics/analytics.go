// Package analytics is the analytics service: it consumes the profile events, keeps the log and its figures without
// patient data, and pushes what happens to subscribers. This file joins its parts; the rules live in internal/activity.
package analytics

import (
	"context"
	_ "embed" // the schema
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
	"medicore.dev/medicore/subgraphs/analytics/internal/events"
	"medicore.dev/medicore/subgraphs/analytics/internal/graph"
	"medicore.dev/medicore/subgraphs/analytics/internal/store"
)

//go:generate go tool gqlgen generate

// SDL is the subgraph's schema.
//
//go:embed schema.graphqls
var SDL string

// Deps is what the service is given.
type Deps struct {
	Log    *slog.Logger
	Tokens *token.Authority
	Data   string // folder of the SQLite file
	Kafka  kafka.Config
}

// Service is a running analytics service.
type Service struct {
	deps     Deps
	store    *store.Store
	feed     *activity.Feed
	producer *kafka.Producer
	handler  http.Handler
	topics   atomic.Bool // they exist as they must
}

// New opens the store and brings it to the current version. It does not wait for brokers.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure analytics: %w", err)
	}
	st, err := store.Open(ctx, database.Config{URL: cfg.DatabaseURL, File: filepath.Join(deps.Data, "analytics.db")})
	if err != nil {
		return nil, fmt.Errorf("open the analytics database: %w", err)
	}
	producer, err := kafka.NewProducer(deps.Kafka, deps.Log)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	s := &Service{deps: deps, store: st, producer: producer, feed: activity.NewFeed(st, deps.Log)}
	mux := http.NewServeMux()
	mux.Handle("/graphql", graph.Handler(activity.NewService(st, s.feed), deps.Tokens, deps.Log))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { faulthttp.Error(w, http.StatusNotFound, r.URL.Path, "") })
	s.handler = deps.Tokens.Middleware(mux)
	return s, nil
}

// Handler serves /graphql.
func (s *Service) Handler() http.Handler { return s.handler }

// Run consumes events and moves the live feed until ctx ends. It fails if a topic is not as it must be.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.feed.Run(ctx) })
	g.Go(func() error {
		if err := kafka.EnsureTopics(ctx, s.deps.Kafka, s.deps.Log, kafka.Topics()); err != nil {
			return ended(ctx, err)
		}
		s.topics.Store(true)
		c := &events.Consumer{Config: s.deps.Kafka, Store: s.store, Feed: s.feed, Publisher: s.producer, Log: s.deps.Log}
		g.Go(func() error {
			return ended(ctx, kafka.Tail(ctx, s.deps.Kafka, kafka.TopicUpdates, s.deps.Log, nil, func(kafka.Record) { s.feed.Wake() }))
		})
		return ended(ctx, c.Group().Run(ctx))
	})
	return g.Wait()
}

// ended drops the error of what ended because ctx did.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// Close closes the store.
func (s *Service) Close() error {
	s.producer.Close()
	return s.store.Close()
}

// Health reports the state of the database and of Kafka.
func (s *Service) Health(ctx context.Context) map[string]string {
	out := map[string]string{"database": "ok", "kafka": "ok"}
	if err := s.store.Ping(ctx); err != nil {
		out["database"] = "unavailable"
	}
	if err := s.producer.Ping(ctx); err != nil {
		out["kafka"] = "unreachable"
	} else if !s.topics.Load() {
		out["kafka"] = "topics are not ready"
	}
	return out
}
