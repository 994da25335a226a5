package pipeline

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxOverlap is how many fields may be looked at to find out whether a document's fields can be merged. The size of
// fragments multiplies where they are spread in each other.
const maxOverlap = 1_000_000

// checkOverlap refuses fields that cannot be merged: of one response name, and different. The document is valid otherwise.
// Those that can be of one object must be the same, all others must have the same shape. Fields that meet at a place are compared with the first of them, not with each other, so that the work grows with the
// document and not with its square.
//
// GraphQL spec, "Field Selection Merging" (#sec-Field-Selection-Merging).
func checkOverlap(schema *ast.Schema, doc *ast.QueryDocument) *Failure {
	o := &overlap{schema: schema, ids: map[*ast.Field]uint32{}, spread: map[*ast.FragmentDefinition]bool{}, left: maxOverlap, seen: map[string]bool{}}
	for _, op := range doc.Operations {
		o.merged('f', []ast.SelectionSet{op.SelectionSet}, nil, o.fields)
		if len(o.errs) == 0 {
			o.merged('s', []ast.SelectionSet{op.SelectionSet}, nil, o.shapes)
		}
	}
	switch {
	case o.left <= 0:
		return fail(http.StatusBadRequest, CodeLimit, "the document selects the same response names too often to be checked")
	case len(o.errs) > 0:
		return coded(o.errs, CodeValidation)
	}
	return nil
}

// overlap is one check of a document.
type overlap struct {
	schema *ast.Schema
	ids    map[*ast.Field]uint32
	spread map[*ast.FragmentDefinition]bool // by the sets at hand
	left   int
	seen   map[string]bool // sets that were merged before, by what was compared
	errs   gqlerror.List
}

// merged calls check for the fields of each response name in the sets, unless it did before. trail is the response names of
// the fields whose sets they are.
func (o *overlap) merged(of byte, sets []ast.SelectionSet, trail []string, check func(fields []*ast.Field, trail []string)) {
	var fields []*ast.Field
	clear(o.spread)
	for _, set := range sets {
		fields = o.collect(fields, set)
	}
	key := []byte{of}
	for _, f := range fields {
		key = binary.LittleEndian.AppendUint32(key, o.id(f))
	}
	if o.seen[string(key)] {
		return
	}
	o.seen[string(key)] = true
	index := map[string]int{}
	var groups [][]*ast.Field
	for _, f := range fields {
		i, ok := index[f.Alias]
		if !ok {
			i = len(groups)
			index[f.Alias] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	for _, g := range groups {
		if o.left <= 0 || len(o.errs) >= maxErrors {
			return
		}
		if len(g) == 1 {
			check(g, nil)
		} else {
			check(g, append(slices.Clip(trail), g[0].Alias))
		}
	}
}

func (o *overlap) id(f *ast.Field) uint32 {
	id, ok := o.ids[f]
	if !ok {
		id = uint32(len(o.ids)) //nolint:gosec // a document has fewer fields
		o.ids[f] = id
	}
	return id
}

// collect appends the fields of a set, with those of its fragments.
func (o *overlap) collect(fields []*ast.Field, set ast.SelectionSet) []*ast.Field {
	for _, s := range set {
		if o.left--; o.left <= 0 {
			return fields
		}
		switch s := s.(type) {
		case *ast.Field:
			fields = append(fields, s)
		case *ast.InlineFragment:
			fields = o.collect(fields, s.SelectionSet)
		case *ast.FragmentSpread:
			if !o.spread[s.Definition] {
				o.spread[s.Definition] = true
				fields = o.collect(fields, s.Definition.SelectionSet)
			}
		}
	}
	return fields
}

// shapes checks that fields of one response name yield values of one shape.
func (o *overlap) shapes(fields []*ast.Field, trail []string) {
	var first *ast.Field
	for _, f := range fields {
		switch {
		case f.Name == "__typename": // it is never asked for under an alias, and graphql-js compares no type with it either
		case first == nil:
			first = f
		case o.typesConflict(first.Definition.Type, f.Definition.Type):
			o.conflict(f, trail, fmt.Sprintf("they return conflicting types %q and %q", first.Definition.Type, f.Definition.Type))
			return
		}
	}
	o.below('s', fields, trail, o.shapes)
}

// fields checks that fields of one response name are the same where they can be of one object: those of an interface or a
// union, and those of one object type.
func (o *overlap) fields(fields []*ast.Field, trail []string) {
	var shared []*ast.Field
	var types []string
	byType := map[string][]*ast.Field{}
	for _, f := range fields {
		if f.ObjectDefinition.Kind != ast.Object {
			shared = append(shared, f)
			continue
		}
		name := f.ObjectDefinition.Name
		if byType[name] == nil {
			types = append(types, name)
		}
		byType[name] = append(byType[name], f)
	}
	if !o.same(shared, trail) {
		return
	}
	if len(types) == 0 {
		o.below('f', shared, trail, o.fields)
	}
	for _, t := range types {
		if o.left <= 0 || len(o.errs) >= maxErrors {
			return
		}
		if !o.same(append(slices.Clip(shared[:min(1, len(shared))]), byType[t]...), trail) || len(byType[t][0].SelectionSet) == 0 {
			continue
		}
		o.left -= len(shared)
		o.below('f', append(slices.Clip(shared), byType[t]...), trail, o.fields)
	}
}

// same reports whether fields are the same but for what is selected below them.
func (o *overlap) same(fields []*ast.Field, trail []string) bool {
	for _, f := range fields {
		switch first := fields[0]; {
		case f.Name != first.Name:
			o.conflict(f, trail, fmt.Sprintf("%q and %q are different fields", first.Name, f.Name))
			return false
		case f != first && !sameArguments(first.Arguments, f.Arguments):
			o.conflict(f, trail, "they have differing arguments")
			return false
		}
	}
	return true
}

func (o *overlap) below(of byte, fields []*ast.Field, trail []string, check func([]*ast.Field, []string)) {
	var sets []ast.SelectionSet
	for _, f := range fields {
		if len(f.SelectionSet) > 0 {
			sets = append(sets, f.SelectionSet)
		}
	}
	if len(sets) > 0 {
		if len(fields) == 1 {
			trail = nil
		}
		o.merged(of, sets, trail, check)
	}
}

func (o *overlap) conflict(f *ast.Field, trail []string, why string) {
	err := gqlerror.ErrorPosf(f.Position, `Fields "%s conflict because %s. Use different aliases on the fields to fetch both if this was intentional.`,
		strings.Join(trail, `" conflict because subfields "`)+`"`, why)
	for _, have := range o.errs {
		if have.Message == err.Message && slices.Equal(have.Locations, err.Locations) {
			return
		}
	}
	o.errs = append(o.errs, err)
}

// typesConflict reports whether values of the types cannot have one shape.
func (o *overlap) typesConflict(a, b *ast.Type) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return true
	}
	if a.Elem != nil {
		return o.typesConflict(a.Elem, b.Elem)
	}
	return a.NamedType != b.NamedType && (o.schema.Types[a.NamedType].IsLeafType() || o.schema.Types[b.NamedType].IsLeafType())
}

func sameArguments(a, b ast.ArgumentList) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if y := b.ForName(x.Name); y == nil || !sameValue(x.Value, y.Value) {
			return false
		}
	}
	return true
}

// sameValue reports whether two values are written alike, but for the order of an input object's fields.
func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, x := range a.Children {
		y := b.Children[i]
		if a.Kind == ast.ObjectValue && x.Name != y.Name {
			at := slices.IndexFunc(b.Children, func(c *ast.ChildValue) bool { return c.Name == x.Name })
			if at < 0 {
				return false
			}
			y = b.Children[at]
		}
		if !sameValue(x.Value, y.Value) {
			return false
		}
	}
	return true
}
