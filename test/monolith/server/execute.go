package server

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

// execution is one request to one subgraph.
type execution struct {
	*Servers
	session  *Session
	service  *service
	doc      *ast.QueryDocument
	vars     map[string]any
	mutation bool
	errors   []failure
}

type failure struct {
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

// object is an object on one path of a request.
type object struct {
	id       int
	typ      string             // its type in the world
	declared string             // its type in this subgraph: typ, or the interface object that stands for it
	provided []ast.SelectionSet // what @provides adds on this path
	rep      map[string]any     // the representation that it was found by
}

// object answers the selections; false means that a null bubbles up.
func (x *execution) object(o object, sets []ast.SelectionSet, path []any) (any, bool) {
	var order []string
	fields := map[string][]*ast.Field{}
	for _, set := range sets {
		x.collect(o, set, &order, fields)
	}
	out := map[string]any{}
	for _, name := range order {
		v, ok := x.field(o, fields[name], append(slices.Clip(path), name))
		if !ok {
			return nil, false
		}
		out[name] = v
	}
	return out, true
}

func (x *execution) field(o object, list []*ast.Field, path []any) (any, bool) {
	f := list[0]
	var below []ast.SelectionSet
	for _, g := range list {
		below = append(below, g.SelectionSet)
		if len(g.Directives) > 0 && !x.session.Conditions {
			x.session.fault("%s: %s has a condition", x.service.name, f.Name)
		}
	}
	switch f.Name {
	case "__typename":
		if o.declared != o.typ {
			return o.declared, true // not to be trusted
		}
		return o.typ, true
	case "_entities":
		return x.entities(f, below, path)
	}
	t := x.service.types[o.declared]
	if o.declared != o.typ && !t.interfaceObject {
		x.session.touch("root type with another name")
	}
	own := t.fields[f.Name]
	def := x.service.schema.Types[o.declared].Fields.ForName(f.Name)
	provided, isProvided := x.provision(o, f.Name)
	args := world.Arguments(x.service.schema, def.Arguments, f.Arguments, x.vars)
	x.session.touch(own.features...)
	if x.uneven[def.Type.Name()] {
		x.session.touch("enum that subgraphs know differently")
	}
	for _, a := range f.Arguments {
		if d := def.Arguments.ForName(a.Name); x.uneven[d.Type.Name()] {
			x.session.touch("argument that subgraphs know differently")
		}
	}
	x.session.touch(t.features...)
	switch {
	case isProvided:
		if own.external {
			x.session.touch("@provides used")
		}
	case own.external && t.extension && t.keyMembers[f.Name]:
		x.session.touch("external key member of an extension")
	case own.external:
		x.session.fault("%s: %s.%s is external", x.service.name, o.declared, f.Name)
	case !own.resolvable(x.session.Labels):
		x.session.fault("%s: %s.%s is resolved by another subgraph", x.service.name, o.declared, f.Name)
	case own.requires != nil:
		problem := x.lacks(o, own.requires)
		if _, ok := x.evaluate(o.id, own.requires); !ok {
			x.session.touch("requirement that fails")
			return x.plausible(def.Type), true
		}
		if problem != "" {
			x.session.fault("%s: %s.%s requires %s", x.service.name, o.declared, f.Name, problem)
		}
	}
	if own.provides != nil {
		provided = append(provided, own.provides)
	}
	if x.mutation && len(path) == 1 {
		x.session.mu.Lock()
		x.session.calls = append(x.session.calls, f.Name+" "+world.Canonical(args))
		x.session.mu.Unlock()
	}
	var v world.Value
	if len(def.Arguments) > 0 {
		v = x.world.Value(o.id, f.Name, args)
	} else {
		v = x.world.Value(o.id, f.Name, nil)
	}
	return x.complete(v, def.Type, below, provided, path)
}

// plausible is what a resolver may make of an input that is null because it failed. The client must not see it.
func (x *execution) plausible(t *ast.Type) any {
	if t.Elem != nil {
		return []any{x.plausible(t.Elem)}
	}
	if def := x.service.schema.Types[t.NamedType]; def.Kind == ast.Enum {
		return def.EnumValues[0].Name
	}
	switch t.NamedType {
	case "Int", "Float":
		return -1
	case "Boolean":
		return true
	}
	return "made of nothing"
}

// provision finds what the provided path to an object says about one of its fields.
func (x *execution) provision(o object, name string) (below []ast.SelectionSet, ok bool) {
	var find func(set ast.SelectionSet)
	find = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if s.Name == name {
					ok = true
					below = append(below, s.SelectionSet)
				}
			case *ast.InlineFragment:
				if s.TypeCondition == "" || s.TypeCondition == o.typ || slices.Contains(x.possible[s.TypeCondition], o.typ) {
					find(s.SelectionSet)
				}
			}
		}
	}
	for _, set := range o.provided {
		find(set)
	}
	return below, ok
}

func (x *execution) complete(v world.Value, t *ast.Type, sets, provided []ast.SelectionSet, path []any) (any, bool) {
	switch v := v.(type) {
	case nil:
		x.session.touch("null")
		if t.NonNull {
			x.session.touch("null where null is not allowed")
			x.errors = append(x.errors, failure{"null where null is not allowed", path})
		}
		return nil, !t.NonNull
	case world.Error:
		x.session.touch("resolver fails")
		if t.NonNull {
			x.session.touch("non-null resolver fails")
		}
		x.errors = append(x.errors, failure{string(v), path})
		return nil, !t.NonNull
	case world.JSON:
		return json.RawMessage(v), true
	case []world.Value:
		if len(v) == 0 {
			x.session.touch("empty list")
		}
		list := make([]any, len(v))
		for i := range v {
			var ok bool
			if list[i], ok = x.complete(v[i], t.Elem, sets, provided, append(slices.Clip(path), i)); !ok {
				return nil, !t.NonNull
			}
		}
		return list, true
	case world.Ref:
		o := object{id: int(v), typ: x.world.Objects[v].Type, provided: provided}
		o.declared = x.service.local(o.typ)
		if known := x.service.types[t.Name()]; known.interfaceObject {
			o.declared = t.Name()
		} else if known.def.Kind != ast.Object {
			x.session.touch("field of a " + strings.ToLower(string(known.def.Kind)))
		}
		if !x.service.types[t.Name()].interfaceObject && !x.isA(o.typ, t.Name()) {
			x.session.fault("the world is wrong: %s has no %s in %s at %v", x.service.name, o.typ, t.Name(), path)
			return nil, !t.NonNull
		}
		done, ok := x.object(o, sets, path)
		return done, ok || !t.NonNull
	}
	return v, true
}

// isA reports whether objects of the type may stand where the subgraph says so.
func (x *execution) isA(typ, position string) bool {
	return x.service.local(typ) == position || slices.ContainsFunc(x.service.schema.PossibleTypes[position], func(d *ast.Definition) bool { return d.Name == typ })
}

func (x *execution) collect(o object, set ast.SelectionSet, order *[]string, into map[string][]*ast.Field) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if into[s.Alias] == nil {
				*order = append(*order, s.Alias)
			}
			into[s.Alias] = append(into[s.Alias], s)
		case *ast.InlineFragment:
			if s.TypeCondition == "" || x.isA(o.declared, s.TypeCondition) {
				x.collect(o, s.SelectionSet, order, into)
			}
		case *ast.FragmentSpread:
			if f := x.doc.Fragments.ForName(s.Name); x.isA(o.declared, f.TypeCondition) {
				x.collect(o, f.SelectionSet, order, into)
			}
		}
	}
}
