package exec

import (
	"maps"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// project writes what the part adds at one place.
func (d *Deferred) project(part int, dl *Delivery) []found {
	r := d.run
	if r.aborted != "" {
		dl.Errors = tooLarge(r.aborted).Errors
		return nil
	}
	shape := r.plan.Parts[part].Data
	o := r.objectAt(dl.Path)
	if o == missing || shape.Class(r.store.typeName(o)) == nil {
		dl.Data = []byte("{}")
		return nil
	}
	p := &projector{s: &r.store, raw: r.in.Raw, limit: d.left, parts: true, nulled: r.nulled, told: r.told}
	c := cover{at: newPlaces(dl.Errors)}
	for _, e := range dl.Path {
		at := placeOf(e)
		p.path = append(p.path, at)
		c = c.step(at)
	}
	ok := p.object(o, shape, true, c)
	below, whole := p.found, p.out
	p.out = nil
	if ok {
		marks := p.additions(nil, o, shape, c, len(dl.Path))
		for _, m := range marks {
			dl.Items = append(dl.Items, Addition{m.path, p.out[m.from:m.to:m.to]})
		}
	} else {
		below = nil
	}
	d.left -= len(whole)
	if p.full {
		dl.Errors = tooLarge("the response is larger than one request may be answered with").Errors
		dl.Items = nil
		return nil
	}
	dl.Errors = append(dl.Errors, p.errors...)
	if ok {
		dl.Data = whole
		r.keepNulls(p.nulls)
		if len(r.plan.Parts) > 1 {
			p.tell(o, shape)
			r.told = p.told
		}
	}
	return below
}

// tell keeps the places of the objects and lists in o, which are delivered now.
func (p *projector) tell(o ref, shape *plan.Shape) {
	class := shape.Class(p.s.typeName(o))
	if class == nil {
		return
	}
	if p.told == nil {
		p.told = map[string]bool{}
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Shape != nil {
			p.path = append(p.path, place{name: f.Name})
			p.tellValue(p.s.get(o, f.Key), f.Shape)
			p.path = p.path[:len(p.path)-1]
		}
	}
}

func (p *projector) tellValue(v ref, shape *plan.Shape) {
	key := p.key()
	if v == missing || v == null || p.nulled[key] || p.nulls[key] {
		return
	}
	p.told[key] = true
	switch p.s.kind(v) {
	case kindObject:
		p.tell(v, shape)
	case kindList:
		for i := range p.s.len(v) {
			p.path = append(p.path, place{index: i})
			p.tellValue(p.s.item(v, i), shape)
			p.path = p.path[:len(p.path)-1]
		}
	}
}

// addition is where the output holds what is added to one object.
type addition struct {
	path     ast.Path
	from, to int
}

// additions writes what is added to each object, apart from the objects that are there. The whole has been written once:
// nothing can fail.
func (p *projector) additions(list []addition, o ref, shape *plan.Shape, c cover, base int) []addition {
	class := shape.Class(p.s.typeName(o))
	if class == nil {
		return list
	}
	from, errs, n := len(p.out), len(p.errors), 0
	p.out = append(p.out, '{')
	for i := range class.Fields {
		f := &class.Fields[i]
		if f.Carried {
			continue
		}
		if n++; n > 1 {
			p.out = append(p.out, ',')
		}
		p.out = append(append(append(p.out, '"'), f.Name...), '"', ':')
		p.field(o, f, c, new(uint32))
	}
	p.out = append(p.out, '}')
	p.errors = p.errors[:errs] // they were told with the whole
	if n > 0 {
		list = append(list, addition{p.clientPath()[base:], from, len(p.out)})
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Carried {
			at := place{name: f.Name}
			p.path = append(p.path, at)
			list = p.additionsBelow(list, p.s.get(o, f.Key), f, c.step(at), base)
			p.path = p.path[:len(p.path)-1]
		}
	}
	return list
}

func (p *projector) additionsBelow(list []addition, v ref, f *plan.ShapeField, c cover, base int) []addition {
	if v == missing || v == null || p.nulled[p.key()] {
		return list
	}
	switch p.s.kind(v) {
	case kindObject:
		return p.additions(list, v, f.Shape, c, base)
	case kindList:
		for i := range p.s.len(v) {
			at := place{index: i}
			p.path = append(p.path, at)
			list = p.additionsBelow(list, p.s.item(v, i), f, c.step(at), base)
			p.path = p.path[:len(p.path)-1]
		}
	}
	return list
}

// note keeps that null was written here.
func (p *projector) note() {
	if p.nulls == nil {
		p.nulls = map[string]bool{}
	}
	p.nulls[p.key()] = true
}

// keepNulls keeps where null was delivered.
func (r *run) keepNulls(paths map[string]bool) {
	if len(paths) == 0 {
		return
	}
	if r.nulled == nil {
		r.nulled = map[string]bool{}
	}
	maps.Copy(r.nulled, paths)
}

func (p *projector) key() string { return p.clientPath().String() }

func placeOf(e ast.PathElement) place {
	switch e := e.(type) {
	case ast.PathName:
		return place{name: string(e)}
	case ast.PathIndex:
		return place{index: int(e)}
	}
	return place{}
}

// objectAt follows a path of the response to its object.
func (r *run) objectAt(path ast.Path) ref {
	shape, at := r.whole(), root
	for _, e := range path {
		switch e := e.(type) {
		case ast.PathIndex:
			if r.store.kind(at) != kindList || int(e) >= r.store.len(at) {
				return missing
			}
			at = r.store.item(at, int(e))
		case ast.PathName:
			if r.store.kind(at) != kindObject {
				return missing
			}
			f := r.named(shape, at, string(e))
			if f == nil {
				return missing
			}
			if at = r.store.get(at, f.Key); at == missing {
				return missing
			}
			shape = f.Shape
		}
	}
	if r.store.kind(at) != kindObject {
		return missing
	}
	return at
}

// named is the field of an object that the response shows by a name. While the object's type is not known, which only a part to
// come asks for, it is the same for all types.
func (r *run) named(shape *plan.Shape, o ref, name string) *plan.ShapeField {
	typ := r.store.typeName(o)
	if class := shape.Class(typ); class != nil || typ != "" {
		return fieldByName(class, name)
	}
	for i := range shape.Classes {
		if f := fieldByName(&shape.Classes[i], name); f != nil && r.store.get(o, f.Key) != missing {
			return f
		}
	}
	return nil
}

func fieldByName(class *plan.ShapeClass, name string) *plan.ShapeField {
	if class == nil {
		return nil
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Name == name {
			return f
		}
	}
	return nil
}

// whole is the projection of all that the client asked for, whenever it is delivered.
func (r *run) whole() *plan.Shape {
	if r.plan.Whole != nil {
		return r.plan.Whole
	}
	return r.plan.Data
}
