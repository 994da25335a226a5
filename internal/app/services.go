package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/module"
	"medicore.dev/medicore/subgraphs/analytics"
	"medicore.dev/medicore/subgraphs/auth"
	"medicore.dev/medicore/subgraphs/billing"
	"medicore.dev/medicore/subgraphs/profiles"
)

func (p *process) buildAuth() (module.Module, error) {
	return &host.Hosted{Process: p.Process, Level: slog.LevelDebug, Name: Auth, Addr: p.cfg.Listen.Auth, Build: func(ctx context.Context) (host.Service, error) {
		s, err := auth.New(ctx, p.cfg.Auth, auth.Deps{
			Log: p.Log, Tokens: p.tokens, Data: p.cfg.Data, Seed: p.seeds(p.cfg.Auth.DatabaseURL), TrustInMemory: p.cfg.Runs(Gateway),
		})
		if err != nil {
			return nil, err
		}
		if err := p.refuseSeededPassword(ctx, s); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}}, nil
}

// refuseSeededPassword is an error when others than this machine can reach the process while everybody knows the
// administrator's password.
func (p *process) refuseSeededPassword(ctx context.Context, s *auth.Service) error {
	if p.cfg.loopbackOnly() {
		return nil
	}
	known, err := s.SeededPasswordUnchanged(ctx)
	if err != nil || !known {
		return err
	}
	if p.cfg.AllowDemoCredentials {
		p.Log.WarnContext(ctx, "listening beyond this machine while the seeded password is unchanged")
		return nil
	}
	return errors.New("the seeded user's password is unchanged, so nothing but loopback addresses may be listened on: change the password, or set --allow-demo-credentials")
}

func (p *process) buildBilling() (module.Module, error) {
	h := &host.Hosted{Process: p.Process, Level: slog.LevelDebug, Name: Billing, Addr: p.cfg.Listen.Billing}
	h.Build = func(ctx context.Context) (host.Service, error) {
		s, err := billing.New(ctx, p.cfg.Billing, billing.Deps{Log: p.Log, Tokens: p.tokens, Data: p.cfg.Data, Demo: p.cfg.Demo})
		if err != nil {
			return nil, err
		}
		if h.Extra, err = p.serveGRPC(ctx, s); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}
	return h, nil
}

// serveGRPC serves billing's gRPC over the network and, for profiles in the same process, in memory.
func (p *process) serveGRPC(ctx context.Context, s *billing.Service) (stop func(context.Context) error, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", p.cfg.Listen.BillingGRPC)
	if err != nil {
		return nil, fmt.Errorf("listen for billing's gRPC: %w", err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(s.Interceptor()))
	s.RegisterGRPC(server)
	states := health.NewServer()
	healthpb.RegisterHealthServer(server, states)
	if p.cfg.loopbackOnly() || p.cfg.Billing.Reflection {
		reflection.Register(server)
	}
	memory, dial := memoryListener()
	for _, on := range []net.Listener{l, memory} {
		go func() { _ = server.Serve(on) }() // ends with the server, in stop
	}
	p.billing = func() (*grpc.ClientConn, error) {
		return grpc.NewClient("passthrough:billing", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	return func(ctx context.Context) error {
		states.Shutdown()
		stopGRPC(ctx, server)
		return nil
	}, nil
}

// stopGRPC drains the server until ctx ends, then closes its connections.
func stopGRPC(ctx context.Context, s *grpc.Server) {
	done := make(chan struct{})
	go func() { s.GracefulStop(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.Stop()
		<-done
	}
}

func (p *process) buildProfiles() (module.Module, error) {
	var conn *grpc.ClientConn
	var producer *kafka.Producer
	h := &host.Hosted{Process: p.Process, Level: slog.LevelDebug, Name: Profiles, Addr: p.cfg.Listen.Profiles}
	h.Build = func(ctx context.Context) (_ host.Service, err error) {
		if p.billing != nil {
			conn, err = p.billing()
		} else {
			conn, err = grpc.NewClient(p.cfg.Services.BillingGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`))
		}
		if err != nil {
			return nil, fmt.Errorf("dial billing: %w", err)
		}
		if producer, err = kafka.NewProducer(p.kafka(), p.Log); err != nil {
			return nil, err
		}
		return profiles.New(ctx, p.cfg.Profiles, profiles.Deps{
			Log: p.Log, Tokens: p.tokens, Data: p.cfg.Data, Seed: p.seeds(p.cfg.Profiles.DatabaseURL), Demo: p.cfg.Demo, Billing: conn, Events: producer,
		})
	}
	return closing{h, func() error {
		if producer != nil {
			producer.Close()
		}
		if conn != nil {
			return conn.Close()
		}
		return nil
	}}, nil
}

// closing closes what a service was given after the service has stopped.
type closing struct {
	module.Module
	close func() error
}

func (c closing) Stop(ctx context.Context) error {
	return errors.Join(c.Module.Stop(ctx), c.close())
}

func (p *process) kafka() kafka.Config {
	cfg := p.cfg.Kafka
	cfg.Brokers = p.brokers
	return cfg
}

func (p *process) buildAnalytics() (module.Module, error) {
	return &host.Hosted{Process: p.Process, Level: slog.LevelDebug, Name: Analytics, Addr: p.cfg.Listen.Analytics, Build: func(ctx context.Context) (host.Service, error) {
		return analytics.New(ctx, p.cfg.Analytics, analytics.Deps{Log: p.Log, Tokens: p.tokens, Data: p.cfg.Data, Kafka: p.kafka()})
	}}, nil
}
