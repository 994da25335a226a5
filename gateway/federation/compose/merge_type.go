package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// position says where a type is used: where values come out the most general type wins, where they go in the strictest.
type position struct {
	input    bool
	mismatch spec.Code
	hint     HintCode
}

var (
	outputPosition     = position{false, spec.CodeFieldTypeMismatch, HintFieldType}
	inputFieldPosition = position{true, spec.CodeFieldTypeMismatch, HintFieldType}
	argumentPosition   = position{true, spec.CodeFieldArgumentTypeMismatch, HintArgumentType}
)

// mergeType folds the types over the subgraphs in their order; same says that they were all equal.
func (m *merger) mergeType(coordinate string, types []*ast.Type, pos position) (merged *ast.Type, same bool) {
	same = true
	from := 0 // the subgraph that merged is of
	for i, t := range types {
		if t == nil {
			continue
		}
		if merged == nil {
			merged, from = t, i
			continue
		}
		if t.String() == merged.String() {
			continue
		}
		same = false
		// An interface object is an object where it stands, which no other object is one of.
		wider := m.isSubtype(merged, t) && !m.isInterfaceObject(i, t)
		narrower := m.isSubtype(t, merged) && !m.isInterfaceObject(from, merged)
		if !wider && !narrower {
			e := m.errorf(pos.mismatch, "%q has incompatible types: %s; make them alike, or one more general than the others", coordinate, m.listTypes(types))
			e.Locations = m.typeLocations(types)
			return merged, false
		}
		if wider && !pos.input || narrower && pos.input {
			merged, from = t, i
		}
	}
	if !same {
		h := m.hint(pos.hint, coordinate, "%q has different but compatible types: %s; %s is used", coordinate, m.listTypes(types), merged)
		h.Locations = m.typeLocations(types)
	}
	return merged, same
}

func (m *merger) isInterfaceObject(i int, t *ast.Type) bool {
	own := m.subs[i].Type(t.Name())
	return own != nil && m.subs[i].IsInterfaceObject(own)
}

func (m *merger) typeLocations(types []*ast.Type) []Location {
	e := &Error{}
	for i, t := range types {
		if t != nil {
			e.At(m.subs[i].Name, t.Position)
		}
	}
	return e.Locations
}

func (m *merger) listTypes(types []*ast.Type) string {
	var parts []string
	for i, t := range types {
		if t != nil {
			parts = append(parts, t.String()+" in \""+m.subs[i].Name+"\"")
		}
	}
	return strings.Join(parts, ", ")
}

// isSubtype reports whether every value of sub is one of super, in the merged schema. A type is its own subtype.
func (m *merger) isSubtype(sub, super *ast.Type) bool {
	if super.NonNull && !sub.NonNull || (sub.Elem == nil) != (super.Elem == nil) {
		return false
	}
	if sub.Elem != nil {
		return m.isSubtype(sub.Elem, super.Elem)
	}
	if sub.NamedType == super.NamedType {
		return true
	}
	below, above := m.types[sub.NamedType], m.types[super.NamedType]
	if below == nil || above == nil {
		return false
	}
	switch above.Kind {
	case ast.Union:
		return slices.Contains(above.Types, below.Name)
	case ast.Interface:
		return slices.Contains(below.Interfaces, above.Name)
	default:
		return false
	}
}
