package satisfy

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxSteps bounds the work of solving conditions.
const maxSteps = 50_000_000

// solver answers what can be had at a vertex: other vertices to hop to, and conditions. The answers are the least
// fixpoint of rules that refer to each other, so nothing is ever true only because of itself.
//
// Rules are evaluated on demand. One that reads a rule which is still being evaluated takes what is known so far; then the
// question is asked again until nothing grows any more.
type solver struct {
	g     *graph
	steps int

	hopsAt map[place]*hops
	truths map[demand]*truth
	banned []exclusion
	bans   map[string]int

	depth     int
	round     int
	unsettled int // reads of answers that may still grow
	grew      bool
	touched   []*answer
}

func newSolver(g *graph) *solver {
	return &solver{g: g, hopsAt: map[place]*hops{}, truths: map[demand]*truth{}, banned: []exclusion{{}}, bans: map[string]int{"": 0}}
}

// answer is the state of one rule.
type answer struct {
	done  bool
	round int
}

// place is a vertex and what may not be used there.
type place struct {
	at  *vertex
	ban int
}

// hops are the vertices that can be entered from a place, one in each subgraph, the nearest first.
type hops struct {
	answer
	to []*vertex
}

// demand is a condition at a vertex.
type demand struct {
	at   *vertex
	cond *condition
}

// truth says whether a demand is met.
type truth struct {
	answer
	yes bool
}

// exclusion says what may not be used while the key of a landing is looked for below the landing's own object: the
// subgraph to be entered, and the same key.
type exclusion struct {
	subs  []int
	conds []int
}

// none excludes nothing.
const none = 0

func (s *solver) exclude(ban, sub int, cond *condition) int {
	x := exclusion{subs: slices.Clone(s.banned[ban].subs), conds: slices.Clone(s.banned[ban].conds)}
	if at, found := slices.BinarySearch(x.subs, sub); !found && sub >= 0 {
		x.subs = slices.Insert(x.subs, at, sub)
	}
	if at, found := slices.BinarySearch(x.conds, cond.id); !found {
		x.conds = slices.Insert(x.conds, at, cond.id)
	}
	var key []byte
	for _, n := range x.subs {
		key = append(strconv.AppendInt(key, int64(n), 10), ' ')
	}
	key = append(key, '|')
	for _, n := range x.conds {
		key = append(strconv.AppendInt(key, int64(n), 10), ' ')
	}
	id, ok := s.bans[string(key)]
	if !ok {
		id = len(s.banned)
		s.banned = append(s.banned, x)
		s.bans[string(key)] = id
	}
	return id
}

func (s *solver) bars(ban int, l *landing) bool {
	x := s.banned[ban]
	if ban == none {
		return false
	}
	if _, found := slices.BinarySearch(x.subs, l.to.sub.Index); found {
		return true
	}
	if l.cond == nil {
		return false
	}
	_, found := slices.BinarySearch(x.conds, l.cond.id)
	return found
}

// settle brings an answer up to date by evaluate.
func (s *solver) settle(a *answer, evaluate func()) {
	if a.done {
		return
	}
	if s.depth == 0 {
		for !a.done {
			s.round++
			s.grew, s.touched = false, s.touched[:0]
			s.once(a, evaluate)
			if !s.grew {
				for _, t := range s.touched {
					t.done = true
				}
			}
		}
		return
	}
	s.once(a, evaluate)
}

func (s *solver) once(a *answer, evaluate func()) {
	if a.round == s.round {
		s.unsettled++
		return
	}
	a.round = s.round
	before := s.unsettled
	s.depth++
	evaluate()
	s.depth--
	if s.unsettled == before {
		a.done = true
	} else {
		s.touched = append(s.touched, a)
	}
}

// hops lists where an object at the vertex can be entered in other subgraphs.
func (s *solver) hops(v *vertex, ban int) []*vertex {
	h := s.hopsAt[place{v, ban}]
	if h == nil {
		h = &hops{}
		s.hopsAt[place{v, ban}] = h
	}
	s.settle(&h.answer, func() { s.evaluateHops(h, v, ban) })
	return h.to
}

func (s *solver) evaluateHops(h *hops, v *vertex, ban int) {
	for again := true; again; {
		again = false
		for i := -1; i < len(h.to); i++ {
			from := v
			if i >= 0 {
				from = h.to[i]
			}
			for _, l := range s.g.landings[from.typ.Name] {
				if l.to.sub == v.sub || h.entered(l.to) || s.bars(ban, l) || !l.admits(from) {
					continue
				}
				if l.cond == nil || s.lands(h, v, from, l, ban) {
					h.to = append(h.to, l.to)
					again, s.grew = true, true
				}
			}
		}
	}
}

func (h *hops) entered(v *vertex) bool {
	return slices.ContainsFunc(h.to, func(w *vertex) bool { return w.sub == v.sub })
}

// lands reports whether the landing's key can be had at from. What h already holds is known of v itself.
func (s *solver) lands(h *hops, v, from *vertex, l *landing, ban int) bool {
	below := -1
	for _, p := range l.cond.paths {
		if len(p) > 1 && below < 0 {
			below = s.exclude(ban, l.to.sub.Index, l.cond)
		}
		if s.direct(from, nil, p, false, ban, below) {
			continue
		}
		near := h.to
		if from != v {
			near = s.hops(from, ban)
		}
		if p[0].on != "" || !slices.ContainsFunc(near, func(w *vertex) bool { return s.direct(w, nil, p, true, ban, below) }) {
			return false
		}
	}
	return true
}

// meets reports whether the condition can be had at the vertex.
func (s *solver) meets(v *vertex, cond *condition) bool {
	t := s.truths[demand{v, cond}]
	if t == nil {
		t = &truth{}
		s.truths[demand{v, cond}] = t
	}
	s.settle(&t.answer, func() {
		if t.yes {
			return
		}
		below := s.exclude(none, -1, cond)
		t.yes = !slices.ContainsFunc(cond.paths, func(p path) bool { return !s.can(v, nil, p, none, below) })
		s.grew = s.grew || t.yes
	})
	return t.yes
}

// resolves reports whether the edge can be taken at the vertex, as far as its requirements go. An object that was not
// entered by a key must be entered by one again, with the requirements.
func (s *solver) resolves(v *vertex, e *edge, entered bool) bool {
	return e.requires == nil || (entered || v.resume) && s.meets(v, e.requires)
}

// told reports whether another subgraph tells the runtime type of an interface object.
func (s *solver) told(v *vertex) bool { return s.meets(v, s.g.conds.typename()) }

// can reports whether the leaf at the end of the path can be had at the vertex, where ban excludes hops of the object at
// hand and below those of objects in it. runtime narrows the types that the object may have; nil: the vertex's own.
func (s *solver) can(v *vertex, runtime []string, p path, ban, below int) bool {
	if p[0].on != "" {
		return s.cast(v, runtime, p, ban, below)
	}
	if s.direct(v, runtime, p, false, ban, below) {
		return true
	}
	if !v.typ.InterfaceObject { // its objects keep the type that they were told to have
		runtime = nil
	}
	return slices.ContainsFunc(s.hops(v, ban), func(w *vertex) bool { return s.direct(w, runtime, p, true, ban, below) })
}

// cast follows a type condition.
func (s *solver) cast(v *vertex, runtime []string, p path, ban, below int) bool {
	on, rest := p[0].on, p[1:]
	possible := s.g.sg.Possible(on)
	switch {
	case v.is(on):
		return s.can(v, runtime, rest, ban, below)
	case v.typ.InterfaceObject:
		return slices.Contains(s.g.sg.Possible(v.typ.Name), on) && s.told(v) && s.can(v, []string{on}, rest, ban, below)
	case v.object():
		_, ok := slices.BinarySearch(possible, v.typ.Name)
		return ok && s.can(v, nil, rest, ban, below)
	case v.members[on] != nil:
		return s.can(v.members[on], nil, rest, ban, below)
	}
	some := false
	for _, name := range s.types(v, runtime) {
		if _, ok := slices.BinarySearch(possible, name); !ok || s.excludes(name, rest) {
			continue
		}
		if !s.can(v.members[name], nil, rest, ban, below) {
			return false
		}
		some = true
	}
	return some
}

// excludes reports whether further type conditions at the start of the path leave the runtime type out.
func (s *solver) excludes(runtime string, p path) bool {
	for len(p) > 0 && p[0].on != "" {
		if _, ok := slices.BinarySearch(s.g.sg.Possible(p[0].on), runtime); !ok {
			return true
		}
		p = p[1:]
	}
	return false
}

func (s *solver) types(v *vertex, runtime []string) []string {
	if runtime != nil {
		return runtime
	}
	return v.runtime
}

// direct reports whether the path's first field is read at the vertex itself and the rest can be had below.
func (s *solver) direct(v *vertex, runtime []string, p path, entered bool, ban, below int) bool {
	if s.steps++; s.steps > maxSteps {
		return false
	}
	if p[0].on != "" {
		return s.cast(v, runtime, p, ban, below)
	}
	name, rest := p[0].field, p[1:]
	if name == "__typename" && (!v.object() || !v.typ.InterfaceObject) {
		return v.typ.Kind != ast.Interface || s.g.sg.API().Types[v.typ.Name] != nil || len(s.types(v, runtime)) > 0
	}
	e := v.edges[name]
	if e != nil && e.field.Override.Label == "" && len(e.field.Contexts) == 0 && s.resolves(v, e, entered) {
		if len(rest) == 0 {
			return true
		}
		if e.to != nil && s.can(e.to, s.narrowed(v, runtime, e), rest, below, below) {
			return true
		}
	}
	if v.object() || v.typ.Kind == ast.Union {
		return false
	}
	types := s.types(v, runtime)
	for _, m := range types {
		if v.members[m] == nil || !s.can(v.members[m], nil, p, none, below) {
			return false
		}
	}
	return len(types) > 0
}

// narrowed returns the types that the field's value may have when it is read on an interface; nil: any of its vertex.
func (s *solver) narrowed(v *vertex, runtime []string, e *edge) []string {
	if v.object() || e.to.object() {
		return nil
	}
	var out []string
	for _, m := range s.types(v, runtime) {
		if f := v.sub.Types[m].Field(e.field.Name); f != nil {
			for _, name := range s.g.vertex(v.sub, f.Type.Name()).runtime {
				if at, found := slices.BinarySearch(out, name); !found {
					out = slices.Insert(out, at, name)
				}
			}
		}
	}
	return out
}
