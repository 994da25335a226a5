package plan

import "medicore.dev/medicore/gateway/federation/querygraph"

// landing chooses the key of a visit. The rule's is one by which it can be made earliest; of those by which it can be made
// as early, from values that are had for sure where the objects are, it is the one of which most is read anyway.
func (e *emitter) landing(s *scope, r *querygraph.Rule) *querygraph.Landing {
	best := r.Landing
	if best.RepType == "" || r.KeyInDoubt() {
		return best
	}
	least, latest := e.reading(s, best)
	for _, l := range e.g.Landings(s.typeName()) {
		if least <= 0 {
			break
		}
		if l == best || l.Node != best.Node || l.RepType != best.RepType {
			continue
		}
		if n, level := e.reading(s, l); n >= 0 && level <= latest && n < least {
			best, least = l, n
		}
	}
	return best
}

// reading counts the fields that reading the key adds where the objects are, and tells when it is had. -1: it cannot be
// read there for sure.
func (e *emitter) reading(s *scope, l *querygraph.Landing) (fields, level int) {
	for _, p := range l.Members {
		if p[0].Types != nil {
			return -1, 0
		}
		at, _ := e.reader(s, p, true)
		if at == nil || !plain(at.node, p) {
			return -1, 0
		}
		fields += e.absent(s.selecting(at, e.keys.member(p[0])), p)
		level = max(level, at.level())
	}
	return fields, level
}

// selecting is where the field is selected for what is read at the spot: with those of all runtime types if it is there.
func (s *scope) selecting(at *spot, key Key) *sel {
	for from, m := range s.mapped {
		if m == at && from.sel.find(key) != nil {
			return from.sel
		}
	}
	return at.sel
}

// plain reports whether the node's subgraph has the whole path, without requirements or fragments, and nothing of it may
// be null there.
func plain(n *querygraph.Node, p querygraph.Path) bool {
	edge := n.Edge(p[0].Name)
	if edge == nil || edge.Requires != nil || edge.Nullable() || p[0].Types != nil || (edge.To == nil) != (len(p) == 1) {
		return false
	}
	return len(p) == 1 || plain(edge.To, p[1:])
}

// absent counts the fields of the path that are not selected yet.
func (e *emitter) absent(at *sel, p querygraph.Path) int {
	switch f := at.find(e.keys.member(p[0])); {
	case f == nil:
		return len(p)
	case f.child == nil:
		return len(p) - 1
	default:
		return e.absent(f.child.sel, p[1:])
	}
}
