// Package billing is the billing service: an account for each medical profile, and its ledger. This file joins its
// parts; the rules live in internal/account.
package billing

import (
	"context"
	_ "embed" // the schema and the OpenAPI document
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/token"
	pb "medicore.dev/medicore/proto/billing"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
	"medicore.dev/medicore/subgraphs/billing/internal/graph"
	"medicore.dev/medicore/subgraphs/billing/internal/rest"
	"medicore.dev/medicore/subgraphs/billing/internal/rpc"
	"medicore.dev/medicore/subgraphs/billing/internal/store"
)

//go:generate go tool gqlgen generate

// SDL is the subgraph's schema.
//
//go:embed schema.graphqls
var SDL string

//go:embed openapi.json
var openAPI []byte

// Deps is what the service is given.
type Deps struct {
	Log    *slog.Logger
	Tokens *token.Authority
	Data   string           // folder of the SQLite file
	Demo   bool             // give accounts without a ledger some invented entries
	Clock  func() time.Time // nil: time.Now
}

// Service is a running billing service.
type Service struct {
	cfg      Config
	deps     Deps
	store    *store.Store
	accounts *account.Service
	handler  http.Handler
}

// New opens the store and brings it to the current version.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure billing: %w", err)
	}
	if deps.Clock == nil {
		deps.Clock = time.Now
	}
	st, err := store.Open(ctx, database.Config{URL: cfg.DatabaseURL, File: filepath.Join(deps.Data, "billing.db")})
	if err != nil {
		return nil, fmt.Errorf("open the billing database: %w", err)
	}
	s := &Service{cfg: cfg, deps: deps, store: st, accounts: account.New(st, cfg.Currency, deps.Clock)}
	mux := http.NewServeMux()
	mux.Handle("/graphql", graph.Handler(s.accounts, deps.Log))
	rest.Register(mux, s.accounts, deps.Log, openAPI)
	s.handler = deps.Tokens.Middleware(mux)
	return s, nil
}

// Handler serves the HTTP routes and /graphql.
func (s *Service) Handler() http.Handler { return s.handler }

// RegisterGRPC adds MedicalBillingService to a server, which must use Interceptor.
func (s *Service) RegisterGRPC(r grpc.ServiceRegistrar) {
	pb.RegisterMedicalBillingServiceServer(r, &rpc.Server{Accounts: s.accounts})
}

// Interceptor settles who calls by gRPC, and maps errors.
func (s *Service) Interceptor() grpc.UnaryServerInterceptor {
	return rpc.Interceptor(s.deps.Tokens, s.deps.Log, s.cfg.AllowPlaintextClients)
}

// Run invents ledgers where that is asked for, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.deps.Demo {
		if err := s.invent(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.LogAttrs(ctx, slog.LevelWarn, "no demonstration ledgers", slog.String("error", err.Error()))
		}
	}
	<-ctx.Done()
	return nil
}

// Close closes the store.
func (s *Service) Close() error { return s.store.Shut() }

// Health reports the state of the database.
func (s *Service) Health(ctx context.Context) map[string]string {
	if err := s.store.Ping(ctx); err != nil {
		return map[string]string{"database": "unavailable"}
	}
	return map[string]string{"database": "ok"}
}
