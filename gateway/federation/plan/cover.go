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
		s.noteDemands(demands, []*solution{sol}, nil)
		return sol
	}
	var all []*solution
	lands := landings(demands)
	for mask := range 1 << len(optional) {
		allowed := func(w *way) bool {
			if len(w.requests.least) == 0 || must[w.source()] {
				return true
			}
			i := slices.Index(optional, w.source())
			return i >= 0 && mask>>i&1 == 1
		}
		all = append(all, s.assign(demands, allowed, s.paid(lands, allowed), s.others())...)
	}
	if len(all) == 0 {
		return nil
	}
	kept := s.some(slices.Clone(all), s.others())
	kept[0].others = slices.Clip(kept[1:])
	s.noteDemands(demands, kept, all)
	return kept[0]
}

// maxAlternatives is the number of solutions of a problem that are kept beside the best: those that cost up to a request
// more, since that may be one that is made anyway. More than one finds hardly anything.
const maxAlternatives = 1

// others is how many solutions are kept beside the best.
func (s *solver) others() int {
	if s.units > unitsSingle {
		return 0
	}
	return maxAlternatives
}

// some returns the cheapest of the solutions, and a few whose requests differ.
func (s *solver) some(all []*solution, others int) []*solution {
	if len(all) == 1 {
		return all
	}
	slices.SortStableFunc(all, func(a, b *solution) int { return cmp.Compare(s.worth(a), s.worth(b)) })
	out := all[:1]
	for _, sol := range all[1:] {
		if len(out) > others || s.worth(sol) > s.worth(out[0])+costRequest {
			break
		}
		if !slices.ContainsFunc(out, func(o *solution) bool { return slices.Equal(o.requests, sol.requests) }) {
			out = append(out, sol)
		}
	}
	return out
}

func (s *solver) worth(sol *solution) int { return s.expected(sol.requests, sol.extra) }

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
		free := func(w *way) bool { return len(w.requests.least) == 0 && (w.child == nil || len(w.child.requests) == 0) }
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
	best := s.assign(demands, func(*way) bool { return true }, nil, 0)[0]
	lands := landings(demands)
	for range 3 {
		used := map[source]bool{}
		for _, p := range best.picks {
			for _, w := range p.ways {
				used[w.source()] = true
			}
		}
		allowed := func(w *way) bool { return used[w.source()] }
		next := s.assign(demands, allowed, s.paid(lands, allowed), 0)
		if next == nil || s.cost(next[0]) >= s.cost(best) {
			break
		}
		best = next[0]
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
				if w.resume == nil && len(w.requests.least) > 0 && !seen[w.source()] {
					seen[w.source()] = true
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// paid is what it takes to be where the allowed ways read.
func (s *solver) paid(landings []*way, allowed func(*way) bool) requests {
	var out requests
	for _, w := range landings {
		if allowed(w) {
			out = s.beside(out, w.requests)
		}
	}
	return out
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
