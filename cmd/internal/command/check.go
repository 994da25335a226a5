package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/schemadiff"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/gateway/registry"
)

// Check says what changed for clients between a schema and what subgraphs compose to.
func Check() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check --config supergraph.yaml --against OLD",
		Short: "Compose subgraphs and list what changed for clients; fail on a breaking change",
		Long: `Compose subgraphs and list what changed for clients between an older schema and the new supergraph's API schema.

BREAKING changes make an operation invalid or its answer another; DANGEROUS ones can surprise a client;
SAFE ones nobody notices without asking.

Exit status: 0 when no change is breaking, 1 when one is or the subgraphs do not compose, 2 when that could not be
found out (the configuration or the older schema is wrong, a subgraph does not tell its schema);
then nothing is printed to standard output.

JSON: {"changes": [{"severity", "kind", "coordinate", "message"}], "errors": [as of compose]}`,
		Args: cobra.NoArgs,
	}
	file := cmd.Flags().String("config", "supergraph.yaml", configUsage)
	against := cmd.Flags().String("against", "", "file or URL of the schema to compare with: a supergraph or an API schema")
	format := cmd.Flags().String("format", "text", "text or json")
	_ = cmd.MarkFlagRequired("against") // fails only for a flag that does not exist
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkFormat(*format); err != nil {
			return err
		}
		text, err := lookForSupergraph(*against).Once(cmd.Context())
		if err != nil {
			return &exitError{2, err}
		}
		old, err := schemadiff.Read(*against, text)
		if err != nil {
			return &exitError{2, err}
		}
		sources, err := readSubgraphs(cmd, *file)
		if err != nil {
			return &exitError{2, err}
		}
		var changes []schemadiff.Change
		result, err := compose.Compose(sources)
		found, ok := errors.AsType[compose.Errors](err)
		switch {
		case err == nil:
			composed, err := supergraph.Read(result.SupergraphSDL)
			if err != nil {
				return &exitError{2, fmt.Errorf("read the composed supergraph: %w", err)}
			}
			changes = schemadiff.Compare(old, composed.API())
		case !ok:
			return &exitError{2, err}
		}
		return reportChanges(cmd, *format, changes, found)
	}
	return cmd
}

type changesJSON struct {
	Changes []schemadiff.Change `json:"changes"`
	Errors  []registry.Problem  `json:"errors"`
}

func reportChanges(cmd *cobra.Command, format string, changes []schemadiff.Change, found compose.Errors) error {
	if format == "json" {
		if err := printJSON(cmd, changesJSON{append([]schemadiff.Change{}, changes...), registry.Problems(found)}); err != nil {
			return &exitError{2, err}
		}
	}
	breaking := 0
	for _, c := range changes {
		if c.Severity == schemadiff.Breaking {
			breaking++
		}
		if format == "text" {
			at := " " + c.Coordinate
			if c.Coordinate == "" {
				at = ""
			}
			cmd.Printf("%s %s%s: %s\n", c.Severity, c.Kind, at, c.Message)
		}
	}
	switch {
	case len(found) > 0:
		return notComposed(cmd, format, found)
	case breaking == 1:
		return errors.New("1 breaking change")
	case breaking > 1:
		return fmt.Errorf("%d breaking changes", breaking)
	}
	return nil
}
