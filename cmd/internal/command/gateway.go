package command

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/registry"
	"medicore.dev/medicore/gateway/standalone"
	"medicore.dev/medicore/gateway/upstream"
	"medicore.dev/medicore/internal/config"
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/observe"
)

// gatewaySettings are the settings of the gateway alone.
type gatewaySettings struct {
	Gateway gateway.Config    `koanf:"gateway"`
	Log     observe.LogConfig `koanf:"log"`
	Secret  string            `koanf:"jwt_secret" env:"JWT_SECRET" secret:"true" doc:"base64 of the secret that tokens are signed with (HS256); empty: no token is looked at"`
}

// GatewayOptions are what differs between the programs that run a gateway.
type GatewayOptions struct {
	Release string
	Others  []config.Setting // of the program's other commands: their variables may be set too
	Lister  string           // the command that lists the settings
}

// Gateway runs the gateway alone. use is what it is called by.
func Gateway(use string, opt GatewayOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use + " (--subgraph NAME=URL ... | --config supergraph.yaml | --supergraph FILE|URL)",
		Short: "Run the federation gateway alone, over anybody's subgraphs",
		Args:  cobra.NoArgs,
	}
	settings := gatewaySettings{Gateway: gateway.DefaultConfig(), Log: observe.DefaultLog()}
	config.RegisterFlags(cmd.Flags(), config.EnvPrefix, &settings)
	file := cmd.Flags().String("config", "", configUsage+"; schema files are watched, subgraph_url is polled")
	supergraph := cmd.Flags().String("supergraph", "", "file (watched) or URL (polled) of a supergraph SDL; its subgraphs' URLs are used")
	subgraphs := cmd.Flags().StringArray("subgraph", nil, "NAME=URL of a subgraph, which is polled for its schema (repeatable)")
	listen := cmd.Flags().String("listen", "127.0.0.1:4000", "host:port")
	operations := cmd.Flags().String("ops-listen", "", "host:port; when set, /metrics and the detail of /ready are served there and not on --listen")
	profiles := cmd.Flags().Bool("ops-profiles", false, "serve profiles of the process, for go tool pprof, at /debug/pprof/ on --ops-listen")
	cache := cmd.Flags().String("cache", "", "short for --gateway.supergraph-cache")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := config.Load(&settings, config.Sources{
			Prefix: config.EnvPrefix, Env: os.Environ(), Flags: cmd.Flags(), Others: opt.Others, Lister: opt.Lister,
		}); err != nil {
			return err
		}
		log, err := observe.Logger(cmd.ErrOrStderr(), settings.Log.Level, settings.Log.Format)
		if err != nil {
			return err
		}
		settings.Gateway.Cache = cmp.Or(*cache, settings.Gateway.Cache)
		f := standalone.Federation{Config: settings.Gateway, Listen: *listen, Ops: *operations, Profiles: *profiles, JWTSecret: settings.Secret, Backends: map[string]gateway.Backend{}}
		switch {
		case *supergraph != "" && *file == "" && len(*subgraphs) == 0:
			f.Follow, f.FollowFrom = lookForSupergraph(*supergraph), *supergraph
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
		host.PaceCollector(16 << 20) // see docs/performance.md
		return standalone.Run(cmd.Context(), f, host.Options{Log: log, Version: BuildVersion(opt.Release)})
	}
	return cmd
}

// fromURLs takes the subgraphs from NAME=URL, each to be asked for its schema.
func fromURLs(f *standalone.Federation, list []string) error {
	for _, s := range list {
		name, address, _ := strings.Cut(s, "=")
		if err := addSubgraph(f, gateway.Subgraph{Name: name, Poll: true}, address); err != nil {
			return fmt.Errorf("--subgraph %s: %w: give NAME=URL", name, err)
		}
	}
	return nil
}

// fromConfig takes the subgraphs from the file that rover reads. Schemas in files are watched, running subgraphs asked.
func fromConfig(cmd *cobra.Command, f *standalone.Federation, file string) error {
	cfg, err := readSupergraphYAML(cmd, file)
	if err != nil {
		return err
	}
	transport := upstream.DefaultTransport()
	for _, s := range cfg.Subgraphs {
		if err := addSubgraph(f, gateway.Subgraph{Name: s.Name, SDL: s.SDL, Look: look(transport, s)}, s.URL); err != nil {
			return fmt.Errorf("%s: subgraph %q: routing_url: %w", file, s.Name, err)
		}
	}
	return nil
}

func addSubgraph(f *standalone.Federation, s gateway.Subgraph, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("not an http or https URL")
	}
	if s.Name == "" {
		return errors.New("a subgraph needs a name")
	}
	if _, ok := f.Backends[s.Name]; ok {
		return errors.New("the name is given twice")
	}
	s.Path = u.RequestURI()
	f.Subgraphs = append(f.Subgraphs, s)
	f.Backends[s.Name] = gateway.Backend{URLs: []string{(&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host}).String()}}
	return nil
}

// lookForSupergraph looks for a schema in a file or at a URL.
func lookForSupergraph(from string) registry.Look {
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		return registry.Download(upstream.DefaultTransport(), from)
	}
	return registry.SupergraphFile(from)
}
