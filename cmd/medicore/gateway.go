package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/internal/app"
	"medicore.dev/medicore/internal/config"
	"medicore.dev/medicore/internal/observe"
)

// gatewaySettings are the settings of the gateway alone.
type gatewaySettings struct {
	Gateway gateway.Config `koanf:"gateway"`
	Log     app.LogConfig  `koanf:"log"`
	Secret  string         `koanf:"jwt_secret" env:"JWT_SECRET" secret:"true" doc:"base64 of the secret that tokens are signed with (HS256); empty: no token is looked at"`
}

func gatewayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway (--subgraph NAME=URL ... | --config supergraph.yaml | --supergraph FILE|URL)",
		Short: "Run the federation gateway alone, over anybody's subgraphs",
		Args:  cobra.NoArgs,
	}
	settings := gatewaySettings{Gateway: gateway.DefaultConfig(), Log: app.DefaultConfig().Log}
	config.RegisterFlags(cmd.Flags(), app.EnvPrefix, &settings)
	file := cmd.Flags().String("config", "", "the subgraphs, in the form that rover reads")
	supergraph := cmd.Flags().String("supergraph", "", "file or URL of a supergraph SDL; its subgraphs' URLs are used")
	subgraphs := cmd.Flags().StringArray("subgraph", nil, "NAME=URL of a subgraph, which is asked for its schema (repeatable)")
	listen := cmd.Flags().String("listen", "127.0.0.1:4000", "host:port")
	cache := cmd.Flags().String("cache", "", "file that keeps the last good supergraph, served when a subgraph is down at start")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := config.Load(&settings, config.Sources{Prefix: app.EnvPrefix, Env: os.Environ(), Flags: cmd.Flags()}); err != nil {
			return err
		}
		log, err := observe.Logger(cmd.ErrOrStderr(), settings.Log.Level, settings.Log.Format)
		if err != nil {
			return err
		}
		f := app.Federation{Config: settings.Gateway, Listen: *listen, Cache: *cache, JWTSecret: settings.Secret, Backends: map[string]gateway.Backend{}}
		switch {
		case *supergraph != "" && *file == "" && len(*subgraphs) == 0:
			f.Supergraph, err = readSupergraph(cmd, *supergraph)
		case *file != "" && *supergraph == "" && len(*subgraphs) == 0:
			err = fromConfig(cmd, &f, *file)
		case len(*subgraphs) > 0 && *supergraph == "" && *file == "":
			err = fromURLs(&f, *subgraphs)
		default:
			err = errors.New("name the subgraphs by one of --subgraph, --config and --supergraph")
		}
		if err != nil {
			return err
		}
		return app.Federate(cmd.Context(), f, app.Options{Log: log, Version: buildVersion()})
	}
	return cmd
}

func fromURLs(f *app.Federation, list []string) error {
	for _, s := range list {
		name, address, ok := strings.Cut(s, "=")
		u, err := url.Parse(address)
		if !ok || name == "" || err != nil || u.Host == "" {
			return fmt.Errorf("--subgraph %q: give NAME=URL", s)
		}
		f.Subgraphs = append(f.Subgraphs, gateway.Subgraph{Name: name, Path: u.RequestURI(), Poll: true})
		f.Backends[name] = gateway.Backend{URLs: []string{u.Scheme + "://" + u.Host}}
	}
	return nil
}

func fromConfig(cmd *cobra.Command, f *app.Federation, file string) error {
	sources, err := readSupergraphConfig(cmd.Context(), file)
	if err != nil {
		return err
	}
	for _, s := range sources {
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" {
			return fmt.Errorf("%s: subgraph %s: routing_url is not a URL", file, s.Name)
		}
		f.Subgraphs = append(f.Subgraphs, gateway.Subgraph{Name: s.Name, Path: u.RequestURI(), SDL: s.SDL})
		f.Backends[s.Name] = gateway.Backend{URLs: []string{u.Scheme + "://" + u.Host}}
	}
	return nil
}

// readSupergraph reads a supergraph SDL from a file or, within 10 s, from a URL.
func readSupergraph(cmd *cobra.Command, from string) (string, error) {
	if !strings.HasPrefix(from, "http://") && !strings.HasPrefix(from, "https://") {
		b, err := os.ReadFile(from)
		if err != nil {
			return "", fmt.Errorf("read the supergraph: %w", err)
		}
		return string(b), nil
	}
	client := http.Client{Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, from, nil)
	if err != nil {
		return "", fmt.Errorf("read the supergraph: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("read the supergraph: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", errors.Join(fmt.Errorf("read the supergraph: %s answered %s", from, resp.Status), err)
	}
	return string(b), nil
}
