package querygraph

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// System answers what can be had at an object of a type that was entered at some nodes. Its facts are derived by
// forward chaining, those that hold for every object first, then in the order of their stage (a stage is one fetch
// after another), so no fact supports itself and the first derivation found is one with the fewest stages among those
// as sure. Facts are shared by all operations.
type System struct {
	Type    string
	Entries []*Node

	graph *Graph
	key   string
	land  map[*Node]*Fact
	have  map[string]*Fact
	reach []*Fact // answer of Reach, kept
}

// Fact is something that may be possible at an object of a system: to be at Node, or to have the value at Path.
type Fact struct {
	System *System
	Node   *Node // land; nil: have
	Path   Path

	Known   bool    // it is possible; what follows is set only then
	Doubt   Doubt   // whether it may fail for some objects
	Stage   int     // fetches that must have finished one after another, counted from the entry
	Fetches int     // fetches of the derivation
	Rule    *Rule   // how
	Others  []*Rule // that give it as surely and as early, by other fetches: a few

	id      int
	waiting []*Rule
}

// Doubt says what stands against a fact for some objects: the less, the more it is preferred, ahead of cost.
type Doubt uint8

// The kinds of doubt.
const (
	Sure   Doubt = iota
	Null         // have: the subgraph that it is read from may answer null
	Unsure       // a key on the way may be null: objects without it cannot be fetched
)

// RuleKind tells how a fact follows from others.
type RuleKind uint8

// The kinds of rule.
const (
	Entered RuleKind = iota // land: the node is an entry
	Hop                     // land: by Landing, whose key paths are the premises
	Read                    // have: field read at Node; premises: being there, and for a nested path the rest below
	Resume                  // have: field with @requires read by a new visit through Landing; premises: key, requirements, rest below
	Explode                 // have: from each member type of Node
	Vacuous                 // have: no object here is of a type that the path applies to
)

// Rule derives Head from all Premises.
type Rule struct {
	Kind     RuleKind
	Head     *Fact
	Premises []*Fact
	Landing  *Landing
	Node     *Node
	Edge     *Edge
	Below    *Fact // the rest of the path below the field read; one of Premises

	keys int // how many premises, from the first, are members of the landing's key
	open int
}

// systems holds all systems of a graph.
type systems struct {
	mu      sync.Mutex
	byKey   map[string]*System
	facts   int
	steps   int
	collect *worklist // rules that hold at once while facts are being asked for
}

// Steps returns how much work obtaining has been so far, in rules evaluated.
func (g *Graph) Steps() int {
	g.systems.mu.Lock()
	defer g.systems.mu.Unlock()
	return g.systems.steps
}

// System returns the system of objects of a type that were entered at the nodes.
func (g *Graph) System(typeName string, entries []*Node) *System {
	g.systems.mu.Lock()
	defer g.systems.mu.Unlock()
	return g.system(typeName, entries)
}

func (g *Graph) system(typeName string, entries []*Node) *System {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b *Node) int { return cmp.Compare(a.ID, b.ID) })
	var b strings.Builder
	b.WriteString(typeName)
	for _, e := range entries {
		b.WriteString(" " + strconv.Itoa(e.ID))
	}
	s := g.systems.byKey[b.String()]
	if s == nil {
		s = &System{Type: typeName, Entries: entries, graph: g, key: b.String(), land: map[*Node]*Fact{}, have: map[string]*Fact{}}
		g.systems.byKey[s.key] = s
	}
	return s
}

// Land answers whether and how the node is reached.
func (s *System) Land(n *Node) *Fact {
	sys := &s.graph.systems
	sys.mu.Lock()
	known := s.land[n]
	sys.mu.Unlock()
	if known != nil { // it was settled when it was asked for first
		return known
	}
	return s.ask(func() *Fact { return s.landFact(n) })
}

// Have answers whether and how the value at the path is had.
func (s *System) Have(p Path) *Fact { return s.ask(func() *Fact { return s.haveFact(p) }) }

// Reach lists the nodes where an object of the system can be, entries first, then by stage and id. The list must not be
// changed.
func (s *System) Reach() []*Fact {
	sys := &s.graph.systems
	sys.mu.Lock()
	kept := s.reach
	sys.mu.Unlock()
	if kept != nil {
		return kept
	}
	nodes := slices.Clone(s.Entries)
	for _, l := range s.graph.landings[s.Type] {
		if !slices.Contains(nodes, l.Node) {
			nodes = append(nodes, l.Node)
		}
	}
	var out []*Fact
	for _, n := range nodes {
		if f := s.Land(n); f.Known {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b *Fact) int { return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Node.ID, b.Node.ID)) })
	sys.mu.Lock()
	s.reach = out
	sys.mu.Unlock()
	return out
}

// Resume lists the landings by which the field with requirements can be read at the node, and whether they are
// possible: cheapest first.
func (s *System) Resume(n *Node, e *Edge) []*Rule {
	var out []*Rule
	for _, l := range s.graph.landings[s.Type] {
		if l.Node.Sub != n.Sub || l.Node.Type != n.Type {
			continue
		}
		key := l.Members
		r := &Rule{Kind: Resume, Landing: l, Node: l.Node, Edge: e, keys: len(key)}
		known := true
		for _, p := range append(key, e.Requires.Paths()...) {
			f := s.Have(p)
			known = known && f.Known
			r.Premises = append(r.Premises, f)
		}
		if known {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *Rule) int {
		as, af := a.value()
		bs, bf := b.value()
		return cmp.Or(cmp.Compare(a.doubt(), b.doubt()), cmp.Compare(as, bs), cmp.Compare(af, bf))
	})
	return out
}

// Value returns the stage at which the rule's conclusion holds and the fetches it costs.
func (r *Rule) Value() (stage, fetches int) { return r.value() }

func (s *System) ask(fact func() *Fact) *Fact {
	sys := &s.graph.systems
	sys.mu.Lock()
	defer sys.mu.Unlock()
	w := &worklist{graph: s.graph}
	s.graph.systems.collect = w
	f := fact()
	s.graph.systems.collect = nil
	w.run()
	return f
}

// landFact returns the fact and, if it is new, its rules and all facts that these need.
func (s *System) landFact(n *Node) *Fact {
	f := s.land[n]
	if f != nil {
		return f
	}
	f = s.graph.fact(&Fact{System: s, Node: n})
	s.land[n] = f
	if slices.Contains(s.Entries, n) {
		s.graph.rule(&Rule{Kind: Entered, Head: f, Node: n})
		return f
	}
	for _, l := range s.graph.landings[s.Type] {
		if l.Node == n {
			r := &Rule{Kind: Hop, Head: f, Landing: l, Node: n}
			for _, p := range l.Members {
				r.Premises = append(r.Premises, s.haveFact(p))
			}
			r.keys = len(r.Premises)
			s.graph.rule(r)
		}
	}
	return f
}

func (s *System) haveFact(p Path) *Fact {
	key := p.String()
	f := s.have[key]
	if f != nil {
		return f
	}
	f = s.graph.fact(&Fact{System: s, Path: p})
	s.have[key] = f
	sel := p[0]
	def := s.graph.SG.Schema.Types[s.Type]
	if sel.Types != nil && def != nil && def.Kind == ast.Object {
		if _, ok := slices.BinarySearch(sel.Types, s.Type); !ok {
			s.graph.rule(&Rule{Kind: Vacuous, Head: f})
			return f
		}
		open := *sel
		open.Types = nil
		p = append(Path{&open}, p[1:]...)
		sel = &open
	}
	nodes := slices.Clone(s.Entries)
	for _, l := range s.graph.landings[s.Type] {
		if !slices.Contains(nodes, l.Node) {
			nodes = append(nodes, l.Node)
		}
	}
	for _, n := range nodes {
		switch {
		case n.Type.Abstract() || def != nil && def.Kind != ast.Object && n.Type.Kind == ast.Object:
			s.abstract(f, n, p)
		default:
			if sel.Types == nil {
				s.reads(f, n, p)
			}
		}
	}
	return f
}

// reads adds the rules by which the path's first field is read at the node.
func (s *System) reads(f *Fact, n *Node, p Path) {
	e := n.Edge(p[0].Name)
	if e == nil || (e.To == nil) != (len(p) == 1) || len(e.Field.Contexts) > 0 {
		return
	}
	var below *Fact
	if len(p) > 1 {
		below = s.graph.system(p[0].Def.Type.Name(), []*Node{e.To}).haveFact(p[1:])
	}
	if e.Requires == nil {
		r := &Rule{Kind: Read, Head: f, Node: n, Edge: e, Below: below, Premises: []*Fact{s.landFact(n)}}
		s.graph.rule(r)
		return
	}
	for _, l := range s.graph.landings[s.Type] {
		if l.Node.Sub != n.Sub || l.Node.Type != n.Type {
			continue
		}
		key := l.Members
		r := &Rule{Kind: Resume, Head: f, Node: l.Node, Edge: e, Landing: l, Below: below, keys: len(key)}
		for _, q := range append(key, e.Requires.Paths()...) {
			r.Premises = append(r.Premises, s.haveFact(q))
		}
		s.graph.rule(r)
	}
}

// abstract adds the rules by which the path is had at an abstract node: on the interface, or from every member.
func (s *System) abstract(f *Fact, n *Node, p Path) {
	if p[0].Types == nil && n.Type.Kind == ast.Interface && n.Edge(p[0].Name) != nil {
		s.reads(f, n, p)
	}
	members := n.Members()
	if p[0].Types != nil {
		members = common(members, p[0].Types)
		if len(members) == 0 {
			s.graph.rule(&Rule{Kind: Vacuous, Head: f, Node: n, Premises: []*Fact{s.landFact(n)}})
			return
		}
	}
	if len(members) == 0 {
		return
	}
	open := *p[0]
	open.Types = nil
	r := &Rule{Kind: Explode, Head: f, Node: n, Premises: []*Fact{s.landFact(n)}}
	for _, m := range members {
		r.Premises = append(r.Premises, s.graph.system(m, []*Node{n.Member(m)}).haveFact(append(Path{&open}, p[1:]...)))
	}
	s.graph.rule(r)
}

func (g *Graph) fact(f *Fact) *Fact {
	f.id = g.systems.facts
	g.systems.facts++
	return f
}

// rule registers a rule with the facts that it waits for.
func (g *Graph) rule(r *Rule) {
	if r.Below != nil {
		r.Premises = append(r.Premises, r.Below)
	}
	for _, p := range r.Premises {
		if !p.Known {
			r.open++
			p.waiting = append(p.waiting, r)
		}
	}
	if r.open == 0 {
		g.systems.collect.push(r)
	}
}

// value returns the rule's stage and fetches; all premises are known.
func (r *Rule) value() (stage, fetches int) {
	if r.Kind == Explode { // the members' stages count from the abstract node
		for _, p := range r.Premises[1:] {
			stage = max(stage, p.Stage)
			fetches += p.Fetches
		}
		return stage + r.Premises[0].Stage, fetches + r.Premises[0].Fetches
	}
	for _, p := range r.Premises {
		if p == r.Below {
			continue
		}
		stage = max(stage, p.Stage)
		fetches += p.Fetches
	}
	if r.Kind == Hop || r.Kind == Resume {
		stage++
		fetches++
	}
	if r.Below != nil {
		stage += r.Below.Stage
		fetches += r.Below.Fetches
	}
	return stage, fetches
}

// KeyInDoubt reports whether a member of the key by which the rule lands may be null or missing for some objects.
func (r *Rule) KeyInDoubt() bool {
	return slices.ContainsFunc(r.Premises[:r.keys], func(p *Fact) bool { return p.Doubt != Sure })
}

// doubt returns what stands against the rule's conclusion; all premises are known.
func (r *Rule) doubt() Doubt {
	d := Sure
	for i, p := range r.Premises {
		switch {
		case p.Doubt == Unsure, p.Doubt == Null && i < r.keys:
			return Unsure
		case p.Doubt == Null && (p == r.Below || r.Kind == Explode):
			d = Null
		}
	}
	if (r.Kind == Read || r.Kind == Resume) && r.Edge.Nullable() {
		d = Null
	}
	return d
}

// Nullable reports whether the field's value, or an element of it, may be null in its subgraph.
func (e *Edge) Nullable() bool {
	for t := e.Field.Type; t != nil; t = t.Elem {
		if !t.NonNull {
			return true
		}
	}
	return false
}

// worklist settles facts in the order of their cost.
type worklist struct {
	graph *Graph
	items []candidate
}

type candidate struct {
	doubt          Doubt
	stage, fetches int
	rule           *Rule
	order          int
}

func (w *worklist) push(r *Rule) {
	stage, fetches := r.value()
	heap.Push(w, candidate{r.doubt(), stage, fetches, r, w.graph.systems.steps})
	w.graph.systems.steps++
}

func (w *worklist) run() {
	for w.Len() > 0 {
		c, ok := heap.Pop(w).(candidate)
		if !ok {
			continue
		}
		f := c.rule.Head
		if f.Known {
			f.consider(c)
			continue
		}
		f.Known, f.Doubt, f.Stage, f.Fetches, f.Rule = true, c.doubt, c.stage, c.fetches, c.rule
		for _, r := range f.waiting {
			if r.open--; r.open == 0 {
				w.push(r)
			}
		}
		f.waiting = nil
	}
}

// maxOthers is the number of other rules that a fact keeps.
const maxOthers = 3

// consider keeps a rule by which a known fact could be derived as well. Where no fetch precedes the last, all are alike.
func (f *Fact) consider(c candidate) {
	alike := c.stage == 0 || c.stage == 1 && c.rule.Kind == Hop
	if c.doubt == f.Doubt && c.stage == f.Stage && !alike && len(f.Others) < maxOthers {
		f.Others = append(f.Others, c.rule)
	}
}

func (w *worklist) Len() int { return len(w.items) }

func (w *worklist) Less(i, j int) bool {
	a, b := w.items[i], w.items[j]
	return cmp.Or(cmp.Compare(a.doubt, b.doubt), cmp.Compare(a.stage, b.stage), cmp.Compare(a.fetches, b.fetches), cmp.Compare(a.rule.Head.id, b.rule.Head.id), cmp.Compare(a.order, b.order)) < 0
}

func (w *worklist) Swap(i, j int) { w.items[i], w.items[j] = w.items[j], w.items[i] }

// Push implements heap.Interface.
func (w *worklist) Push(x any) {
	if c, ok := x.(candidate); ok {
		w.items = append(w.items, c)
	}
}

// Pop implements heap.Interface.
func (w *worklist) Pop() any {
	last := w.items[len(w.items)-1]
	w.items = w.items[:len(w.items)-1]
	return last
}
