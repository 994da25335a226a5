package plan_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// supergraphs reads the supergraphs of all golden cases, by case name.
func supergraphs(t testing.TB) map[string]*supergraph.Supergraph {
	t.Helper()
	out := map[string]*supergraph.Supergraph{}
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var files []txtar.File
		for _, f := range ar.Files {
			if strings.HasSuffix(f.Name, ".graphqls") {
				files = append(files, f)
			}
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "testdata/"), ".txtar")
		if len(files) == 0 {
			name = "medicore"
		}
		if out[name] == nil {
			out[name] = composed(t, files)
		}
	}
	return out
}

// Random operations over all supergraphs of the golden cases: every plan holds what check asserts and is the same
// when made again.
func TestRandomOperationsPlanSoundly(t *testing.T) {
	for name, sg := range supergraphs(t) {
		t.Run(name, func(t *testing.T) {
			planned := 0
			for seed := range uint64(60) {
				g := &generator{schema: sg.API(), rand: rand.New(rand.NewPCG(seed, 1)), left: 25, defers: seed%2 == 1}
				text := g.operation()
				doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
				if len(errs) > 0 {
					continue // two fields of one response name that cannot be merged
				}
				pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				op, err := pre.SpecialiseDeferred(nil)
				if err != nil {
					t.Fatal(err)
				}
				p, err := plan.NewPlanner(sg).Plan(context.Background(), op)
				if errors.Is(err, plan.ErrUnsatisfiable) {
					continue
				}
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, text)
				}
				planned++
				check(t, sg, op, p)
				again, err := plan.NewPlanner(sg).Plan(context.Background(), op)
				if err != nil || encode(t, again) != encode(t, p) {
					t.Errorf("seed %d: planned again, it differs (%v)", seed, err)
				}
				if t.Failed() {
					t.Fatalf("seed %d:\n%s", seed, text)
				}
			}
			if planned == 0 {
				t.Error("no operation could be planned")
			}
		})
	}
}

// generator writes random operations that are nearly always valid.
type generator struct {
	schema *ast.Schema
	rand   *rand.Rand
	left   int
	b      strings.Builder
	defers bool // some fragments are deferred
}

func (g *generator) operation() string {
	root := g.schema.Query
	if g.schema.Mutation != nil && g.rand.IntN(4) == 0 {
		g.b.WriteString("mutation ")
		root = g.schema.Mutation
	}
	g.selection(root, 0)
	return g.b.String()
}

func (g *generator) selection(def *ast.Definition, depth int) {
	g.b.WriteString("{ ")
	if g.rand.IntN(4) == 0 || !g.fields(def, depth) {
		g.b.WriteString([]string{"__typename ", "t: __typename "}[g.rand.IntN(2)])
	}
	for range g.rand.IntN(3) {
		g.fragment(def, depth)
	}
	g.b.WriteString("} ")
}

func (g *generator) fragment(def *ast.Definition, depth int) {
	types := []string{def.Name}
	for _, m := range g.schema.GetPossibleTypes(def) {
		types = append(types, m.Name)
		types = append(types, m.Interfaces...)
	}
	g.left--
	if g.left < 0 || depth > 6 {
		return
	}
	on := types[g.rand.IntN(len(types))]
	g.b.WriteString("... on " + on + " ")
	if g.defers && g.rand.IntN(2) == 0 {
		g.b.WriteString("@defer ")
	}
	g.selection(g.schema.Types[on], depth+1)
}

func (g *generator) fields(def *ast.Definition, depth int) bool {
	if def.Kind == ast.Union {
		return false
	}
	fields := slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
	wrote := false
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
		g.arguments(f)
		g.b.WriteByte(' ')
		if child.IsCompositeType() {
			g.selection(child, depth+1)
		}
		wrote = true
	}
	return wrote
}

func (g *generator) arguments(f *ast.FieldDefinition) {
	var args []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil || g.rand.IntN(3) == 0 {
			args = append(args, a.Name+": "+g.value(a.Type))
		}
	}
	if len(args) > 0 {
		g.b.WriteString("(" + strings.Join(args, ", ") + ")")
	}
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
