// Command supergraphgen composes the platform's own subgraphs and writes the supergraph that the binary embeds: what the
// gateway serves while a subgraph has not told its schema yet. Run it in internal/app.
package main

import (
	"log"
	"os"
	"path/filepath"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

func main() {
	log.SetFlags(0)
	var sources []subgraph.Source
	for name, port := range map[string]string{"auth": "8085", "profiles": "8081", "billing": "8082", "analytics": "8083"} {
		sdl, err := os.ReadFile(filepath.Join("..", "..", "subgraphs", name, "schema.graphqls"))
		if err != nil {
			log.Fatal(err)
		}
		sources = append(sources, subgraph.Source{Name: name, URL: "http://127.0.0.1:" + port + "/graphql", SDL: string(sdl)})
	}
	result, err := compose.Compose(sources)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("supergraph.graphql", []byte(result.SupergraphSDL), 0o644); err != nil { //nolint:gosec // a schema is no secret
		log.Fatal(err)
	}
}
