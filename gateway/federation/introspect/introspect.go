// Package introspect answers the root fields __schema and __type from the API schema. It is a pure function of schema,
// selection and variables.
//
// GraphQL spec, "Schema Introspection" (#sec-Schema-Introspection).
package introspect

import (
	"encoding/json"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Resolve answers one field, __schema or __type, of a validated operation as JSON, or by nil if that takes more than limit
// bytes or about as much work. variables are the coerced ones.
func Resolve(schema *ast.Schema, field *ast.Field, variables map[string]any, limit int) json.RawMessage {
	w := &writer{schema: schema, variables: variables, left: limit}
	switch field.Name {
	case "__schema":
		w.object(schemaObject{schema}, field.SelectionSet)
	case "__type":
		name, _ := w.argument(field, "name").(string)
		w.value(typeNamed(schema, name), field.SelectionSet)
	default:
		w.out = append(w.out, "null"...)
	}
	if w.full() {
		return nil
	}
	return w.out
}

// object is one introspection object; resolve gives the value of a field: nil, string, *string, bool, object or []object.
type object interface {
	typeName() string
	resolve(w *writer, f *ast.Field) any
}

type writer struct {
	schema    *ast.Schema
	variables map[string]any
	out       []byte
	left      int // selections that may still be looked at, and bytes that may be written beside them
}

func (w *writer) full() bool { return len(w.out) > w.left }

func (w *writer) argument(f *ast.Field, name string) any {
	arg := f.Arguments.ForName(name)
	if arg == nil {
		return nil
	}
	v, err := arg.Value.Value(w.variables)
	if err != nil {
		return nil
	}
	return v
}

func (w *writer) deprecatedToo(f *ast.Field) bool {
	yes, _ := w.argument(f, "includeDeprecated").(bool)
	return yes
}

func (w *writer) value(v any, set ast.SelectionSet) {
	switch v := v.(type) {
	case object:
		w.object(v, set)
	case []object:
		w.out = append(w.out, '[')
		for i, o := range v {
			if w.full() {
				return
			}
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.object(o, set)
		}
		w.out = append(w.out, ']')
	default:
		b, err := json.Marshal(v)
		if err != nil {
			b = []byte("null")
		}
		w.out = append(w.out, b...)
	}
}

func (w *writer) object(o object, set ast.SelectionSet) {
	if o == nil {
		w.out = append(w.out, "null"...)
		return
	}
	w.out = append(w.out, '{')
	for i, f := range w.collect(o.typeName(), set) {
		if w.full() {
			return
		}
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.value(f.alias, nil)
		w.out = append(w.out, ':')
		if f.field.Name == "__typename" {
			w.value(o.typeName(), nil)
		} else {
			w.value(o.resolve(w, f.field), f.set)
		}
	}
	w.out = append(w.out, '}')
}

// selected is one response field with the selections of all its occurrences.
type selected struct {
	alias string
	field *ast.Field
	set   ast.SelectionSet
	own   bool // set is a copy, which may grow
}

// collect merges the fields that apply, in order of first appearance.
//
// GraphQL spec, "Field Collection" (#sec-Field-Collection).
func (w *writer) collect(typeName string, set ast.SelectionSet) []*selected {
	var out []*selected
	at := map[string]*selected{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		w.left -= len(set)
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if !w.included(s.Directives) {
					continue
				}
				if have := at[s.Alias]; have != nil {
					if !have.own {
						have.set, have.own = slices.Clone(have.set), true
					}
					have.set = append(have.set, s.SelectionSet...)
					continue
				}
				f := &selected{alias: s.Alias, field: s, set: s.SelectionSet}
				at[s.Alias] = f
				out = append(out, f)
			case *ast.InlineFragment:
				if w.included(s.Directives) && (s.TypeCondition == "" || s.TypeCondition == typeName) {
					walk(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				if w.included(s.Directives) && s.Definition != nil && s.Definition.TypeCondition == typeName {
					walk(s.Definition.SelectionSet)
				}
			}
		}
	}
	walk(set)
	return out
}

func (w *writer) included(list ast.DirectiveList) bool {
	is := func(name string) (value, given bool) {
		d := list.ForName(name)
		if d == nil {
			return false, false
		}
		arg := d.Arguments.ForName("if")
		if arg == nil {
			return false, false
		}
		v, err := arg.Value.Value(w.variables)
		b, _ := v.(bool)
		return b, err == nil
	}
	if skip, given := is("skip"); given && skip {
		return false
	}
	include, given := is("include")
	return !given || include
}
