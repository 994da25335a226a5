package satisfy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/satisfy"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/test/compose/generate"
)

// TestWhatComposesCanBePlanned plans the operations that the check looked at in supergraphs that it accepted: those of the
// composer's cases, and generated ones.
func TestWhatComposesCanBePlanned(t *testing.T) {
	f, err := os.Open("../compose/testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			ID        string
			Subgraphs map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		var sources []subgraph.Source
		for name, sdl := range c.Subgraphs {
			sources = append(sources, subgraph.Source{Name: name, URL: "http://" + name, SDL: sdl})
		}
		t.Run(c.ID, func(t *testing.T) {
			_, failures := planAll(t, sources)
			if len(failures) > 0 && unplannable[c.ID] == "" {
				t.Error(strings.Join(failures, "\n"))
			}
			if len(failures) == 0 && unplannable[c.ID] != "" {
				t.Error("it can be planned: it is no exception any more")
			}
		})
	}
	accepted := 0
	for n := range uint64(300) {
		sources := generate.Ways(generate.NewRandom(3, n)).Sources()
		ok, failures := planAll(t, sources)
		if len(failures) > 0 {
			t.Errorf("generated set %d:\n%s\n%v", n, strings.Join(failures, "\n"), sources)
		}
		if ok {
			accepted++
		}
	}
	if accepted < 30 {
		t.Errorf("only %d generated sets were accepted", accepted)
	}
}

// unplannable are the cases that are accepted, as by the reference, although an operation cannot be planned.
var unplannable = map[string]string{
	"sat-requires-post-key-nonres": "a field with @requires on a type whose only key in its subgraph is not resolvable: the subgraph cannot be asked for it",
}

// planAll plans what was looked at in a supergraph of the subgraphs, and reports whether there is one and what failed.
func planAll(t *testing.T, sources []subgraph.Source) (accepted bool, failures []string) {
	t.Helper()
	result, err := compose.Compose(sources)
	if err != nil {
		return false, nil
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	planner := plan.NewPlanner(sg)
	found, err := satisfy.Check(sg)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Overlooked) > 0 {
		return true, nil // there is one that cannot be planned, and the composer says so
	}
	err = satisfy.Operations(sg, func(text string, labels []string) {
		text = strings.ReplaceAll(text, "...\n", "__typename\n")
		if err := planOne(t, sg, planner, text, labels); err != nil {
			failures = append(failures, fmt.Sprintf("under the labels %q: %v\n%s", labels, err, text))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return true, failures
}

func planOne(t *testing.T, sg *supergraph.Supergraph, planner *plan.Planner, text string, labels []string) error {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
	if len(errs) > 0 {
		return errs
	}
	prepared, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		return err
	}
	op, err := prepared.Specialise(nil)
	if err != nil {
		return err
	}
	op.Labels = labels
	_, err = planner.Plan(t.Context(), op)
	return err
}
