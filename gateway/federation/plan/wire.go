package plan

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// wireNames gives every field its response key on the wire, for levels whose fields share one response object. Two
// runtime types may have fields under one storage key that the subgraph must not answer under one name, because
// their shapes differ there (GraphQL spec, "Field Selection Merging"): the later one gets a name of its own.
func (b *builder) wireNames(level []*sel) {
	if len(level) == 1 && len(level[0].branches) == 0 { // storage keys have distinct names
		for _, f := range level[0].fields {
			f.wire = b.keys.names[f.key]
			if f.child != nil {
				b.wireNames([]*sel{f.child.sel})
			}
		}
		return
	}
	type named struct {
		first *selField
		kids  []*sel
	}
	names := map[string]*named{}
	var order []string
	var visit func(s *sel)
	visit = func(s *sel) {
		for _, f := range s.fields {
			name := b.keys.names[f.key]
			for n := 1; ; n++ {
				if old := names[name]; old == nil || alike(old.first, f) {
					break
				}
				name = "_a" + strconv.Itoa(n) + "_" + b.keys.names[f.key]
			}
			f.wire = name
			if names[name] == nil {
				names[name] = &named{first: f}
				order = append(order, name)
			}
			if f.child != nil && !slices.Contains(names[name].kids, f.child.sel) {
				names[name].kids = append(names[name].kids, f.child.sel)
			}
		}
		for _, br := range s.branches {
			visit(br)
		}
	}
	for _, s := range level {
		visit(s)
	}
	for _, name := range order {
		if len(names[name].kids) > 0 {
			b.wireNames(names[name].kids)
		}
	}
}

// alike reports whether two fields may be answered under one name: of the same shape and, for safety, the same
// field with the same arguments.
func alike(a, b *selField) bool {
	return a == b || a.name == b.name && a.argText() == b.argText() && sameShape(a, b)
}

func sameShape(a, b *selField) bool {
	x, y := a.field.Field.Type, b.field.Field.Type
	for x != nil && y != nil {
		if x.NonNull != y.NonNull || (x.Elem == nil) != (y.Elem == nil) {
			return false
		}
		if x.Elem == nil {
			return x.NamedType == y.NamedType || a.child != nil && b.child != nil
		}
		x, y = x.Elem, y.Elem
	}
	return true
}

// wire says how the answer to a level is read.
func (b *builder) wire(s *sel) *Wire {
	w := &Wire{}
	switch {
	case s.node.Type.InterfaceObject:
		w.Opaque = true
	case s.node.Type.Kind == ast.Object:
		w.Type = s.node.Type.Name
		schema := b.g.SG.Schema
		for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
			w.Root = w.Root || root != nil && root.Name == w.Type
		}
	default:
		w.Possible = s.node.Members()
	}
	w.Fields = b.wireFields(nil, s, nil)
	if b.endangered(s) {
		b.again(w, s)
	}
	return w
}

// endangered reports whether something that is read for the sake of another field may take the objects of a level along.
func (b *builder) endangered(s *sel) bool {
	return slices.ContainsFunc(s.branches, b.endangered) || slices.ContainsFunc(s.fields, func(f *selField) bool { return b.endangers(s, f) })
}

// endangers reports whether the field, or something below it that has no key, may take the objects along of which it is read.
func (b *builder) endangers(s *sel, f *selField) bool {
	if f.child != nil && f.child.sel != s && len(b.g.Landings(f.child.node.Type.Name)) == 0 && b.endangered(f.child.sel) {
		return true
	}
	return b.isInput(f.key) && strict(s.node, f) && !slices.ContainsFunc(b.g.Landings(s.node.Type.Name), func(l *querygraph.Landing) bool {
		return slices.ContainsFunc(l.Key, func(k *querygraph.FieldSel) bool { return k.Name == f.name })
	})
}

func (b *builder) isInput(key Key) bool {
	if b.inputs == nil {
		b.inputs = b.keys.inputs()
	}
	return int(key) < len(b.inputs) && b.inputs[key]
}

// again says how the objects of a level are asked for again: of the subgraph that is asked for them, or where that cannot be,
// since they are in a view or have no key there, of those that have the fields that may take them along.
func (b *builder) again(w *Wire, s *sel) {
	if keys := b.keysAt(w, s.node, s); keys != nil {
		w.Again = []Again{{Keys: keys, On: s.node.Type.Name}}
		return
	}
	if s.node.Type.InterfaceObject {
		return
	}
	for _, own := range append([]*sel{s}, s.branches...) {
		if own.node.Type.Kind == ast.Object {
			b.againByField(w, s, own)
		}
	}
}

// againByField says how what objects of one type may lose is asked for again, of whichever subgraphs have it.
func (b *builder) againByField(w *Wire, level, s *sel) {
	left := slices.DeleteFunc(slices.Clone(s.fields), func(f *selField) bool { return !b.endangers(s, f) })
	had := func(n *querygraph.Node, f *selField) bool {
		e := n.Edge(f.name)
		return e != nil && e.Requires == nil && len(e.Field.Contexts) == 0 && (f.child == nil || n.Sub == s.node.Sub && !b.provided(f.child.sel))
	}
	for _, sub := range append([]*supergraph.Subgraph{s.node.Sub}, b.g.SG.Subgraphs...) {
		n := b.g.Node(sub, s.node.Type.Name)
		if n == nil || !slices.ContainsFunc(left, func(f *selField) bool { return had(n, f) }) {
			continue
		}
		keys := b.keysAt(w, n, level)
		if keys == nil {
			continue
		}
		a := Again{Subgraph: sub.Name, Keys: keys, On: n.Type.Name}
		left = slices.DeleteFunc(left, func(f *selField) bool {
			if had(n, f) {
				a.Fields = append(a.Fields, f.wire)
				return true
			}
			return false
		})
		w.Again = append(w.Again, a)
	}
}

// keysAt says how the objects of a level are named to the subgraph of a node: by leaves that are selected, or else by some that
// are spare. nil: they cannot be named.
func (b *builder) keysAt(w *Wire, node *querygraph.Node, s *sel) (keys []Rep) {
	if node.Type.InterfaceObject {
		return nil
	}
	for _, member := range node.Members() {
		n := node.Member(member)
		if n == nil || n.View > 0 && b.provided(s) {
			continue
		}
		if n.View > 0 {
			n = b.g.Node(n.Sub, member)
		}
		selected := func(f *querygraph.FieldSel) bool {
			key := b.keys.member(f)
			return s.find(key) != nil || slices.ContainsFunc(s.branches, func(br *sel) bool { return slices.Contains(br.node.Members(), member) && br.find(key) != nil })
		}
		rep := func(l *querygraph.Landing) Rep {
			return Rep{Types: []string{member}, TypeName: l.RepType, Fields: b.members(nil, l.Key, true)}
		}
		sure := false // an object always has a key that is selected
		var least []WireField
		var best *querygraph.Landing
		for _, l := range b.g.Landings(member) {
			if l.Node != n || l.RepType == "" {
				continue
			}
			switch spare, ok := b.spare(w, s.node.Member(member), l.Key, selected); {
			case ok && len(spare) == 0: // the next is for objects of which it is null
				keys = append(keys, rep(l))
				sure = sure || !slices.ContainsFunc(l.Key, func(f *querygraph.FieldSel) bool {
					e := n.Edge(f.Name)
					return f.Sub != nil || e == nil || !e.Field.Type.NonNull
				})
			case ok && (best == nil || len(spare) < len(least)):
				least, best = spare, l
			}
		}
		if !sure && best != nil {
			keys = append(keys, rep(best))
			w.Spare = append(w.Spare, least...)
		}
	}
	return keys
}

// provided reports whether something at a level or below is only given there by a @provides.
func (b *builder) provided(s *sel) bool {
	plain := b.g.Node(s.node.Sub, s.node.Type.Name)
	return slices.ContainsFunc(s.branches, b.provided) || slices.ContainsFunc(s.fields, func(f *selField) bool {
		return plain == nil || plain.Edge(f.name) == nil || f.child != nil && b.provided(f.child.sel)
	})
}

// spare lists the leaves of a key that are not selected of the objects at a node. ok is false where those cannot be asked for.
func (b *builder) spare(w *Wire, n *querygraph.Node, key querygraph.FieldSet, selected func(*querygraph.FieldSel) bool) (list []WireField, ok bool) {
	for _, f := range key {
		if f.Sub != nil {
			return nil, false
		}
		if selected(f) {
			continue
		}
		e := n.Edge(f.Name)
		if e == nil || e.Requires != nil || !e.Field.Type.NonNull || e.Field.Type.Elem != nil || f.Args != "" {
			return nil, false
		}
		if slices.ContainsFunc(w.Spare, func(o WireField) bool { return o.Key == b.keys.member(f) && slices.Contains(o.Types, n.Type.Name) }) {
			continue
		}
		own := e.Field
		named := own.Type.Name()
		field := WireField{Name: b.keys.unused(f.Name), Types: []string{n.Type.Name}, Key: b.keys.member(f), Field: f.Name, Type: own.Type, Leaf: b.leaf(named), Strict: true}
		if field.Leaf == LeafEnum {
			field.Enum = b.values(named)
		}
		if slices.ContainsFunc(w.Spare, func(o WireField) bool { return o.Name == field.Name && o.Type.String() != field.Type.String() }) {
			return nil, false
		}
		list = append(list, field)
	}
	return list, true
}

func (b *builder) wireFields(fields []WireField, s *sel, types []string) []WireField {
	for _, f := range s.fields {
		w := WireField{Name: f.wire, Types: types, Key: f.key, Field: f.name, Type: f.field.Field.Type, Input: b.isInput(f.key), Strict: strict(s.node, f)}
		w.Requires = b.members(nil, f.field.Requires, false)
		if f.child != nil {
			w.Child = b.wire(f.child.sel)
		} else {
			named := f.field.Field.Type.Name()
			if w.Leaf = b.leaf(named); w.Leaf == LeafEnum {
				w.Enum = b.values(named)
			}
		}
		fields = append(fields, w)
	}
	for _, br := range s.branches {
		fields = b.wireFields(fields, br, br.node.Members())
	}
	return fields
}

// strict reports whether the field must not be null in some object at the node.
func strict(n *querygraph.Node, f *selField) bool {
	return f.field.Field.Type.NonNull || slices.ContainsFunc(n.Members(), func(member string) bool {
		m := n.Member(member)
		if m == nil {
			return false
		}
		own := m.Type.Field(f.name)
		return own != nil && own.Type.NonNull
	})
}

// equal reports whether two answers are read alike.
func (w *Wire) equal(o *Wire) bool {
	if w == nil || o == nil {
		return w == o
	}
	return w.Type == o.Type && w.Root == o.Root && w.Opaque == o.Opaque && slices.Equal(w.Possible, o.Possible) && slices.EqualFunc(w.Fields, o.Fields, equalFields) &&
		slices.EqualFunc(w.Spare, o.Spare, equalFields) && (len(w.Again)+len(o.Again) == 0 || reflect.DeepEqual(w.Again, o.Again))
}

func equalFields(a, b WireField) bool {
	return a.Name == b.Name && a.Key == b.Key && a.Field == b.Field && a.Leaf == b.Leaf && a.Input == b.Input && a.Strict == b.Strict && slices.Equal(a.Types, b.Types) &&
		(a.Type == b.Type || a.Type.String() == b.Type.String()) && a.Child.equal(b.Child) &&
		(len(a.Requires)+len(b.Requires) == 0 || reflect.DeepEqual(a.Requires, b.Requires))
}
