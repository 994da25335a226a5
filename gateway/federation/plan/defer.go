package plan

import (
	"maps"
	"slices"

	"medicore.dev/medicore/gateway/federation/operation"
)

// split is an operation taken apart: what is answered at once, and its deferred fragments.
type split struct {
	folded map[*operation.Defer]bool // fragments that are answered with what is around them
	root   *operation.Selection      // answered at once
	pieces []*piece                  // fragments around others come before them

	whole   map[*operation.Selection]*operation.Selection // selections made here, to those of the operation
	carried map[*operation.Item]bool                      // items of pieces that only lead to what is deferred
	starts  map[*operation.Selection][]*operation.Defer   // fragments on the objects that a selection made here brings
}

// piece is a deferred fragment that asks for something.
type piece struct {
	fragment *operation.Defer
	parent   int                  // the piece around it, -1: none
	place    *operation.Selection // of the operation: the fragment is on its objects
	sel      *operation.Selection // what it asks for that is not answered before
}

// newSplit takes the operation apart. possible lists the runtime types of a type.
func newSplit(op *operation.Operation, folded map[*operation.Defer]bool, possible func(string) []string) *split {
	s := &split{
		folded: folded, whole: map[*operation.Selection]*operation.Selection{}, carried: map[*operation.Item]bool{},
		starts: map[*operation.Selection][]*operation.Defer{},
	}
	s.root = s.content(nil, op.Root)
	var walk func(set *operation.Selection)
	walk = func(set *operation.Selection) {
		for _, d := range set.Defers {
			if folded[d] {
				continue
			}
			if sel := s.piece(d, set, possible); sel != nil {
				s.pieces = append(s.pieces, &piece{fragment: d, parent: s.index(s.up(d.Parent)), place: set, sel: sel})
			}
		}
		for _, it := range set.Items {
			if it.Selection != nil {
				walk(it.Selection)
			}
		}
	}
	walk(op.Root)
	return s
}

// up is the innermost fragment around d, or d, that is not folded; nil: none.
func (s *split) up(d *operation.Defer) *operation.Defer {
	for d != nil && s.folded[d] {
		d = d.Parent
	}
	return d
}

// index is the piece of the fragment or of the nearest around it; -1: none has one.
func (s *split) index(d *operation.Defer) int {
	for ; d != nil; d = s.up(d.Parent) {
		if i := slices.IndexFunc(s.pieces, func(p *piece) bool { return p.fragment == d }); i >= 0 {
			return i
		}
	}
	return -1
}

// by lists the fragments that answer the item first; nil: it is answered at once.
func (s *split) by(it *operation.Item) []*operation.Defer {
	var up []*operation.Defer
	for _, d := range it.Defers {
		if d = s.up(d); d == nil {
			return nil
		}
		up = append(up, d)
	}
	return slices.DeleteFunc(slices.Clone(up), func(d *operation.Defer) bool {
		return slices.ContainsFunc(up, func(o *operation.Defer) bool { return o != d && d.Within(o) })
	})
}

// answers reports whether the fragment, nil: the operation itself, is one of those that answer the item.
func (s *split) answers(d *operation.Defer, it *operation.Item) bool {
	by := s.by(it)
	return d == nil && by == nil || slices.Contains(by, d)
}

// before reports whether the item is answered before the fragment.
func (s *split) before(d *operation.Defer, it *operation.Item) bool {
	by := s.by(it)
	return by == nil || slices.ContainsFunc(by, func(o *operation.Defer) bool { return o != d && d.Within(o) })
}

// content returns what d answers of objects that it brings itself.
func (s *split) content(d *operation.Defer, set *operation.Selection) *operation.Selection {
	out := &operation.Selection{Type: set.Type}
	s.whole[out] = set
	for _, o := range set.Defers {
		if !s.folded[o] && o != d && o.Within(d) {
			s.starts[out] = append(s.starts[out], o)
		}
	}
	for _, it := range set.Items {
		if s.answers(d, it) {
			out.Items = append(out.Items, s.item(d, it))
		}
	}
	return out
}

func (s *split) item(d *operation.Defer, it *operation.Item) *operation.Item {
	c := *it
	if c.Selection != nil {
		c.Selection = s.content(d, c.Selection)
	}
	return &c
}

// piece returns what d answers of objects that are there before, or of what is below them; nil: nothing.
func (s *split) piece(d *operation.Defer, set *operation.Selection, possible func(string) []string) *operation.Selection {
	out := &operation.Selection{Type: set.Type}
	for _, it := range set.Items {
		switch {
		case s.answers(d, it):
			if types, left := s.left(d, it, set, possible); left {
				c := s.item(d, it)
				c.Types = types
				out.Items = append(out.Items, c)
			}
		case it.Selection != nil && s.before(d, it):
			if below := s.piece(d, it.Selection, possible); below != nil {
				c := *it
				c.Selection = below
				s.carried[&c] = true
				out.Items = append(out.Items, &c)
			}
		}
	}
	if len(out.Items) == 0 {
		return nil
	}
	s.whole[out] = set
	return out
}

// left returns the runtime types of which the item is not answered by another: a leaf not before, an object not by an
// item for some types, which holds all that the one for all types asks for.
func (s *split) left(d *operation.Defer, it *operation.Item, set *operation.Selection, possible func(string) []string) (types []string, left bool) {
	types = it.Types
	for _, o := range set.Items {
		if o == it || o.Name != it.Name || o.Field.Name != it.Field.Name || o.Args != it.Args {
			continue
		}
		if it.Selection == nil && !s.before(d, o) || it.Selection != nil && (it.Types != nil || o.Types == nil) {
			continue
		}
		if o.Types == nil {
			return nil, false
		}
		if types == nil {
			types = slices.Sorted(slices.Values(possible(set.Type)))
		}
		types = slices.DeleteFunc(slices.Clone(types), func(t string) bool { return slices.Contains(o.Types, t) })
		if len(types) == 0 {
			return nil, false
		}
	}
	return types, true
}

// parts lists the pieces that are delivered at objects of the runtime type which the selections bring.
func (s *split) parts(sels []*operation.Selection, runtimeType string) []int {
	if s == nil {
		return nil
	}
	var out []int
	for _, sel := range sels {
		for _, d := range s.starts[sel] {
			i := slices.IndexFunc(s.pieces, func(p *piece) bool { return p.fragment == d })
			if i >= 0 && slices.ContainsFunc(s.pieces[i].sel.Items, func(it *operation.Item) bool { return it.Applies(runtimeType) }) {
				out = append(out, i)
			}
		}
	}
	return out
}

// ancestors are the pieces around a piece, numbered from 1.
func (s *split) ancestors(i int) map[int]bool {
	out := map[int]bool{}
	for i = s.pieces[i].parent; i >= 0; i = s.pieces[i].parent {
		out[i+1] = true
	}
	return out
}

// learn gives the solver what it knows of the selections that were taken apart.
func (s *split) learn(to *solver) { maps.Copy(to.wholes, s.whole) }
