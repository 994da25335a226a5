package querygraph

import (
	"maps"
	"slices"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Inputs lists the fields of a name that have selections and that keys, requirements and contexts begin with.
func (g *Graph) Inputs(name string) []*FieldSel { return g.inputs[name] }

func (g *Graph) findInputs() {
	g.inputs = map[string][]*FieldSel{}
	for _, n := range g.Nodes {
		for _, l := range g.landings[n.Type.Name] {
			g.addInputs(l.Key)
		}
		for _, name := range n.Edges() {
			g.addInputs(n.edges[name].Requires)
			for _, c := range n.edges[name].Field.Contexts {
				g.addContext(c)
			}
		}
	}
}

// addContext adds what each type that sets the context gives.
func (g *Graph) addContext(c supergraph.ContextArgument) {
	for _, name := range slices.Sorted(maps.Keys(g.SG.Schema.Types)) {
		if !g.SG.SetsContext(c.Context, name) {
			continue
		}
		if set, err := g.ParseFieldSet(c.Selection, name); err == nil { // it may not be meant for this type
			g.addInputs(set)
		}
	}
}

func (g *Graph) addInputs(set FieldSet) {
	for _, f := range set {
		if f.Sub == nil {
			continue
		}
		if !slices.ContainsFunc(g.inputs[f.Name], func(o *FieldSel) bool {
			return o.Parent == f.Parent && o.Args == f.Args && o.Sub.String() == f.Sub.String()
		}) {
			g.inputs[f.Name] = append(g.inputs[f.Name], f)
		}
	}
}
