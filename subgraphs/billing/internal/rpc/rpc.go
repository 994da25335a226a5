// Package rpc serves billing's gRPC: the contract of the original's clients, and closing accounts.
package rpc

import (
	"context"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faultgrpc"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/proto/billing"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
)

// timeout bounds a call whose client sets no deadline.
const timeout = 10 * time.Second

// Server implements MedicalBillingService.
type Server struct {
	billing.UnimplementedMedicalBillingServiceServer
	Accounts *account.Service
}

// CreateMedicalBillingAccount answers the profile's account, made at the first call. Name and email address, which the
// message can carry, are not kept: billing needs neither.
func (s *Server) CreateMedicalBillingAccount(ctx context.Context, req *billing.MedicalBillingRequest) (*billing.MedicalBillingResponse, error) {
	return answer(s.Accounts.Open(ctx, req.GetMedicalProfileId()))
}

// CloseMedicalBillingAccount closes the account of a deleted profile.
func (s *Server) CloseMedicalBillingAccount(ctx context.Context, req *billing.CloseMedicalBillingRequest) (*billing.MedicalBillingResponse, error) {
	return answer(s.Accounts.Close(ctx, req.GetMedicalProfileId()))
}

func answer(a *account.Account, err error) (*billing.MedicalBillingResponse, error) {
	if err != nil {
		return nil, err
	}
	return &billing.MedicalBillingResponse{AccountId: a.ID.String(), Status: string(a.Status)}, nil
}

// Interceptor settles who calls, bounds the call, recovers a panic and maps errors. A call without a credential counts
// as our own service's if it comes from this machine, or from anywhere when plaintext clients, as the original's, are
// allowed. It guards billing's own service only: health and reflection are open.
func Interceptor(tokens *token.Authority, log *slog.Logger, allowPlaintext bool) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
		if _, own := info.Server.(*Server); !own {
			return next(ctx, req)
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				log.LogAttrs(ctx, slog.LevelError, "call panicked", slog.String("method", info.FullMethod), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
				err = faultgrpc.Status(fault.New(fault.Internal, "internal error"))
			}
		}()
		who, err := caller(ctx, tokens, allowPlaintext)
		if err != nil {
			return nil, faultgrpc.Status(err)
		}
		resp, err := next(principal.NewContext(ctx, who), req)
		if fault.CodeOf(err) == fault.Internal || fault.CodeOf(err) == fault.Unavailable {
			log.LogAttrs(ctx, slog.LevelWarn, "call failed", slog.String("method", info.FullMethod), slog.String("error", err.Error()))
		}
		return resp, faultgrpc.Status(err)
	}
}

func caller(ctx context.Context, tokens *token.Authority, allowPlaintext bool) (principal.Principal, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if given := md.Get("authorization"); len(given) > 0 {
		tok, _ := token.Bearer(given[0])
		claims, err := tokens.Verify(tok)
		if err != nil {
			return principal.Principal{}, fault.New(fault.Unauthenticated, "the credential is not valid")
		}
		return claims.Principal(), nil
	}
	if p, ok := peer.FromContext(ctx); allowPlaintext || ok && local(p.Addr) {
		return principal.Principal{Subject: "service:plaintext", Role: principal.Service}, nil
	}
	return principal.Principal{}, fault.New(fault.Unauthenticated, "a credential is required: metadata authorization")
}

func local(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback() // not TCP: a connection inside the process
}
