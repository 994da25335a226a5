// Package auth is the auth service: users and their roles, signing in, tokens, and the audit log of security events. This
// file joins its parts; the rules live in internal/identity.
package auth

import (
	"context"
	_ "embed" // the schema and the OpenAPI document
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth/internal/graph"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
	"medicore.dev/medicore/subgraphs/auth/internal/rest"
	"medicore.dev/medicore/subgraphs/auth/internal/store"
)

//go:generate go tool gqlgen generate

// SDL is the subgraph's schema.
//
//go:embed schema.graphqls
var SDL string

//go:embed openapi.yaml
var openAPI []byte

// StoredRole is the header in which GET /validate tells a gateway the user's role as stored now; see rest.StoredRole.
const StoredRole = rest.StoredRole

// forgetEvery is how often expired failure counts are removed.
const forgetEvery = 10 * time.Minute

// Deps is what the service is given.
type Deps struct {
	Log           *slog.Logger
	Tokens        *token.Authority
	Data          string           // folder of the SQLite file
	Seed          bool             // create the well-known administrator when there is no user
	TrustInMemory bool             // requests without a peer address, or with port 0, come from the gateway in this process
	Clock         func() time.Time // nil: time.Now
}

// Service is a running auth service.
type Service struct {
	store    *store.Store
	identity *identity.Service
	handler  http.Handler
	log      *slog.Logger
}

// New opens the store, brings it to the current version, and creates the first user where that is asked for.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure auth: %w", err)
	}
	st, err := store.Open(ctx, database.Config{URL: cfg.DatabaseURL, File: filepath.Join(deps.Data, "auth.db")})
	if err != nil {
		return nil, fmt.Errorf("open the auth database: %w", err)
	}
	s := &Service{store: st, log: deps.Log}
	if err := s.start(ctx, cfg, deps); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, cfg Config, deps Deps) error {
	var err error
	s.identity, err = identity.New(s.store, deps.Tokens, deps.Log, identity.Options{Cost: cfg.BcryptCost, Parallel: cfg.parallel(), Clock: deps.Clock})
	if err != nil {
		return err
	}
	if err := s.firstUser(ctx, cfg, deps.Seed); err != nil {
		return err
	}
	networks, err := rest.ParseNetworks(cfg.TrustedProxies)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", deps.Tokens.Middleware(graph.Handler(s.identity, deps.Log)))
	if err := rest.Register(mux, s.identity, deps.Tokens, deps.Log, openAPI); err != nil {
		return err
	}
	s.handler = rest.Proxies{Networks: networks, InMemory: deps.TrustInMemory}.Middleware(mux)
	return nil
}

func (s *Service) firstUser(ctx context.Context, cfg Config, seed bool) error {
	if cfg.AdminEmail != "" {
		password, err := os.ReadFile(cfg.AdminPasswordFile)
		if err != nil {
			return fmt.Errorf("read the first administrator's password: %w", err)
		}
		if err := s.identity.Bootstrap(ctx, cfg.AdminEmail, strings.TrimRight(string(password), "\r\n")); err != nil {
			return err
		}
	}
	if seed {
		return s.identity.Seed(ctx)
	}
	return nil
}

// Handler serves the REST routes and /graphql.
func (s *Service) Handler() http.Handler { return s.handler }

// Run removes what is no longer needed from time to time, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.identity.Forget(ctx); err != nil && ctx.Err() == nil {
				s.log.LogAttrs(ctx, slog.LevelWarn, "expired failure counts were not removed", slog.String("error", err.Error()))
			}
		}
	}
}

// Close closes the store.
func (s *Service) Close() error { return s.store.Close() }

// Health reports the state of the database.
func (s *Service) Health(ctx context.Context) map[string]string {
	if err := s.store.Ping(ctx); err != nil {
		return map[string]string{"database": "unavailable"}
	}
	return map[string]string{"database": "ok"}
}

// SeededPasswordUnchanged reports whether somebody can sign in with the publicly known password.
func (s *Service) SeededPasswordUnchanged(ctx context.Context) (bool, error) {
	return s.identity.SeededPasswordUnchanged(ctx)
}

// CreateUser adds a user on behalf of the system and returns its id, for the command line.
func (s *Service) CreateUser(ctx context.Context, email, password string, role principal.Role) (string, error) {
	u, err := s.identity.CreateAsSystem(ctx, identity.NewUser{Email: email, Password: password, Role: role})
	if err != nil {
		return "", err
	}
	return u.ID.String(), nil
}

// UnlockUser lets a user sign in again after too many failures, on behalf of the system, for the command line.
func (s *Service) UnlockUser(ctx context.Context, email string) error {
	return s.identity.UnlockAsSystem(ctx, email)
}
