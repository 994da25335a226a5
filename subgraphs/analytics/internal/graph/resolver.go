// Package graph is the analytics service's subgraph: it translates between GraphQL and the domain, and decides nothing.
package graph

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faultgql"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
)

// Limits of one request, and how often an idle stream shows that it lives.
const (
	maxBody       = 1 << 20
	maxTokens     = 20_000
	maxComplexity = 5_000
	keepAlive     = 15 * time.Second
)

// Resolver holds what the resolvers call.
type Resolver struct {
	activity *activity.Service
	log      *slog.Logger
}

// Handler serves the subgraph: POST and GET, server-sent events, and WebSocket, whose connection_init may carry the
// Authorization that a browser cannot put into a header.
func Handler(s *activity.Service, tokens *token.Authority, log *slog.Logger) http.Handler {
	srv := handler.New(NewExecutableSchema(Config{Resolvers: &Resolver{activity: s, log: log}}))
	srv.AddTransport(transport.Options{})
	srv.AddTransport(transport.SSE{KeepAlivePingInterval: keepAlive})
	srv.AddTransport(transport.Websocket{
		KeepAlivePingInterval: keepAlive,
		InitFunc: func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
			if tok, ok := token.Bearer(payload.Authorization()); ok {
				claims, err := tokens.Verify(tok)
				if err != nil {
					return ctx, nil, fault.New(fault.Unauthenticated, "the token is not valid")
				}
				ctx = principal.NewContext(ctx, claims.Principal())
			}
			return ctx, nil, nil
		},
	})
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
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		return next(withLoaders(ctx, s))
	})
	return http.MaxBytesHandler(srv, maxBody)
}

// stream turns a domain stream into the channel that gqlgen serves; last, if there is one, makes the message that tells the
// client why the stream ends early.
func stream[T, G any](ctx context.Context, log *slog.Logger, run activity.Stream[T], convert func(T) G, last func(error) G) <-chan G {
	out := make(chan G)
	send := func(g G) bool {
		select {
		case out <- g:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		err := run(ctx, func(v T) bool { return send(convert(v)) })
		if err == nil || ctx.Err() != nil {
			return
		}
		log.LogAttrs(ctx, slog.LevelDebug, "subscription ended", slog.String("error", err.Error()))
		if last != nil {
			send(last(err))
		}
	}()
	return out
}
