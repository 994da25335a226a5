package plan

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// samePlace merges visits that go to one node for the same objects, if neither waits for the other, no
// representation would need two values under one name, and the longest chain does not grow. So fields with
// requirements travel with the visit that is made anyway, or with each other.
func samePlace(groups []*group, s *solver) []*group {
	places := map[*scope][][]*group{} // those that may be merged with one another
	var order []*scope
	for _, g := range groups {
		if g.landing == nil || g.scope.visits == 1 || len(g.unless) > 0 {
			continue
		}
		lists := places[g.scope]
		if lists == nil {
			order = append(order, g.scope)
		}
		if i := slices.IndexFunc(lists, func(l []*group) bool { return l[0].alike(g) }); i >= 0 {
			lists[i] = append(lists[i], g)
		} else {
			places[g.scope] = append(lists, []*group{g})
		}
	}
	gone := map[*group]bool{}
	m := &merger{s: s, groups: groups, gone: gone, readers: readers(groups)}
	for _, sc := range order {
		for _, l := range places[sc] {
			m.mergeAll(m.sameDeps(l))
		}
	}
	return slices.DeleteFunc(groups, func(g *group) bool { return gone[g] })
}

// alike reports whether two groups of one scope ask one subgraph for the same objects in the same way.
func (g *group) alike(o *group) bool {
	return g.node.Sub == o.node.Sub && g.node.Type == o.node.Type && g.landing.RepType == o.landing.RepType && g.turn() == o.turn() &&
		(len(g.contexts)+len(o.contexts) == 0 || fmt.Sprint(g.contexts) == fmt.Sprint(o.contexts))
}

// merger merges groups.
type merger struct {
	s       *solver
	groups  []*group
	gone    map[*group]bool            // merged into others
	readers map[*group]map[*group]bool // who depends on a group
}

func readers(groups []*group) map[*group]map[*group]bool {
	out := make(map[*group]map[*group]bool, len(groups))
	for _, g := range groups {
		for d := range g.deps {
			if out[d] == nil {
				out[d] = map[*group]bool{}
			}
			out[d][g] = true
		}
	}
	return out
}

// mergeAll merges the groups of the list as far as they may be.
func (m *merger) mergeAll(list []*group) {
	for i, a := range list {
		for _, o := range list[i+1:] {
			if !m.gone[a] && !m.gone[o] && m.s.err == nil && m.mergeable(a, o) {
				m.merge(a, o)
			}
		}
	}
}

// sameDeps merges groups that wait for the same, which changes no chain, and returns those that are left.
func (m *merger) sameDeps(list []*group) []*group {
	first := map[string][]*group{}
	var left []*group
	for _, g := range list {
		key := g.depsKey()
		i := slices.IndexFunc(first[key], func(a *group) bool { return !inputConflict(a, g) })
		if i >= 0 {
			m.merge(first[key][i], g)
			continue
		}
		first[key] = append(first[key], g)
		left = append(left, g)
	}
	return left
}

// depsKey is equal for groups with equal dependencies.
func (g *group) depsKey() string {
	ids := make([]int, 0, len(g.deps))
	for d := range g.deps {
		ids = append(ids, d.id)
	}
	slices.Sort(ids)
	var key []byte
	for _, id := range ids {
		key = binary.AppendUvarint(key, uint64(id))
	}
	return string(key)
}

func (m *merger) mergeable(a, b *group) bool {
	m.s.spend(1 + len(m.groups)/16)
	if inputConflict(a, b) || reaches(a, b, nil) || reaches(b, a, nil) {
		return false
	}
	return a.depsKey() == b.depsKey() || depth(m.groups, m.gone, a, b) <= depth(m.groups, m.gone, nil, nil)
}

// inputConflict reports whether one representation would need two values under one name: a field with different
// arguments.
func inputConflict(a, b *group) bool {
	seen := map[string]string{}
	paths := slices.Concat(a.landing.Members, a.requires.Paths(), b.landing.Members, b.requires.Paths())
	for _, l := range slices.Concat(a.fallbacks, b.fallbacks) {
		paths = append(paths, l.Members...)
	}
	for _, p := range paths {
		var name strings.Builder
		for _, f := range p {
			name.WriteString("." + f.Name)
			if old, ok := seen[name.String()]; ok && old != f.Args {
				return true
			}
			seen[name.String()] = f.Args
		}
	}
	return false
}

// reaches reports whether a depends on b, perhaps through others.
func reaches(a, b *group, seen map[*group]bool) bool {
	if seen == nil {
		seen = map[*group]bool{}
	}
	for d := range a.deps {
		if d == b {
			return true
		}
		if !seen[d] {
			seen[d] = true
			if reaches(d, b, seen) {
				return true
			}
		}
	}
	return false
}

// depth is the length of the longest chain if a and b were one group.
func depth(groups []*group, gone map[*group]bool, a, b *group) int {
	memo := map[*group]int{}
	var of func(g *group) int
	of = func(g *group) int {
		if g == b && b != nil {
			g = a
		}
		if n, ok := memo[g]; ok {
			return n
		}
		n := 0
		for d := range g.deps {
			n = max(n, of(d))
		}
		if g == a && b != nil {
			for d := range b.deps {
				n = max(n, of(d))
			}
		}
		memo[g] = n + 1
		return n + 1
	}
	longest := 0
	for _, g := range groups {
		if !gone[g] {
			longest = max(longest, of(g))
		}
	}
	return longest
}

// merge moves b into a.
func (m *merger) merge(a, b *group) {
	m.gone[b] = true
	requires := slices.Clone(a.requires)
	for _, f := range b.requires {
		if !slices.Contains(requires, f) {
			requires = append(requires, f)
		}
	}
	a.requires = requires
	for _, l := range b.fallbacks {
		if l != a.landing && !slices.Contains(a.fallbacks, l) {
			a.fallbacks = append(a.fallbacks, l)
		}
	}
	absorb(a.content, b.content)
	for d := range b.deps {
		a.deps[d] = true
		delete(m.readers[d], b)
		m.readers[d][a] = true
	}
	for g := range m.readers[b] {
		delete(g.deps, b)
		g.deps[a] = true
		if m.readers[a] == nil {
			m.readers[a] = map[*group]bool{}
		}
		m.readers[a][g] = true
	}
	delete(m.readers, b)
}

// absorb adds what b selects to a.
func absorb(a, b *sel) {
	if a == b {
		return
	}
	for _, f := range b.fields {
		old := a.find(f.key)
		switch {
		case old == nil:
			a.push(f)
		case f.child != nil && old.child != nil:
			absorb(old.child.sel, f.child.sel)
		}
	}
	for _, b := range b.branches {
		i := slices.IndexFunc(a.branches, func(x *sel) bool { return x.node.Type == b.node.Type })
		if i < 0 {
			a.branches = append(a.branches, b)
		} else {
			absorb(a.branches[i], b)
		}
	}
}
