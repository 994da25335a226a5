package app

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/test/platform"
)

func embeddedConfig(t *testing.T) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Data = t.TempDir()
	cfg.Listen = ListenConfig{Gateway: platform.FreeAddr(t), Auth: platform.FreeAddr(t), Profiles: platform.FreeAddr(t), Billing: platform.FreeAddr(t), BillingGRPC: platform.FreeAddr(t), Analytics: platform.FreeAddr(t), Ops: platform.FreeAddr(t)}
	return cfg
}

var quiet = host.Options{Log: slog.New(slog.DiscardHandler), Version: "test"}

// run starts the configuration and returns what ends it; the channel gives Run's error.
func run(t *testing.T, cfg Config) (context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg, quiet) }()
	t.Cleanup(cancel)
	return cancel, done
}

func waitListening(t *testing.T, addr string, done <-chan error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return
		}
		select {
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		case <-tick.C:
		}
	}
	t.Fatalf("nothing listens on %s after 20 s", addr)
}

func TestOneProcessPerDataFolder(t *testing.T) {
	first := embeddedConfig(t)
	cancel, done := run(t, first)
	waitListening(t, first.Listen.Ops, done)

	second := embeddedConfig(t)
	second.Data = first.Data
	err := Run(t.Context(), second, quiet)
	if err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Errorf("a second process got %v, want an error that names the holder", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopping gave %v", err)
	}
	cancel, done = run(t, second) // the folder is free again, and what was in it serves
	waitListening(t, second.Listen.Ops, done)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopping gave %v", err)
	}
}

func TestAKnownPasswordKeepsTheProcessOnThisMachine(t *testing.T) {
	cfg := embeddedConfig(t)
	cfg.Listen.Gateway = "0.0.0.0:0"
	err := Run(t.Context(), cfg, quiet)
	if err == nil || !strings.Contains(err.Error(), "allow-demo-credentials") {
		t.Errorf("got %v, want a refusal that says what to do", err)
	}
}

func TestConfigurationsThatCannotRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *Config)
		want   []string
	}{
		{"an unknown target", func(c *Config) { c.Target = []string{"nonsense"} }, []string{"nonsense"}},
		{"no target", func(c *Config) { c.Target = nil }, []string{"target"}},
		{"a service alone without secret and brokers", func(c *Config) { c.Target = []string{Profiles} }, []string{"JWT_SECRET", "kafka.brokers"}},
		{"an address that is none", func(c *Config) { c.Listen.Auth = "8085" }, []string{"listen.auth"}},
		{"profiles for every client", func(c *Config) { c.Listen.OpsProfiles = true }, []string{"listen.ops_profiles"}},
		{"several faults are all told", func(c *Config) { c.Listen.Auth = "x"; c.Profiles.EventsPHI = "some"; c.Gateway.MaxDepth = -1 }, []string{"listen.auth", "events_phi", "max_depth"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := DefaultConfig()
			tt.change(&cfg)
			err := Run(t.Context(), cfg, quiet)
			for _, w := range tt.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("got %v, want an error that names %s", err, w)
				}
			}
		})
	}
}

func TestWhatStartsForATarget(t *testing.T) {
	for _, tt := range []struct {
		target string
		want   string
	}{
		{Auth, "data auth"},
		{Gateway, "data gateway"},
		{Profiles, "data broker profiles"},
		{Analytics, "data broker analytics"},
		{Billing, "data billing"},
		{All, "data broker analytics auth billing profiles gateway all"},
	} {
		p := &process{cfg: DefaultConfig()}
		p.cfg.Target = []string{tt.target}
		got, err := p.table().Order(tt.target)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s starts %v (%v), want %s", tt.target, got, err, tt.want)
		}
	}
}

func TestUsersAreMadeFromTheCommandLine(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Data = filepath.Join(t.TempDir(), "data")
	id, err := CreateUser(t.Context(), cfg, "root@example.com", "a long enough password", principal.Admin)
	if err != nil || id == "" {
		t.Fatal(err)
	}
	if _, err := CreateUser(t.Context(), cfg, "root@example.com", "a long enough password", principal.Admin); err == nil {
		t.Error("the same address was taken twice")
	}
	if err := UnlockUser(t.Context(), cfg, "root@example.com"); err != nil {
		t.Error(err)
	}
	if err := UnlockUser(t.Context(), cfg, "nobody@example.com"); err == nil {
		t.Error("an unknown user was unlocked")
	}
}
