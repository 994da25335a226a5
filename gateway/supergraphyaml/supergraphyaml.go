// Package supergraphyaml reads the file that names the subgraphs of a supergraph, in the form that
// `rover supergraph compose --config` reads.
package supergraphyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Config is what the file says.
type Config struct {
	Subgraphs []Subgraph // by name
	Warnings  []string   // what the file says and is not done
}

// Subgraph is one subgraph: its schema is in exactly one of SDL, File and Introspect.
type Subgraph struct {
	Name       string
	URL        string // that the supergraph names
	SDL        string
	File       string // path; relative ones have been joined to the folder of the configuration
	Introspect string // http or https URL that is asked `_service { sdl }`
	Header     http.Header
}

type file struct {
	FederationVersion string              `yaml:"federation_version"`
	Subgraphs         map[string]subgraph `yaml:"subgraphs"`
}

type subgraph struct {
	RoutingURL string `yaml:"routing_url"`
	Schema     schema `yaml:"schema"`
}

type schema struct {
	File                 string            `yaml:"file"`
	SubgraphURL          string            `yaml:"subgraph_url"`
	IntrospectionHeaders map[string]string `yaml:"introspection_headers"`
	GraphRef             string            `yaml:"graphref"`
	Subgraph             string            `yaml:"subgraph"`
	SDL                  string            `yaml:"sdl"`
}

// Parse reads the text of a file in the folder dir. lookup gives the values of environment variables. The error tells
// of every subgraph what is wrong.
func Parse(text []byte, dir string, lookup Lookup) (*Config, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, err
	}
	if node.Kind == 0 {
		return nil, errors.New("the file is empty: name the subgraphs under \"subgraphs\"")
	}
	if err := expandAll(&node, lookup); err != nil {
		return nil, err
	}
	var f file
	if err := node.Decode(&f); err != nil {
		return nil, err
	}
	cfg := &Config{Warnings: unknownKeys(&node)}
	if err := cfg.version(f.FederationVersion); err != nil {
		return nil, err
	}
	if len(f.Subgraphs) == 0 {
		return nil, errors.New("no subgraphs are named: there must be one under \"subgraphs\"")
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.Subgraphs)) {
		s, err := f.Subgraphs[name].read(name, dir)
		if err != nil {
			errs = append(errs, fmt.Errorf("subgraph %q: %w", name, err))
			continue
		}
		cfg.Subgraphs = append(cfg.Subgraphs, s)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return cfg, nil
}

var exactVersion = regexp.MustCompile(`^[=v]([0-9]+)\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// version checks federation_version. There is one composer, which knows all versions up to its own.
func (c *Config) version(v string) error {
	major := v
	if m := exactVersion.FindStringSubmatch(v); m != nil {
		major = m[1]
	}
	switch major {
	case "", "2", "latest-2":
		return nil
	case "0", "1", "latest-0", "latest-1":
		c.Warnings = append(c.Warnings, fmt.Sprintf("federation_version %s: the subgraphs are composed by the rules of Federation 2", v))
		return nil
	}
	return fmt.Errorf("federation_version %q is not known: give 1, 2, or an exact version such as =2.9.0", v)
}

func (s subgraph) read(name, dir string) (Subgraph, error) {
	out := Subgraph{Name: name, URL: s.RoutingURL}
	switch {
	case s.Schema.File != "":
		out.File = s.Schema.File
		if !filepath.IsAbs(out.File) {
			out.File = filepath.Join(dir, out.File)
		}
	case s.Schema.SubgraphURL != "":
		u, err := url.Parse(s.Schema.SubgraphURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return out, errors.New("schema.subgraph_url is not an http or https URL")
		}
		out.Introspect, out.URL = s.Schema.SubgraphURL, cmp.Or(s.RoutingURL, s.Schema.SubgraphURL)
		if err := out.header(s.Schema.IntrospectionHeaders); err != nil {
			return out, err
		}
	case s.Schema.GraphRef != "":
		return out, errors.New("schema.graphref: no schema registry is asked here: give schema.file, for instance what `rover subgraph fetch` writes, or schema.subgraph_url")
	case s.Schema.SDL != "":
		out.SDL = s.Schema.SDL
	default:
		return out, errors.New("there is no schema: give schema.file, schema.subgraph_url or schema.sdl")
	}
	if out.URL == "" {
		return out, errors.New("routing_url is missing: give the URL at which the gateway reaches the subgraph")
	}
	return out, nil
}

var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (s *Subgraph) header(list map[string]string) error {
	s.Header = http.Header{}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if !token.MatchString(name) {
			return fmt.Errorf("schema.introspection_headers: %q is not the name of a header", name)
		}
		if bytes.ContainsAny([]byte(list[name]), "\r\n\x00") {
			return fmt.Errorf("schema.introspection_headers: the value of %s has more than one line", name)
		}
		s.Header.Set(name, list[name])
	}
	return nil
}

// The keys that are looked at, as rover does.
var (
	fileKeys     = []string{"federation_version", "subgraphs"}
	subgraphKeys = []string{"routing_url", "schema"}
	schemaKeys   = []string{"file", "subgraph_url", "introspection_headers", "graphref", "subgraph", "sdl"}
	sourceKeys   = []string{"file", "subgraph_url", "graphref", "sdl"} // the first that is given counts
)

// unknownKeys tells what is in the file and not looked at. rover does not look at it either, so it is no error.
func unknownKeys(doc *yaml.Node) []string {
	var out []string
	warn := func(at *yaml.Node, what string) {
		out = append(out, fmt.Sprintf("line %d: %s is not looked at", at.Line, what))
	}
	members(doc.Content[0], func(key, value *yaml.Node) {
		if !slices.Contains(fileKeys, key.Value) {
			warn(key, key.Value)
		}
		if key.Value != "subgraphs" {
			return
		}
		members(value, func(name, s *yaml.Node) {
			members(s, func(key, value *yaml.Node) {
				if !slices.Contains(subgraphKeys, key.Value) {
					warn(key, name.Value+"."+key.Value)
				}
				if key.Value == "schema" {
					unknownSchemaKeys(name.Value, value, warn)
				}
			})
		})
	})
	return out
}

func unknownSchemaKeys(name string, schema *yaml.Node, warn func(at *yaml.Node, what string)) {
	best := len(sourceKeys)
	members(schema, func(key, _ *yaml.Node) {
		if i := slices.Index(sourceKeys, key.Value); i >= 0 {
			best = min(best, i)
		}
	})
	members(schema, func(key, _ *yaml.Node) {
		if i := slices.Index(sourceKeys, key.Value); i > best || !slices.Contains(schemaKeys, key.Value) {
			warn(key, name+".schema."+key.Value)
		}
	})
}

func members(n *yaml.Node, f func(key, value *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			f(n.Content[i], n.Content[i+1])
		}
	}
}
