package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// subgraphs answers from a world and keeps what was wrong with the requests.
type subgraphs struct {
	*world
	mu    sync.Mutex
	wrong []string
}

func (s *subgraphs) Fetch(_ context.Context, req *exec.Request) (resp *exec.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.wrong = append(s.wrong, err.Error())
		}
	}()
	body, err := s.answer(req.Subgraph, req.Body)
	return spoiling(body), err
}

func (s *subgraphs) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, errors.New("no stream")
}

// apart are the supergraphs that are not consistent (DESIGN, section 4) or need what this test does not give.
var apart = []string{
	"unanswerable",
}

// Random operations over the supergraphs of the planner's cases and of the behaviours: planned and executed they give what one execution over
// the API schema gives.
func TestFederatedExecutionEqualsOneExecution(t *testing.T) {
	overSupergraphs(t, compareExecutions)
}

// overSupergraphs runs a comparison for many seeds over each supergraph. It reports whether the seed gave something to
// compare.
func overSupergraphs(t *testing.T, compare func(t *testing.T, e *exec.Executor, fetcher *subgraphs, seed uint64) bool) {
	t.Helper()
	paths, err := filepath.Glob("../plan/testdata/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no supergraphs", err)
	}
	sdls := map[string]string{}
	for _, path := range append(paths, "../plan/testdata/medicore.graphql") {
		if filepath.Ext(path) == ".graphql" {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sdls[path] = string(b)
			continue
		}
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if f.Name == "supergraph.graphql" {
				sdls[path] = string(f.Data)
			}
		}
	}
	maps.Copy(sdls, behaviourSupergraphs(t))
	for path, sdl := range sdls {
		if slices.ContainsFunc(apart, func(s string) bool { return strings.Contains(path, s) }) {
			continue
		}
		name := strings.TrimPrefix(strings.TrimSuffix(path, filepath.Ext(path)), "../plan/testdata/")
		t.Run(name, func(t *testing.T) {
			sg, err := supergraph.Read(sdl)
			if err != nil {
				t.Fatal(err)
			}
			w, err := newWorld(sg)
			if err != nil {
				t.Fatal(err)
			}
			fetcher := &subgraphs{world: w}
			e := exec.New(fetcher, exec.Options{}) // one for all: what an execution leaves behind must not show in the next
			planned := 0
			for seed := range seeds {
				if compare(t, e, fetcher, seed) {
					planned++
				}
				if t.Failed() {
					return
				}
			}
			if planned == 0 {
				t.Error("nothing could be planned")
			}
		})
	}
}

// seeds is the number of operations per supergraph.
const seeds = uint64(150)

func compareExecutions(t *testing.T, e *exec.Executor, fetcher *subgraphs, seed uint64) (planned bool) {
	w := fetcher.world
	api := w.sg.API()
	g := &generator{schema: api, rand: rand.New(rand.NewPCG(seed, 2)), left: 20}
	g.selection(api.Query, 0)
	text := g.b.String()
	doc, errs := gqlparser.LoadQueryWithRules(api, text, nil)
	if len(errs) > 0 {
		return false
	}
	pre, err := operation.Prepare(api, doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewPlanner(w.sg).Plan(t.Context(), op)
	if errors.Is(err, plan.ErrUnsatisfiable) {
		return false
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	res := e.Execute(t.Context(), p, exec.Input{})
	want, _ := json.Marshal(w.execute(api, nil, doc, nil))
	if diff := cmp.Diff(decode(t, want), decode(t, res.Data)); diff != "" || len(fetcher.wrong) > 0 {
		t.Errorf("seed %d (-one execution +federated)\n%s\n%s\n%s\nerrors %v\n%s", seed, text, diff, strings.Join(fetcher.wrong, "\n"), res.Errors, plan.Print(p))
	}
	return true
}

// behaviourSupergraphs composes the subgraphs of the behaviours, and those that are there to mix them.
func behaviourSupergraphs(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/behaviours/*.txtar")
	mixed, err2 := filepath.Glob("testdata/mixed/*.txtar")
	if err != nil || err2 != nil || len(paths) == 0 || len(mixed) == 0 {
		t.Fatal("no behaviours", err, err2)
	}
	paths = append(paths, mixed...)
	out := map[string]string{}
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return !strings.HasSuffix(f.Name, ".graphqls") })
		res, err := compose.Compose(subgraphSources(files))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out[path] = res.SupergraphSDL
	}
	return out
}

func decode(t *testing.T, data []byte) (v any) {
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return v
}

// generator writes random operations that are nearly always valid.
type generator struct {
	schema *ast.Schema
	rand   *rand.Rand
	left   int
	b      strings.Builder
	defers bool // some fragments are deferred
	labels int
}

func (g *generator) selection(def *ast.Definition, depth int) {
	g.b.WriteString("{ ")
	if !g.fields(def, depth) || g.rand.IntN(4) == 0 {
		g.b.WriteString("__typename ")
	}
	for range g.rand.IntN(3) {
		g.fragment(def, depth)
	}
	g.b.WriteString("} ")
}

func (g *generator) fragment(def *ast.Definition, depth int) {
	if g.left--; g.left < 0 || depth > 6 {
		return
	}
	types := []string{def.Name}
	for _, m := range g.schema.GetPossibleTypes(def) {
		types = append(append(types, m.Name), m.Interfaces...)
	}
	on := types[g.rand.IntN(len(types))]
	g.b.WriteString("... on " + on + " ")
	if g.defers && g.rand.IntN(2) == 0 {
		g.labels++
		g.b.WriteString([]string{"@defer ", fmt.Sprintf("@defer(label: \"l%d\") ", g.labels)}[g.rand.IntN(2)])
	}
	g.selection(g.schema.Types[on], depth+1)
}

func (g *generator) fields(def *ast.Definition, depth int) (wrote bool) {
	fields := slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
	if len(fields) == 0 {
		return false
	}
	for range 1 + g.rand.IntN(4) {
		f := fields[g.rand.IntN(len(fields))]
		child := g.schema.Types[f.Type.Name()]
		if child.IsCompositeType() && (depth > 5 || g.left < 0) {
			continue
		}
		g.left--
		if g.rand.IntN(6) == 0 {
			g.b.WriteString([]string{"id", "a", "x", "_id_1", f.Name + "2"}[g.rand.IntN(5)] + ": ")
		}
		g.b.WriteString(f.Name)
		var args []string
		for _, a := range f.Arguments {
			if a.Type.NonNull && a.DefaultValue == nil || g.rand.IntN(3) == 0 {
				args = append(args, a.Name+": "+g.value(a.Type))
			}
		}
		if len(args) > 0 {
			g.b.WriteString("(" + strings.Join(args, ", ") + ")")
		}
		g.b.WriteByte(' ')
		if child.IsCompositeType() {
			g.selection(child, depth+1)
		}
		wrote = true
	}
	return wrote
}

func (g *generator) value(t *ast.Type) string {
	if t.Elem != nil {
		return "[" + g.value(t.Elem) + "]"
	}
	def := g.schema.Types[t.NamedType]
	switch {
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case def.Kind == ast.InputObject:
		var members []string
		for _, f := range def.Fields {
			if f.Type.NonNull {
				members = append(members, f.Name+": "+g.value(f.Type))
			}
		}
		return "{" + strings.Join(members, ", ") + "}"
	case t.NamedType == "Int", t.NamedType == "Float":
		return fmt.Sprint(1 + g.rand.IntN(2))
	case t.NamedType == "Boolean":
		return "true"
	}
	return `"v"`
}
