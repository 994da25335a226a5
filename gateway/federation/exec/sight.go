package exec

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/plan"
)

// sight is what the client sees of some objects when the part that a fetch belongs to is delivered: by the first result, by
// that part and by those around it. What it sees of them by other parts is nothing yet.
type sight struct {
	plan   *plan.Plan
	part   int // index of the fetch's part; -1: none
	shapes []*plan.Shape
}

// sightAt is what the client sees of the objects at a path.
func (r *run) sightAt(f *plan.Fetch, path plan.Path) sight {
	at := sight{plan: r.plan, part: f.Part - 1}
	at.add(r.plan.Data)
	for _, s := range path {
		at, _ = at.field(s.Key, nil)
	}
	return at
}

// add adds a shape, and those of the parts that begin at its objects.
func (s *sight) add(shape *plan.Shape) {
	s.shapes = append(s.shapes, shape)
	begin := func(c *plan.ShapeClass) {
		for _, part := range c.Parts {
			if data := s.plan.Parts[part].Data; isAround(s.plan, part, s.part) && !slices.Contains(s.shapes, data) {
				s.add(data)
			}
		}
	}
	for i := range shape.Classes {
		begin(&shape.Classes[i])
	}
	if shape.Unknown != nil {
		begin(shape.Unknown)
	}
}

// field returns what the client sees of the values of a field of objects of some types, nil: of any, and whether it sees
// that field.
func (s *sight) field(key plan.Key, types []string) (below sight, seen bool) {
	below = sight{plan: s.plan, part: s.part}
	for _, shape := range s.shapes {
		if f := fieldOf(shape, key, types); f != nil {
			seen = true
			if f.Shape != nil {
				below.add(f.Shape)
			}
		}
	}
	return below, seen
}

// isAround reports whether a part is around another, or is that.
func isAround(p *plan.Plan, part, other int) bool {
	for other >= 0 && other != part {
		other = p.Parts[other].Parent
	}
	return other == part
}

// fieldOf returns how a shape shows a field of objects of some types, or nil.
func fieldOf(shape *plan.Shape, key plan.Key, types []string) *plan.ShapeField {
	if types == nil {
		return shapeField(shape, key)
	}
	for i := range shape.Classes {
		class := &shape.Classes[i]
		if slices.ContainsFunc(types, func(t string) bool { return contains(class.Types, t) }) {
			if f := fieldByKey(class, key); f != nil {
				return f
			}
		}
	}
	return nil
}
