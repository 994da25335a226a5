package app

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"medicore.dev/medicore/internal/config"
)

type composeFile struct {
	Services map[string]struct {
		Image       string
		Build       any
		Environment map[string]string
		Ports       []string
		Healthcheck struct{ Test []string }
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Networks    []string
	}
	Volumes  map[string]any
	Networks map[string]any
}

func readCompose(t *testing.T, path string) composeFile {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f composeFile
	if err := yaml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

var interpolated = regexp.MustCompile(`\$\{[^}]*\}`)

// The containers' environment is what the program takes: every name is a setting, every value is valid for the target.
func TestComposeFileConfiguresEveryService(t *testing.T) {
	f := readCompose(t, "../../docker-compose.yml")
	secret := strings.Repeat("c2VjcmV0", 8)
	for _, target := range Targets()[1:] {
		t.Run(target, func(t *testing.T) {
			s, ok := f.Services[target]
			if !ok {
				t.Fatal("there is no such container")
			}
			var env []string
			for k, v := range s.Environment {
				env = append(env, k+"="+interpolated.ReplaceAllString(v, secret))
			}
			cfg := DefaultConfig()
			if err := config.Load(&cfg, config.Sources{Prefix: config.EnvPrefix, Env: env}); err != nil {
				t.Fatal(err)
			}
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(cfg.Target, []string{target}) {
				t.Errorf("it runs %v", cfg.Target)
			}
			if cfg.loopbackOnly() {
				t.Error("it listens on loopback addresses only: nobody reaches it")
			}
			if len(s.Healthcheck.Test) == 0 {
				t.Error("it has no health check")
			}
		})
	}
}

func TestComposeFileIsWhole(t *testing.T) {
	f := readCompose(t, "../../docker-compose.yml")
	dev := readCompose(t, "../../docker-compose.dev.yml")
	for _, name := range slices.Sorted(maps.Keys(f.Services)) {
		s := f.Services[name]
		if (len(s.Ports) > 0) != (name == Gateway) {
			t.Errorf("%s publishes %v: only the gateway has a port on the host, so that the others scale", name, s.Ports)
		}
		if s.Image == "" || len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s has no image or no health check", name)
		}
		for dep, how := range s.DependsOn {
			if _, ok := f.Services[dep]; !ok || how.Condition != "service_healthy" {
				t.Errorf("%s waits for %s (%s)", name, dep, how.Condition)
			}
		}
		for _, n := range s.Networks {
			if _, ok := f.Networks[n]; !ok {
				t.Errorf("%s is in network %s, which there is not", name, n)
			}
		}
	}
	for name := range dev.Services {
		if _, ok := f.Services[name]; !ok {
			t.Errorf("docker-compose.dev.yml speaks of %s, which there is not", name)
		}
	}
}
