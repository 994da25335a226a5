package plan

import "medicore.dev/medicore/gateway/federation/operation"

// draft emits the solution of a query's root and the others beside it, and returns that which costs least when all passes
// are done: what the solver compares are estimates. Each is emitted once more without relying on what it is expected to
// ask, if that mattered.
func draft(e *emitter, root *operation.Selection, sol *solution) (*emitter, error) {
	s, named := e.solver, len(e.keys.names)
	var best *emitter
	var chosen *solution
	for _, o := range append([]*solution{sol}, sol.others...) {
		d := e
		for _, expected := range []requests{o.requests, nil} {
			if best != nil {
				if expected == nil && !d.trusting || s.units > unitsSingle {
					break
				}
				d = e.again(named)
			}
			d.expected = expected
			d.query(root, o)
			if d.err == nil && s.err == nil {
				d.err = d.pass()
			}
			switch {
			case s.err != nil:
				return nil, s.err
			case d.err != nil && best == nil:
				return nil, d.err
			case d.err == nil && (best == nil || d.cost() < best.cost()):
				best, chosen = d, o
			}
		}
	}
	s.trace.chosen(s, chosen, nil)
	return best, nil
}

// again returns an emitter for another solution of the same operation, which has emitted nothing. named is the number of
// keys that were given out before anything was emitted.
func (e *emitter) again(named int) *emitter {
	out := newEmitter(e.solver, e.keys.before(named))
	if e.written != nil {
		out.written = map[*place]map[Key][]*spot{}
	}
	return out
}

// query emits a solution of a query's root.
func (e *emitter) query(root *operation.Selection, sol *solution) {
	top := newPlace(nil, 0, 0, root.Type, true)
	e.tops = append(e.tops, top)
	e.emitAll(top, sol)
}

// cost is what the groups cost when all passes are done, apart from fields.
func (e *emitter) cost() int {
	type request struct{ turn, level, sub int }
	type level struct{ turn, level int }
	requests := map[request]bool{}
	levels := map[level]bool{}
	roots := 0
	for _, g := range e.groups {
		levels[level{g.turn(), g.level}] = true
		if g.root() {
			roots++
		} else {
			requests[request{g.turn(), g.level, g.node.Sub.Index}] = true
		}
	}
	return costRequest*(roots+len(requests)) + costLevel*len(levels)
}
