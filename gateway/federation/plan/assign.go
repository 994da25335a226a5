package plan

import (
	"cmp"
	"slices"

	"medicore.dev/medicore/gateway/federation/operation"
)

// assign gives each demand an allowed way, the cheapest beside what is paid already and what the demands before it have
// chosen. Some solutions follow in which demands were given another. nil: a demand has no allowed way.
func (s *solver) assign(demands []*demand, allowed func(*way) bool, paid requests, others int) []*solution {
	sols := []*solution{{requests: paid}}
	for pass := range 2 { // demands without a choice first: the others can share their requests
		for _, d := range demands {
			if d.settled() != (pass == 0) {
				continue
			}
			var more []*solution
			for _, sol := range sols {
				best, rest := s.choose(d, sol, allowed, others)
				if best.ways == nil {
					return nil
				}
				for _, c := range rest {
					o := *sol
					o.picks = slices.Clone(sol.picks)
					o.take(d.item, c)
					more = append(more, &o)
				}
				sol.take(d.item, best)
			}
			if len(more)+len(sols) > 1 {
				sols = s.some(append(sols, more...), others)
			}
		}
	}
	order := map[any]int{}
	for i, d := range demands {
		order[d.item] = i
	}
	for _, sol := range sols {
		slices.SortStableFunc(sol.picks, func(a, b *pick) int { return order[a.item] - order[b.item] })
	}
	return sols
}

// choice is what may be picked for a demand beside a solution, with what is asked then.
type choice struct {
	ways          []*way
	child         *solution
	requests      requests
	extra, fields int // that it adds
	price         int
}

func (sol *solution) take(it *operation.Item, c choice) {
	sol.picks = append(sol.picks, &pick{it, c.ways, c.child})
	sol.requests, sol.extra, sol.fields = c.requests, sol.extra+c.extra, sol.fields+c.fields
}

// choose picks for one demand beside the solution: the cheapest, and a few others that cost up to a request more.
func (s *solver) choose(d *demand, sol *solution, allowed func(*way) bool, others int) (best choice, rest []choice) {
	try := func(ways []*way, child *solution, extra int) (better bool) {
		s.spend(1)
		total := sol.requests
		last, below := 0, 1
		for _, w := range ways {
			total = s.beside(total, w.requests)
			last = max(last, w.stage)
		}
		if child != nil {
			total = total.union(s.later(child.requests, last))
			extra += child.extra
			below += child.fields
		}
		extra += last * below // what comes early is better than what comes late
		c := choice{ways, child, total, extra, below, s.expected(total, sol.extra+extra)}
		if best.ways == nil || c.price < best.price {
			better, best, c = true, c, best
		}
		if others > 0 && c.ways != nil && c.price <= best.price+costRequest && !slices.Equal(c.requests, best.requests) {
			rest = append(rest, c)
		}
		return better
	}
	each := func(ways []*way, child *solution, extra int) (better bool) {
		better = try(ways, child, extra)
		if child != nil && others > 0 {
			for _, o := range child.others {
				better = try(ways, o, extra) || better
			}
		}
		return better
	}
	if len(d.bundle) > 0 {
		each(d.bundle, d.child, zip(d))
	}
	var open []*way
	for _, w := range d.ways {
		if allowed(w) {
			each([]*way{w}, w.child, 1)
			open = append(open, w)
		}
	}
	for _, w := range d.parts {
		if allowed(w) {
			open = append(open, w)
		}
	}
	if d.item.Selection != nil && len(open) > 1 && (best.ways == nil || len(best.child.requests) > 0) {
		for i := len(open); i >= 0 && len(open) > 1; i-- { // all of them, then without each that adds nothing
			ways := open
			if i < len(open) {
				ways = slices.Delete(slices.Clone(open), i, i+1)
			}
			child := s.solve(d.item.Selection, d.item.Field.Type.Name(), targets(ways))
			if child.failed == nil && each(ways, child, zip(d)+len(ways)) {
				open = ways
			}
		}
	}
	if len(rest) == 0 {
		return best, nil
	}
	slices.SortStableFunc(rest, func(a, b choice) int { return cmp.Compare(a.price, b.price) })
	kept := rest[:0]
	for _, c := range rest {
		if len(kept) == others || c.price > best.price+costRequest {
			break
		}
		same := func(o choice) bool { return slices.Equal(o.requests, c.requests) }
		if !same(best) && !slices.ContainsFunc(kept, same) {
			kept = append(kept, c)
		}
	}
	return best, kept
}
