package subgraph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

func checkCost(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if d := s.First(f.Directives, "cost"); d != nil && t.Kind == ast.Interface {
				report(d.Position, spec.CodeCostOnInterfaceField, "@%s cannot be applied to the interface field \"%s.%s\"; apply it to the fields that implement it", d.Name, t.Name, f.Name)
			}
		}
	}
}

func checkListSize(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if d := s.First(f.Directives, "listSize"); d != nil {
				s.checkSizes(t, f, d, report)
			}
		}
	}
}

func (s *Subgraph) checkSizes(t *Type, f *ast.FieldDefinition, d *ast.Directive, report reporter) {
	sized := stringList(d, "sizedFields")
	if len(sized) == 0 && f.Type.Elem == nil {
		report(d.Position, spec.CodeListSizeNonList, "@%s is applied to \"%s.%s\", which is not a list; name the lists below it in sizedFields", d.Name, t.Name, f.Name)
	}
	if a := d.Arguments.ForName("assumedSize"); a != nil && a.Value.Kind == ast.IntValue && strings.HasPrefix(a.Value.Raw, "-") {
		report(d.Position, spec.CodeListSizeAssumedSize, "the assumed size of \"%s.%s\" cannot be negative", t.Name, f.Name)
	}
	slicing := stringList(d, "slicingArguments")
	for _, name := range slicing {
		a := f.Arguments.ForName(name)
		if a == nil || a.Type.Elem != nil || a.Type.NamedType != "Int" {
			report(d.Position, spec.CodeListSizeSlicingArgument, "slicing argument \"%s.%s(%s:)\" must exist and be an Int", t.Name, f.Name, name)
		}
	}
	result := s.Lookup(f.Type.Name())
	for _, name := range sized {
		if result == nil || result.Kind != ast.Object && result.Kind != ast.Interface {
			report(d.Position, spec.CodeListSizeSizedField, "sized field %q of \"%s.%s\" cannot exist: the result has no fields", name, t.Name, f.Name)
			continue
		}
		switch field := result.Fields.ForName(name); {
		case field == nil:
			report(d.Position, spec.CodeListSizeSizedField, "sized field \"%s.%s\" does not exist; name one that does", result.Name, name)
		case field.Type.Elem == nil:
			report(d.Position, spec.CodeListSizeNonList, "sized field \"%s.%s\" is not a list; only lists have a size", result.Name, name)
		}
	}
}

// stringList returns the strings of a list argument; none when it is absent or null.
func stringList(d *ast.Directive, name string) []string {
	a := d.Arguments.ForName(name)
	if a == nil || a.Value == nil || a.Value.Kind == ast.NullValue {
		return nil
	}
	if a.Value.Kind != ast.ListValue {
		return []string{a.Value.Raw}
	}
	var list []string
	for _, c := range a.Value.Children {
		list = append(list, c.Value.Raw)
	}
	return list
}
