// Package profiles is the profiles service: medical profiles, and the outbox that tells billing and the event log of
// every change. This file joins its parts; the rules live in internal/profile.
package profiles

import (
	"context"
	_ "embed" // the schema and the OpenAPI document
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/profiles/internal/graph"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
	"medicore.dev/medicore/subgraphs/profiles/internal/relay"
	"medicore.dev/medicore/subgraphs/profiles/internal/rest"
	"medicore.dev/medicore/subgraphs/profiles/internal/store"
)

//go:generate go tool gqlgen generate

// SDL is the subgraph's schema.
//
//go:embed schema.graphqls
var SDL string

//go:embed openapi.yaml
var openAPI []byte

// Publisher publishes records to Kafka; it returns nil when all are acknowledged.
type Publisher interface {
	Publish(ctx context.Context, records []kafka.Record) error
}

// Deps is what the service is given.
type Deps struct {
	Log     *slog.Logger
	Tokens  *token.Authority
	Data    string                   // folder of the SQLite file
	Seed    bool                     // add the well-known profiles to a store that never had any
	Demo    bool                     // add some hundred invented ones
	Billing grpc.ClientConnInterface // of the billing service
	Events  Publisher
	Clock   func() time.Time // nil: time.Now
}

// Service is a running profiles service.
type Service struct {
	store   *store.Store
	relay   *relay.Relay
	handler http.Handler
}

// New opens the store, brings it to the current version and seeds it where that is asked for.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure profiles: %w", err)
	}
	if deps.Clock == nil {
		deps.Clock = time.Now
	}
	st, err := store.Open(ctx, database.Config{URL: cfg.DatabaseURL, File: filepath.Join(deps.Data, "profiles.db")}, deps.Clock)
	if err != nil {
		return nil, fmt.Errorf("open the profiles database: %w", err)
	}
	s := &Service{store: st}
	if err := s.start(ctx, cfg, deps); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, cfg Config, deps Deps) error {
	client := relay.NewClient(deps.Billing, func() (string, error) { return deps.Tokens.Service("profiles", deps.Clock()) })
	s.relay = relay.New(s.store, topic{deps.Events}, client, deps.Log, relay.Options{BillingWait: cfg.BillingWait, NoPHI: cfg.EventsPHI == "none"})
	profiles := profile.NewService(s.store, s.relay, deps.Clock)
	if deps.Seed || deps.Demo {
		if err := profiles.Seed(ctx); err != nil {
			return err
		}
	}
	if deps.Demo {
		if err := profiles.SeedDemo(ctx); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", deps.Tokens.Middleware(graph.Handler(profiles, deps.Log)))
	if err := rest.Register(mux, profiles, deps.Tokens, deps.Log, openAPI); err != nil {
		return err
	}
	s.handler = trace(rest.Clean(mux))
	return nil
}

// trace hands the request's trace context to what its changes set off.
func trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t := r.Header.Get("Traceparent"); len(t) == 55 {
			r = r.WithContext(profile.WithTrace(r.Context(), t))
		}
		next.ServeHTTP(w, r)
	})
}

// topic writes the outbox's messages to the topic of profile events.
type topic struct{ events Publisher }

// Publish implements relay.Publisher.
func (t topic) Publish(ctx context.Context, messages []relay.Message) error {
	records := make([]kafka.Record, len(messages))
	for i, m := range messages {
		records[i] = kafka.Record{Topic: kafka.TopicProfiles, Key: []byte(m.Key), Value: m.Value}
		for _, h := range m.Headers {
			records[i].Headers = append(records[i].Headers, kafka.Header{Key: h.Key, Value: []byte(h.Value)})
		}
	}
	return t.events.Publish(ctx, records)
}

// Handler serves the REST routes and /graphql.
func (s *Service) Handler() http.Handler { return s.handler }

// Run delivers the outbox until ctx ends.
func (s *Service) Run(ctx context.Context) error { return s.relay.Run(ctx) }

// Close closes the store.
func (s *Service) Close() error { return s.store.Close() }

// Health reports the state of the database and of what the outbox is delivered to.
func (s *Service) Health(ctx context.Context) map[string]string {
	out := map[string]string{"database": "ok", "billing": "ok", "kafka": "ok"}
	if err := s.store.Ping(ctx); err != nil {
		out["database"] = "unavailable"
	}
	if s.relay.Waiting(profile.Billing) {
		out["billing"] = "unreachable: accounts wait in the outbox"
	}
	if s.relay.Waiting(profile.Events) {
		out["kafka"] = "unreachable: events wait in the outbox"
	}
	return out
}
