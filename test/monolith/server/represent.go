package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

func (x *execution) entities(f *ast.Field, below []ast.SelectionSet, path []any) (any, bool) {
	reps, _ := f.Arguments.ForName("representations").Value.Value(x.vars)
	list, _ := reps.([]any)
	out := make([]any, len(list))
	for i, r := range list {
		rep, _ := r.(map[string]any)
		o, problem := x.entity(rep)
		if problem != "" {
			x.session.fault("%s: representation %s %s", x.service.name, world.Canonical(r), problem)
			continue
		}
		if o == nil {
			continue
		}
		out[i], _ = x.object(*o, below, append(slices.Clip(path), i))
	}
	return out, true
}

// entity finds the object that a representation means; nil when the subgraph has none.
func (x *execution) entity(rep map[string]any) (o *object, problem string) {
	name, _ := rep["__typename"].(string)
	t := x.service.types[name]
	if t == nil || len(t.keys) == 0 {
		return nil, "is not of an entity type"
	}
	keys := 0
	for _, key := range t.keys {
		if !holds(rep, key) {
			continue
		}
		keys++
		x.session.touch(keyFeature(key))
		found := x.find(name, rep, key)
		if found == nil {
			return nil, "is of no object"
		}
		if o != nil && o.id != found.id {
			return nil, "has keys of two objects"
		}
		o = found
	}
	if keys == 0 {
		return nil, "lacks a key"
	}
	if problem := x.disagrees(o, name, rep); problem != "" {
		return nil, problem
	}
	for _, key := range t.keys {
		if whole, _ := x.evaluate(o.id, key); !holds(whole, key) {
			x.session.touch("@key that is null")
		}
	}
	if len(t.keys) > 1 {
		x.session.touch("@key one of several")
	}
	if t.def.Kind == ast.Interface {
		x.session.touch("@key on an interface")
	}
	if x.world.IsAbsent(x.service.name, o.id) {
		x.session.touch("entity that resolves to null")
		return nil, ""
	}
	return o, ""
}

// holds reports whether a representation has all of a key, nothing of it null.
func holds(rep map[string]any, set ast.SelectionSet) bool {
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		var all func(v any) bool
		all = func(v any) bool {
			switch v := v.(type) {
			case nil:
				return false
			case []any:
				return !slices.ContainsFunc(v, func(e any) bool { return !all(e) })
			case map[string]any:
				return holds(v, f.SelectionSet)
			}
			return len(f.SelectionSet) == 0
		}
		if !all(rep[f.Name]) {
			return false
		}
	}
	return true
}

// find returns the object with that key, or nil.
func (x *execution) find(name string, rep map[string]any, key ast.SelectionSet) *object {
	for id, o := range x.world.Objects {
		if o.Type != name && !slices.Contains(x.possible[name], o.Type) {
			continue
		}
		want, _ := x.evaluate(id, key)
		if covers(rep, want) {
			found := &object{id: id, typ: o.Type, declared: o.Type, rep: rep}
			if x.service.types[name].interfaceObject {
				found.declared = name
			}
			return found
		}
	}
	return nil
}

// disagrees tells which member of a representation is not the object's. Members with arguments are left to lacks.
func (x *execution) disagrees(o *object, name string, rep map[string]any) string {
	for _, member := range slices.Sorted(maps.Keys(rep)) {
		if member == "__typename" {
			continue
		}
		def := x.service.schema.Types[name].Fields.ForName(member)
		if def == nil {
			return fmt.Sprintf("has %s, which %s does not know", member, name)
		}
		if len(def.Arguments) == 0 && !x.agrees(x.world.Value(o.id, member, nil), rep[member]) {
			return fmt.Sprintf("has a wrong %s", member)
		}
	}
	return ""
}

// agrees reports whether a representation's value is what the world has; it may have less of an object.
func (x *execution) agrees(v world.Value, rep any) bool {
	switch v := v.(type) {
	case world.Ref:
		o := x.world.Objects[v]
		members, ok := rep.(map[string]any)
		if !ok {
			return rep == nil && x.fails(v) // it was taken along by what is required of it
		}
		for name, r := range members {
			value, known := o.Fields[name]
			_, arguments := value.(world.Alt)
			switch {
			case name == "__typename":
				if r != o.Type && !slices.Contains(x.possible[fmt.Sprint(r)], o.Type) {
					return false
				}
			case !known, !arguments && !x.agrees(value, r):
				return false
			}
		}
		return true
	case []world.Value:
		list, ok := rep.([]any)
		if !ok {
			return rep == nil && x.fails(v) // an element that must not be null took it along
		}
		if len(list) != len(v) {
			return false
		}
		for i := range v {
			if !x.agrees(v[i], list[i]) {
				return false
			}
		}
		return true
	case world.Error:
		return rep == nil // as the subgraph that failed said
	case world.JSON:
		return reflect.DeepEqual(normal(v), rep)
	}
	return sameLeaf(v, rep)
}

// fails reports whether something fails in a value, or in what is read of its objects.
func (x *execution) fails(v world.Value) bool {
	switch v := v.(type) {
	case world.Ref:
		return x.world.Objects[v].Fails()
	case []world.Value:
		return slices.ContainsFunc(v, x.fails)
	case world.Error:
		return true
	}
	return false
}

// sameLeaf compares the world's value with a representation's, which has every ID as a string.
func sameLeaf(v, rep any) bool {
	if n, ok := v.(float64); ok {
		if s, ok := rep.(string); ok {
			return s == world.Canonical(n)
		}
	}
	return reflect.DeepEqual(v, rep)
}

// lacks tells what is missing in the representation of the object for a field's requirement.
func (x *execution) lacks(o object, set ast.SelectionSet) string {
	if o.rep == nil {
		return "a representation"
	}
	want, _ := x.evaluate(o.id, set)
	if !covers(o.rep, want) {
		return fmt.Sprintf("%s, the representation is %s", world.Canonical(want), world.Canonical(o.rep))
	}
	return ""
}

// evaluate returns what a field set selects of an object; false means that something in it fails.
func (x *execution) evaluate(id int, set ast.SelectionSet) (map[string]any, bool) {
	e := evaluator{world: x.world, service: x.service, possible: x.possible, ok: true}
	return e.object(id, set), e.ok
}

type evaluator struct {
	world    *world.World
	service  *service
	possible map[string][]string
	ok       bool
}

func (e *evaluator) object(id int, set ast.SelectionSet) map[string]any {
	out := map[string]any{}
	typ := e.world.Objects[id].Type
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__typename" {
				continue
			}
			var args map[string]any
			def := e.definition(typ, s.Name)
			if def != nil {
				args = world.Arguments(e.service.schema, def.Arguments, s.Arguments, nil)
			}
			v := e.value(e.world.Value(id, s.Name, args), s.SelectionSet)
			if v == nil && def != nil && def.Type.NonNull {
				e.ok = false
			}
			out[s.Name] = merged(out[s.Name], v)
		case *ast.InlineFragment:
			if s.TypeCondition == "" || s.TypeCondition == typ || slices.Contains(e.possible[s.TypeCondition], typ) {
				for name, v := range e.object(id, s.SelectionSet) {
					out[name] = merged(out[name], v)
				}
			}
		}
	}
	return out
}

// merged joins what two selections of one field gave.
func merged(a, b any) any {
	switch a := a.(type) {
	case map[string]any:
		for name, v := range b.(map[string]any) {
			a[name] = merged(a[name], v)
		}
		return a
	case []any:
		for i := range a {
			a[i] = merged(a[i], b.([]any)[i])
		}
		return a
	}
	return b
}

// definition finds the declaration of an object's field: the type's own or that of an interface object.
func (e *evaluator) definition(typ, name string) *ast.FieldDefinition {
	for _, declared := range slices.Sorted(maps.Keys(e.service.types)) {
		if declared == typ || slices.Contains(e.possible[declared], typ) {
			if def := e.service.types[declared].def.Fields.ForName(name); def != nil {
				return def
			}
		}
	}
	return nil
}

func (e *evaluator) value(v world.Value, set ast.SelectionSet) any {
	switch v := v.(type) {
	case world.Ref:
		return e.object(int(v), set)
	case []world.Value:
		list := make([]any, len(v))
		for i := range v {
			list[i] = e.value(v[i], set)
		}
		return list
	case world.Error:
		e.ok = false
		return nil
	case world.JSON:
		return normal(v)
	}
	return v
}

// covers reports whether have has all of want; objects may have more.
func covers(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for name, v := range want {
			if x, ok := h[name]; !ok || !covers(x, v) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(want) {
			return false
		}
		for i := range want {
			if !covers(h[i], want[i]) {
				return false
			}
		}
		return true
	}
	return sameLeaf(want, have)
}

// normal decodes a custom scalar's value.
func normal(v world.JSON) any {
	var out any
	if err := json.Unmarshal(v, &out); err != nil {
		panic(err) // it was read from JSON
	}
	return out
}
