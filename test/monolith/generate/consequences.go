package generate

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

// absences lets a subgraph not find an entity. What only that subgraph has of it is null.
func (d *data) absences() {
	for _, t := range d.with(isEntity) {
		places := d.places(t)
		for _, s := range places {
			if len(places) < 2 || !d.dispensable(t, s, places) {
				continue
			}
			for range instances - 1 {
				d.absent(t, s, d.first[t]+d.r.IntN(instances))
			}
		}
	}
}

func (d *data) absent(t *typ, s *sub, id int) {
	if slices.Contains(d.w.Absent[s.name], id) {
		return
	}
	d.w.Absent[s.name] = append(d.w.Absent[s.name], id)
	for _, x := range t.fields {
		if x.in[s].resolvable() && !x.key {
			d.w.Objects[id].Fields[x.name] = nil
			d.missing[fmt.Sprint(id, x.name)] = true
		}
	}
}

// dispensable reports whether every field of the type in the subgraph is either only there or in all of its subgraphs.
func (d *data) dispensable(t *typ, s *sub, places []*sub) bool {
	if d.keyOfInterface(t, s) {
		return false
	}
	for _, x := range t.fields {
		if !x.in[s].resolvable() {
			continue
		}
		n := 0
		for _, o := range places {
			if x.in[o].resolvable() {
				n++
			}
		}
		if x.key && n < len(places) || !x.key && (n > 1 || x.given || x.in[s].notNull || x.required && x.typ.NonNull || d.needed(x.name)) {
			return false
		}
	}
	return true
}

// needed reports whether a field that must not be null requires one of that name, or requires one that does. Such a field
// cannot tell whether the other is null or was never fetched.
func (d *data) needed(name string) bool {
	for _, t := range d.types {
		for _, x := range t.fields {
			for _, need := range x.needs {
				if mentions(need.set, name) && (x.typ.NonNull || x.in[need.sub] != nil && x.in[need.sub].notNull || d.needed(x.name)) {
					return true
				}
			}
		}
	}
	return false
}

func mentions(set ast.SelectionSet, name string) bool {
	return slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			return s.Name == name || mentions(s.SelectionSet, name)
		case *ast.InlineFragment:
			return mentions(s.SelectionSet, name)
		}
		return false
	})
}

// soften lets fields be null that require others and are required in turn: they fail when those do, whatever their type
// says, and must not take along what else is required of their object.
func (f *federation) soften() {
	soft := map[string]bool{}
	for _, t := range f.types {
		for _, x := range t.fields {
			soft[x.name] = soft[x.name] || x.required && len(x.needs) > 0
		}
	}
	for _, t := range f.types {
		for _, x := range t.fields {
			if soft[x.name] {
				x.typ.NonNull = false
			}
		}
	}
}

// breakRequired lets some fields fail that are required and never null: the objects that the client wants must not be lost with
// them. They fail for all objects, since the values of those in one list of values that are not null are lost together, and
// there are no mutations then, which cannot be asked again.
func (f *federation) breakRequired() {
	if !f.breaks {
		return
	}
	for _, t := range f.types {
		for _, x := range t.fields {
			if x.required && x.typ.NonNull && !x.key && x.target == nil && t.kind == ast.Object {
				x.broken = f.r.chance(40)
			}
		}
	}
}

// settleRequirements makes fields fail whose requirements fail. Where a requirement is missing the field is null: its
// resolver does not run.
func (d *data) settleRequirements() {
	for _, t := range d.with(isEntity) {
		for _, x := range t.fields {
			for _, need := range x.needs {
				for i := range instances {
					id := d.first[t] + i
					fails, missing := d.outcome(id, need.set)
					switch {
					case fails:
						d.w.Objects[id].Fields[x.name] = world.Error("its requirement failed")
					case missing:
						d.w.Objects[id].Fields[x.name] = nil
						d.missing[fmt.Sprint(id, x.name)] = true
					}
				}
			}
		}
	}
}

// outcome tells whether something that a field set selects fails or is missing.
func (d *data) outcome(id int, set ast.SelectionSet) (fails, missing bool) {
	o := d.w.Objects[id]
	for _, s := range set {
		var f, m bool
		switch s := s.(type) {
		case *ast.Field:
			args := world.Arguments(d.schema, d.schema.Types[o.Type].Fields.ForName(s.Name).Arguments, s.Arguments, nil)
			f, m = d.valueOutcome(d.w.Value(id, s.Name, args), s.SelectionSet)
			m = m || d.missing[fmt.Sprint(id, s.Name)]
		case *ast.InlineFragment:
			if s.TypeCondition == o.Type {
				f, m = d.outcome(id, s.SelectionSet)
			}
		}
		fails, missing = fails || f, missing || m
	}
	return fails, missing
}

func (d *data) valueOutcome(v world.Value, set ast.SelectionSet) (fails, missing bool) {
	switch v := v.(type) {
	case world.Error:
		return true, false
	case []world.Value:
		for _, e := range v {
			f, m := d.valueOutcome(e, set)
			fails, missing = fails || f, missing || m
		}
	case world.Ref:
		return d.outcome(int(v), set)
	}
	return fails, missing
}
