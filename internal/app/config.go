// Package app is the composition root: it knows every part, joins them for the targets asked for, and runs them.
package app

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/pipeline"
	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/observe"
	"medicore.dev/medicore/internal/serve"
	"medicore.dev/medicore/subgraphs/analytics"
	"medicore.dev/medicore/subgraphs/auth"
	"medicore.dev/medicore/subgraphs/billing"
	"medicore.dev/medicore/subgraphs/profiles"
)

// Config is everything that can be set. Each part declares and checks its own.
type Config struct {
	Target               []string          `koanf:"target" doc:"what this process runs: all, or any of gateway, auth, profiles, billing, analytics"`
	Data                 string            `koanf:"data" doc:"folder of the embedded databases, the embedded broker's log and the kept secret"`
	Demo                 bool              `koanf:"demo" doc:"add some hundred invented profiles to a fresh store"`
	Production           bool              `koanf:"production" doc:"introspection, GraphiQL and the plan header off"`
	AllowDemoCredentials bool              `koanf:"allow_demo_credentials" doc:"listen on other than loopback addresses even while the seeded password is unchanged"`
	JWTSecret            string            `koanf:"jwt_secret" env:"JWT_SECRET" secret:"true" doc:"base64 of at least 32 bytes that sign tokens; empty with target all: one is made and kept in the data folder"`
	JWTSecretPrevious    string            `koanf:"jwt_secret_previous" env:"JWT_SECRET_PREVIOUS" secret:"true" doc:"the secret before; verifies only"`
	Log                  observe.LogConfig `koanf:"log"`
	Listen               ListenConfig      `koanf:"listen"`
	Services             ServicesConfig    `koanf:"services"`
	Kafka                kafka.Config      `koanf:"kafka"`
	Gateway              gateway.Config    `koanf:"gateway"`
	Auth                 auth.Config       `koanf:"auth"`
	Profiles             profiles.Config   `koanf:"profiles"`
	Billing              billing.Config    `koanf:"billing"`
	Analytics            analytics.Config  `koanf:"analytics"`
}

// ListenConfig holds the addresses the targets listen on, host:port; port 0 takes a free one.
type ListenConfig struct {
	Gateway     string `koanf:"gateway" doc:"gateway: GraphQL, REST, console"`
	Auth        string `koanf:"auth" doc:"auth service"`
	Profiles    string `koanf:"profiles" doc:"profiles service"`
	Billing     string `koanf:"billing" doc:"billing service, HTTP"`
	BillingGRPC string `koanf:"billing_grpc" doc:"billing service, gRPC"`
	Analytics   string `koanf:"analytics" doc:"analytics service"`
	Ops         string `koanf:"ops" doc:"when set, /metrics and the detail of /ready are served here and not on the gateway's address"`
	OpsProfiles bool   `koanf:"ops_profiles" doc:"serve profiles of the process, for go tool pprof, at /debug/pprof/ on listen.ops"`
}

// ServicesConfig says where the services are that this process does not run itself.
type ServicesConfig struct {
	Auth        []string `koanf:"auth" doc:"URLs of the auth service, balanced over"`
	Profiles    []string `koanf:"profiles" doc:"URLs of the profiles service"`
	Billing     []string `koanf:"billing" doc:"URLs of the billing service"`
	BillingGRPC string   `koanf:"billing_grpc" doc:"host:port of the billing service's gRPC"`
	Analytics   []string `koanf:"analytics" doc:"URLs of the analytics service"`
}

// DefaultConfig runs everything on loopback addresses with embedded stores.
func DefaultConfig() Config {
	federation := gateway.DefaultConfig()
	federation.Subscriptions.Share = string(pipeline.ShareStart) // what analytics streams begins with a snapshot
	return Config{
		Target: []string{All}, Data: "data",
		Log: observe.DefaultLog(),
		Listen: ListenConfig{
			Gateway: "127.0.0.1:8084", Auth: "127.0.0.1:8085", Profiles: "127.0.0.1:8081",
			Billing: "127.0.0.1:8082", BillingGRPC: "127.0.0.1:9001", Analytics: "127.0.0.1:8083",
		},
		Services: ServicesConfig{
			Auth: []string{"http://127.0.0.1:8085"}, Profiles: []string{"http://127.0.0.1:8081"},
			Billing: []string{"http://127.0.0.1:8082"}, BillingGRPC: "127.0.0.1:9001", Analytics: []string{"http://127.0.0.1:8083"},
		},
		Kafka: kafka.DefaultConfig(), Gateway: federation, Auth: auth.DefaultConfig(),
		Profiles: profiles.DefaultConfig(), Billing: billing.DefaultConfig(), Analytics: analytics.DefaultConfig(),
	}
}

// Runs reports whether this process runs the target.
func (c *Config) Runs(target string) bool {
	return slices.Contains(c.Target, All) || slices.Contains(c.Target, target)
}

// alone reports whether everything runs in this process, so that embedded defaults are allowed.
func (c *Config) alone() bool {
	return !slices.ContainsFunc(Targets()[1:], func(t string) bool { return !c.Runs(t) })
}

// Validate checks the whole and each part that this process runs; it reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Target) == 0 {
		bad("target: name at least one of %s", strings.Join(Targets(), ", "))
	}
	for _, t := range c.Target {
		if !slices.Contains(Targets(), t) {
			bad("target: %q is not one of %s", t, strings.Join(Targets(), ", "))
		}
	}
	if !c.alone() {
		if c.JWTSecret == "" {
			bad("jwt_secret: JWT_SECRET must be set when services run in several processes (all with the same)")
		}
		if len(c.Kafka.Brokers) == 0 && (c.Runs(Profiles) || c.Runs(Analytics)) {
			bad("kafka.brokers: must be set when services run in several processes")
		}
	}
	for _, l := range []struct{ key, target, addr string }{
		{"gateway", Gateway, c.Listen.Gateway},
		{"auth", Auth, c.Listen.Auth},
		{"profiles", Profiles, c.Listen.Profiles},
		{"billing", Billing, c.Listen.Billing},
		{"billing_grpc", Billing, c.Listen.BillingGRPC},
		{"analytics", Analytics, c.Listen.Analytics},
	} {
		if _, _, err := net.SplitHostPort(l.addr); err != nil && c.Runs(l.target) {
			bad("listen.%s: %q is not host:port", l.key, l.addr)
		}
	}
	if c.Listen.OpsProfiles && c.Listen.Ops == "" {
		bad("listen.ops_profiles: needs listen.ops, since clients have no business with profiles")
	}
	for _, part := range []struct {
		target string
		check  func() error
	}{{Gateway, c.Gateway.Validate}, {Auth, c.Auth.Validate}, {Profiles, c.Profiles.Validate}, {Billing, c.Billing.Validate}, {Analytics, c.Analytics.Validate}} {
		if c.Runs(part.target) {
			if err := part.check(); err != nil {
				bad("%s: %w", part.target, err)
			}
		}
	}
	return errors.Join(errs...)
}

// loopbackOnly reports whether every address that this process listens on is a loopback one.
func (c *Config) loopbackOnly() bool {
	for target, addrs := range map[string][]string{
		Gateway: {c.Listen.Gateway}, Auth: {c.Listen.Auth}, Profiles: {c.Listen.Profiles},
		Billing: {c.Listen.Billing, c.Listen.BillingGRPC}, Analytics: {c.Listen.Analytics},
	} {
		for _, addr := range addrs {
			if c.Runs(target) && !serve.Loopback(addr) {
				return false
			}
		}
	}
	return true
}
