package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"google.golang.org/grpc"

	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/kafka/embedded"
	"medicore.dev/medicore/internal/module"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth"
)

// process is what the parts of one process share while they are built. Each field is set by the one builder named
// beside it and read by those that the table starts later.
type process struct {
	*host.Process
	cfg     Config
	tokens  *token.Authority                 // data
	brokers []string                         // broker
	billing func() (*grpc.ClientConn, error) // billing: dials its server inside the process; nil when it runs elsewhere
}

// Run runs the configured targets until ctx ends, then drains them. It returns why it could not start or had to stop.
func Run(ctx context.Context, cfg Config, opt host.Options) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	p := &process{Process: host.NewProcess(opt), cfg: cfg}
	if cfg.Production {
		p.cfg.Gateway.Production()
	}
	targets := cfg.Target
	if cfg.Listen.Ops != "" {
		targets = append(slices.Clone(targets), ops)
	}
	return p.Run(ctx, p.table(), cfg.Listen.Gateway, targets...)
}

// part is a module made of functions; a nil one does nothing.
type part struct {
	start func(ctx context.Context) error
	run   func(ctx context.Context) error
	stop  func(ctx context.Context) error
}

func (p part) Start(ctx context.Context) error { return call(ctx, p.start) }
func (p part) Run(ctx context.Context) error {
	if p.run == nil {
		<-ctx.Done()
		return nil
	}
	return p.run(ctx)
}
func (p part) Stop(ctx context.Context) error { return call(ctx, p.stop) }

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}

// buildData takes the data folder and settles the token secret.
func (p *process) buildData() (module.Module, error) {
	var release func() error
	return part{
		start: func(context.Context) error {
			secret := p.cfg.JWTSecret
			var err error
			if p.usesData() {
				if release, err = lockData(p.cfg.Data, "medicore "+p.Version); err != nil {
					return err
				}
			}
			if secret == "" {
				if secret, err = token.KeptSecret(p.cfg.Data); err != nil {
					return err
				}
			}
			p.tokens, err = token.NewAuthority(secret, p.cfg.JWTSecretPrevious)
			return err
		},
		stop: func(context.Context) error {
			if release == nil {
				return nil
			}
			return release()
		},
	}, nil
}

// usesData reports whether anything of this process is kept in the data folder.
func (p *process) usesData() bool {
	c := &p.cfg
	return c.JWTSecret == "" || p.embedsBroker() ||
		c.Runs(Auth) && c.Auth.DatabaseURL == "" || c.Runs(Profiles) && c.Profiles.DatabaseURL == "" ||
		c.Runs(Billing) && c.Billing.DatabaseURL == "" || c.Runs(Analytics) && c.Analytics.DatabaseURL == ""
}

func (p *process) embedsBroker() bool {
	return len(p.cfg.Kafka.Brokers) == 0 && (p.cfg.Runs(Profiles) || p.cfg.Runs(Analytics))
}

// seeds reports whether the well-known first rows are made: with demo data, and in the embedded default.
func (p *process) seeds(databaseURL string) bool {
	return p.cfg.Demo || p.cfg.alone() && databaseURL == ""
}

func (p *process) buildBroker() (module.Module, error) {
	var b *embedded.Broker
	return part{
		start: func(context.Context) (err error) {
			p.brokers = p.cfg.Kafka.Brokers
			if p.embedsBroker() {
				if b, err = embedded.Start(embedded.Options{Dir: filepath.Join(p.cfg.Data, "kafka")}); err != nil {
					return err
				}
				p.brokers = b.Addrs()
			}
			return nil
		},
		stop: func(context.Context) error {
			if b != nil {
				b.Close()
			}
			return nil
		},
	}, nil
}

func (p *process) buildOps() (module.Module, error) {
	return &host.Ops{Process: p.Process, Addr: p.cfg.Listen.Ops, Profiles: p.cfg.Listen.OpsProfiles}, nil
}

// CreateUser adds a user to the configured auth store and returns its id.
func CreateUser(ctx context.Context, cfg Config, email, password string, role principal.Role) (string, error) {
	s, err := openAuth(ctx, cfg)
	if err != nil {
		return "", err
	}
	id, err := s.CreateUser(ctx, email, password, role)
	return id, errors.Join(err, s.Close())
}

// UnlockUser lets a user of the configured auth store sign in again.
func UnlockUser(ctx context.Context, cfg Config, email string) error {
	s, err := openAuth(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(s.UnlockUser(ctx, email), s.Close())
}

func openAuth(ctx context.Context, cfg Config) (*auth.Service, error) {
	if err := cfg.Auth.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: auth: %w", err)
	}
	unused := base64.StdEncoding.EncodeToString(make([]byte, 64)) // no token is made or checked here
	tokens, err := token.NewAuthority(unused, "")
	if err != nil {
		return nil, err
	}
	return auth.New(ctx, cfg.Auth, auth.Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: cfg.Data})
}
