package satisfy

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Bounds of the walk: positions that wait to be looked at, and states of one type that are all looked at. Beyond the
// latter, a state that can do whatever an earlier one could is passed over.
const (
	maxOpen  = 1_000_000
	maxExact = 64
)

// Check walks the API schema of the supergraph. It fails only if a field set in the supergraph is malformed.
func Check(sg *supergraph.Supergraph) (*Findings, error) {
	g, err := build(sg)
	if err != nil {
		return nil, err
	}
	return newWalker(g).run(), nil
}

func newWalker(g *graph) *walker {
	return &walker{
		graph: g, solver: newSolver(g), api: g.sg.API(), labels: overrideLabels(g.sg), contexts: contextNames(g.sg),
		ctxIDs: map[string]int{"": 0}, ctxs: []context{nil}, found: &Findings{}, seen: map[string]bool{},
	}
}

// position is where the object at hand may be: at a vertex, with what its ancestors set for @fromContext.
type position struct {
	at      *vertex
	entered bool // by a key, so requirements can be brought along
	ctx     int
}

// label is the state of an override's label that has been settled on the way.
type label struct {
	name string
	on   bool
}

// state is a type of the API schema, reached by an operation, and the positions at which subgraphs may hold its object.
type state struct {
	typ       *ast.Definition
	positions []position // an object's include those that keys lead to
	entries   []position // without those
	labels    []label    // sorted
	before    *state
	step      transition // from before; of the first state the root's kind
}

// transition is a step of an operation: a field, or a type condition.
type transition struct {
	root  ast.Operation
	field *ast.FieldDefinition
	on    string
}

type walker struct {
	graph    *graph
	solver   *solver
	api      *ast.Schema
	labels   map[string]string // by coordinate
	contexts []string
	ctxIDs   map[string]int
	ctxs     []context

	queue    []*state
	open     int
	visited  visits
	main     visits // of the walk from all roots
	clean    visits // those of main, if nothing was found wrong
	found    *Findings
	problems []*Problem
	seen     map[string]bool // findings that need not be told again
	gaveUp   bool
	quiet    bool // steps that cannot be taken are no problem
	alike    bool // runtime types need not be compared
}

func (w *walker) run() *Findings {
	var mutation *state
	for _, kind := range []ast.Operation{ast.Query, ast.Mutation, ast.Subscription} {
		def := map[ast.Operation]*ast.Definition{ast.Query: w.api.Query, ast.Mutation: w.api.Mutation, ast.Subscription: w.api.Subscription}[kind]
		if def == nil {
			continue
		}
		st := &state{typ: def, step: transition{root: kind}}
		for _, l := range w.graph.landings[def.Name] {
			st.positions = append(st.positions, position{at: l.to})
		}
		if kind == ast.Mutation {
			mutation = st
		} else {
			w.push(st)
		}
	}
	w.main = visits{}
	w.visited = w.main
	if mutation != nil {
		w.mutations(mutation)
	}
	w.drain()
	if len(w.problems) == 0 {
		w.clean = w.main
	}
	if mutation != nil {
		w.sharedMutations(mutation)
	}
	w.found.Problems = w.problems
	w.found.Exceeded = w.gaveUp || w.solver.steps > maxSteps
	if len(w.problems) > 0 && !w.found.Exceeded {
		w.confirm()
	}
	return w.found
}

// mutations starts from the fields of the mutation root that one subgraph resolves.
func (w *walker) mutations(root *state) {
	for _, f := range root.typ.Fields {
		if len(resolving(root, f)) < 2 {
			w.transit(root, f)
		}
	}
}

func resolving(root *state, f *ast.FieldDefinition) []position {
	return slices.DeleteFunc(slices.Clone(root.positions), func(p position) bool { return p.at.edges[f.Name] == nil })
}

// sharedMutations walks from the fields of the mutation root that several subgraphs resolve. Such a field is called in one
// of them, so one must be able to answer everything below on its own; and all must be able to return the same.
func (w *walker) sharedMutations(root *state) {
	for _, f := range root.typ.Fields {
		callers := resolving(root, f)
		if len(callers) < 2 {
			continue
		}
		w.quiet = true
		w.from(root, callers, f)
		w.quiet, w.alike = false, true
		outer, seen := w.problems, w.seen
		var failing []*Problem
		for _, p := range callers {
			w.problems, w.seen = nil, map[string]bool{}
			w.from(root, []position{p}, f)
			if len(w.problems) == 0 {
				failing = nil
				break
			}
			failing = append(failing, w.problems...)
		}
		w.problems, w.seen, w.alike = outer, seen, false
		if len(failing) > 0 {
			w.problems = append(w.problems, &Problem{Kind: Mutation, Coordinate: root.typ.Name + "." + f.Name, Parts: failing})
		}
	}
}

// from walks from one field of a root, called at some positions.
func (w *walker) from(root *state, positions []position, f *ast.FieldDefinition) {
	st := *root
	st.positions = positions
	w.visited = visits{}
	w.transit(&st, f)
	w.drain()
}

func (w *walker) push(st *state) {
	w.queue = append(w.queue, st)
	if w.open += len(st.positions); w.open > maxOpen {
		w.gaveUp = true
	}
}

// drain looks at all states that wait, the shortest operations first.
func (w *walker) drain() {
	for len(w.queue) > 0 && !w.gaveUp && w.solver.steps <= maxSteps {
		st := w.queue[0]
		w.queue = w.queue[1:]
		w.open -= len(st.positions)
		if w.quiet && w.main.has(st) || w.alike && w.clean.covers(st) || !w.visited.add(st) {
			continue
		}
		if st.typ.Kind == ast.Object {
			for _, f := range st.typ.Fields {
				w.transit(st, f)
			}
			continue
		}
		for _, def := range sorted(w.api.GetPossibleTypes(st.typ)) {
			w.narrow(st, def)
		}
	}
	w.queue = w.queue[:0]
}

func sorted(defs []*ast.Definition) []*ast.Definition {
	out := slices.DeleteFunc(slices.Clone(defs), func(d *ast.Definition) bool { return d.Kind != ast.Object })
	slices.SortFunc(out, func(a, b *ast.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}

// transit takes a step into a field, under each state of its label.
func (w *walker) transit(st *state, f *ast.FieldDefinition) {
	if f.Name == "__schema" || f.Name == "__type" || f.Name == "__typename" {
		return
	}
	for _, labels := range w.labelled(st.typ.Name+"."+f.Name, st.labels) {
		w.read(st, f, labels)
	}
}

// labelled returns the states of labels under which the field is looked at: both states of its own label, unless that is
// settled.
func (w *walker) labelled(coordinate string, labels []label) [][]label {
	name := w.labels[coordinate]
	if name == "" {
		return [][]label{labels}
	}
	at, found := slices.BinarySearchFunc(labels, name, func(l label, name string) int { return cmp.Compare(l.name, name) })
	if found {
		return [][]label{labels}
	}
	return [][]label{
		slices.Insert(slices.Clone(labels), at, label{name, true}),
		slices.Insert(slices.Clone(labels), at, label{name, false}),
	}
}

func (w *walker) read(st *state, f *ast.FieldDefinition, labels []label) {
	target := w.api.Types[f.Type.Name()]
	to, ok := w.follow(st.positions, st.typ.Name, f.Name, labels)
	next := &state{typ: target, positions: to, labels: labels, before: st, step: transition{field: f}}
	switch {
	case !ok:
		w.fail(next)
	case !target.IsLeafType():
		if target.Kind != ast.Object && !w.alike {
			w.compareRuntimeTypes(next)
		}
		w.push(w.complete(next))
	}
}

// follow returns where the field leads from the positions, and whether any of them resolves it.
func (w *walker) follow(positions []position, typeName, field string, labels []label) (to []position, ok bool) {
	for _, p := range positions {
		e := w.takes(p, typeName, field, labels)
		if e == nil {
			continue
		}
		if ok = true; e.to == nil {
			return nil, true
		}
		to = append(to, position{at: e.to, ctx: w.remember(p, typeName)})
	}
	return to, ok
}

// takes returns the edge by which the field is read at a position, or nil.
func (w *walker) takes(p position, typeName, field string, labels []label) *edge {
	v := p.at
	if !v.object() {
		if v = v.members[typeName]; v == nil {
			return nil
		}
		p.entered = false
	}
	e := v.edges[field]
	if e == nil || !satisfied(e.field.Override, labels) || !w.solver.resolves(v, e, p.entered) || !w.contextual(p, v, e) {
		return nil
	}
	return e
}

func satisfied(o supergraph.Override, labels []label) bool {
	return o.Label == "" || slices.Contains(labels, label{o.Label, o.When})
}

// narrow takes a step into a type condition.
func (w *walker) narrow(st *state, def *ast.Definition) {
	to, possible := w.castAll(st.positions, st.typ, def.Name)
	next := &state{typ: def, positions: to, labels: st.labels, before: st, step: transition{on: def.Name}}
	switch {
	case !possible:
	case len(to) == 0:
		w.fail(next)
	default:
		w.push(w.complete(next))
	}
}

// castAll returns where the type condition leads from the positions. It is not possible if the object that some position
// may hold is never of the type: then clients get nothing there, whatever they ask.
func (w *walker) castAll(positions []position, from *ast.Definition, typeName string) (to []position, possible bool) {
	for _, p := range positions {
		if (from.Kind != ast.Interface || !p.at.object()) && !slices.Contains(p.at.runtime, typeName) {
			return nil, false
		}
		if q, ok := w.cast(p, typeName); ok {
			to = append(to, q)
		}
		for _, v := range w.solver.hops(p.at, none) {
			if q, ok := w.cast(position{at: v, entered: true, ctx: p.ctx}, typeName); ok {
				to = append(to, q)
			}
		}
	}
	return to, true
}

func (w *walker) cast(p position, typeName string) (position, bool) {
	v := p.at
	switch {
	case v.is(typeName):
		return p, true
	case v.typ.InterfaceObject:
		return p, slices.Contains(w.graph.sg.Possible(v.typ.Name), typeName) && w.solver.told(v)
	case v.members[typeName] != nil:
		return position{at: v.members[typeName], ctx: p.ctx}, true
	}
	return p, false
}

// complete adds to the positions of an object those that keys lead to.
func (w *walker) complete(st *state) *state {
	st.entries = slices.Clone(st.positions)
	if st.typ.Kind == ast.Object {
		for _, p := range st.entries {
			for _, v := range w.solver.hops(p.at, none) {
				st.positions = append(st.positions, position{at: v, entered: true, ctx: p.ctx})
			}
		}
	}
	slices.SortFunc(st.positions, func(a, b position) int {
		entered := 0
		if a.entered != b.entered {
			entered = 1
			if a.entered {
				entered = -1
			}
		}
		return cmp.Or(cmp.Compare(a.at.id, b.at.id), cmp.Compare(a.ctx, b.ctx), entered)
	})
	st.positions = slices.CompactFunc(st.positions, func(a, b position) bool { return a.at == b.at && a.ctx == b.ctx })
	return st
}

// visits are the states looked at, by type.
type visits map[*ast.Definition]*visitsOfType

type visitsOfType struct {
	keys   map[string]bool
	states []*state
}

// add reports whether the state must be looked at.
func (v visits) add(st *state) bool {
	of := v[st.typ]
	if of == nil {
		of = &visitsOfType{keys: map[string]bool{}}
		v[st.typ] = of
	}
	key := st.key()
	if of.keys[key] || len(of.states) > maxExact && of.covered(st) {
		return false
	}
	of.keys[key] = true
	of.states = append(of.states, st)
	return true
}

// has reports whether the very state was looked at.
func (v visits) has(st *state) bool {
	of := v[st.typ]
	return of != nil && of.keys[st.key()]
}

func (v visits) covers(st *state) bool {
	of := v[st.typ]
	return of != nil && of.covered(st)
}

// covered reports whether a state was looked at that can do no more than this one.
func (v *visitsOfType) covered(st *state) bool {
	return slices.ContainsFunc(v.states, func(old *state) bool {
		return containsAll(st.labels, old.labels) && containsPositions(st.positions, old.positions)
	})
}

func containsAll(all, some []label) bool {
	return !slices.ContainsFunc(some, func(l label) bool { return !slices.Contains(all, l) })
}

// containsPositions reports whether all has each position of some; both are sorted.
func containsPositions(all, some []position) bool {
	for _, p := range some {
		for len(all) > 0 && (all[0].at.id < p.at.id || all[0].at == p.at && all[0].ctx < p.ctx) {
			all = all[1:]
		}
		if len(all) == 0 || all[0].at != p.at || all[0].ctx != p.ctx || p.entered && !all[0].entered {
			return false
		}
	}
	return true
}

func (st *state) key() string {
	var b []byte
	for _, p := range st.positions {
		b = binary.AppendUvarint(b, uint64(p.at.id)<<1|uint64(bit(p.entered))) //nolint:gosec // ids are small
		b = binary.AppendUvarint(b, uint64(p.ctx))                             //nolint:gosec // likewise
	}
	for _, l := range st.labels {
		b = append(append(b, 0xff, byte(bit(l.on))), l.name...)
	}
	return string(b)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// overrideLabels returns the label of each field that is moved progressively, by coordinate.
func overrideLabels(sg *supergraph.Supergraph) map[string]string {
	out := map[string]string{}
	for _, sub := range sg.Subgraphs {
		for name, t := range sub.Types {
			for _, f := range t.Fields {
				if f.Override.Label != "" {
					out[name+"."+f.Name] = f.Override.Label
				}
			}
		}
	}
	return out
}
