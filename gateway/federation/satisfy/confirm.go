package satisfy

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// confirm drops the problems that the reference composer does not see. Its walk goes deep first, and it passes over a type
// once it was there with no more subgraphs, even if a @provides that led there then does not lead there now. What it
// accepts we accept, with a hint; an operation that fails only there is refused when it is planned.
func (w *walker) confirm() {
	r := &reference{walker: w, failed: map[string]bool{}, halves: map[string]map[int]bool{}, visits: map[*ast.Definition][]visit{}}
	r.run()
	w.found.Problems = slices.DeleteFunc(w.found.Problems, func(p *Problem) bool {
		if p.Kind == RuntimeTypes || p.Kind == Unsatisfiable && r.failed[p.step()] || p.Kind == Mutation && r.failed[p.Coordinate] {
			return false
		}
		w.found.Overlooked = append(w.found.Overlooked, p)
		return true
	})
}

// step names the step of the schema that the problem is about.
func (p *Problem) step() string { return p.Coordinate + " " + p.on }

// reference walks the API schema as the reference composer does.
type reference struct {
	*walker
	stack  []*parted
	failed map[string]bool
	halves map[string]map[int]bool // by mutation field: whether the walk from a subgraph failed
	visits map[*ast.Definition][]visit
}

// parted is a state. Below a mutation's field that several subgraphs resolve, their positions are held apart.
type parted struct {
	typ      *ast.Definition
	root     bool
	labels   []label
	mutation string
	parts    []part
}

type part struct {
	first   int // subgraph of the mutation field
	entries []position
	all     []position
}

// visit is what the reference remembers of a state.
type visit struct {
	at     []spot
	labels []label
}

// spot is a position without what the reference does not look at.
type spot struct {
	sub int
	typ string
	ctx int
}

func (r *reference) run() {
	for _, def := range []*ast.Definition{r.api.Query, r.api.Mutation, r.api.Subscription} {
		if def == nil {
			continue
		}
		p := part{}
		for _, l := range r.graph.landings[def.Name] {
			p.entries = append(p.entries, position{at: l.to})
		}
		p.all = p.entries
		r.stack = append(r.stack, &parted{typ: def, root: true, parts: []part{p}})
	}
	for len(r.stack) > 0 {
		st := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if r.passesOver(st) {
			continue
		}
		if st.typ.Kind == ast.Object {
			for _, f := range st.typ.Fields {
				r.field(st, f)
			}
			continue
		}
		for _, def := range sorted(r.api.GetPossibleTypes(st.typ)) {
			r.step(st, def, st.labels, st.typ.Name+" "+def.Name, func(p part) ([]position, bool, bool) {
				to, possible := r.castAll(p.entries, st.typ, def.Name)
				return to, len(to) > 0, possible
			})
		}
	}
	for mutation, parts := range r.halves {
		r.failed[mutation] = true
		for _, failed := range parts {
			r.failed[mutation] = r.failed[mutation] && failed
		}
	}
}

func (r *reference) passesOver(st *parted) bool {
	over := true
	for _, p := range st.parts {
		now := visit{labels: st.labels}
		for _, e := range p.entries {
			now.at = append(now.at, spot{e.at.sub.Index, e.at.typ.Name, e.ctx})
		}
		if slices.ContainsFunc(r.visits[st.typ], func(old visit) bool {
			return containsAll(now.labels, old.labels) && !slices.ContainsFunc(old.at, func(x spot) bool { return !slices.Contains(now.at, x) })
		}) {
			continue
		}
		r.visits[st.typ] = append(r.visits[st.typ], now)
		over = false
	}
	return over
}

func (r *reference) field(st *parted, f *ast.FieldDefinition) {
	if f.Name == "__schema" || f.Name == "__type" || f.Name == "__typename" {
		return
	}
	coordinate := st.typ.Name + "." + f.Name
	for _, labels := range r.labelled(coordinate, st.labels) {
		r.step(st, r.api.Types[f.Type.Name()], labels, coordinate+" ", func(p part) ([]position, bool, bool) {
			to, ok := r.follow(p.all, st.typ.Name, f.Name, labels)
			return to, ok, true
		})
	}
}

// step takes a step from each part, and pushes the state that it leads to.
func (r *reference) step(st *parted, target *ast.Definition, labels []label, name string, take func(part) (to []position, ok, possible bool)) {
	next := &parted{typ: target, labels: labels, mutation: st.mutation}
	for _, p := range st.parts {
		to, ok, possible := take(p)
		switch {
		case !possible:
			return
		case !ok && st.mutation != "":
			r.halves[st.mutation][p.first] = true
		case !ok:
			r.failed[name] = true
		default:
			done := r.complete(&state{typ: target, positions: to})
			next.parts = append(next.parts, part{p.first, done.entries, done.positions})
		}
	}
	if len(next.parts) == 0 || target.IsLeafType() {
		return
	}
	if st.root && st.typ == r.api.Mutation {
		r.part(next, name[:len(name)-1])
	}
	r.stack = append(r.stack, next)
}

// part holds the positions below a mutation's field apart by subgraph, if there are several.
func (r *reference) part(st *parted, mutation string) {
	whole := st.parts[0]
	var parts []part
	for _, e := range whole.entries {
		done := r.complete(&state{typ: st.typ, positions: []position{e}})
		i := slices.IndexFunc(parts, func(p part) bool { return p.first == e.at.sub.Index })
		if i < 0 {
			parts = append(parts, part{e.at.sub.Index, done.entries, done.positions})
		}
	}
	if len(parts) < 2 {
		return
	}
	st.mutation, st.parts = mutation, parts
	r.halves[mutation] = map[int]bool{}
	for _, p := range parts {
		r.halves[mutation][p.first] = false
	}
}
