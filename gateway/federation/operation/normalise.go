package operation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

type normaliser struct {
	schema   *ast.Schema
	doc      *ast.QueryDocument
	possible map[string][]string // runtime types by name, filled as needed
	values   map[string]bool

	variables   ast.VariableDefinitionList
	undecidable bool // a condition depends on a variable that is null

	deferring bool   // heed @defer
	deferred  bool   // something was
	root      string // type on which @defer is ignored
}

// written is a selection set as the client wrote it, the deferred fragment it belongs to, and where it was met at its place.
type written struct {
	set ast.SelectionSet
	by  *Defer
	at  int
}

// group is an item being collected: all fields of one response name for one set of runtime types.
type group struct {
	item *Item
	sets []written
	by   []*Defer // who asks for it: nil is the operation itself
}

// collector gathers the fields of one place in the order in which they are first met.
type collector struct {
	groups []*group
	index  map[string]*group
	by     []*Defer // who asks for the place's objects
	met    int      // selection sets below the place
	defers map[fragmentKey]*Defer
	order  []*Defer
	spread map[string][]string // runtime types whose objects have met the fragment, sorted; only where a condition may be undecided
}

// selection normalises the selection sets written for one place of the given type.
func (n *normaliser) selection(typeName string, sets []written) *Selection {
	c := &collector{index: map[string]*group{}}
	for _, w := range sets {
		c.by = append(c.by, w.by)
	}
	for _, w := range sets {
		n.collect(c, w, typeName, typeName, nil)
	}
	c.separate()
	out := &Selection{Type: typeName, Defers: c.order}
	for _, g := range c.groups {
		g.item.Defers = outermost(g.by)
		if introspection(g.item.Field.Name) {
			g.item.Defers = nil
		}
		n.deferred = n.deferred || g.item.Defers != nil
	}
	for i, g := range c.groups {
		if covered(g.item, c.groups[:i]) {
			continue
		}
		if introspection(g.item.Field.Name) {
			source := *g.item.Source
			source.Directives, source.SelectionSet = nil, n.inline(g.whole())
			g.item.Source = &source
		} else if def := n.schema.Types[g.item.Field.Type.Name()]; def != nil && def.IsCompositeType() && !g.item.TypeName() {
			g.item.Selection = n.selection(def.Name, g.sets)
		}
		if g.item.Undecided() && g.item.Types == nil {
			out.Items = []*Item{g.item}
			return out
		}
		out.Items = append(out.Items, g.item)
	}
	return out
}

// separate makes the composite fields of one response name that are meant for some runtime types only disjoint: each set
// of types that the same fields are meant for becomes one item with all that is asked of it, also by the field written
// for all types. That one stays as it is.
func (c *collector) separate() {
	alike := map[string][]*group{} // composite groups of the same field, arguments and response name
	for _, g := range c.groups {
		if len(g.sets) > 0 {
			alike[g.id()] = append(alike[g.id()], g)
		}
	}
	var out []*group
	separated := map[string]map[*group][]*group{}
	for _, g := range c.groups {
		if len(g.sets) == 0 || g.item.Types == nil || len(alike[g.id()]) == 1 {
			out = append(out, g)
			continue
		}
		if separated[g.id()] == nil {
			separated[g.id()] = atoms(alike[g.id()])
		}
		out = append(out, separated[g.id()][g]...)
	}
	c.groups = out
}

func (g *group) id() string { return g.item.Name + "|" + g.item.Field.Name + "|" + g.item.Args }

// atoms returns a group for each largest set of runtime types that the same groups with types are meant for, by the
// group with types in which it is first met: its members stand there in the response.
func atoms(same []*group) map[*group][]*group {
	out := map[*group][]*group{}
	at := map[string]*group{}
	for _, g := range same {
		for _, t := range g.item.Types {
			var meant []*group
			var key []byte
			for i, o := range same {
				if _, ok := slices.BinarySearch(o.item.Types, t); ok || o.item.Types == nil {
					meant = append(meant, o)
					key = append(strconv.AppendInt(key, int64(i), 10), ',')
				}
			}
			signature := string(key)
			atom := at[signature]
			if atom == nil {
				item := *g.item
				item.Types = nil
				atom = &group{item: &item}
				for _, o := range meant {
					atom.sets = append(atom.sets, o.sets...)
					atom.by = append(atom.by, o.by...)
				}
				slices.SortStableFunc(atom.sets, func(a, b written) int { return a.at - b.at })
				at[signature] = atom
				out[g] = append(out[g], atom)
			}
			if !slices.Contains(atom.item.Types, t) {
				atom.item.Types = append(atom.item.Types, t)
				slices.Sort(atom.item.Types)
			}
		}
	}
	return out
}

// introspection reports whether the gateway answers the root field itself, from its text.
func introspection(name string) bool { return name == "__schema" || name == "__type" }

// covered reports whether the leaf is asked for all its runtime types by an item before it.
func covered(it *Item, before []*group) bool {
	if it.Types == nil || len(it.Source.SelectionSet) > 0 {
		return false
	}
	for _, g := range before {
		o := g.item
		if o.Name == it.Name && o.Field.Name == it.Field.Name && o.Args == it.Args && (o.Types == nil || containsAll(o.Types, it.Types)) && earlier(o, it) {
			return true
		}
	}
	return false
}

// collect walks one selection set. parent is the type its fields are written on; types are the runtime types it is
// meant for, nil: all of the place's.
func (n *normaliser) collect(c *collector, w written, place, parent string, types []string) {
	for _, s := range w.set {
		switch s := s.(type) {
		case *ast.Field:
			if n.takes(c, s.Directives, parent, types) {
				n.field(c, s, w.by, parent, types)
			}
		case *ast.InlineFragment:
			if n.takes(c, s.Directives, parent, types) {
				by := n.fragmentDefer(c, s.Directives, place, fragmentKey{inline: s, around: w.by})
				n.fragment(c, written{set: s.SelectionSet, by: by}, s.TypeCondition, place, parent, types)
			}
		case *ast.FragmentSpread:
			if def := n.doc.Fragments.ForName(s.Name); def != nil && n.takesSpread(c, s, place, parent, types) {
				by := n.fragmentDefer(c, s.Directives, place, fragmentKey{spread: s.Name, around: w.by})
				n.fragment(c, written{set: def.SelectionSet, by: by}, def.TypeCondition, place, parent, types)
			}
		}
	}
}

// fragment resolves a type condition. It vanishes only if every field of its type exists on the parent: its type is
// the parent's or one that the parent implements. Otherwise it narrows the runtime types.
func (n *normaliser) fragment(c *collector, w written, condition, place, parent string, types []string) {
	if condition == "" || condition == parent || slices.Contains(n.schema.Types[parent].Interfaces, condition) {
		n.collect(c, w, place, parent, types)
		return
	}
	narrowed := n.runtimeTypes(condition)
	if types == nil {
		types = n.runtimeTypes(place)
	}
	narrowed = intersect(narrowed, types)
	switch len(narrowed) {
	case 0:
		return
	case 1:
		condition = narrowed[0]
	}
	if condition == place && len(narrowed) == len(n.runtimeTypes(place)) {
		narrowed = nil
	}
	n.collect(c, w, place, condition, narrowed)
}

// runtimeTypes lists the object types that a value of the named type may have, sorted.
func (n *normaliser) runtimeTypes(name string) []string {
	if list, ok := n.possible[name]; ok {
		return list
	}
	list := []string{}
	if def := n.schema.Types[name]; def != nil {
		for _, m := range n.schema.GetPossibleTypes(def) {
			if m.Kind == ast.Object {
				list = append(list, m.Name)
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	n.possible[name] = list
	return list
}

func (n *normaliser) field(c *collector, f *ast.Field, by *Defer, parent string, types []string) {
	def := n.definition(f, parent)
	name := f.Alias
	if name == "" {
		name = f.Name
	}
	key := name + "|" + strings.Join(types, ",")
	g := c.index[key]
	if g == nil {
		g = &group{item: &Item{Name: name, Field: def, Parent: parent, Arguments: f.Arguments, Args: Arguments(f.Arguments), Types: types, Source: f}}
		c.index[key] = g
		c.groups = append(c.groups, g)
	}
	g.by = append(g.by, by)
	if len(f.SelectionSet) > 0 {
		c.met++
		g.sets = append(g.sets, written{f.SelectionSet, by, c.met})
	}
}

func (n *normaliser) definition(f *ast.Field, parent string) *ast.FieldDefinition {
	if f.Name == "__typename" {
		return &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}
	}
	if def := n.schema.Types[parent]; def != nil {
		if fd := def.Fields.ForName(f.Name); fd != nil {
			return fd
		}
	}
	return f.Definition
}

func intersect(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); ok {
			out = append(out, s)
		}
	}
	return out
}

func containsAll(all, some []string) bool { return len(intersect(some, all)) == len(some) }
