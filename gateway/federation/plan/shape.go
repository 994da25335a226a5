package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
)

// shaper compiles what the client asked for into the projection of the response.
type shaper struct {
	b    *builder
	memo map[string]*Shape
	ids  map[*operation.Selection]int

	split *split // nil: nothing is deferred
}

// parts adds the deferred parts to the plan.
func (s *shaper) parts(p *Plan) {
	all := p.Fetches
	p.Fetches = nil
	for _, pc := range s.split.pieces {
		p.Parts = append(p.Parts, &Part{Label: pc.fragment.Label, Parent: pc.parent, Data: s.shape(pc.sel.Type, []*operation.Selection{pc.sel})})
	}
	for _, f := range all {
		if f.Part > 0 {
			part := p.Parts[f.Part-1]
			part.Fetches = append(part.Fetches, f)
		} else {
			p.Fetches = append(p.Fetches, f)
		}
	}
	whole := s.split.whole[s.split.root]
	p.Whole = s.shape(whole.Type, []*operation.Selection{whole})
}

// shape projects objects at a position of the given type for which the client asked all of the selections.
func (s *shaper) shape(typeName string, sels []*operation.Selection) *Shape {
	var b strings.Builder
	b.WriteString(typeName)
	for _, sel := range sels {
		if _, ok := s.ids[sel]; !ok {
			s.ids[sel] = len(s.ids)
		}
		fmt.Fprint(&b, " ", s.ids[sel])
	}
	key := b.String()
	if sh := s.memo[key]; sh != nil {
		return sh
	}
	sh := &Shape{Type: typeName}
	s.memo[key] = sh
	api := s.b.g.SG.API()
	index := map[string]int{}
	possible := s.b.g.SG.Possible(typeName)
	for _, t := range possible {
		if s.b.g.SG.Inaccessible(t) {
			continue
		}
		asked := s.collect(sels, t)
		parts := s.split.parts(sels, t)
		sign := ""
		if len(possible) > 1 {
			sign = s.signature(asked, t)
			if len(parts) > 0 {
				sign += fmt.Sprint(parts)
			}
		}
		i, ok := index[sign]
		if !ok {
			i = len(sh.Classes)
			index[sign] = i
			sh.Classes = append(sh.Classes, ShapeClass{Fields: s.fields(asked, t), Parts: parts})
		}
		sh.Classes[i].Types = append(sh.Classes[i].Types, t)
	}
	for i := range sh.Classes {
		if c := &sh.Classes[i]; len(c.Types) > 1 {
			for j := range c.Fields {
				c.Fields[j].Parent = typeName
			}
		}
	}
	if def := api.Types[typeName]; def != nil && def.Kind != ast.Object && s.typeless(sels) {
		fields := s.fields(s.collect(sels, ""), typeName)
		if len(sh.Classes) == 1 && len(sh.Classes[0].Types) == len(possible) { // whatever it is, it is completed so
			fields = slices.Clone(sh.Classes[0].Fields)
			for i := range fields {
				fields[i].Parent = typeName
			}
		}
		sh.Unknown = &ShapeClass{Fields: fields, Parts: s.split.parts(sels, "")}
	}
	sh.Index()
	return sh
}

// typeless reports whether the selections can be answered without knowing runtime types.
func (s *shaper) typeless(sels []*operation.Selection) bool {
	for _, sel := range sels {
		for _, it := range sel.Items {
			if it.Types != nil || it.TypeName() {
				return false
			}
		}
	}
	return true
}

// asked is one response member with all selections below it.
type asked struct {
	item *operation.Item
	sels []*operation.Selection
}

// collect merges what is asked of objects of the runtime type, in client order.
func (s *shaper) collect(sels []*operation.Selection, runtimeType string) []*asked {
	var out []*asked
	index := map[string]*asked{}
	for _, sel := range sels {
		for _, it := range sel.Items {
			if !it.Applies(runtimeType) {
				continue
			}
			a := index[it.Name]
			if a == nil {
				a = &asked{item: it}
				index[it.Name] = a
				out = append(out, a)
			}
			if it.Selection != nil && a.item != it { // one for some types holds all that the one for all does
				if it.Types == nil {
					continue
				}
				a.item, a.sels = it, nil
			}
			if it.Selection != nil && !slices.Contains(a.sels, it.Selection) {
				a.sels = append(a.sels, it.Selection)
			}
		}
	}
	return out
}

// signature is equal for runtime types that are projected alike.
func (s *shaper) signature(list []*asked, runtimeType string) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%s:%s(%s):%s(", a.item.Name, a.item.Field.Name, a.item.Args, s.typeOf(a.item, runtimeType))
		for _, sel := range a.sels {
			fmt.Fprintf(&b, "%p ", sel)
		}
		b.WriteString(");")
	}
	return b.String()
}

// typeOf is the field's type as the runtime type declares it.
func (s *shaper) typeOf(it *operation.Item, runtimeType string) *ast.Type {
	if def := s.b.g.SG.API().Types[runtimeType]; def != nil {
		if f := def.Fields.ForName(it.Field.Name); f != nil {
			return f.Type
		}
	}
	return it.Field.Type
}

func (s *shaper) fields(list []*asked, runtimeType string) []ShapeField {
	out := make([]ShapeField, 0, len(list))
	for _, a := range list {
		f := ShapeField{Carried: s.split != nil && s.split.carried[a.item], Name: a.item.Name, Field: a.item.Field.Name, Parent: runtimeType, Type: s.typeOf(a.item, runtimeType)}
		named := f.Type.Name()
		switch {
		case a.item.TypeName():
			f.TypeName, f.Undecided = true, a.item.Undecided()
		case introspectionField(f.Field):
			f.Raw = true
			f.Key = s.b.keys.client(a.item)
		case len(a.sels) > 0:
			f.Key = s.b.keys.client(a.item)
			f.Shape = s.shape(named, a.sels)
		default:
			f.Key = s.b.keys.client(a.item)
			f.Leaf = s.b.leaf(named)
			if f.Leaf == LeafEnum {
				for _, v := range s.b.g.SG.API().Types[named].EnumValues {
					f.Enum = append(f.Enum, v.Name)
				}
				slices.Sort(f.Enum)
			}
		}
		out = append(out, f)
	}
	return out
}
