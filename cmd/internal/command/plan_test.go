package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const planned = `schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
type Query @join__type(graph: A) @join__type(graph: B) { t: T @join__field(graph: A) }
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! f: Int @join__field(graph: B) lost: Int @join__field(graph: B, external: true) }`

// runPlan runs the command on an operation and returns what it prints.
func runPlan(t *testing.T, operation string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"s.graphql": planned, "o.graphql": operation} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := Plan()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetContext(t.Context())
	cmd.SetArgs(append([]string{"--supergraph", filepath.Join(dir, "s.graphql"), "--operation", filepath.Join(dir, "o.graphql")}, args...))
	err := cmd.Execute()
	return out.String(), err
}

func TestPlanPrintsEveryStage(t *testing.T) {
	for stage, want := range map[string]string{
		"operation": "query {\n  t {\n    f\n",
		"reach":     "t T: T@a\n",
		"choose":    "* T@b by key id, 1 requests",
		"groups":    "#1 level 1 T@b at t by id after #0: f",
		"plan":      `Fetch(service: "b")`,
	} {
		out, err := runPlan(t, "{ t { f } }", "--stage", stage)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("stage %s: %v\n%s\nlacks %q", stage, err, out, want)
		}
		out, err = runPlan(t, "{ t { f } }", "--stage", stage, "--json")
		if err != nil || stage != "operation" && !json.Valid([]byte(out)) {
			t.Errorf("stage %s as JSON: %v\n%s", stage, err, out)
		}
	}
	if _, err := runPlan(t, "{ t { f } }", "--stage", "nonsense"); err == nil {
		t.Error("an unknown stage is accepted")
	}
}

func TestPlanSaysWhyNothingCanAnswer(t *testing.T) {
	out, err := runPlan(t, "{ t { lost } }")
	if err == nil || !strings.Contains(err.Error(), "no subgraph can answer T.lost at t.lost") {
		t.Errorf("got error %v", err)
	}
	for _, want := range []string{"a: T has no lost here", "b: T.lost is external here"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestPlanDecidesConditionsAsTheGatewayDoes(t *testing.T) {
	const query = "query($on: Boolean = true, $later: Boolean) { t { id f @include(if: $on) ... @defer(if: $later, label: \"x\") { f } } }"
	for _, tt := range []struct {
		variables, want, not string
	}{
		{`{"on": false}`, `Deferred(part: 0, label: "x"`, ""},
		{`{"on": false, "later": false}`, `Fetch(service: "b")`, "Defer"},
		{`{}`, `Fetch(service: "b")`, "Defer"}, // all of the part is there at once
	} {
		out, err := runPlan(t, query, "--variables", tt.variables)
		if err != nil || !strings.Contains(out, tt.want) || tt.not != "" && strings.Contains(out, tt.not) {
			t.Errorf("%s: %v\n%s", tt.variables, err, out)
		}
	}
	if out, err := runPlan(t, "query($on: Boolean = true) { t { id f @include(if: $on) } }"); err != nil || !strings.Contains(out, `Fetch(service: "b")`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPlanTakesLabels(t *testing.T) {
	if out, err := runPlan(t, "{ t { f } }", "--labels", "percent(5),beta", "--stage", "operation"); err != nil || !strings.Contains(out, "+beta +percent(5)") {
		t.Errorf("%v\n%s", err, out)
	}
}
