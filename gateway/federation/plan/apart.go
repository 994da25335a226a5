package plan

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// setApart finds the objects that a key, a requirement or a context may read and of which the client asks more. If that
// fails, and must not be null, it takes the object along: what is read of it is lost, although nothing of it failed. So it
// is asked for apart from what the client asks.
func (k *keyring) setApart(g *querygraph.Graph, sel *operation.Selection) {
	for _, it := range sel.Items {
		if it.Selection == nil {
			continue
		}
		k.setApart(g, it.Selection)
		if it.Name != it.Field.Name {
			continue // it is stored under another name anyway
		}
		for _, in := range g.Inputs(it.Field.Name) {
			if in.Args == it.Args && meet(g.SG.Possible(in.Parent), g.SG.Possible(it.Parent)) && endangers(g, it.Selection, in.Sub) {
				k.apart[meaning(it.Field.Name, it.Args)] = true
			}
		}
	}
}

// endangers reports whether something that is asked of an object may take it along that is not in the field set.
func endangers(g *querygraph.Graph, sel *operation.Selection, set querygraph.FieldSet) bool {
	return slices.ContainsFunc(sel.Items, func(it *operation.Item) bool {
		for _, f := range set {
			if f.Name != it.Field.Name || f.Args != it.Args || f.Types != nil && !within(it.Types, f.Types) {
				continue
			}
			return it.Selection != nil && endangers(g, it.Selection, f.Sub)
		}
		return !it.TypeName() && neverNull(g, sel.Type, it)
	})
}

// neverNull reports whether the item's field must not be null in some subgraph, for some type that it is asked of.
func neverNull(g *querygraph.Graph, typeName string, it *operation.Item) bool {
	types := it.Types
	if types == nil {
		types = append(slices.Clip(g.SG.Possible(typeName)), typeName)
	}
	for _, sub := range g.SG.Subgraphs {
		for _, t := range types {
			if known := sub.Types[t]; known != nil {
				if f := known.Field(it.Field.Name); f != nil && f.Type.NonNull && !f.External {
					return true
				}
			}
		}
	}
	return false
}

// within reports whether all of the types, sorted, are among the others.
func within(types, others []string) bool {
	return types != nil && !slices.ContainsFunc(types, func(t string) bool {
		_, ok := slices.BinarySearch(others, t)
		return !ok
	})
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(t string) bool {
		_, ok := slices.BinarySearch(b, t)
		return ok
	})
}
