package exec

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// projector writes what the client selected, in its order. A null in a non-null position takes the output back to the
// nearest nullable parent.
//
// GraphQL spec, "Handling Execution Errors" (#sec-Handling-Execution-Errors).
type projector struct {
	s      *store
	raw    map[plan.Key]json.RawMessage
	out    []byte
	path   []place
	errors gqlerror.List
	known  *places // where errors were reported before
	limit  int     // bytes to write, also those taken back
	undone int
	full   bool

	// With deferred parts.
	parts  bool
	found  []found
	nulled map[string]bool // paths of what was delivered as null before
	nulls  map[string]bool // paths of what is written as null now
	told   map[string]bool // paths of objects and lists that other parts have delivered
}

// place is one step of a response path: a name, or an index when the name is empty.
type place struct {
	name  string
	index int
}

// places is a set of response paths as a tree.
type places struct {
	end  bool
	next map[place]*places
}

// cover says what is known at the place at hand: nil when no error lies here or below.
type cover struct {
	at   *places
	over bool // an error lies above
}

func newPlaces(list gqlerror.List) *places {
	if len(list) == 0 {
		return nil
	}
	top := &places{}
	for _, err := range list {
		at := top
		for _, e := range err.Path {
			var p place
			switch e := e.(type) {
			case ast.PathName:
				p.name = string(e)
			case ast.PathIndex:
				p.index = int(e)
			}
			if at.next == nil {
				at.next = map[place]*places{}
			}
			below := at.next[p]
			if below == nil {
				below = &places{}
				at.next[p] = below
			}
			at = below
		}
		at.end = true
	}
	return top
}

func (c cover) step(p place) cover {
	if c.at == nil {
		return c
	}
	below := c.at.next[p]
	return cover{at: below, over: c.over || below != nil && below.end}
}

// data writes the whole response's data. It returns false when data as a whole is null.
func (p *projector) data(shape *plan.Shape, known *places) bool {
	p.known = known
	ok := p.object(root, shape, true, cover{at: known, over: known != nil && known.end})
	return ok && !p.full
}

// null writes null, or reports it and returns false when the position must not be null.
func (p *projector) null(nonNull bool, what string, c cover) bool {
	if !nonNull {
		p.nullHere()
		return true
	}
	if c.at == nil && !c.over {
		p.fail(what)
	}
	return false
}

// broken is null with an error in any case: the value was there and cannot be shown.
func (p *projector) broken(nonNull bool, what string, c cover) bool {
	if c.at == nil && !c.over {
		p.fail(what)
	}
	if !nonNull {
		p.nullHere()
	}
	return !nonNull
}

// codeBadInput is the code of errors that the request's variables make.
const codeBadInput = "BAD_USER_INPUT"

func (p *projector) fail(what string) { p.report(CodeDownstream, what) }

func (p *projector) report(code, what string) {
	if len(p.errors) >= maxErrors {
		return
	}
	p.errors = append(p.errors, &gqlerror.Error{Message: what, Path: p.clientPath(), Extensions: map[string]any{"code": code}})
}

func (p *projector) clientPath() ast.Path {
	path := make(ast.Path, len(p.path))
	for i, at := range p.path {
		if at.name == "" {
			path[i] = ast.PathIndex(at.index)
		} else {
			path[i] = ast.PathName(at.name)
		}
	}
	return path
}

// back drops the output behind mark and keeps count of it, so that work stays bounded. found is the number of places of
// deferred parts there were at the mark.
func (p *projector) back(mark, found int) {
	p.undone += len(p.out) - mark
	p.out = p.out[:mark]
	p.found = p.found[:found]
}

// wasTold reports whether another part has delivered what is here: it cannot become null any more.
func (p *projector) wasTold() bool { return len(p.told) > 0 && p.told[p.key()] }

// nullHere writes null, and keeps where, since what was delivered as null stays so in parts that follow.
func (p *projector) nullHere() {
	p.out = append(p.out, "null"...)
	if p.parts {
		p.note()
	}
}

// object writes object o. It returns false, and may leave output behind, when the object becomes null and must not.
func (p *projector) object(o ref, shape *plan.Shape, nonNull bool, c cover) bool {
	if len(p.out)+p.undone > p.limit {
		p.full = true
		return false
	}
	name := p.s.typeName(o)
	class := shape.Class(name)
	switch {
	case class == nil && name == "":
		return p.broken(nonNull, fmt.Sprintf("The type of a %s is not known.", shape.Type), c)
	case class == nil: // a type clients must not know of
		return p.null(nonNull, fmt.Sprintf("Cannot return null for a non-nullable %s.", shape.Type), c)
	}
	if name == "" && p.failed(o, shape, class, c) {
		if !nonNull {
			p.nullHere()
		}
		return !nonNull
	}
	mark, before := len(p.out), len(p.found)
	for _, part := range class.Parts {
		p.found = append(p.found, found{part, p.clientPath()})
	}
	p.out = append(p.out, '{')
	var near uint32
	for i := range class.Fields {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		f := &class.Fields[i]
		p.out = append(p.out, f.Head()...)
		if !p.field(o, f, c, &near) {
			p.back(mark, before)
			if nonNull || p.full {
				return false
			}
			p.nullHere()
			return true
		}
	}
	p.out = append(p.out, '}')
	return true
}

// failed reports whether an object of unknown type is null because an entity failed: an error in one of the fields took all
// of the entity along, so that field must not be null for the object's type, whichever of those for which it must not that is.
func (p *projector) failed(o ref, shape *plan.Shape, class *plan.ShapeClass, c cover) bool {
	return c.at != nil && slices.ContainsFunc(class.Fields, func(f plan.ShapeField) bool {
		return p.s.get(o, f.Key) == missing && c.step(place{name: f.Name}).at != nil && slices.ContainsFunc(shape.Classes, func(known plan.ShapeClass) bool {
			same := fieldByKey(&known, f.Key)
			return same != nil && same.Type.NonNull
		})
	})
}

// field writes the value of one member. near is where its slot may be, and then that of the next.
func (p *projector) field(o ref, f *plan.ShapeField, c cover, near *uint32) bool {
	if f.Undecided {
		if c.at == nil && !c.over {
			p.report(codeBadInput, "A condition of @skip or @include must not be null.")
		}
		return false
	}
	at := place{name: f.Name}
	p.path = append(p.path, at)
	ok := p.fieldHere(o, f, c.step(at), near)
	p.path = p.path[:len(p.path)-1]
	return ok
}

func (p *projector) fieldHere(o ref, f *plan.ShapeField, c cover, near *uint32) bool {
	switch {
	case f.Denied != nil:
		p.report(f.Denied.Code, f.Denied.Message)
		if !f.Type.NonNull {
			p.out = append(p.out, "null"...)
		}
		return !f.Type.NonNull
	case f.TypeName:
		name := p.s.typeName(o)
		if name == "" {
			return p.broken(f.Type == nil || f.Type.NonNull, fmt.Sprintf("The type of a %s is not known.", f.Parent), c)
		}
		p.out = appendString(p.out, name)
		return true
	case f.Raw:
		if raw, ok := p.raw[f.Key]; ok {
			if raw == nil || len(p.out)+len(raw) > p.limit {
				p.full = true
				return false
			}
			p.out = append(p.out, raw...)
			return true
		}
		return p.null(f.Type.NonNull, nonNullMessage(f), c)
	}
	return p.value(p.s.getNear(o, f.Key, near), f.Type, f, c)
}

func nonNullMessage(f *plan.ShapeField) string {
	return fmt.Sprintf("Cannot return null for non-nullable field %s.%s.", f.Parent, f.Field)
}

// value writes v, which has type t in field f.
func (p *projector) value(v ref, t *ast.Type, f *plan.ShapeField, c cover) bool {
	if f.Carried && (v == missing || v == null) || f.Shape != nil && len(p.nulled) > 0 && p.nulled[p.key()] {
		p.out = append(p.out, "null"...) // as it was delivered, with this part's fields or with those of another
		return true
	}
	if v == missing || v == null {
		return p.null(t.NonNull, nonNullMessage(f), c)
	}
	k := p.s.kind(v)
	switch {
	case t.Elem != nil:
		if k != kindList {
			return p.broken(t.NonNull, fmt.Sprintf("The value of %s.%s is not a list.", f.Parent, f.Field), c)
		}
		return p.list(v, t, f, c)
	case f.Shape != nil:
		if k != kindObject {
			return p.broken(t.NonNull, fmt.Sprintf("The value of %s.%s is not an object.", f.Parent, f.Field), c)
		}
		if f.Carried {
			if f.Shape.Class(p.s.typeName(v)) == nil {
				p.out = append(p.out, "null"...)
				return true
			}
			return p.object(v, f.Shape, true, c) // it was delivered: only the part as a whole can become null
		}
		return p.object(v, f.Shape, t.NonNull || p.wasTold(), c)
	case k == kindObject || k == kindList:
		return p.broken(t.NonNull, fmt.Sprintf("The value of %s.%s is not a leaf.", f.Parent, f.Field), c)
	}
	raw := p.s.raw(v)
	if f.Leaf == plan.LeafEnum {
		if k != kindString || !containsBytes(f.Enum, raw[1:len(raw)-1]) { // clients must not see it
			return p.null(t.NonNull, nonNullMessage(f), c)
		}
	}
	p.out = append(p.out, raw...)
	return true
}

func containsBytes(sorted []string, name []byte) bool {
	_, ok := slices.BinarySearchFunc(sorted, name, func(a string, b []byte) int {
		switch {
		case a == string(b):
			return 0
		case a < string(b):
			return -1
		}
		return 1
	})
	return ok
}

func (p *projector) list(v ref, t *ast.Type, f *plan.ShapeField, c cover) bool {
	mark, before := len(p.out), len(p.found)
	p.out = append(p.out, '[')
	for i := range p.s.len(v) {
		if len(p.out)+p.undone > p.limit {
			p.full = true
			return false
		}
		if i > 0 {
			p.out = append(p.out, ',')
		}
		at := place{index: i}
		p.path = append(p.path, at)
		ok := p.value(p.s.item(v, i), t.Elem, f, c.step(at))
		p.path = p.path[:len(p.path)-1]
		if !ok {
			p.back(mark, before)
			if t.NonNull || f.Carried || p.full || p.wasTold() {
				return false
			}
			p.nullHere()
			return true
		}
	}
	p.out = append(p.out, ']')
	return true
}
