package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
)

// without returns the operation less what is denied. What is denied for some runtime types leaves `__typename` for these,
// so that they are still told apart, and so does a selection that loses everything, so that its object is still asked for.
// A root field of a mutation does not run behind one whose denial makes data null.
func (a *asked) without(d denied) *operation.Operation {
	var keep func(s *operation.Selection) *operation.Selection
	keep = func(s *operation.Selection) *operation.Selection {
		out := &operation.Selection{Type: s.Type}
		for _, it := range s.Items {
			if a.denies(d, it) {
				alike := func(o *operation.Item) bool { return o.TypeName() && slices.Equal(o.Types, it.Types) }
				if it.Types != nil && !slices.ContainsFunc(out.Items, alike) {
					out.Items = append(out.Items, typeName(s, it.Types))
				}
				if s == a.whole.Root && a.whole.Kind == ast.Mutation && it.Field.Type.NonNull {
					break
				}
				continue
			}
			c := *it
			if c.Selection != nil {
				c.Selection = keep(c.Selection)
			}
			out.Items = append(out.Items, &c)
		}
		if len(out.Items) == 0 {
			out.Items = append(out.Items, typeName(s, nil))
		}
		return out
	}
	op := *a.whole
	op.Root = keep(a.whole.Root)
	op.Hash += d.key
	return &op
}

// typeName asks for `__typename` of objects of these runtime types, under a name that the selection does not use.
func typeName(s *operation.Selection, types []string) *operation.Item {
	name := "__typename"
	for slices.ContainsFunc(s.Items, func(it *operation.Item) bool { return it.Name == name }) {
		name += "_"
	}
	def := &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}
	return &operation.Item{Name: name, Field: def, Parent: s.Type, Types: types, Source: &ast.Field{Alias: name, Name: def.Name, Definition: def}}
}

// restore makes the plan of a reduced operation answer null, with the reason, where the whole asks for more.
func restore(p *plan.Plan, whole *operation.Selection, api *ast.Schema, reason plan.Denial) {
	r := &restorer{api: api, reason: &reason, done: map[string]*plan.Shape{}}
	p.Data = r.shape(p.Data, []*operation.Selection{whole})
}

type restorer struct {
	api    *ast.Schema
	reason *plan.Denial
	done   map[string]*plan.Shape // by shape and selections
}

// shape is s with all that the selections ask for.
func (r *restorer) shape(s *plan.Shape, sets []*operation.Selection) *plan.Shape {
	var b strings.Builder
	fmt.Fprintf(&b, "%p", s)
	for _, set := range sets {
		fmt.Fprintf(&b, " %p", set)
	}
	key := b.String()
	if have := r.done[key]; have != nil {
		return have
	}
	out := &plan.Shape{Type: s.Type}
	r.done[key] = out
	for _, c := range s.Classes {
		for _, t := range c.Types { // a class may be finer than before: one for each type
			out.Classes = append(out.Classes, plan.ShapeClass{Types: []string{t}, Fields: r.fields(c.Fields, sets, t)})
		}
	}
	if s.Unknown != nil {
		out.Unknown = &plan.ShapeClass{Fields: r.fields(s.Unknown.Fields, sets, "")}
	}
	out.Index()
	return out
}

// member is one response member with all selections below it.
type member struct {
	item *operation.Item
	sets []*operation.Selection
}

func (r *restorer) fields(have []plan.ShapeField, sets []*operation.Selection, runtimeType string) []plan.ShapeField {
	var members []*member
	for _, set := range sets {
		for _, it := range set.Items {
			if !it.Applies(runtimeType) {
				continue
			}
			i := slices.IndexFunc(members, func(m *member) bool { return m.item.Name == it.Name })
			if i < 0 {
				i, members = len(members), append(members, &member{item: it})
			}
			if it.Selection != nil && !slices.Contains(members[i].sets, it.Selection) {
				members[i].sets = append(members[i].sets, it.Selection)
			}
		}
	}
	out := make([]plan.ShapeField, 0, len(members))
	for _, m := range members {
		i := slices.IndexFunc(have, func(f plan.ShapeField) bool { return f.Name == m.item.Name })
		if i < 0 {
			out = append(out, plan.ShapeField{Name: m.item.Name, Field: m.item.Field.Name, Parent: m.item.Parent, Type: r.typeOf(m.item, runtimeType), Denied: r.reason})
			continue
		}
		f := have[i]
		if f.Shape != nil && len(m.sets) > 0 {
			f.Shape = r.shape(f.Shape, m.sets)
		}
		out = append(out, f)
	}
	return out
}

// typeOf is the field's type as the runtime type declares it.
func (r *restorer) typeOf(it *operation.Item, runtimeType string) *ast.Type {
	if def := r.api.Types[runtimeType]; def != nil {
		if f := def.Fields.ForName(it.Field.Name); f != nil {
			return f.Type
		}
	}
	return it.Field.Type
}
