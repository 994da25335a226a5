// Package graph is the profiles service's subgraph: it translates between GraphQL and the domain, and decides nothing.
package graph

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faultgql"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// Limits of one request.
const (
	maxBody       = 1 << 20
	maxTokens     = 20_000
	maxComplexity = 5_000
)

// Resolver holds what the resolvers call.
type Resolver struct{ profiles *profile.Service }

// Handler serves the subgraph.
func Handler(s *profile.Service, log *slog.Logger) http.Handler {
	srv := handler.New(NewExecutableSchema(Config{Resolvers: &Resolver{profiles: s}}))
	srv.AddTransport(transport.Options{})
	srv.AddTransport(transport.GET{})
	srv.AddTransport(transport.POST{})
	srv.SetQueryCache(lru.New[*ast.QueryDocument](256))
	srv.SetParserTokenLimit(maxTokens)
	srv.Use(extension.Introspection{})
	srv.Use(extension.FixedComplexityLimit(maxComplexity))
	srv.SetErrorPresenter(faultgql.Presenter(log))
	srv.SetRecoverFunc(func(ctx context.Context, p any) error {
		log.LogAttrs(ctx, slog.LevelError, "resolver panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		return fault.New(fault.Internal, "internal error")
	})
	return http.MaxBytesHandler(srv, maxBody)
}
