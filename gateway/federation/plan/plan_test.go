package plan_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/internal/golden"
)

func TestPlan(t *testing.T) {
	golden.Run(t, "testdata/[a-su-z]*/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		sg := composed(t, c.Inputs(".graphqls"))
		out := map[string]string{}
		for _, f := range c.Inputs("operation.graphql") {
			name := strings.TrimSuffix(f.Name, "operation.graphql") + "plan"
			p, err := planOperation(t, sg, string(f.Data), map[string]bool{"on": true})
			if err != nil {
				out[name] = "error: " + err.Error() + "\n"
				continue
			}
			out[name] = plan.Print(p)
		}
		return out
	})
}

// composed composes the subgraphs of a case, each named by its file, or without any our own four. A subgraph that
// links nothing is of Federation 2 and has all its directives, unless it says "# fed1".
func composed(t testing.TB, files []txtar.File) *supergraph.Supergraph {
	t.Helper()
	var sources []subgraph.Source
	for _, f := range files {
		sdl := string(f.Data)
		if !strings.Contains(sdl, "@link") && !strings.Contains(sdl, "# fed1") {
			sdl = link + sdl
		}
		sources = append(sources, subgraph.Source{Name: strings.TrimSuffix(f.Name, ".graphqls"), SDL: sdl})
	}
	if len(files) == 0 {
		for _, name := range []string{"analytics", "auth", "billing", "profiles"} {
			sdl, err := os.ReadFile("../../../subgraphs/" + name + "/schema.graphqls")
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, subgraph.Source{Name: name, SDL: string(sdl)})
		}
	}
	res, err := compose.Compose(sources)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res.SupergraphSDL)
}

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires",
	"@provides", "@override", "@inaccessible", "@interfaceObject", "@tag", "@authenticated", "@context", "@fromContext"])
`

func read(t testing.TB, sdl string) *supergraph.Supergraph {
	t.Helper()
	sg, err := supergraph.Read(sdl)
	if err != nil {
		t.Fatal(err)
	}
	return sg
}

// prepare validates and specialises an operation. Conditions that values lacks are false.
func prepare(t testing.TB, sg *supergraph.Supergraph, text string, values map[string]bool, labels ...string) *operation.Operation {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
	if len(errs) > 0 {
		t.Fatalf("operation is invalid: %v", errs)
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.SpecialiseDeferred(values, labels...)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func planOperation(t testing.TB, sg *supergraph.Supergraph, text string, values map[string]bool, labels ...string) (*plan.Plan, error) {
	t.Helper()
	op := prepare(t, sg, text, values, labels...)
	p, err := plan.NewPlanner(sg).Plan(context.Background(), op)
	if err != nil {
		return nil, err
	}
	check(t, sg, op, p)
	want := encode(t, p)
	for range 20 {
		again, err := plan.NewPlanner(sg).Plan(context.Background(), op)
		if err != nil || encode(t, again) != want {
			t.Fatalf("planned again, it differs (%v)", err)
		}
	}
	return p, nil
}

func TestAnOverrideLabelMovesTheField(t *testing.T) {
	for name, sg := range supergraphs(t) {
		if name != "override/labelled" {
			continue
		}
		off, err := planOperation(t, sg, "{ t { f } }", nil)
		if err != nil {
			t.Fatal(err)
		}
		on, err := planOperation(t, sg, "{ t { f } }", nil, "percent(5)")
		if err != nil {
			t.Fatal(err)
		}
		if len(off.Fetches) != 1 || len(on.Fetches) != 2 || on.Fetches[1].Subgraph != "s2" {
			t.Errorf("off:\n%s\non:\n%s", plan.Print(off), plan.Print(on))
		}
	}
}
