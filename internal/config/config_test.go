package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

type inner struct {
	URL     string        `koanf:"url" env:"INNER_URL" secret:"true" doc:"where it is"`
	Timeout time.Duration `koanf:"timeout" doc:"how long"`
	On      bool          `koanf:"on"`
}

type sample struct {
	Names []string `koanf:"names"`
	Size  int      `koanf:"size_mb"`
	Inner inner    `koanf:"inner"`
}

func defaults() sample { return sample{Size: 3, Inner: inner{Timeout: time.Second}} }

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("names: [a, b]\nsize_mb: 4\ninner: {timeout: 2s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("inner: {tiemout: 2s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		file    string
		env     []string
		args    []string
		want    sample
		wantErr string
	}{
		{name: "nothing given leaves the defaults", want: defaults()},
		{name: "the file beats the defaults", file: file, want: sample{Names: []string{"a", "b"}, Size: 4, Inner: inner{Timeout: 2 * time.Second}}},
		{name: "the environment beats the file", file: file, env: []string{"T_SIZE_MB=5", "T_NAMES=x, y"}, want: sample{Names: []string{"x", "y"}, Size: 5, Inner: inner{Timeout: 2 * time.Second}}},
		{name: "flags beat the environment", env: []string{"T_SIZE_MB=5"}, args: []string{"--size-mb=6", "--inner.on"}, want: sample{Size: 6, Inner: inner{Timeout: time.Second, On: true}}},
		{name: "a further variable sets a secret", env: []string{"INNER_URL=u"}, want: sample{Size: 3, Inner: inner{URL: "u", Timeout: time.Second}}},
		{name: "an unknown key is named with its file", file: bad, wantErr: "inner.tiemout"},
		{name: "a variable of another command is not read", env: []string{"T_COLOR=red"}, want: defaults()},
		{name: "an unknown variable is named", env: []string{"T_SIZE=5"}, wantErr: "T_SIZE (t config lists the known ones)"},
		{name: "a wrong type is named by its key", env: []string{"T_SIZE_MB=many"}, wantErr: "size_mb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaults()
			fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
			RegisterFlags(fs, "T", &cfg)
			if err := fs.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			err := Load(&cfg, Sources{Prefix: "T", File: tt.file, Env: tt.env, Flags: fs, Others: []Setting{{Env: []string{"T_COLOR"}}}, Lister: "t config"})
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.wantErr)) {
					t.Fatalf("got error %v, want one that names %s", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, cfg); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretsHaveNoFlagAndAreMasked(t *testing.T) {
	cfg := defaults()
	cfg.Inner.URL = "postgres://u:hunter2@h/d"
	fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
	RegisterFlags(fs, "T", &cfg)
	if fs.Lookup("inner.url") != nil {
		t.Error("a secret has a flag")
	}
	out, err := Print("T", &cfg)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, "hunter2") || !strings.Contains(out, "********") {
		t.Errorf("print-out shows the secret or does not mask it:\n%s", out)
	}
}
