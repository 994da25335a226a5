package plan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// Trace is what the planner did at each stage. It is for people who look for the first stage that went wrong.
type Trace struct {
	Reach  []Reached // the nodes at which the objects of each selection can be
	Choose []Choice  // what was chosen at each selection, parents first
	Failed *Unsatisfiable
	Groups []Pass // the visits after each pass
	Plan   *Plan
	Units  int // of work, of which an operation may take a limited number

	shown map[*solution]bool
}

// Reached is a selection of the operation with the nodes at which its objects can be entered by any way.
type Reached struct {
	Path    string
	Type    string
	Nodes   []string
	LeftOut []string // runtime types for which nothing is fetched, since not every node, or none, knows them
}

// Choice is how the objects of a selection, entered at some nodes, are answered.
type Choice struct {
	Path     string
	Type     string   // a runtime type where the selection is solved for each
	Entered  []string // none: at the root, or nowhere yet
	Discover string   `json:",omitempty"` // the node that tells runtime types where no entry does
	Demands  []Demand
	Chosen   []string // the nodes that are visited for the selection
	Cost     int      // of the selection and all below it, as far as it is estimated here
	RunnerUp []string `json:",omitempty"` // the nodes of the next best set of visits
	Next     int      `json:",omitempty"` // its cost
}

// Demand is an item with what could answer it.
type Demand struct {
	Field     string
	Providers []Provider
}

// Provider is one way to answer a demand.
type Provider struct {
	Node     string
	How      string // "here", "by key …", "by key … with …"
	Requests int    // of being there
	Cost     int    // alone, with what is below
	Chosen   bool
}

// Pass is a step from visits to fetches, with the groups as it left them.
type Pass struct {
	Name   string
	Groups []string
}

// Trace plans the operation and tells how. Its error is Plan's; the trace then ends where planning did.
func (p *Planner) Trace(ctx context.Context, op *operation.Operation) (*Trace, error) {
	t := &Trace{}
	pl, err := p.plan(ctx, op, t)
	t.Plan = pl
	return t, err
}

// considered is what a solution was chosen from.
type considered struct {
	typeName string
	entries  []*querygraph.Node
	demands  []*demand
	second   *solution
}

// noteDemands keeps for a trace what the solutions were chosen for, and from which others.
func (s *solver) noteDemands(demands []*demand, kept, all []*solution) {
	if s.trace == nil {
		return
	}
	slices.SortStableFunc(all, func(a, b *solution) int { return cmp.Compare(s.worth(a), s.worth(b)) })
	for _, sol := range kept {
		sol.considered = &considered{demands: demands}
		if i := slices.IndexFunc(all, func(o *solution) bool { return !slices.Equal(o.visited(), sol.visited()) }); i >= 0 {
			sol.considered.second = all[i]
		}
	}
}

// consider keeps for a trace what the solution and the others beside it were chosen for.
func (s *solver) consider(sol *solution, typeName string, entries []*querygraph.Node) {
	if s.trace == nil {
		return
	}
	for _, o := range append([]*solution{sol}, sol.others...) {
		if o.considered == nil {
			o.considered = &considered{}
		}
		o.considered.typeName, o.considered.entries = typeName, entries
	}
}

// reached notes the outcome of stage reach.
func (t *Trace) reached(s *solver, sel *operation.Selection, path []string) {
	if t == nil {
		return
	}
	r := Reached{Path: strings.Join(path, "."), Type: sel.Type, Nodes: nodeNames(s.reached[sel])}
	if len(path) > 0 && s.g.SG.Schema.Types[sel.Type].Kind != ast.Object {
		for _, m := range s.g.SG.Possible(sel.Type) {
			if s.missing(sel, m, nil) {
				r.LeftOut = append(r.LeftOut, m)
			}
		}
	}
	t.Reach = append(t.Reach, r)
	for _, it := range sel.Items {
		if it.Selection != nil {
			t.reached(s, it.Selection, append(slices.Clip(path), it.Name))
		}
	}
}

// chosen notes the solution of a selection and of all below it.
func (t *Trace) chosen(s *solver, sol *solution, path []string) {
	if t == nil || t.shown[sol] { // a solution belongs to one selection: shown once is enough
		return
	}
	if t.shown == nil {
		t.shown = map[*solution]bool{}
	}
	t.shown[sol] = true
	if sol.considered != nil {
		t.Choose = append(t.Choose, s.choice(sol, path))
	}
	for _, p := range sol.picks {
		if p.child != nil {
			t.chosen(s, p.child, append(slices.Clip(path), p.item.Name))
		}
	}
	for _, part := range sol.typed {
		t.chosen(s, part.sol, path)
	}
}

func (s *solver) choice(sol *solution, path []string) Choice {
	c := sol.considered
	out := Choice{
		Path: strings.Join(path, "."), Type: c.typeName, Entered: nodeNames(c.entries), Chosen: sol.visited(), Cost: s.cost(sol),
		Demands: []Demand{},
	}
	if sol.discover != nil {
		out.Discover = sol.discover.Node.String()
	}
	if c.second != nil {
		out.RunnerUp, out.Next = c.second.visited(), s.cost(c.second)
	}
	for _, d := range c.demands {
		demand := Demand{Field: d.item.Name}
		if d.item.Name != d.item.Field.Name {
			demand.Field += ": " + d.item.Field.Name
		}
		i := slices.IndexFunc(sol.picks, func(p *pick) bool { return p.item == d.item })
		for _, w := range slices.Concat(d.whole(), d.parts) {
			r := w.requests.least
			extra := 1
			if w.child != nil && w.child.failed == nil {
				r, extra = r.union(s.later(w.child.requests, w.stage)), extra+w.child.extra
			}
			demand.Providers = append(demand.Providers, Provider{
				Node: w.node.String(), How: w.how(), Requests: len(w.requests.least), Cost: s.price(r, extra),
				Chosen: i >= 0 && slices.Contains(sol.picks[i].ways, w),
			})
		}
		out.Demands = append(out.Demands, demand)
	}
	return out
}

// how tells how the way gets to its node.
func (w *way) how() string {
	rule := w.resume
	if rule == nil {
		rule = w.land.Rule
	}
	if rule.Landing == nil {
		return "here"
	}
	text := "by key " + rule.Landing.Key.String()
	if rule.Landing.RepType == "" {
		text = "through the root"
	}
	if len(w.edge.Requires) > 0 {
		text += " with " + w.edge.Requires.String()
	}
	if len(w.bindings) > 0 {
		text += " in context"
	}
	return text
}

// visited lists the nodes that the solution reads from.
func (sol *solution) visited() []string {
	var out []string
	for _, p := range sol.picks {
		for _, w := range p.ways {
			if name := w.node.String(); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func nodeNames(nodes []*querygraph.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.String()
	}
	return out
}
