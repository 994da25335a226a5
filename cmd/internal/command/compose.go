package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/registry"
)

// Compose composes subgraphs.
func Compose() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compose --config supergraph.yaml",
		Short: "Compose subgraphs into a supergraph, or say why they do not fit",
		Long: `Compose subgraphs into a supergraph, or say why they do not fit.

Exit status: 0 when they compose, 1 when they do not, 2 when that could not be found out
(the configuration is wrong, a file cannot be read, a subgraph does not tell its schema);
then nothing is printed to standard output.

JSON: {"supergraphSdl": STRING or null, "errors": [{"code", "message", "locations": [{"subgraph", "line", "column"}]}],
"hints": [{"code", "level", "message"}]}`,
		Args: cobra.NoArgs,
	}
	file := cmd.Flags().String("config", "supergraph.yaml", configUsage)
	out := cmd.Flags().StringP("output", "o", "", "file to write the supergraph to; empty: standard output")
	format := cmd.Flags().String("format", "text", "text, or json on standard output")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkFormat(*format); err != nil {
			return err
		}
		sources, err := readSubgraphs(cmd, *file)
		if err != nil {
			return &exitError{2, err}
		}
		result, err := compose.Compose(sources)
		found, ok := errors.AsType[compose.Errors](err)
		if err != nil && !ok {
			return &exitError{2, err}
		}
		if result != nil && *out != "" {
			if err := os.WriteFile(*out, []byte(result.SupergraphSDL), 0o644); err != nil { //nolint:gosec // a schema is no secret
				return &exitError{2, fmt.Errorf("write the supergraph: %w", err)}
			}
		}
		if *format == "json" {
			if err := printJSON(cmd, composition(result, found)); err != nil {
				return &exitError{2, err}
			}
		} else if result != nil {
			printHints(cmd, result.Hints)
			if *out == "" {
				cmd.Print(result.SupergraphSDL)
			}
		}
		return notComposed(cmd, *format, found)
	}
	return cmd
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return &exitError{2, fmt.Errorf("--format %q: use text or json", format)}
	}
	return nil
}

// notComposed is the error of subgraphs that do not compose, nil if nothing was found. In text every finding is printed.
func notComposed(cmd *cobra.Command, format string, found compose.Errors) error {
	if len(found) == 0 {
		return nil
	}
	if format == "text" {
		for _, e := range found {
			cmd.PrintErrf("%s: %s%s\n", e.Code, e.Message, places(e.Locations))
		}
	}
	if len(found) == 1 {
		return errors.New("the subgraphs do not compose: 1 error")
	}
	return fmt.Errorf("the subgraphs do not compose: %d errors", len(found))
}

func printHints(cmd *cobra.Command, hints []compose.Hint) {
	for _, h := range hints {
		cmd.PrintErrf("%s %s: %s\n", h.Level, h.Code, h.Message)
	}
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

type compositionJSON struct {
	SupergraphSDL *string            `json:"supergraphSdl"`
	Errors        []registry.Problem `json:"errors"`
	Hints         []registry.Hint    `json:"hints"`
}

func composition(result *compose.Result, found compose.Errors) compositionJSON {
	out := compositionJSON{Errors: registry.Problems(found), Hints: []registry.Hint{}}
	if result != nil {
		out.SupergraphSDL, out.Hints = &result.SupergraphSDL, registry.Hints(result.Hints)
	}
	return out
}

func printJSON(cmd *cobra.Command, v any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
