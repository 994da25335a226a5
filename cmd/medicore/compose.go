package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway/federation/compose"
)

func composeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compose --config supergraph.yaml",
		Short: "Compose subgraphs into a supergraph, or say why they do not fit",
		Args:  cobra.NoArgs,
	}
	file := cmd.Flags().String("config", "supergraph.yaml", "the subgraphs, in the form that rover reads")
	out := cmd.Flags().StringP("output", "o", "", "file to write the supergraph to; empty: standard output")
	format := cmd.Flags().String("format", "text", "text, or json: {supergraphSdl, errors, hints} on standard output")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *format != "text" && *format != "json" {
			return fmt.Errorf("--format %q: use text or json", *format)
		}
		sources, err := readSupergraphConfig(cmd.Context(), *file)
		if err != nil {
			return err
		}
		result, err := compose.Compose(sources)
		var found compose.Errors
		if err != nil && !errors.As(err, &found) {
			return err
		}
		if *format == "json" {
			if err := printComposition(cmd, result, found); err != nil {
				return err
			}
		} else if result != nil {
			for _, h := range result.Hints {
				cmd.PrintErrf("%s %s: %s\n", h.Level, h.Code, h.Message)
			}
			if *out == "" {
				cmd.Print(result.SupergraphSDL)
			}
		}
		if result != nil && *out != "" {
			if err := os.WriteFile(*out, []byte(result.SupergraphSDL), 0o644); err != nil { //nolint:gosec // a schema is no secret
				return fmt.Errorf("write the supergraph: %w", err)
			}
		}
		if len(found) > 0 {
			if *format == "text" {
				for _, e := range found {
					cmd.PrintErrf("%s: %s%s\n", e.Code, e.Message, places(e.Locations))
				}
			}
			return fmt.Errorf("the subgraphs do not compose: %d errors", len(found))
		}
		return nil
	}
	return cmd
}

func places(locations []compose.Location) string {
	text := ""
	for i, l := range locations {
		sep := ", "
		if i == 0 {
			sep = " ("
		}
		text += fmt.Sprintf("%s%s:%d:%d", sep, l.Subgraph, l.Line, l.Column)
	}
	if text != "" {
		text += ")"
	}
	return text
}

type locationJSON struct {
	Subgraph string `json:"subgraph"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

type errorJSON struct {
	Code      string         `json:"code"`
	Message   string         `json:"message"`
	Locations []locationJSON `json:"locations"`
}

type hintJSON struct {
	Code    string `json:"code"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

func printComposition(cmd *cobra.Command, result *compose.Result, found compose.Errors) error {
	body := struct {
		SupergraphSDL *string     `json:"supergraphSdl"`
		Errors        []errorJSON `json:"errors"`
		Hints         []hintJSON  `json:"hints"`
	}{Errors: []errorJSON{}, Hints: []hintJSON{}}
	if result != nil {
		body.SupergraphSDL = &result.SupergraphSDL
		for _, h := range result.Hints {
			body.Hints = append(body.Hints, hintJSON{string(h.Code), string(h.Level), h.Message})
		}
	}
	for _, e := range found {
		ej := errorJSON{Code: string(e.Code), Message: e.Message, Locations: []locationJSON{}}
		for _, l := range e.Locations {
			ej.Locations = append(ej.Locations, locationJSON{l.Subgraph, l.Line, l.Column})
		}
		body.Errors = append(body.Errors, ej)
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(body)
}
