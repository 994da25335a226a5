package exec

// merger puts what an answer brought under the objects it was asked for. Objects and lists that several places refer
// to are copied before they are written through one of them.
type merger struct {
	s      *store
	clones map[ref][]ref // copies made of an object, in order
	path   []step        // below the target at hand
	fail   func(path []step, what string)
}

// attach adds the slots of x to target. many says that x serves more than one target. mark is the number of nodes there
// were when the targets were collected: a copy made of target since then stands for it at one of its places, so it gets
// the same; an older copy is a target of its own, with a representation of its own.
func (m *merger) attach(target, x ref, many bool, mark int) {
	if m.s.kind(x) != kindObject || m.s.full {
		return
	}
	for _, c := range m.clones[target] {
		if int(c) >= mark {
			m.attach(c, x, true, mark)
		}
	}
	m.absorb(target, x, many)
}

// absorb merges the slots of x into object o, which must not be reachable by a reference that must not see them.
func (m *merger) absorb(o, x ref, many bool) {
	a, b := &m.s.nodes[o], m.s.nodes[x]
	if a.typ != 0 && b.typ != 0 && a.typ != b.typ {
		m.fail(m.path, "an object of another type than before")
		return
	}
	if a.typ == 0 {
		a.typ = b.typ
	}
	for i := b.a; i != 0 && !m.s.full; i = m.s.slots[i-1].next {
		k, v := m.s.slots[i-1].key, m.s.slots[i-1].val
		cur := m.s.get(o, k)
		m.path = append(m.path, step{key: k})
		switch now := m.combine(cur, v, many); cur {
		case now:
		case missing:
			m.s.add(o, k, now)
		default:
			m.s.set(o, k, now)
		}
		m.path = m.path[:len(m.path)-1]
	}
}

// combine returns what stands at a place that holds cur after v was merged into it.
func (m *merger) combine(cur, v ref, many bool) ref {
	switch {
	case cur == v || v == null && cur != missing:
		return cur
	case cur == missing || cur == null:
		if many {
			m.s.share(v)
		}
		return v
	}
	switch a, b := m.s.kind(cur), m.s.kind(v); {
	case a == kindObject && b == kindObject:
		if t, u := m.s.nodes[cur].typ, m.s.nodes[v].typ; t != 0 && u != 0 && t != u {
			m.fail(m.path, "an object of another type than before")
			return cur
		}
		cur = m.writable(cur)
		m.absorb(cur, v, many)
	case a == kindList && b == kindList:
		if m.s.len(cur) != m.s.len(v) {
			m.fail(m.path, "a list of another length than before")
			return cur
		}
		cur = m.writable(cur)
		for i := 0; i < m.s.len(cur) && !m.s.full; i++ {
			m.path = append(m.path, step{key: item, index: int32(i)})
			x, y := m.s.item(cur, i), m.s.item(v, i)
			if m.agree(x, y) {
				m.s.setItem(cur, i, m.combine(x, y, many))
			} else {
				m.fail(m.path, "another list element than before")
			}
			m.path = m.path[:len(m.path)-1]
		}
	}
	return cur // two leaves have one writer each, so they cannot differ unless a subgraph lies: the first stays
}

// writable returns v, or a copy of it when v may be seen from elsewhere.
func (m *merger) writable(v ref) ref {
	if !m.s.nodes[v].shared {
		return v
	}
	c := m.s.copy(v)
	if m.s.kind(v) == kindObject {
		if m.clones == nil {
			m.clones = map[ref][]ref{}
		}
		m.clones[v] = append(m.clones[v], c)
	}
	return c
}

// agree reports whether two list elements can be the same thing: no leaf that both hold differs.
func (m *merger) agree(x, y ref) bool {
	if x == null || y == null || x == y {
		return true
	}
	a, b := m.s.kind(x), m.s.kind(y)
	if a == kindList || b == kindList {
		return a == b
	}
	if a != kindObject || b != kindObject {
		return a == b && m.s.sameLeaf(x, y)
	}
	if t, u := m.s.nodes[x].typ, m.s.nodes[y].typ; t != 0 && u != 0 && t != u {
		return false
	}
	for i := m.s.nodes[y].a; i != 0; i = m.s.slots[i-1].next {
		v := m.s.slots[i-1].val
		cur := m.s.get(x, m.s.slots[i-1].key)
		if cur == missing || cur == v || cur == null || v == null || m.s.kind(cur) == kindList {
			continue
		}
		if !m.agree(cur, v) {
			return false
		}
	}
	return true
}
