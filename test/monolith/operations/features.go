package operations

import (
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Features names what the operation is made of.
func Features(schema *ast.Schema, text string) map[string]bool {
	out := map[string]bool{}
	doc, errs := gqlparser.LoadQueryWithRules(schema, text, nil)
	if len(errs) > 0 {
		return out
	}
	w := walker{schema: schema, out: out}
	for _, op := range doc.Operations {
		out[string(op.Operation)] = true
		for _, v := range op.VariableDefinitions {
			out["variable"] = true
			if v.DefaultValue != nil {
				out["variable with default"] = true
			}
		}
		w.set(op.SelectionSet, "")
	}
	for _, f := range doc.Fragments {
		out["named fragment"] = true
		w.set(f.SelectionSet, "fragment ")
	}
	return out
}

type walker struct {
	schema *ast.Schema
	out    map[string]bool
}

func (w walker) set(set ast.SelectionSet, in string) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Alias != s.Name {
				w.out["alias"] = true
				if s.Alias == "same" {
					w.out["siblings with one name and different arguments"] = true
				}
				if s.Name == "__typename" {
					w.out["alias of __typename"] = true
				}
				if s.ObjectDefinition != nil && s.ObjectDefinition.Fields.ForName(s.Alias) != nil {
					w.out["alias spelled like a field"] = true
				}
			}
			if s.Name == "__typename" {
				w.out["__typename"] = true
			}
			w.arguments(s)
			w.conditions("field", s.Directives)
			w.set(s.SelectionSet, "")
		case *ast.InlineFragment:
			w.condition(s.TypeCondition, in)
			w.conditions("inline fragment", s.Directives)
			w.set(s.SelectionSet, "fragment ")
		case *ast.FragmentSpread:
			w.condition(s.Definition.TypeCondition, in)
			w.conditions("spread", s.Directives)
		}
	}
}

func (w walker) condition(name, in string) {
	switch def := w.schema.Types[name]; {
	case def == nil:
		w.out["fragment without type"] = true
	case def.Kind == ast.Object:
		w.out[in+"fragment on an object"] = true
	case def.Kind == ast.Union:
		w.out[in+"fragment on a union"] = true
	default:
		w.out[in+"fragment on an interface"] = true
	}
}

func (w walker) conditions(what string, list ast.DirectiveList) {
	for _, d := range list {
		kind := "literal"
		if d.Arguments.ForName("if").Value.Kind == ast.Variable {
			kind = "variable"
		}
		w.out["@"+d.Name+" with a "+kind+" on a "+what] = true
	}
}

func (w walker) arguments(f *ast.Field) {
	for _, a := range f.Arguments {
		w.out["argument"] = true
		for _, c := range a.Value.Children {
			if nested(c.Value) {
				w.out["variable nested in an argument"] = true
			}
		}
	}
}

func nested(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if nested(c.Value) {
			return true
		}
	}
	return false
}
