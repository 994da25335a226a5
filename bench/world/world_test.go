package world

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// local fetches from the world as the subgraphs serve it.
type local struct {
	exec.Fetcher
	world *World
	parts map[string]*ast.Schema
}

func (l local) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	r, err := ParseRequest(req.Body)
	if err != nil {
		return nil, err
	}
	body, err := l.world.Execute(l.parts[req.Subgraph], r)
	return &exec.Response{Body: body}, err
}

func TestEveryShapeIsPlannedWithItsRequestsAndItsJoinIsTheWhole(t *testing.T) {
	sizes := map[string][2]int{"deep": {80_000, 100_000}, "slow": {80_000, 100_000}, "large": {1_000_000, 1_150_000}, "wide": {50_000, 120_000}}
	sdl, err := Compose(nil)
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(sdl)
	if err != nil {
		t.Fatal(err)
	}
	whole, parts, err := Schemas()
	if err != nil {
		t.Fatal(err)
	}
	w := New()
	executor := exec.New(local{world: w, parts: parts}, exec.Options{})
	for _, s := range Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			req := s.Request(1)
			want, err := w.Execute(whole, req)
			if err != nil {
				t.Fatal(err)
			}
			if size, ok := sizes[s.Name]; ok && (len(want) < size[0] || len(want) > size[1]) {
				t.Errorf("the answer has %d bytes, not %v", len(want), size)
			}
			p := planned(t, sg, req.Query)
			if len(p.Fetches) != s.Requests {
				t.Errorf("%d requests are planned, want %d:\n%s", len(p.Fetches), s.Requests, plan.Print(p))
			}
			values := exec.VariableMap{}
			for name, v := range req.Variables {
				values[name], _ = json.Marshal(v)
			}
			got, err := executor.Execute(t.Context(), p, exec.Input{Variables: values}).JSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("joined:\n%.2000s\nthe whole:\n%.2000s", got, want)
			}
		})
	}
}

func planned(t *testing.T, sg *supergraph.Supergraph, text string) *plan.Plan {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewPlanner(sg).Plan(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNumberedOperationsDifferAndTheirAnswersTell(t *testing.T) {
	whole, _, err := Schemas()
	if err != nil {
		t.Fatal(err)
	}
	w := New()
	for _, s := range Shapes() {
		if !s.Numbered() {
			continue
		}
		first, err := w.Execute(whole, s.Request(0))
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.Execute(whole, s.Request(12345))
		if err != nil {
			t.Fatal(err)
		}
		if string(first) == string(second) || s.Replace(string(first), 12345) != string(second) {
			t.Errorf("%s: the answers to requests 0 and 12345 are\n%s\n%s", s.Name, first, second)
		}
	}
}

func TestARequirementIsTakenFromTheRepresentation(t *testing.T) {
	_, parts, err := Schemas()
	if err != nil {
		t.Fatal(err)
	}
	const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { shippingCost } } }`
	for variables, want := range map[string]string{
		`{"r":[{"__typename":"Product","upc":"upc-0001","price":1,"weight":400}]}`: `{"data":{"_entities":[{"shippingCost":200}]}}`,
		`{"r":[{"__typename":"Product","upc":"upc-0001"}]}`:                        "",
		`{"r":[{"__typename":"Product","upc":"upc-9999","price":1,"weight":1}]}`:   "",
	} {
		text, _ := json.Marshal(query)
		req, err := ParseRequest([]byte(`{"query":` + string(text) + `,"variables":` + variables + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := New().Execute(parts["stock"], req)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v", variables, got, err)
		}
	}
}
