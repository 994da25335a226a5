package supergraph

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// ListSize is what @listSize says of a field.
type ListSize struct {
	Assumed  int      // size where no slicing argument says it; -1: not told
	Slicing  []string // arguments that bound the size
	Sized    []string // fields of the result whose size it is
	ExactOne bool     // exactly one of Slicing has to be given
}

// Weight returns the @cost of the element at the coordinate ("Type", "Type.field", "Type.field(argument:)"); false when it
// has none.
func (s *Supergraph) Weight(coordinate string) (int, bool) {
	w, ok := s.weights[coordinate]
	return w, ok
}

// ListSize returns the @listSize of the field at the coordinate ("Type.field"), or nil.
func (s *Supergraph) ListSize(coordinate string) *ListSize { return s.sizes[coordinate] }

// cost reads @cost and @listSize.
func (r *reader) cost(doc *ast.SchemaDocument) {
	if r.names.cost == "" {
		return
	}
	weigh := func(coordinate string, list ast.DirectiveList) {
		if d := list.ForName(r.names.cost); d != nil {
			if w, err := strconv.Atoi(argument(d, "weight")); err == nil {
				r.sg.weights[coordinate] = w
			}
		}
	}
	for _, def := range doc.Definitions {
		weigh(def.Name, def.Directives)
		for _, f := range def.Fields {
			at := def.Name + "." + f.Name
			weigh(at, f.Directives)
			if d := f.Directives.ForName(r.names.listSize); d != nil {
				r.sg.sizes[at] = readListSize(d)
			}
			for _, a := range f.Arguments {
				weigh(at+"("+a.Name+":)", a.Directives)
			}
		}
	}
}

func readListSize(d *ast.Directive) *ListSize {
	out := &ListSize{Assumed: -1, Slicing: texts(d, "slicingArguments"), Sized: texts(d, "sizedFields")}
	if n, err := strconv.Atoi(argument(d, "assumedSize")); err == nil {
		out.Assumed = n
	}
	out.ExactOne = argument(d, "requireOneSlicingArgument") != "false" && len(out.Slicing) > 0
	return out
}

func texts(d *ast.Directive, name string) []string {
	a := d.Arguments.ForName(name)
	if a == nil || a.Value == nil || a.Value.Kind == ast.NullValue {
		return nil
	}
	if a.Value.Kind != ast.ListValue {
		return []string{a.Value.Raw}
	}
	var out []string
	for _, c := range a.Value.Children {
		if !slices.Contains(out, c.Value.Raw) {
			out = append(out, c.Value.Raw)
		}
	}
	return out
}
