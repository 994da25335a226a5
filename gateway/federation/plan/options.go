package plan

import (
	"cmp"
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// maxOptions is the number of sets of requests that are kept beside the cheapest.
const maxOptions = 3

// options are sets of requests each of which is enough for something. Which is best depends on what else is asked.
type options struct {
	least  requests
	others []requests
}

// derivation gives what a known fact takes: by its rule, or by others that are as good.
func (s *solver) derivation(f *querygraph.Fact) options {
	if o, ok := s.derived[f]; ok {
		return o
	}
	s.spend(1 + len(f.Others))
	o := s.rule(f.Rule)
	if len(f.Others) > 0 {
		sets := append([]requests{o.least}, o.others...)
		for _, r := range f.Others {
			o := s.rule(r)
			sets = append(append(sets, o.least), o.others...)
		}
		o = s.choices(sets)
	}
	s.derived[f] = o
	return o
}

// rule gives what a rule takes whose premises are known.
func (s *solver) rule(r *querygraph.Rule) options {
	var o options
	if r.Kind == querygraph.Explode {
		for _, p := range r.Premises[1:] {
			o = s.both(o, s.derivation(p), 0)
		}
		return s.both(s.derivation(r.Premises[0]), o, r.Premises[0].Stage)
	}
	stage := 0
	for _, p := range r.Premises {
		if p != r.Below {
			o = s.both(o, s.derivation(p), 0)
			stage = max(stage, p.Stage)
		}
	}
	if r.Kind == querygraph.Hop || r.Kind == querygraph.Resume {
		o = s.both(o, options{least: requests{s.request(stage, r.Node, r.Landing.RepType == "")}}, 0)
		stage++
	}
	if r.Below != nil {
		o = s.both(o, s.derivation(r.Below), stage)
	}
	return o
}

// both combines options with others that are moved to later levels.
func (s *solver) both(a, b options, levels int) options {
	if len(a.others)+len(b.others) == 0 {
		return options{least: a.least.union(s.later(b.least, levels))}
	}
	var sets []requests
	for i := range 1 + len(a.others) {
		for j := range 1 + len(b.others) {
			sets = append(sets, a.set(i).union(s.later(b.set(j), levels)))
		}
	}
	return s.choices(sets)
}

func (o options) set(i int) requests {
	if i == 0 {
		return o.least
	}
	return o.others[i-1]
}

// choices makes options of sets.
func (s *solver) choices(sets []requests) options {
	slices.SortStableFunc(sets, func(a, b requests) int {
		return cmp.Or(cmp.Compare(s.expected(a, 0), s.expected(b, 0)), slices.Compare(a, b))
	})
	sets = slices.CompactFunc(sets, func(a, b requests) bool { return slices.Equal(a, b) })
	return options{sets[0], sets[1:min(len(sets), 1+maxOptions)]}
}

// beside adds the cheapest of the options where some requests are made already.
func (s *solver) beside(made requests, o options) requests {
	best := made.union(o.least)
	for _, set := range o.others {
		if len(best) == len(made) {
			break
		}
		if u := made.union(set); s.expected(u, 0) < s.expected(best, 0) {
			best = u
		}
	}
	return best
}
