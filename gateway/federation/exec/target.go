package exec

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/plan"
)

// walker finds the objects at a path of the merged response. Linked entities make the response a graph in which the
// number of paths can be exponential: every walk visits a node once per segment.
type walker struct {
	s        *store
	seen     []uint32 // by node: the epoch in which it was visited
	epoch    uint32
	found    []ref
	at, next []ref // of two segments
}

// collect returns the distinct objects at the paths, in path order. They are valid until the next call.
func (w *walker) collect(paths []plan.Path) []ref {
	if n := len(w.s.nodes) - len(w.seen); n > 0 {
		w.seen = append(w.seen, make([]uint32, n)...)
	}
	if w.epoch > 1<<31 {
		clear(w.seen)
		w.epoch = 0
	}
	w.found = w.found[:0]
	for _, path := range paths {
		at, next := append(w.at[:0], root), w.next
		for i := range path {
			w.epoch++
			next = next[:0]
			for _, o := range at {
				if v := w.s.get(o, path[i].Key); v != missing {
					next = w.enter(v, path[i].Types, next)
				}
			}
			at, next = next, at
		}
		w.found = append(w.found, at...)
		w.at, w.next = at, next
	}
	if len(paths) == 1 {
		return w.found
	}
	w.epoch++
	distinct := w.found[:0]
	for _, o := range w.found {
		if w.visit(o) {
			distinct = append(distinct, o)
		}
	}
	return distinct
}

func (w *walker) visit(v ref) bool {
	first := w.seen[v] != w.epoch
	w.seen[v] = w.epoch
	return first
}

// enter appends the objects of v, a value or nested lists of it, that have one of the types.
func (w *walker) enter(v ref, types []string, to []ref) []ref {
	switch w.s.kind(v) {
	case kindObject:
		if (types == nil || contains(types, w.s.typeName(v))) && w.visit(v) {
			to = append(to, v)
		}
	case kindList:
		if !w.visit(v) {
			break
		}
		for i := range w.s.len(v) {
			to = w.enter(w.s.item(v, i), types, to)
		}
	}
	return to
}

// locator finds the places in the response at which certain objects stand, to report errors there.
type locator struct {
	s     *store
	path  plan.Path
	want  func(ref) bool
	most  int // places to find
	found [][]step
	at    []step
	dead  map[deadEnd]bool // nothing wanted from here
}

type deadEnd struct {
	segment int
	node    ref
}

// locate returns up to most places at path whose object is wanted.
func locate(s *store, path plan.Path, most int, want func(ref) bool) [][]step {
	return locateBelow(s, nil, path, most, want)
}

// locateBelow is locate for a path that starts at the object at some steps.
func locateBelow(s *store, top []step, path plan.Path, most int, want func(ref) bool) [][]step {
	l := locator{s: s, path: path, want: want, most: most, dead: map[deadEnd]bool{}, at: slices.Clone(top)}
	if o := s.at(top); o != missing && s.kind(o) == kindObject {
		l.object(o, 0)
	}
	return l.found
}

func (l *locator) object(o ref, segment int) bool {
	if segment == len(l.path) {
		if !l.want(o) {
			return false
		}
		l.found = append(l.found, slices.Clone(l.at))
		return true
	}
	v := l.s.get(o, l.path[segment].Key)
	if v == missing {
		return false
	}
	l.at = append(l.at, step{key: l.path[segment].Key})
	any := l.value(v, segment)
	l.at = l.at[:len(l.at)-1]
	return any
}

func (l *locator) value(v ref, segment int) bool {
	end := deadEnd{segment, v}
	if len(l.found) >= l.most || l.dead[end] {
		return false
	}
	any := false
	switch l.s.kind(v) {
	case kindObject:
		if t := l.path[segment].Types; t == nil || contains(t, l.s.typeName(v)) {
			any = l.object(v, segment+1)
		}
	case kindList:
		for i := range l.s.len(v) {
			l.at = append(l.at, step{key: item, index: int32(i)})
			if l.value(l.s.item(v, i), segment) {
				any = true
			}
			l.at = l.at[:len(l.at)-1]
		}
	}
	if !any && len(l.found) < l.most {
		l.dead[end] = true
	}
	return any
}
