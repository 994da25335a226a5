package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// world are subgraphs that answer what they are asked from one tree of values.
type world struct {
	data     map[string]any            // by root field
	entities map[string]map[string]any // by "Type id"
	types    map[string][]string       // implementations and members of abstract types

	mu    sync.Mutex
	asked []string // "subgraph: document"
}

// object is a value of the type.
func object(typeName string, fields map[string]any) map[string]any {
	fields["__typename"] = typeName
	return fields
}

// Fetch implements exec.Fetcher.
func (w *world) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	var body struct {
		Query     string
		Variables map[string]any
	}
	if err := json.Unmarshal(req.Body, &body); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.asked = append(w.asked, req.Subgraph+": "+body.Query)
	w.mu.Unlock()
	doc, err := parser.ParseQuery(&ast.Source{Input: body.Query})
	if err != nil {
		return nil, err
	}
	data := map[string]any{}
	for _, s := range doc.Operations[0].SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok {
			return nil, fmt.Errorf("fragment at the root of %s", body.Query)
		}
		if f.Name != "_entities" {
			data[f.Alias] = w.value(f.SelectionSet, w.data[f.Name])
			continue
		}
		list := []any{}
		reps, _ := body.Variables[f.Arguments[0].Value.Raw].([]any)
		for _, r := range reps {
			rep, _ := r.(map[string]any)
			list = append(list, w.value(f.SelectionSet, w.entities[fmt.Sprint(rep["__typename"], " ", rep["id"])]))
		}
		data[f.Alias] = list
	}
	answer, err := json.Marshal(map[string]any{"data": data})
	return &exec.Response{Body: answer}, err
}

func (w *world) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, fmt.Errorf("there are no events")
}

func (w *world) value(set ast.SelectionSet, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = w.value(set, item)
		}
		return out
	case map[string]any:
		if v == nil {
			return nil
		}
		out := map[string]any{}
		w.fields(out, set, v)
		return out
	}
	return v
}

func (w *world) fields(out map[string]any, set ast.SelectionSet, v map[string]any) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			out[s.Alias] = w.value(s.SelectionSet, v[s.Name])
		case *ast.InlineFragment:
			name, _ := v["__typename"].(string)
			if s.TypeCondition == "" || s.TypeCondition == name || slices.Contains(w.types[s.TypeCondition], name) {
				w.fields(out, s.SelectionSet, v)
			}
		}
	}
}

// pipelineOver serves subgraphs with these schemas by name.
func pipelineOver(t *testing.T, w *world, opt Options, schemas map[string]string) *Pipeline {
	t.Helper()
	var sources []subgraph.Source
	for name, sdl := range schemas {
		sources = append(sources, subgraph.Source{Name: name, URL: "http://" + name, SDL: sdl})
	}
	result, err := compose.Compose(sources)
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	p := New(opt)
	if err := p.Swap(sg, w); err != nil {
		t.Fatal(err)
	}
	return p
}

// answer runs the request for a caller with these scopes, and returns the response and what the subgraphs were asked.
func (w *world) answer(t *testing.T, p *Pipeline, who authn.Caller, req *Request) (response string, asked string) {
	t.Helper()
	w.asked = nil
	ctx := authn.NewContext(t.Context(), who)
	op, failed := p.Prepare(ctx, req)
	if failed != nil {
		return string(failed.JSON()), strings.Join(w.asked, "\n")
	}
	return executed(ctx, op), strings.Join(w.asked, "\n")
}

// executed is the response of a query or mutation.
func executed(ctx context.Context, op Operation) (body string) {
	op.Execute(ctx, func(b []byte) { body = string(b) })
	return body
}
