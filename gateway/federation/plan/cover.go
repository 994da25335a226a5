package plan

import (
	"cmp"
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// maxSubsets is the number of optional sources up to which every subset of them is tried.
const maxSubsets = 6

// source is a place that ways read from: a node landed on, or one visited again with requirements.
type source struct {
	node   *querygraph.Node
	resume bool
}

func (w *way) source() source { return source{w.node, w.resume != nil} }

// cover chooses ways for the demands so that all together cost least: exactly where few sources compete, greedily where
// many do.
func (s *solver) cover(demands []*demand) *solution {
	must, optional := sources(demands)
	if len(optional) > maxSubsets || s.units > unitsGreedy {
		s.narrow(demands, must)
		must, optional = sources(demands)
	}
	if len(optional) > maxSubsets || s.units > unitsGreedy {
		sol := s.greedy(demands)
		if s.trace != nil && sol != nil {
			sol.considered = &considered{demands: demands}
		}
		return sol
	}
	var best, second *solution
	lands := landings(demands)
	for mask := range 1 << len(optional) {
		allowed := func(w *way) bool {
			if len(w.requests) == 0 || must[w.source()] {
				return true
			}
			i := slices.Index(optional, w.source())
			return i >= 0 && mask>>i&1 == 1
		}
		sol := s.assign(demands, allowed, paid(lands, allowed))
		switch {
		case sol == nil:
		case best == nil || s.cost(sol) < s.cost(best):
			best, second = sol, best
		case s.trace != nil && (second == nil || s.cost(sol) < s.cost(second)) && !slices.Equal(sol.visited(), best.visited()):
			second = sol
		}
	}
	if s.trace != nil && best != nil {
		best.considered = &considered{demands: demands, second: second}
	}
	return best
}

// sources lists the sources that are needed whatever is chosen, and those among which there is a choice.
func sources(demands []*demand) (must map[source]bool, optional []source) {
	must = map[source]bool{}
	for _, d := range demands {
		if d.settled() {
			for _, w := range d.whole() {
				must[w.source()] = true
			}
		}
	}
	for _, d := range demands {
		free := func(w *way) bool { return len(w.requests) == 0 && (w.child == nil || len(w.child.requests) == 0) }
		if d.settled() || slices.ContainsFunc(d.ways, free) {
			continue
		}
		for _, w := range slices.Concat(d.ways, d.parts) {
			if !must[w.source()] && !slices.Contains(optional, w.source()) {
				optional = append(optional, w.source())
			}
		}
	}
	return must, optional
}

// narrow decides which ways are taken together, without counting what they cost: there are too many for that.
func (s *solver) narrow(demands []*demand, must map[source]bool) {
	for _, d := range demands {
		if len(d.ways) > 0 {
			d.parts = nil
		}
		if d.settled() {
			must[d.whole()[0].source()] = true
		}
	}
	for _, d := range demands {
		if len(d.ways) == 0 && len(d.bundle) == 0 {
			s.bundle(d, must)
			for _, w := range d.bundle {
				must[w.source()] = true
			}
		}
	}
}

// greedy assigns in order, then again with all sources that were used.
func (s *solver) greedy(demands []*demand) *solution {
	best := s.assign(demands, func(*way) bool { return true }, nil)
	lands := landings(demands)
	for range 3 {
		used := map[source]bool{}
		for _, p := range best.picks {
			for _, w := range p.ways {
				used[w.source()] = true
			}
		}
		allowed := func(w *way) bool { return used[w.source()] }
		next := s.assign(demands, allowed, paid(lands, allowed))
		if next == nil || s.cost(next) >= s.cost(best) {
			break
		}
		best = next
	}
	return best
}

// landings lists a way to each source that fields are read from without requirements.
func landings(demands []*demand) []*way {
	var out []*way
	seen := map[source]bool{}
	for _, d := range demands {
		for _, list := range [][]*way{d.bundle, d.ways, d.parts} {
			for _, w := range list {
				if w.resume == nil && len(w.requests) > 0 && !seen[w.source()] {
					seen[w.source()] = true
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// paid is what it takes to be where the allowed ways read.
func paid(landings []*way, allowed func(*way) bool) requests {
	var out requests
	for _, w := range landings {
		if allowed(w) {
			out = out.union(w.requests)
		}
	}
	return out
}

// assign gives each demand its cheapest allowed way, beside what is paid already and what the demands before it have
// chosen. nil: a demand has no allowed way.
func (s *solver) assign(demands []*demand, allowed func(*way) bool, paid requests) *solution {
	sol := &solution{requests: paid}
	for pass := range 2 { // demands without a choice first: the others can share their requests
		for _, d := range demands {
			if d.settled() != (pass == 0) {
				continue
			}
			p := s.choose(d, sol, allowed)
			if p == nil {
				return nil
			}
			sol.picks = append(sol.picks, p)
		}
	}
	order := map[any]int{}
	for i, d := range demands {
		order[d.item] = i
	}
	slices.SortStableFunc(sol.picks, func(a, b *pick) int { return order[a.item] - order[b.item] })
	return sol
}

// choose picks for one demand and adds its requests to the solution.
func (s *solver) choose(d *demand, sol *solution, allowed func(*way) bool) *pick {
	var best *pick
	var bestRequests requests
	bestExtra, bestPrice, bestFields := 0, 0, 0
	try := func(ways []*way, child *solution, extra int) bool {
		s.spend(1)
		total := sol.requests
		last, below := 0, 1
		for _, w := range ways {
			total = total.union(w.requests)
			last = max(last, w.stage)
		}
		if child != nil {
			total = total.union(s.later(child.requests, last))
			extra += child.extra
			below += child.fields
		}
		extra += last * below // what comes early is better than what comes late
		price := s.price(total, sol.extra+extra)
		if best != nil && price >= bestPrice {
			return false
		}
		best, bestRequests, bestExtra, bestPrice = &pick{d.item, ways, child}, total, extra, price
		bestFields = below
		return true
	}
	if len(d.bundle) > 0 {
		try(d.bundle, d.child, zip(d))
	}
	var open []*way
	for _, w := range d.ways {
		if allowed(w) {
			try([]*way{w}, w.child, 1)
			open = append(open, w)
		}
	}
	for _, w := range d.parts {
		if allowed(w) {
			open = append(open, w)
		}
	}
	if d.item.Selection != nil && len(open) > 1 && (best == nil || len(best.child.requests) > 0) {
		for i := len(open); i >= 0 && len(open) > 1; i-- { // all of them, then without each that adds nothing
			ways := open
			if i < len(open) {
				ways = slices.Delete(slices.Clone(open), i, i+1)
			}
			child := s.solve(d.item.Selection, d.item.Field.Type.Name(), targets(ways))
			if child.failed == nil && try(ways, child, zip(d)+len(ways)) {
				open = ways
			}
		}
	}
	if best == nil {
		return nil
	}
	sol.requests, sol.extra, sol.fields = bestRequests, sol.extra+bestExtra, sol.fields+bestFields
	return best
}

// bundle chooses several ways for a demand that no way answers alone: as few as can be of those that go to a source that
// nothing else goes to, and else as few as can be.
func (s *solver) bundle(d *demand, must map[source]bool) {
	added := func(ways []*way) int {
		n := 0
		for _, w := range ways {
			if !must[w.source()] {
				n++
			}
		}
		return n
	}
	d.bundle, d.child = s.needed(d, d.parts)
	shared := slices.Clone(d.parts) // those that nothing else goes to are left out first
	slices.SortStableFunc(shared, func(a, b *way) int {
		return cmp.Compare(added([]*way{a}), added([]*way{b}))
	})
	if ways, child := s.needed(d, shared); cmp.Or(cmp.Compare(added(ways), added(d.bundle)), cmp.Compare(len(ways), len(d.bundle))) < 0 {
		d.bundle, d.child = ways, child
	}
	d.parts = nil
}

// needed leaves out ways from the back that the others can do without.
func (s *solver) needed(d *demand, ways []*way) ([]*way, *solution) {
	child := s.solve(d.item.Selection, d.item.Field.Type.Name(), targets(ways))
	for i := range slices.Backward(ways) {
		fewer := slices.Delete(slices.Clone(ways), i, i+1)
		if len(fewer) == 0 {
			break
		}
		if sol := s.solve(d.item.Selection, d.item.Field.Type.Name(), targets(fewer)); sol.failed == nil {
			ways, child = fewer, sol
		}
	}
	return ways, child
}

func zip(d *demand) int {
	if listField(d.item) {
		return costZip
	}
	return 0
}
