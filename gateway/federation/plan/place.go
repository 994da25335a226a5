package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// place is a position of the response: the objects found under one storage key of their parents.
type place struct {
	parent   *place
	guard    []string // runtime types of the parent objects, sorted; nil: all
	key      Key
	lists    int
	typeName string // in the supergraph
	object   bool
	sel      *operation.Selection // what the client asks here; nil: nothing

	all      *scope
	byType   map[string]*scope
	children map[branch]*place
	below    []*place // the children in the order in which they were made
}

// branch tells apart what is read below one key of a place.
type branch struct {
	key     Key
	all     bool            // of all objects of the place, not of those of one runtime type
	item    *operation.Item // what the client asks; nil: private
	runtime string
	nodes   string // that are entered
}

// scope is the objects of a place, all of them or those of one runtime type.
type scope struct {
	place   *place
	runtime string  // "": all
	entries []*spot // where the objects are because the parent was read there
	landed  []*spot // where they have been entered by a visit of their own
	mapped  map[*spot]*spot
	values  map[Key][]*spot // visits that brought a value in with its requirements
	visits  int             // groups made for it

	system  *querygraph.System // of the entries there were when it was asked for
	entered int
}

// spot is where objects of a scope are being read: a selection at a node, in one or more groups.
type spot struct {
	node     *querygraph.Node
	sel      *sel
	groups   []*group
	runtimes []string // of the parents that share this spot
	place    *place
}

// sel is one level of what a group asks its subgraph for.
type sel struct {
	node     *querygraph.Node
	fields   []*selField
	branches []*sel // per member type, in order of first use; then those that pass lift makes for interfaces
	lifted   bool   // pass lift has seen it

	index map[Key]*selField // of the fields, where they are many
}

// selField is one field of a sel.
type selField struct {
	key   Key
	name  string
	args  ast.ArgumentList
	field *querygraph.Edge
	child *spot  // nil: leaf
	wire  string // response key on the wire, set by wireNames

	contexts map[string]int // arguments that contexts fill in, to their index in group.contexts
}

func newPlace(parent *place, key Key, lists int, typeName string, object bool) *place {
	p := &place{parent: parent, key: key, lists: lists, typeName: typeName, object: object}
	p.all = newScope(p, "")
	return p
}

func newScope(p *place, runtime string) *scope {
	return &scope{place: p, runtime: runtime}
}

// scope returns the objects of one runtime type.
func (p *place) scope(runtime string) *scope {
	if p.object {
		return p.all
	}
	s := p.byType[runtime]
	if s == nil {
		s = newScope(p, runtime)
		if p.byType == nil {
			p.byType = map[string]*scope{}
		}
		p.byType[runtime] = s
	}
	return s
}

// typeName is the type the scope's objects have in the supergraph.
func (s *scope) typeName() string {
	if s.runtime != "" {
		return s.runtime
	}
	return s.place.typeName
}

// spots lists where the scope's objects are. Those of one runtime type are also wherever all are.
func (s *scope) spots() []*spot {
	return append(s.arrivals(), s.landed...)
}

// arrivals lists the spots that need no further visit for this scope.
func (s *scope) arrivals() []*spot {
	if s.runtime == "" {
		return slices.Clip(s.entries)
	}
	var out []*spot
	for _, from := range s.place.all.spots() {
		m := s.mapped[from]
		if m == nil {
			if m = s.narrow(from); m == nil {
				continue
			}
			if s.mapped == nil {
				s.mapped = map[*spot]*spot{}
			}
			s.mapped[from] = m
		}
		m.groups = from.groups
		out = append(out, m)
	}
	return out
}

// narrow is the spot seen by objects of the scope's runtime type; nil: they cannot be there.
func (s *scope) narrow(from *spot) *spot {
	if from.node.Type.InterfaceObject {
		if t := from.node.Typed(); t != nil {
			return &spot{node: t, sel: from.sel, place: s.place}
		}
		return nil
	}
	node := from.node.Member(s.runtime)
	if node == nil {
		return nil
	}
	return &spot{node: node, sel: from.sel.member(node), place: s.place}
}

// member returns the part of the selection for one member type.
func (s *sel) member(node *querygraph.Node) *sel {
	if s.node.Type.Kind == ast.Object {
		return s
	}
	for _, b := range s.branches {
		if b.node == node {
			return b
		}
	}
	b := &sel{node: node}
	s.branches = append(s.branches, b)
	return b
}

// find returns the field stored under the key, or nil.
func (s *sel) find(key Key) *selField {
	if s.index != nil {
		return s.index[key]
	}
	for _, f := range s.fields {
		if f.key == key {
			return f
		}
	}
	return nil
}

// add selects a field, once.
func (s *sel) add(key Key, e *querygraph.Edge, args ast.ArgumentList) *selField {
	if f := s.find(key); f != nil {
		return f
	}
	f := &selField{key: key, name: e.Field.Name, args: args, field: e}
	s.push(f)
	return f
}

// push appends a field that is not there yet.
func (s *sel) push(f *selField) {
	const many = 32
	s.fields = append(s.fields, f)
	switch {
	case s.index != nil:
		s.index[f.key] = f
	case len(s.fields) > many:
		s.index = make(map[Key]*selField, 2*many)
		for _, f := range s.fields {
			s.index[f.key] = f
		}
	}
}

// child returns the place below the scope for what is read under the key and leads to the nodes. Objects of several
// runtime types share one place if the same is read of them at the same nodes.
func (s *scope) child(key Key, typ *ast.Type, id branch, object bool) *place {
	id.key, id.all = key, s.runtime == ""
	p := s.place.children[id]
	if p == nil {
		p = newPlace(s.place, key, listDepth(typ), typ.Name(), object)
		if s.place.children == nil {
			s.place.children = map[branch]*place{}
		}
		s.place.children[id] = p
		s.place.below = append(s.place.below, p)
	}
	if s.runtime != "" && !slices.Contains(p.guard, s.runtime) {
		p.guard = append(p.guard, s.runtime)
		slices.Sort(p.guard)
	}
	return p
}

// enter returns the spot at which objects of the place are when a group reads them at the node for parents of a
// runtime type. content is the selection to go on with; nil: a new one.
func (p *place) enter(node *querygraph.Node, g []*group, runtime string, content *sel) *spot {
	for _, sp := range p.all.entries {
		if sp.node != node || content != nil && sp.sel != content || sp.groups[0].part != g[0].part {
			continue
		}
		known := !slices.ContainsFunc(g, func(x *group) bool { return !slices.Contains(sp.groups, x) })
		if known || runtime != "" && !slices.Contains(sp.runtimes, runtime) {
			sp.runtimes = append(sp.runtimes, runtime)
			for _, x := range g {
				if !slices.Contains(sp.groups, x) {
					sp.groups = append(sp.groups, x)
				}
			}
			return sp
		}
	}
	if content == nil {
		content = &sel{node: node}
	}
	sp := &spot{node: node, sel: content, groups: slices.Clone(g), runtimes: []string{runtime}, place: p}
	p.all.entries = append(p.all.entries, sp)
	return sp
}

// path leads from the root to the objects of the place that have one of the runtime types.
func (p *place) path(types []string) Path {
	if p.parent == nil {
		return nil
	}
	return append(p.parent.path(p.guard), Segment{Key: p.key, Lists: p.lists, Types: types})
}

func listDepth(t *ast.Type) int {
	n := 0
	for ; t.Elem != nil; t = t.Elem {
		n++
	}
	return n
}
