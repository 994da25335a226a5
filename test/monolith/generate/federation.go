// Package generate makes up supergraphs for the equivalence test: a merged schema, the data behind it and subgraphs that
// agree upon both and, together, can answer every operation.
package generate

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/world"
)

// Federation is a generated supergraph.
type Federation struct {
	Subgraphs []subgraph.Source
	Schema    string // what clients see
	World     *world.World
	Labels    []string // of overrides
}

// New makes supergraph number n of a seed.
func New(seed, n uint64) *Federation {
	f := &federation{r: random{rand.New(rand.NewPCG(seed, n))}, byName: map[string]*typ{}}
	f.breaks = f.r.chance(25)
	f.subgraphs()
	f.leaves()
	f.add("Query", ast.Object)
	f.add("Mutation", ast.Object)
	f.entities()
	f.values()
	f.abstract()
	f.peers()
	f.contextual()
	f.fields()
	f.interfaceObjects()
	f.hiddenTypes()
	f.links()
	f.enter()
	f.makeReachable()
	f.externalKeys()
	f.nullableKeys()
	f.declareInterfaces()
	f.overrides(f.with(isEntity))
	f.hide()
	f.fromContexts()
	f.requirements()
	f.provisions()
	f.decorate()
	f.roots()
	f.overrides(f.with(func(t *typ) bool { return t.name == "Query" || t.name == "Mutation" }))
	f.renameRoots()
	f.emptyPools()
	f.soften()
	f.breakRequired()
	f.settleEnums()
	out := &Federation{Schema: f.merged(false), World: f.data(), Labels: f.labels}
	for _, s := range f.subs {
		out.Subgraphs = append(out.Subgraphs, subgraph.Source{Name: s.name, URL: "http://" + s.name, SDL: f.sdl(s)})
	}
	return out
}

// federation is a supergraph as far as it is made.
type federation struct {
	r      random
	subs   []*sub
	types  []*typ
	byName map[string]*typ
	labels []string

	contexts []*ctx
	breaks   bool // what is required and never null may fail
}

// sub is a subgraph.
type sub struct {
	index  int
	name   string
	fed1   bool
	roots  map[string]string // names of Query and Mutation there, where they have others
	extend string            // how entities are written there: "", "extend" or "@extends"
}

// typ is a type of the merged schema.
type typ struct {
	name    string
	kind    ast.DefinitionKind
	entity  bool
	split   bool // a value type whose fields are spread over subgraphs
	hidden  bool
	inner   bool // it is reached through gates only
	gate    bool // it sets all contexts
	leaf    *sub // where an entity has only fields of its own, beside the key
	in      map[*sub]*part
	fields  []*fld
	members []*typ // of a union or interface, in any subgraph
	enum    []string
}

// part is what one subgraph says about a type.
type part struct {
	keys            []key
	interfaceObject bool
	implements      []*typ
	contexts        []string // that it sets
	members         []*typ   // of a union
	enum            []string // values that the subgraph knows
}

// key is a @key.
type key struct {
	text       string
	paths      []string // of its leaves, dots between names
	unresolved bool     // resolvable: false
}

// fld is a field of the merged schema.
type fld struct {
	name     string
	typ      *ast.Type
	target   *typ // composite type it leads to, or nil
	args     []*arg
	in       map[*sub]*decl
	of       *fld // the interface object's field that it is a copy of
	key      bool // it is in a key, so never null, and tells objects apart
	required bool // it is in a @requires
	hidden   bool
	frail    bool // it often fails
	broken   bool // it always fails
	// fromContext says that it has arguments from contexts.
	fromContext bool
	given       bool // some such argument's value

	tags  map[*sub]string // directives that change nothing
	needs []requirement
}

// requirement is a @requires of a field.
type requirement struct {
	sub *sub
	set ast.SelectionSet
}

type arg struct {
	name, def string
	typ       *ast.Type
	only      *sub // only this subgraph has it, so clients do not
	hidden    bool

	selection string                      // of @fromContext
	from      map[string]ast.SelectionSet // what each object type gives by it
}

// decl is a field as one subgraph declares it.
type decl struct {
	external           bool
	readable           bool // external, but a key member of an extension
	provided           bool // external, but @provides gives it on some path
	dead               bool // another subgraph has taken it over
	requires, provides string
	override, label    string
	notNull            bool // not null here, though it is in the merged schema
}

func (d *decl) resolvable() bool {
	return d != nil && (!d.external || d.readable) && !d.dead
}

// moved reports whether the field has an @override.
func (x *fld) moved() bool {
	for _, d := range x.in {
		if d.override != "" {
			return true
		}
	}
	return false
}

// labelled reports whether a label decides which subgraph resolves the field. Composition wants what is required to be
// there whatever the labels are.
func (x *fld) labelled() bool {
	for _, d := range x.in {
		if d.label != "" {
			return true
		}
	}
	return false
}

func parseType(text string) *ast.Type {
	doc, err := parser.ParseSchema(&ast.Source{Input: "type T { f: " + text + " }"})
	if err != nil {
		panic(err)
	}
	return doc.Definitions[0].Fields[0].Type
}

func (f *federation) add(name string, kind ast.DefinitionKind) *typ {
	t := &typ{name: name, kind: kind, in: map[*sub]*part{}}
	f.types = append(f.types, t)
	f.byName[name] = t
	return t
}

// field adds the field to the type unless it has it, and declares it in the subgraphs.
func (t *typ) field(name, typeText string, target *typ, subs ...*sub) *fld {
	x := t.get(name)
	if x == nil {
		x = &fld{name: name, typ: parseType(typeText), target: target, in: map[*sub]*decl{}}
		t.fields = append(t.fields, x)
	}
	for _, s := range subs {
		if x.in[s] == nil {
			x.in[s] = &decl{}
		}
	}
	return x
}

func (t *typ) get(name string) *fld {
	i := slices.IndexFunc(t.fields, func(x *fld) bool { return x.name == name })
	if i < 0 {
		return nil
	}
	return t.fields[i]
}

// places lists the subgraphs that know the type.
func (f *federation) places(t *typ) []*sub {
	return slices.DeleteFunc(slices.Clone(f.subs), func(s *sub) bool { return t.in[s] == nil })
}

func (t *typ) put(s *sub) *part {
	if t.in[s] == nil {
		t.in[s] = &part{}
	}
	return t.in[s]
}

func (t *typ) abstract() bool { return t.kind == ast.Interface || t.kind == ast.Union }

func (f *federation) with(want func(*typ) bool) []*typ {
	return slices.DeleteFunc(slices.Clone(f.types), func(t *typ) bool { return !want(t) })
}

func isEntity(t *typ) bool { return t.entity }
func isValue(t *typ) bool {
	return t.kind == ast.Object && !t.entity && t.name != "Query" && t.name != "Mutation"
}

// random is a source of choices.
type random struct{ *rand.Rand }

func (r random) chance(percent int) bool { return r.IntN(100) < percent }

func pick[T any](r random, list []T) T { return list[r.IntN(len(list))] }

// some returns at most n of the list, in order.
func some[T any](r random, list []T, n int) []T {
	chosen := r.Perm(len(list))[:min(n, len(list))]
	slices.Sort(chosen)
	var out []T
	for _, i := range chosen {
		out = append(out, list[i])
	}
	return out
}

// wrap puts a type into lists and non-null marks.
func (f *federation) wrap(name string) string {
	return strings.ReplaceAll(pick(f.r, []string{"%", "%", "%", "%!", "%!", "[%]", "[%!]", "[%!]!", "[[%]]", "[[%!]!]!"}), "%", name)
}
