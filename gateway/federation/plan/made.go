package plan

import "medicore.dev/medicore/gateway/federation/querygraph"

// plannedRequests notes which requests the visits make that have been emitted. Where something can be had in several ways,
// that is taken for which least is asked that is not asked anyway.
type plannedRequests struct {
	made     map[turned]bool
	earliest map[turned]int // by the request's kind: the first level
	indexed  int            // groups of which these tell
	intended []requests     // by absolute level: of the visits under way
	expected requests       // by absolute level: of the solution, which are estimates
	trusting bool           // something was chosen because of what is expected
}

// turned is a request, or a kind of request, of a turn.
type turned struct{ turn, request int }

// index notes the requests of the groups that have been made since it was asked for last.
func (e *emitter) index() {
	if e.made == nil {
		e.made, e.earliest = map[turned]bool{}, map[turned]int{}
	}
	for _, g := range e.groups[e.indexed:] {
		r := e.solver.request(g.level, g.node, g.root())
		e.made[turned{g.turn(), r}] = true
		kind := turned{g.turn(), r % e.solver.kinds}
		if first, ok := e.earliest[kind]; !ok || r < first {
			e.earliest[kind] = r
		}
	}
	e.indexed = len(e.groups)
}

// intend notes what a rule takes, of its options that of which most is asked anyway. Returned is how many sets there were.
func (e *emitter) intend(s *scope, r *querygraph.Rule) int {
	n := len(e.intended)
	if stage, _ := r.Value(); stage < 2 {
		return n // nothing comes before the visit
	}
	o := e.solver.rule(r)
	best, first := o.least, e.first(s)
	if len(o.others) > 0 {
		least := e.lacking(e.turn(), o, first)
		for i := range 1 + len(o.others) {
			if best = o.set(i); e.lacks(e.turn(), best, first) == least {
				break
			}
		}
	}
	e.intended = append(e.intended, e.solver.later(best, first))
	return n
}

func (e *emitter) turn() int { return e.part<<32 | e.unit }

// lacking weighs what is not asked anyway of that of the options of which this is least. first is the level of the first
// request.
func (e *emitter) lacking(turn int, o options, first int) int {
	least := e.lacks(turn, o.least, first)
	for _, set := range o.others {
		least = min(least, e.lacks(turn, set, first))
	}
	return least
}

// lacks weighs the requests that are not made anyway: those more that no earlier one can be put off to (see delay).
func (e *emitter) lacks(turn int, set requests, first int) int {
	e.index()
	n := 0
	for _, r := range set {
		r += first * e.solver.kinds
		at, ok := e.earliest[turned{turn, r % e.solver.kinds}]
		made, earlier := e.made[turned{turn, r}], ok && at < r
		note := func(set requests) {
			for _, o := range set {
				made = made || o == r
				earlier = earlier || o < r && (r-o)%e.solver.kinds == 0
			}
		}
		for _, set := range e.intended {
			note(set)
		}
		if !made {
			before := earlier
			note(e.expected)
			e.trusting = e.trusting || made || earlier != before
		}
		switch {
		case made:
		case earlier:
			n += 9
		default:
			n += 10
		}
	}
	return n
}
