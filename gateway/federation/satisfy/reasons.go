package satisfy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// fail reports a step that no position can take; once for each step of the schema.
func (w *walker) fail(st *state) {
	if w.quiet {
		return
	}
	from := st.before
	p := &Problem{Coordinate: from.typ.Name, Operation: st.operation(w.api), on: st.step.on}
	e := &explainer{walker: w, problem: p, typ: from.typ.Name, labels: st.labels, positions: from.positions}
	if f := st.step.field; f != nil {
		p.Coordinate += "." + f.Name
		e.field = f.Name
	} else {
		e.typ, e.field = st.step.on, ""
		for _, q := range from.positions {
			for _, v := range w.solver.hops(q.at, none) {
				e.positions = append(e.positions, position{at: v, entered: true, ctx: q.ctx})
			}
		}
	}
	if w.once(p.step()) {
		e.explain()
		w.problems = append(w.problems, p)
	}
}

// explainer finds the reasons why a field, or with no field a type, is not to be had.
type explainer struct {
	*walker
	problem    *Problem
	typ, field string
	labels     []label
	positions  []position
}

func (e *explainer) because(subgraph, format string, args ...any) {
	r := Reason{subgraph, fmt.Sprintf(format, args...)}
	if !slices.Contains(e.problem.Reasons, r) {
		e.problem.Reasons = append(e.problem.Reasons, r)
	}
}

func (e *explainer) fix(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(e.problem.Fixes, text) {
		e.problem.Fixes = append(e.problem.Fixes, text)
	}
}

func (e *explainer) explain() {
	for _, p := range e.positions {
		if e.field == "" {
			e.unknownType(p)
		} else {
			e.unread(p)
		}
	}
	if e.field != "" {
		e.unreached()
	}
	slices.SortStableFunc(e.problem.Reasons, func(a, b Reason) int { return cmp.Compare(a.Subgraph, b.Subgraph) })
}

func (e *explainer) unknownType(p position) {
	sub := p.at.sub.Name
	if p.at.typ.InterfaceObject {
		e.because(sub, "%q is an interface object there, and no subgraph that tells the runtime type can be entered by one of its keys", p.at.typ.Name)
		e.fix("give interface %q a resolvable @key that %q resolves, in a subgraph that defines the interface", p.at.typ.Name, sub)
		return
	}
	e.because(sub, "what it returns here is of type %q, never %q", p.at.typ.Name, e.typ)
	e.fix("let %q return the type that the other subgraphs return", sub)
}

// unread says why a subgraph that holds the object does not resolve the field.
func (e *explainer) unread(p position) {
	v, sub, coordinate := p.at, p.at.sub.Name, e.problem.Coordinate
	if m := v.members[e.typ]; m != nil {
		v = m
	}
	edge := v.edges[e.field]
	declared := v.typ.Field(e.field)
	switch {
	case edge == nil && declared == nil:
		e.because(sub, "it has no field %q", coordinate)
	case edge == nil:
		e.because(sub, "it does not resolve %q: the field is external there, or overridden by another subgraph", coordinate)
	case !satisfied(edge.field.Override, e.labels):
		e.because(sub, "it resolves %q only when the override label %q is %s", coordinate, edge.field.Override.Label, onOff(edge.field.Override.When))
	case edge.requires != nil && !e.solver.meets(v, edge.requires):
		missing := e.missing(v, edge.requires, -1)
		e.because(sub, "%q requires %q, and %s cannot be had there", coordinate, edge.requires.text, missing)
		e.fix("let a subgraph that %q can reach by a key resolve %s of %q", sub, missing, v.typ.Name)
	case edge.requires != nil && !p.entered && !v.resume:
		e.because(sub, "%q can be given what it requires only when the object is entered by a key, and %q has no usable one there", coordinate, v.typ.Name)
		e.fix("give %q a @key in %q whose fields %q resolves itself", v.typ.Name, sub, sub)
	default:
		e.because(sub, "%q reads a context that no object above sets, or whose value cannot be had", coordinate)
		e.fix("reach %q only below types that set its contexts, and give it a resolvable @key in %q", coordinate, sub)
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// missing lists the leaves of a condition that cannot be had at the vertex; of a key, without the subgraph it leads to.
func (e *explainer) missing(v *vertex, c *condition, to int) string {
	below := e.solver.exclude(none, to, c)
	var parts []string
	for _, p := range c.paths {
		if !e.solver.can(v, nil, p, none, below) {
			parts = append(parts, fmt.Sprintf("%q", p))
		}
	}
	return strings.Join(parts, ", ")
}

// String prints the path, e.g. "org.id".
func (p path) String() string {
	var parts []string
	for _, s := range p {
		if s.on == "" {
			parts = append(parts, s.field)
		} else {
			parts = append(parts, "... on "+s.on)
		}
	}
	return strings.Join(parts, ".")
}

// unreached says why the subgraphs that resolve the field are not entered.
func (e *explainer) unreached() {
	some := false
	for _, sub := range e.graph.sg.Subgraphs {
		owner := e.graph.vertex(sub, e.typ)
		if owner == nil || owner.edges[e.field] == nil || slices.ContainsFunc(e.positions, func(p position) bool { return p.at.sub == sub }) {
			continue
		}
		some = true
		tried := false
		for _, p := range e.positions {
			tried = e.untaken(p.at, owner) || tried
		}
		if tried {
			continue
		}
		why := "has no @key there"
		if len(owner.typ.Keys) > 0 {
			why = "has only keys there with resolvable: false"
		}
		for _, p := range e.positions {
			e.because(p.at.sub.Name, "it cannot move to %q, which has the field: %q %s", sub.Name, e.typ, why)
		}
		e.fix("give %q a resolvable @key in %q with fields that %s can provide", e.typ, sub.Name, e.holders())
	}
	if some && e.graph.sg.Schema.Types[e.typ].Kind == ast.Object {
		e.fix("resolve %q in %s too, and mark it @shareable everywhere", e.problem.Coordinate, e.holders())
	}
}

// untaken says which keys lead from a vertex to another but cannot be had, and reports whether there are any.
func (e *explainer) untaken(from, to *vertex) bool {
	some := false
	for _, l := range e.graph.landings[from.typ.Name] {
		if l.to.sub != to.sub || l.cond == nil {
			continue
		}
		some = true
		missing := e.missing(from, l.cond, to.sub.Index)
		e.because(from.sub.Name, "it cannot move to %q by @key(fields: %q): %s cannot be had there", to.sub.Name, l.cond.text, missing)
		e.fix("let %q, or a subgraph that it can reach, resolve %s of %q", from.sub.Name, missing, from.typ.Name)
	}
	return some
}

// holders names the subgraphs that hold the object.
func (e *explainer) holders() string {
	var names []string
	for _, p := range e.positions {
		if name := fmt.Sprintf("%q", p.at.sub.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}
