package compose

import (
	"cmp"
	"slices"

	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// Result is a composed supergraph.
type Result struct {
	SupergraphSDL string
	Hints         []Hint // sorted: most important first, then by coordinate
}

// Compose merges the subgraphs. The error is of type Errors.
func Compose(sources []subgraph.Source) (*Result, error) {
	sources = slices.Clone(sources)
	slices.SortFunc(sources, func(a, b subgraph.Source) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URL, b.URL), cmp.Compare(a.SDL, b.SDL))
	})
	for i, src := range sources[:max(len(sources)-1, 0)] {
		if src.Name == sources[i+1].Name {
			return nil, failed(Errors{spec.Errorf(spec.CodeInvalidSubgraphName, "two subgraphs are named %q", src.Name)})
		}
	}
	subs, errs := load(sources)
	if len(errs) > 0 {
		return nil, failed(errs)
	}
	if subs, errs = upgrade(subs); len(errs) > 0 {
		return nil, failed(errs)
	}
	m := newMerger(subs)
	for _, stage := range []func(){m.merge, m.checkMerged, m.checkAPI, m.checkSatisfiable} {
		if stage(); len(m.errs) > 0 {
			return nil, failed(m.errs)
		}
	}
	return &Result{SupergraphSDL: m.sdl, Hints: sortedHints(m.hints)}, nil
}

func failed(errs Errors) error {
	errs.Sort()
	return errs
}

// load builds every subgraph and checks those of Federation 2; the others are checked once they are upgraded.
func load(sources []subgraph.Source) ([]*subgraph.Subgraph, Errors) {
	var subs []*subgraph.Subgraph
	var errs Errors
	for _, src := range sources {
		s, problems := subgraph.Load(src)
		errs = append(errs, problems...)
		if s == nil {
			continue
		}
		if s.Fed2 {
			errs = append(errs, s.Validate()...)
		}
		subs = append(subs, s)
	}
	return subs, errs
}

// upgrade turns Federation 1 schemas into Federation 2 ones.
func upgrade(subs []*subgraph.Subgraph) ([]*subgraph.Subgraph, Errors) {
	if !slices.ContainsFunc(subs, func(s *subgraph.Subgraph) bool { return !s.Fed2 }) {
		return subs, nil
	}
	return subgraph.Upgrade(subs)
}
