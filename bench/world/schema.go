package world

import (
	"embed"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

//go:embed schemas/*.graphql
var schemas embed.FS

// Subgraphs are the names of all subgraphs.
var Subgraphs = []string{"catalogue", "people", "reviews", "stock"}

// SDL is the schema of the named subgraph.
func SDL(name string) (string, error) {
	sdl, err := schemas.ReadFile("schemas/" + name + ".graphql")
	return string(sdl), err
}

// Compose returns the supergraph of the subgraphs at the URLs, by name; those without one get a URL that leads nowhere.
func Compose(urls map[string]string) (string, error) {
	var sources []subgraph.Source
	for _, name := range Subgraphs {
		sdl, err := SDL(name)
		if err != nil {
			return "", err
		}
		url := urls[name]
		if url == "" {
			url = "http://" + name + ".invalid/graphql"
		}
		sources = append(sources, subgraph.Source{Name: name, URL: url, SDL: sdl})
	}
	result, err := compose.Compose(sources)
	if err != nil {
		return "", fmt.Errorf("compose the benchmark's subgraphs: %w", err)
	}
	return result.SupergraphSDL, nil
}

// Schemas are the schemas to execute over: of the whole, and of each subgraph.
func Schemas() (whole *ast.Schema, parts map[string]*ast.Schema, err error) {
	sdl, err := Compose(nil)
	if err != nil {
		return nil, nil, err
	}
	sg, err := supergraph.Read(sdl)
	if err != nil {
		return nil, nil, fmt.Errorf("read the benchmark's supergraph: %w", err)
	}
	parts = map[string]*ast.Schema{}
	for _, sub := range sg.Subgraphs {
		if parts[sub.Name], err = sg.SubgraphSchema(sub); err != nil {
			return nil, nil, err
		}
	}
	return sg.API(), parts, nil
}
