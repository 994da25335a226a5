package plan

import "github.com/vektah/gqlparser/v2/ast"

// lift selects a field once on the interface instead of once for every member type, where all members select the same
// and the subgraph can read it on the interface. It keeps documents from growing with the number of implementations.
func lift(groups []*group) {
	for _, g := range groups {
		liftIn(g.content)
	}
}

func liftIn(s *sel) {
	if s.lifted {
		return
	}
	s.lifted = true
	if s.node.Type.Kind == ast.Interface && len(s.branches) > 1 && len(s.branches) == len(s.node.Members()) {
		liftFields(s)
	}
	for _, f := range s.fields {
		if f.child != nil {
			liftIn(f.child.sel)
		}
	}
	for _, b := range s.branches {
		liftIn(b)
	}
}

func liftFields(s *sel) {
	common := map[Key]bool{}
	for _, f := range s.branches[0].fields {
		e := s.node.Edge(f.name)
		common[f.key] = e != nil && e.Requires == nil && s.find(f.key) == nil &&
			(f.child == nil || f.child.sel.node == e.To) // the members may narrow its type
		for _, b := range s.branches[1:] {
			o := b.find(f.key)
			if o == nil || o.name != f.name || o.argText() != f.argText() || (o.child == nil) != (f.child == nil) || o.child != nil && o.child.sel != f.child.sel {
				common[f.key] = false
			}
		}
	}
	for _, f := range s.branches[0].fields {
		if common[f.key] {
			c := *f
			c.field = s.node.Edge(f.name)
			s.push(&c)
		}
	}
	for _, b := range s.branches {
		var rest []*selField
		for _, f := range b.fields {
			if !common[f.key] {
				rest = append(rest, f)
			}
		}
		b.fields, b.index = nil, nil
		for _, f := range rest {
			b.push(f)
		}
	}
}
