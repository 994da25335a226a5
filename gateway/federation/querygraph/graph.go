// Package querygraph says where fields can be read and how one gets from subgraph to subgraph.
//
// A Node is a type in a subgraph. An Edge reads a field there. A Landing is a way to enter a node from anywhere the
// landing's key can be had. Whether it can be had is answered by Systems (obtain.go), exactly and once for all
// operations. The package does no I/O; ids and orders depend on the supergraph alone.
package querygraph

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Node is a type in a subgraph, or a copy of it below a @provides (View > 0) that can read more.
type Node struct {
	ID   int
	Sub  *supergraph.Subgraph
	Type *supergraph.Type
	View int

	edges   map[string]*Edge
	members map[string]*Node
	sorted  []string // names of members, once the graph is built
	typed   *Node
	viewOf  *Node // of a member's view: the abstract view it belongs to
}

// Edge reads a field at a node.
type Edge struct {
	Field    *supergraph.Field
	To       *Node    // nil: leaf
	Requires FieldSet // must be had before, and sent along when entering the node
}

// Landing is a way to enter a node: by an entity's key, or through the root.
type Landing struct {
	Node    *Node
	Key     FieldSet // empty for a root type
	Members []Path   // of Key
	RepType string   // `__typename` of the representation; "" for a root type
}

// Graph is the query graph of a supergraph under one set of enabled override labels.
type Graph struct {
	SG    *supergraph.Supergraph
	Nodes []*Node

	labels   []string
	plain    []map[string]*Node // by subgraph index and type name
	landings map[string][]*Landing
	systems  systems
	inputs   map[string][]*FieldSel // by name
	pending  map[*Node]provision    // views still to be filled, while the graph is built
}

// Edge returns how the node reads the field, or nil when it cannot. `__typename` is no edge.
func (n *Node) Edge(field string) *Edge { return n.edges[field] }

// Edges lists the names of the fields that the node reads, sorted.
func (n *Node) Edges() []string { return slices.Sorted(maps.Keys(n.edges)) }

// Member returns the node of an object type that a value at the abstract node may have, or nil. An object node is its
// own member.
func (n *Node) Member(typeName string) *Node {
	if n.Type.Kind == ast.Object {
		if n.Type.Name == typeName {
			return n
		}
		return nil
	}
	return n.members[typeName]
}

// Members lists the object types that a value at the node may have, sorted. The list must not be changed.
func (n *Node) Members() []string {
	switch {
	case n.sorted != nil:
		return n.sorted
	case n.Type.Kind == ast.Object:
		return []string{n.Type.Name}
	}
	return slices.Sorted(maps.Keys(n.members))
}

// Typed returns, for the node of an interface object, what may be read of it for objects whose type is told later by
// another subgraph: reading for all of them must do no harm to those that turn out to be of another type. nil for
// other nodes.
func (n *Node) Typed() *Node { return n.typed }

// String names the node, as "Type@subgraph" and "/n" for a view.
func (n *Node) String() string {
	s := n.Type.Name + "@" + n.Sub.Name
	if n.View > 0 {
		s += fmt.Sprintf("/%d", n.View)
	}
	return s
}

// Build makes the query graph for the override labels that are on.
func Build(sg *supergraph.Supergraph, labels []string) (*Graph, error) {
	g := &Graph{SG: sg, labels: labels, landings: map[string][]*Landing{}}
	for _, sub := range sg.Subgraphs {
		nodes := map[string]*Node{}
		for _, name := range slices.Sorted(maps.Keys(sub.Types)) {
			if t := sub.Types[name]; t.Composite() {
				nodes[name] = g.add(&Node{Sub: sub, Type: t, edges: map[string]*Edge{}, members: map[string]*Node{}})
			}
		}
		g.plain = append(g.plain, nodes)
	}
	plain := slices.Clone(g.Nodes)
	for _, n := range plain {
		for _, m := range n.Type.Members {
			if target := g.plain[n.Sub.Index][m]; target != nil && n.Type.Kind != ast.Object {
				n.members[m] = target
			}
		}
	}
	for _, n := range plain {
		if err := g.fields(n); err != nil {
			return nil, fmt.Errorf("subgraph %s, type %s: %w", n.Sub.Name, n.Type.Name, err)
		}
	}
	if err := g.provisions(plain); err != nil {
		return nil, err
	}
	for _, n := range plain {
		if err := g.keys(n); err != nil {
			return nil, fmt.Errorf("subgraph %s, type %s: %w", n.Sub.Name, n.Type.Name, err)
		}
	}
	for _, n := range slices.Clone(g.Nodes) {
		if n.Type.InterfaceObject {
			typed, err := g.view(n)
			if err != nil {
				return nil, err
			}
			n.typed = typed
			maps.DeleteFunc(n.typed.edges, func(_ string, e *Edge) bool {
				return e.Field.Type.NonNull || len(e.Field.Def.Arguments) > 0 || e.Requires != nil || len(e.Field.Contexts) > 0
			})
		}
	}
	for _, n := range g.Nodes {
		n.sorted = append([]string{}, n.Members()...)
	}
	g.findInputs()
	g.systems.byKey = map[string]*System{}
	return g, nil
}

func (g *Graph) add(n *Node) *Node {
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	return n
}

// Node returns the plain node of a type in a subgraph, or nil.
func (g *Graph) Node(sub *supergraph.Subgraph, typeName string) *Node {
	return g.plain[sub.Index][typeName]
}

// Landings lists the ways to enter a node of an object whose type at hand is typeName, in a fixed order.
func (g *Graph) Landings(typeName string) []*Landing { return g.landings[typeName] }

// fields adds an edge for each field that can be read at the plain node.
func (g *Graph) fields(n *Node) error {
	for _, f := range n.Type.Fields {
		if !g.readable(n, f) {
			continue
		}
		e, err := g.edge(n, f)
		if err != nil {
			return err
		}
		n.edges[f.Name] = e
	}
	return nil
}

func (g *Graph) edge(n *Node, f *supergraph.Field) (*Edge, error) {
	e := &Edge{Field: f, To: g.plain[n.Sub.Index][f.Type.Name()]}
	if f.Requires != "" {
		set, err := g.ParseFieldSet(f.Requires, n.Type.Name)
		if err != nil {
			return nil, fmt.Errorf("@requires of %s: %w", f.Name, err)
		}
		e.Requires = set
	}
	return e, nil
}

// readable reports whether the subgraph resolves the field itself. A field of an interface is readable on the
// interface only if every implementation there can be read the same way.
func (g *Graph) readable(n *Node, f *supergraph.Field) bool {
	if f.External || !f.Override.Enabled(g.labels) {
		return false
	}
	if n.Type.Kind != ast.Interface || n.Type.InterfaceObject {
		return true
	}
	for _, m := range n.Type.Members {
		member := n.Sub.Types[m]
		if member == nil {
			continue
		}
		mf := member.Field(f.Name)
		if mf == nil || mf.External || mf.Requires != "" || len(mf.Contexts) > 0 || !mf.Override.Enabled(g.labels) {
			return false
		}
	}
	return true
}

// keys adds the landings on the plain node.
func (g *Graph) keys(n *Node) error {
	if root(g.SG.Schema.Query, n) {
		g.landings[n.Type.Name] = append(g.landings[n.Type.Name], &Landing{Node: n})
		return nil
	}
	for _, k := range n.Type.Keys {
		if !k.Resolvable {
			continue
		}
		set, err := g.ParseFieldSet(k.Fields, n.Type.Name)
		if err != nil {
			return fmt.Errorf("@key: %w", err)
		}
		l := &Landing{Node: n, Key: set, Members: slices.Clip(set.Paths()), RepType: n.Type.Name}
		g.landings[n.Type.Name] = append(g.landings[n.Type.Name], l)
		if n.Type.InterfaceObject {
			for _, implementation := range g.SG.Possible(n.Type.Name) {
				g.landings[implementation] = append(g.landings[implementation], l)
			}
		}
	}
	return nil
}

func root(def *ast.Definition, n *Node) bool { return def != nil && def.Name == n.Type.Name }
