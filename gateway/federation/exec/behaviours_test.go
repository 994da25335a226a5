package exec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/internal/golden"
)

// services are the subgraphs of a case.
type services struct {
	all    map[string]*service
	raw    map[string]string // what a broken service answers, whatever it is asked
	events []string
	mu     sync.Mutex
	asked  []string
}

// Fetch implements exec.Fetcher.
func (f *services) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	var body struct {
		Query     string
		Variables map[string]any
	}
	if err := json.Unmarshal(req.Body, &body); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.asked = append(f.asked, req.Subgraph)
	f.mu.Unlock()
	if raw := f.raw[req.Subgraph]; raw != "" {
		return spoiling([]byte(raw)), nil
	}
	out, err := json.Marshal(f.all[req.Subgraph].answer(body.Query, body.Variables))
	return spoiling(out), err
}

// spoiling is an answer whose bytes are others once it is released: nothing may come of them then.
func spoiling(body []byte) *exec.Response {
	return &exec.Response{Body: body, Release: func() {
		for i := range body {
			body[i] = '#'
		}
	}}
}

// Subscribe implements exec.Fetcher.
func (f *services) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return &lines{slices.Clone(f.events)}, nil
}

// Each case is a behaviour from end to end: its subgraphs are composed, each operation is planned and executed over
// strict services. The plan and the subgraphs asked are rewritten by -update; response.json never is: it follows from
// the behaviour, not from what comes out. "<subgraph>.raw" replaces what the subgraph answers. Errors are compared by path, or by text where the whole operation fails.
func TestBehaviours(t *testing.T) {
	golden.Run(t, "testdata/behaviours/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		f := &services{all: map[string]*service{}, events: strings.Split(strings.TrimSpace(c.Input("events.jsonl")), "\n")}
		sources := subgraphSources(c.Inputs(".graphqls"))
		for _, src := range sources {
			s, err := newService(src, c.Input(src.Name+".json"))
			if err != nil {
				t.Fatalf("%s: %v", src.Name, err)
			}
			f.all[src.Name] = s
		}
		res, err := compose.Compose(sources)
		if err != nil {
			t.Fatal(err)
		}
		sg, err := supergraph.Read(res.SupergraphSDL)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, file := range c.Inputs("operation.graphql") {
			prefix := strings.TrimSuffix(file.Name, "operation.graphql")
			t.Run(strings.TrimSuffix(prefix, "."), func(t *testing.T) {
				f.asked, f.raw = nil, map[string]string{}
				for name := range f.all {
					f.raw[name] = c.Input(prefix + name + ".raw")
				}
				got, p := respond(t, sg, f, string(file.Data), c.Input(prefix+"variables.json"), strings.Fields(c.Input(prefix+"labels")))
				if p != nil {
					slices.Sort(f.asked)
					out[prefix+"plan"] = plan.Print(p)
					out[prefix+"asked"] = strings.Join(f.asked, " ") + "\n"
				}
				compareResponse(t, c.Input(prefix+"response.json"), got)
			})
		}
		return out
	})
}

// subgraphSources reads files named by their subgraphs. Those that do not say "# fed1" are of Federation 2.
func subgraphSources(files []txtar.File) []subgraph.Source {
	var sources []subgraph.Source
	for _, file := range files {
		src := subgraph.Source{Name: strings.TrimSuffix(file.Name, ".graphqls"), SDL: string(file.Data)}
		if !strings.Contains(src.SDL, "# fed1") {
			src.SDL = link + src.SDL
		}
		sources = append(sources, src)
	}
	return sources
}

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires",
	"@provides", "@override", "@inaccessible", "@interfaceObject", "@tag", "@extends", "@context", "@fromContext"])
`

// respond is what the gateway does with a request. The responses to a subscription are a list.
func respond(t *testing.T, sg *supergraph.Supergraph, f *services, text, variables string, labels []string) ([]any, *plan.Plan) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
	if len(errs) > 0 {
		return []any{failed(errs)}, nil
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	values, raw := map[string]any{}, map[string]json.RawMessage{}
	for _, def := range pre.Definition().VariableDefinitions {
		if def.DefaultValue != nil {
			v, err := def.DefaultValue.Value(nil)
			if err != nil {
				t.Fatal(err)
			}
			values[def.Variable] = v
		}
	}
	if variables != "" {
		if err := json.Unmarshal([]byte(variables), &values); err != nil {
			t.Fatal(err)
		}
	}
	conditions := map[string]bool{}
	for name, v := range values {
		if on, ok := v.(bool); ok || v != nil {
			conditions[name] = on
		}
		if raw[name], err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	op, err := pre.Specialise(conditions, labels...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewPlanner(sg).Plan(t.Context(), op)
	if errors.Is(err, plan.ErrUnsatisfiable) {
		return []any{failed(err)}, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	e, in := exec.New(f, exec.Options{}), exec.Input{Variables: exec.VariableMap(raw)}
	if p.Source == nil {
		return []any{response(t, e.Execute(t.Context(), p, in))}, p
	}
	ev, err := e.Subscribe(t.Context(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	var out []any
	for {
		res, err := ev.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out, p
		}
		out = append(out, response(t, res))
	}
}

func failed(err error) map[string]any {
	return map[string]any{"data": nil, "errors": []any{map[string]any{"message": err.Error()}}}
}

func response(t *testing.T, res *exec.Result) (v any) {
	t.Helper()
	whole, err := res.JSON(nil)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(whole))
		dec.UseNumber()
		err = dec.Decode(&v)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, whole)
	}
	return v
}

// compareResponse compares with one expected response after another.
func compareResponse(t *testing.T, want string, got []any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(want))
	dec.UseNumber()
	for _, g := range got {
		var w map[string]any
		if err := dec.Decode(&w); err != nil {
			t.Fatalf("expected response: %v", err)
		}
		have, _ := g.(map[string]any)
		if diff := cmp.Diff(w["data"], have["data"]); diff != "" {
			t.Errorf("data (-want +got):\n%s\nerrors: %v", diff, have["errors"])
		}
		if diff := diffErrors(w["errors"], have["errors"]); diff != "" {
			t.Errorf("errors (-want +got):\n%s\n%v", diff, have["errors"])
		}
	}
	if dec.More() {
		t.Error("fewer responses than expected")
	}
}

// diffErrors compares errors by their paths, or the expected text where
// one is in it.
func diffErrors(want, got any) string {
	var wants, gots []string
	w, _ := want.([]any)
	g, _ := got.([]any)
	for _, e := range g {
		m, _ := e.(map[string]any)
		if m["path"] != nil {
			gots = append(gots, fmt.Sprint(m["path"]))
			continue
		}
		text := fmt.Sprint(m["message"])
		for _, x := range w {
			if xm, _ := x.(map[string]any); xm["message"] != nil && strings.Contains(text, fmt.Sprint(xm["message"])) {
				text = fmt.Sprint(xm["message"])
			}
		}
		gots = append(gots, text)
	}
	for _, x := range w {
		m, _ := x.(map[string]any)
		if m["path"] != nil {
			wants = append(wants, fmt.Sprint(m["path"]))
		} else {
			wants = append(wants, fmt.Sprint(m["message"]))
		}
	}
	slices.Sort(wants)
	slices.Sort(gots)
	return cmp.Diff(slices.Compact(wants), slices.Compact(gots))
}
