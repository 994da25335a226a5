package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// supergraphConfig is the file that rover reads.
type supergraphConfig struct {
	FederationVersion string                    `yaml:"federation_version"`
	Subgraphs         map[string]subgraphConfig `yaml:"subgraphs"`
}

type subgraphConfig struct {
	RoutingURL string       `yaml:"routing_url"`
	Schema     schemaConfig `yaml:"schema"`
}

type schemaConfig struct {
	File                 string            `yaml:"file"`
	SDL                  string            `yaml:"sdl"`
	SubgraphURL          string            `yaml:"subgraph_url"`
	IntrospectionHeaders map[string]string `yaml:"introspection_headers"`
}

// readSupergraphConfig reads the file and every schema that it names; paths are relative to the file. It reports all
// subgraphs that cannot be read.
func readSupergraphConfig(ctx context.Context, path string) ([]subgraph.Source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the subgraphs: %w", err)
	}
	var cfg supergraphConfig
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(cfg.Subgraphs) == 0 {
		return nil, fmt.Errorf("%s: no subgraphs are named", path)
	}
	var sources []subgraph.Source
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(cfg.Subgraphs)) {
		s := cfg.Subgraphs[name]
		sdl, err := s.Schema.read(ctx, filepath.Dir(path))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: subgraph %s: %w", path, name, err))
			continue
		}
		url := s.RoutingURL
		if url == "" {
			url = s.Schema.SubgraphURL
		}
		sources = append(sources, subgraph.Source{Name: name, URL: url, SDL: sdl})
	}
	return sources, errors.Join(errs...)
}

func (s schemaConfig) read(ctx context.Context, dir string) (string, error) {
	switch {
	case s.SDL != "":
		return s.SDL, nil
	case s.File != "":
		if !filepath.IsAbs(s.File) {
			s.File = filepath.Join(dir, s.File)
		}
		b, err := os.ReadFile(s.File)
		return string(b), err
	case s.SubgraphURL != "":
		return fetchSDL(ctx, s.SubgraphURL, s.IntrospectionHeaders)
	}
	return "", errors.New("schema: needs file, sdl or subgraph_url")
}

// fetchSDL asks a running subgraph for its schema: `_service { sdl }`. It takes at most 10 s and 16 MiB.
func fetchSDL(ctx context.Context, url string, header map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(`{"query":"{ _service { sdl } }"}`)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return "", err
	}
	var out struct {
		Data struct {
			Service struct{ SDL string } `json:"_service"`
		}
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return "", fmt.Errorf("%s answered %s and no GraphQL", url, resp.Status)
	}
	if len(out.Errors) > 0 {
		return "", fmt.Errorf("%s does not tell its schema: %s", url, out.Errors[0].Message)
	}
	if out.Data.Service.SDL == "" {
		return "", fmt.Errorf("%s answered %s without a schema", url, resp.Status)
	}
	return out.Data.Service.SDL, nil
}
