package plan

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// representations says how the group's entities are named to its subgraph: by the first of these that can be built.
func (b *builder) representations(g *group) []Rep {
	var out []Rep
	for _, l := range slices.Concat([]*querygraph.Landing{g.landing}, g.fallbacks) {
		r := Rep{TypeName: l.RepType}
		r.Fields = b.members(r.Fields, l.Key, true)
		r.Fields = b.members(r.Fields, g.requires, false)
		out = append(out, r)
	}
	return out
}

// unless says which objects the group leaves out: those of which one of these can be built.
func (b *builder) unless(g *group) []Rep {
	var out []Rep
	for _, l := range g.unless {
		out = append(out, Rep{TypeName: l.RepType, Fields: b.members(nil, l.Key, true)})
	}
	return out
}

// members adds the field set to the members of a representation. A member may be named by several sets.
func (b *builder) members(fields []RepField, set querygraph.FieldSet, key bool) []RepField {
	for _, f := range set {
		i := slices.IndexFunc(fields, func(r RepField) bool {
			return r.Name == f.Name && r.Key == b.keys.member(f) && slices.Equal(r.Types, f.Types)
		})
		if i < 0 {
			named := f.Def.Type.Name()
			i = len(fields)
			fields = append(fields, RepField{Name: f.Name, Key: b.keys.member(f), Types: f.Types})
			if f.Sub == nil {
				fields[i].Leaf = b.leaf(named)
			} else {
				fields[i].Fields = []RepField{}
				fields[i].TypeName = !b.object(named)
			}
		}
		fields[i].NonNull = fields[i].NonNull || key
		if f.Sub != nil {
			fields[i].Fields = b.members(fields[i].Fields, f.Sub, key)
		}
	}
	return fields
}
