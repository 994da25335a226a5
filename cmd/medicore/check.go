package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/schemadiff"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check --config supergraph.yaml --against OLD.graphql",
		Short: "Compose subgraphs and list what changed for clients; fail on a breaking change",
		Args:  cobra.NoArgs,
	}
	file := cmd.Flags().String("config", "supergraph.yaml", "the subgraphs, in the form that rover reads")
	against := cmd.Flags().String("against", "", "the schema to compare with: a supergraph or an API schema")
	format := cmd.Flags().String("format", "text", "text or json")
	_ = cmd.MarkFlagRequired("against") // fails only for a flag that does not exist
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *format != "text" && *format != "json" {
			return fmt.Errorf("--format %q: use text or json", *format)
		}
		text, err := os.ReadFile(*against)
		if err != nil {
			return fmt.Errorf("read the schema to compare with: %w", err)
		}
		old, err := apiSchema(*against, string(text))
		if err != nil {
			return err
		}
		sources, err := readSupergraphConfig(cmd.Context(), *file)
		if err != nil {
			return err
		}
		result, err := compose.Compose(sources)
		if err != nil {
			return fmt.Errorf("the subgraphs do not compose: %w", err)
		}
		composed, err := supergraph.Read(result.SupergraphSDL)
		if err != nil {
			return fmt.Errorf("read the composed supergraph: %w", err)
		}
		return printChanges(cmd, *format, schemadiff.Compare(old, composed.API()))
	}
	return cmd
}

// apiSchema reads a supergraph's API schema, or an API schema as it stands.
func apiSchema(name, sdl string) (*ast.Schema, error) {
	if strings.Contains(sdl, "join__Graph") {
		s, err := supergraph.Read(sdl)
		if err != nil {
			return nil, fmt.Errorf("read supergraph %s: %w", name, err)
		}
		return s.API(), nil
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: name, Input: sdl})
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return schema, nil
}

func printChanges(cmd *cobra.Command, format string, changes []schemadiff.Change) error {
	breaking := 0
	for _, c := range changes {
		if c.Severity == schemadiff.Breaking {
			breaking++
		}
		if format == "text" {
			cmd.Printf("%s %s %s: %s\n", c.Severity, c.Kind, c.Coordinate, c.Message)
		}
	}
	if format == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"changes": append([]schemadiff.Change{}, changes...)}); err != nil {
			return err
		}
	}
	if breaking > 0 {
		return fmt.Errorf("%d breaking changes", breaking)
	}
	return nil
}
