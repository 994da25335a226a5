package compose_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/internal/golden"
)

// TestCompose composes the subgraphs of each case and compares the supergraph and hints, or the errors.
func TestCompose(t *testing.T) {
	golden.Run(t, "testdata/*/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		var sources []subgraph.Source
		for _, f := range c.Inputs(".graphqls") {
			name := strings.TrimSuffix(f.Name, ".graphqls")
			sources = append(sources, subgraph.Source{Name: name, URL: "http://" + name, SDL: string(f.Data)})
		}
		out := map[string]string{}
		for _, section := range []string{"errors", "hints", "supergraph", "whole supergraph"} {
			if c.Input(section) != "" {
				out[section] = "" // unless it is produced
			}
		}
		result, err := compose.Compose(sources)
		if err != nil {
			out["errors"] = printErrors(t, err)
			return out
		}
		if c.Input("whole supergraph") != "" {
			out["whole supergraph"] = result.SupergraphSDL
		} else {
			out["supergraph"] = withoutMachinery(result.SupergraphSDL)
		}
		if len(result.Hints) > 0 {
			out["hints"] = printHints(result.Hints)
		}
		return out
	})
}

// withoutMachinery leaves out the definitions of the link and join specifications, which are the same in every case;
// the case header shows them.
func withoutMachinery(sdl string) string {
	var kept []string
	for block := range strings.SplitSeq(strings.TrimSuffix(sdl, "\n"), "\n\n") {
		head, _, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(head, "directive @join__") || strings.HasPrefix(head, "directive @link(") ||
			strings.HasPrefix(head, "scalar join__") || strings.HasPrefix(head, "scalar link__") || strings.HasPrefix(head, "input join__") ||
			strings.HasPrefix(head, "enum link__") || strings.Contains(block, "features provide metadata necessary") {
			continue
		}
		kept = append(kept, block)
	}
	return strings.Join(kept, "\n\n") + "\n"
}

func printErrors(t *testing.T, err error) string {
	t.Helper()
	var list compose.Errors
	if !errors.As(err, &list) {
		t.Fatalf("Compose returned %T, want compose.Errors", err)
	}
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%s%s\n", e, places(e.Locations))
	}
	return b.String()
}

func printHints(list []compose.Hint) string {
	var b strings.Builder
	for _, h := range list {
		fmt.Fprintf(&b, "%s %s: %s%s\n", h.Level, h.Code, h.Message, places(h.Locations))
	}
	return b.String()
}

func places(list []compose.Location) string {
	var parts []string
	for _, l := range list {
		parts = append(parts, fmt.Sprintf("%s:%d:%d", l.Subgraph, l.Line, l.Column))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
