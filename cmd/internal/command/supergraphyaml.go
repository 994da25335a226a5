package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/registry"
	"medicore.dev/medicore/gateway/supergraphyaml"
	"medicore.dev/medicore/gateway/upstream"
)

const configUsage = "the subgraphs, in the form that rover reads; -: standard input"

// readSupergraphYAML reads the file that names the subgraphs, and prints what in it is not looked at.
func readSupergraphYAML(cmd *cobra.Command, path string) (*supergraphyaml.Config, error) {
	in := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the subgraphs: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read the subgraphs: %w", err)
	}
	cfg, err := supergraphyaml.Parse(text, filepath.Dir(path), os.LookupEnv)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, w := range cfg.Warnings {
		cmd.PrintErrf("warning: %s: %s\n", path, w)
	}
	return cfg, nil
}

// look is where the subgraph's schema is looked for; there is none when the file holds the schema itself.
func look(transport http.RoundTripper, s supergraphyaml.Subgraph) registry.Look {
	switch {
	case s.File != "":
		return registry.File(s.File)
	case s.Introspect != "":
		return registry.Introspect(transport, s.Introspect, s.Header)
	}
	return registry.Look{}
}

// readSubgraphs gets the schema of every subgraph that the file names, all at the same time. The error tells of all that
// cannot be had.
func readSubgraphs(cmd *cobra.Command, path string) ([]subgraph.Source, error) {
	cfg, err := readSupergraphYAML(cmd, path)
	if err != nil {
		return nil, err
	}
	sources, errs := make([]subgraph.Source, len(cfg.Subgraphs)), make([]error, len(cfg.Subgraphs))
	transport := upstream.DefaultTransport()
	defer transport.CloseIdleConnections()
	var all sync.WaitGroup
	for i, s := range cfg.Subgraphs {
		sources[i] = subgraph.Source{Name: s.Name, URL: s.URL, SDL: s.SDL}
		if s.SDL != "" {
			continue
		}
		all.Go(func() {
			if sources[i].SDL, errs[i] = look(transport, s).Once(cmd.Context()); errs[i] != nil {
				errs[i] = fmt.Errorf("%s: subgraph %q: %w", path, s.Name, errs[i])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return sources, nil
}
