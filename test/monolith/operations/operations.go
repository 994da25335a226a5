// Package operations makes up operations over a schema.
package operations

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Operation is a valid operation with values for its variables.
type Operation struct {
	Text      string
	Variables map[string]any
}

// attempts is how often an operation is made up anew when two of its fields cannot be merged.
const attempts = 400

// Plain makes operation number n of a seed, without what few gateways are right about: aliases spelled `__typename`, and
// conditions that are null. It is valid.
func Plain(schema *ast.Schema, seed, n uint64) (*Operation, error) {
	return generate(schema, seed, n, nil)
}

// New makes operation number n of a seed, of all that operations can have. It is valid.
func New(schema *ast.Schema, seed, n uint64) (*Operation, error) {
	return generate(schema, seed, n, rand.New(rand.NewPCG(seed, ^n)))
}

func generate(schema *ast.Schema, seed, n uint64, odd *rand.Rand) (*Operation, error) {
	r := rand.New(rand.NewPCG(seed, n))
	var errs error
	for i := range attempts {
		g := &generator{schema: schema, r: r, odd: odd, left: 4 + r.IntN(max(1, 36-i/2)), variables: map[string]any{}, declared: map[string]string{}}
		op := g.operation()
		_, list := gqlparser.LoadQueryWithRules(schema, op.Text, nil)
		if len(list) == 0 {
			return op, nil
		}
		errs = fmt.Errorf("%w\n%s", list, op.Text)
	}
	return nil, fmt.Errorf("no valid operation: %w", errs)
}

type generator struct {
	schema    *ast.Schema
	r         *rand.Rand
	odd       *rand.Rand // decides what Plain leaves out; nil: nothing of it
	left      int        // fields and fragments that may still be written
	variables map[string]any
	declared  map[string]string // variable to its type and default
	fragments []fragment
}

// fragment is a named fragment that is complete.
type fragment struct{ name, on, text string }

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *generator) oddly(percent int) bool { return g.odd != nil && g.odd.IntN(100) < percent }

func (g *generator) operation() *Operation {
	root, kind := g.schema.Query, "query"
	if g.schema.Mutation != nil && g.chance(15) {
		root, kind = g.schema.Mutation, "mutation"
	}
	body := g.selection(root, 0)
	var b strings.Builder
	if len(g.declared) > 0 || kind == "mutation" || g.chance(50) {
		b.WriteString(kind + " ")
		if g.chance(40) {
			b.WriteString("Op")
		}
	}
	if len(g.declared) > 0 {
		sep := "("
		for _, name := range slices.Sorted(maps.Keys(g.declared)) {
			b.WriteString(sep + "$" + name + ": " + g.declared[name])
			sep = ", "
		}
		b.WriteString(") ")
	}
	b.WriteString(body)
	for _, f := range g.fragments {
		b.WriteString("\nfragment " + f.name + " on " + f.on + " " + f.text)
	}
	return &Operation{Text: b.String(), Variables: g.variables}
}

const deepest = 6

func (g *generator) selection(def *ast.Definition, depth int) string {
	var parts []string
	n := 1 + g.r.IntN(4)
	if depth == 0 {
		n++
	}
	for range n {
		switch {
		case g.chance(8) || def.Kind == ast.Union && g.chance(20):
			parts = append(parts, g.alias(20)+"__typename"+g.conditions(10))
		case g.left > 0 && depth < deepest && len(g.schema.GetPossibleTypes(def)) > 1 && g.chance(12):
			parts = append(parts, g.siblings(def, depth)...)
		case g.left > 0 && depth < deepest && (def.Kind == ast.Union || g.chance(22)):
			g.left--
			parts = append(parts, g.fragment(def, depth))
		case def.Kind != ast.Union:
			if f := g.field(def, depth); f != "" {
				parts = append(parts, f)
			}
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "__typename")
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (g *generator) fragment(def *ast.Definition, depth int) string {
	if g.chance(5) {
		return "..." + g.conditions(60) + " " + g.selection(def, depth+1)
	}
	on := g.overlapping(def)
	if g.chance(40) {
		for _, f := range g.fragments {
			if f.on == on.Name && g.chance(50) {
				return "..." + f.name + g.conditions(25)
			}
		}
		text := g.selection(on, depth+1)
		f := fragment{name: fmt.Sprintf("F%d", len(g.fragments)), on: on.Name, text: text}
		g.fragments = append(g.fragments, f)
		return "..." + f.name + g.conditions(25)
	}
	return "... on " + on.Name + g.conditions(25) + " " + g.selection(on, depth+1)
}

// overlapping picks a type that an object of def may have.
func (g *generator) overlapping(def *ast.Definition) *ast.Definition {
	possible := g.schema.GetPossibleTypes(def)
	var all []*ast.Definition
	for _, name := range slices.Sorted(maps.Keys(g.schema.Types)) {
		d := g.schema.Types[name]
		if !d.IsCompositeType() || d.BuiltIn {
			continue
		}
		if slices.ContainsFunc(g.schema.GetPossibleTypes(d), func(p *ast.Definition) bool { return slices.Contains(possible, p) }) {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return def
	}
	return all[g.r.IntN(len(all))]
}

// siblings asks objects of two types for different things under one name. What leads to objects asks them for different
// things under one name in turn.
func (g *generator) siblings(def *ast.Definition, depth int) []string {
	possible := slices.Clone(g.schema.GetPossibleTypes(def))
	slices.SortFunc(possible, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	g.r.Shuffle(len(possible), func(i, j int) { possible[i], possible[j] = possible[j], possible[i] })
	a, b := g.alike(possible[0], possible[1], depth)
	if a == "" {
		return nil
	}
	return []string{"... on " + possible[0].Name + " { " + a + " }", "... on " + possible[1].Name + " { " + b + " }"}
}

// alike writes a field of each type under one name. Their values have one shape.
func (g *generator) alike(left, right *ast.Definition, depth int) (a, b string) {
	fields := func(d *ast.Definition) ast.FieldList {
		list := slices.DeleteFunc(slices.Clone(d.Fields), func(f *ast.FieldDefinition) bool {
			return strings.HasPrefix(f.Name, "__") || g.schema.Types[f.Type.Name()].IsCompositeType() && depth+1 >= deepest
		})
		g.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	ys := fields(right)
	for _, x := range fields(left) {
		for _, y := range ys {
			if x.Name == y.Name && len(x.Arguments) == 0 && left != right {
				continue
			}
			if below := g.schema.Types[x.Type.Name()]; below.IsCompositeType() {
				other := g.schema.Types[y.Type.Name()]
				if !other.IsCompositeType() || strings.ReplaceAll(x.Type.String(), below.Name, other.Name) != y.Type.String() || below == other && g.chance(70) {
					continue
				}
				s, t := g.alike(below, other, depth+1)
				if s == "" {
					continue
				}
				g.left -= 2
				return "same: " + x.Name + g.arguments(x) + " { " + s + " }", "same: " + y.Name + g.arguments(y) + " { " + t + " }"
			}
			if x.Type.String() == y.Type.String() {
				g.left -= 2
				return "same: " + x.Name + g.arguments(x), "same: " + y.Name + g.arguments(y)
			}
		}
	}
	return "", ""
}

func (g *generator) field(def *ast.Definition, depth int) string {
	var fields []*ast.FieldDefinition
	for _, f := range def.Fields {
		composite := g.schema.Types[f.Type.Name()].IsCompositeType()
		if strings.HasPrefix(f.Name, "__") || composite && (depth >= deepest || g.left <= 0) {
			continue
		}
		fields = append(fields, f)
		if composite { // more often
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return ""
	}
	g.left--
	f := fields[g.r.IntN(len(fields))]
	out := g.alias(15) + f.Name + g.arguments(f) + g.conditions(8)
	if child := g.schema.Types[f.Type.Name()]; child.IsCompositeType() {
		out += " " + g.selection(child, depth+1)
	}
	return out
}

// alias writes an alias; it may be spelled like a key, a field that another needs, or what a plan might call its own.
func (g *generator) alias(percent int) string {
	if !g.chance(percent) {
		return ""
	}
	names := []string{"id", "sku", "org", "num", "owner", "f0", "f1", "f2", "l0", "x", "y", "_id_1", "_0", "_e0", "_a1"}
	name := names[g.r.IntN(len(names))]
	if g.oddly(6) {
		name = "__typename"
	}
	return name + ": "
}

func (g *generator) conditions(percent int) string {
	var out strings.Builder
	for _, name := range []string{"skip", "include"} {
		if !g.chance(percent / 2) {
			continue
		}
		value := fmt.Sprint(g.chance(50) != (name == "include") == g.chance(70))
		if g.chance(60) {
			value = g.condition()
		}
		out.WriteString(" @" + name + "(if: " + value + ")")
	}
	return out.String()
}

// condition returns a boolean variable.
func (g *generator) condition() string {
	name := fmt.Sprintf("c%d", g.r.IntN(3))
	if _, ok := g.declared[name]; !ok {
		g.declared[name] = "Boolean!"
		if g.chance(40) {
			g.declared[name] += fmt.Sprintf(" = %v", g.chance(50))
		}
		may := strings.Contains(g.declared[name], "=")
		if !may || g.chance(30) {
			g.variables[name] = g.chance(50)
		}
		if may && g.oddly(10) { // its default lets it be null
			g.declared[name] = strings.Replace(g.declared[name], "!", "", 1)
			g.variables[name] = nil
		}
	}
	return "$" + name
}
