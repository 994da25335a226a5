package exec

import (
	"bytes"
	"strconv"

	"medicore.dev/medicore/gateway/federation/plan"
)

// ref names a node of a store. The zero ref is null.
type ref int32

const (
	null    ref = 0
	root    ref = 1
	missing ref = -1 // no such slot
)

// node is one value. It holds no pointer: an arena of them costs the garbage collector nothing.
type node struct {
	kind   kind
	shared bool   // more than one reference to it may exist: copy before writing through one of them
	doc    uint16 // leaf: the document its bytes are in
	typ    int32  // object: runtime type as index into store.types, 0 unknown
	a, b   uint32 // leaf: raw bytes; list: first item and number of items; object: first and last slot, +1, and
	n      uint32 // the number of slots
}

type slot struct {
	key  plan.Key
	val  ref
	next uint32 // index+1
}

const (
	nodeSize = 24
	slotSize = 24
	wideFrom = 24 // objects with more slots are looked up through store.wide
)

// store is the merged response while a plan runs.
type store struct {
	docs   [][]byte // docs[0] holds values written by the executor itself
	nodes  []node
	slots  []slot
	items  []ref
	types  []string // runtime types seen; types[0] is "", the unknown one
	typeID map[string]int32
	// lastType is what intern returned last: objects of one type come in rows.
	lastType int32
	wide     map[wideKey]uint32 // slot index+1 of the slots of wide objects
	budget   *budget
	paid     int
	full     bool // the budget is spent; nothing may be added any more
}

type wideKey struct {
	obj ref
	key plan.Key
}

func (s *store) reset(b *budget, rootType string) {
	clear(s.docs)
	s.docs = append(s.docs[:0], s.own()[:0])
	s.nodes = append(s.nodes[:0], node{kind: kindNull})
	s.slots, s.items = s.slots[:0], s.items[:0]
	s.types = append(s.types[:0], "")
	if s.typeID == nil {
		s.typeID, s.wide = map[string]int32{}, map[wideKey]uint32{}
	}
	clear(s.typeID)
	clear(s.wide)
	s.lastType = 0
	s.budget, s.paid, s.full = b, 0, false
	s.object(s.intern([]byte(rootType)))
}

func (s *store) own() []byte {
	if len(s.docs) == 0 {
		return nil
	}
	return s.docs[0]
}

// keep appends a document and returns its number; ok is false when there are too many.
func (s *store) keep(doc []byte) (id uint16, ok bool) {
	if len(s.docs) > 1<<16-1 {
		return 0, false
	}
	s.docs = append(s.docs, doc)
	return uint16(len(s.docs) - 1), true
}

// charge takes what was added since from the budget.
func (s *store) charge() {
	used := len(s.nodes)*nodeSize + len(s.slots)*slotSize + len(s.items)*4 + len(s.docs[0])
	if used > s.paid {
		const step = 32 << 10
		if !s.budget.take(used - s.paid + step) {
			s.full = true
		}
		s.paid = used + step
	}
}

func (s *store) push(n node) ref {
	s.nodes = append(s.nodes, n)
	s.charge()
	return ref(len(s.nodes) - 1)
}

func (s *store) intern(name []byte) int32 {
	if len(name) == 0 {
		return 0
	}
	if s.types[s.lastType] == string(name) {
		return s.lastType
	}
	id, ok := s.typeID[string(name)]
	if !ok {
		id = int32(len(s.types))
		s.types = append(s.types, string(name))
		s.typeID[string(name)] = id
	}
	s.lastType = id
	return id
}

func (s *store) internString(name string) int32 {
	if s.types[s.lastType] == name {
		return s.lastType
	}
	return s.intern([]byte(name))
}

// typeName returns the runtime type of an object, "" when it is unknown.
func (s *store) typeName(o ref) string { return s.types[s.nodes[o].typ] }

func (s *store) object(typ int32) ref { return s.push(node{kind: kindObject, typ: typ}) }

// list makes a list of n nulls.
func (s *store) list(n int) ref {
	a := len(s.items)
	for range n {
		s.items = append(s.items, null)
	}
	return s.push(node{kind: kindList, a: uint32(a), b: uint32(n)})
}

func (s *store) leaf(k kind, doc uint16, off, end uint32) ref {
	return s.push(node{kind: k, doc: doc, a: off, b: end})
}

// written makes a leaf of the bytes that were appended to docs[0] since from.
func (s *store) written(k kind, from int) ref {
	return s.leaf(k, 0, uint32(from), uint32(len(s.docs[0])))
}

func (s *store) kind(v ref) kind { return s.nodes[v].kind }

func (s *store) raw(v ref) []byte {
	n := &s.nodes[v]
	return s.docs[n.doc][n.a:n.b]
}

func (s *store) len(list ref) int { return int(s.nodes[list].b) }

func (s *store) item(list ref, i int) ref { return s.items[int(s.nodes[list].a)+i] }

func (s *store) setItem(list ref, i int, v ref) { s.items[int(s.nodes[list].a)+i] = v }

// find returns index+1 of the slot of o called key, or 0.
func (s *store) find(o ref, key plan.Key) uint32 {
	n := &s.nodes[o]
	if n.n > wideFrom {
		return s.wide[wideKey{o, key}]
	}
	for i := n.a; i != 0; {
		sl := &s.slots[i-1]
		if sl.key == key {
			return i
		}
		i = sl.next
	}
	return 0
}

// get returns the value of a slot, or missing.
func (s *store) get(o ref, key plan.Key) ref {
	if i := s.find(o, key); i != 0 {
		return s.slots[i-1].val
	}
	return missing
}

// getNear is get for slots that are asked for one after another, mostly in the order in which they were set: near is the
// index+1 of the slot to look at first, and then of that behind the one found.
func (s *store) getNear(o ref, key plan.Key, near *uint32) ref {
	i := *near
	if i == 0 || s.slots[i-1].key != key {
		if i = s.find(o, key); i == 0 {
			return missing
		}
	}
	*near = s.slots[i-1].next
	return s.slots[i-1].val
}

// at returns the value at the end of a path from the root, or missing.
func (s *store) at(path []step) ref {
	v := root
	for _, st := range path {
		switch {
		case st.key == item && s.kind(v) == kindList && int(st.index) < s.len(v):
			v = s.item(v, int(st.index))
		case st.key != item && s.kind(v) == kindObject:
			v = s.get(v, st.key)
		default:
			return missing
		}
		if v == missing {
			return missing
		}
	}
	return v
}

// set writes a slot.
func (s *store) set(o ref, key plan.Key, v ref) {
	if i := s.find(o, key); i != 0 {
		s.slots[i-1].val = v
		return
	}
	s.add(o, key, v)
}

// add writes a slot that there is not.
func (s *store) add(o ref, key plan.Key, v ref) {
	s.slots = append(s.slots, slot{key: key, val: v})
	at := uint32(len(s.slots))
	n := &s.nodes[o]
	if n.a == 0 {
		n.a = at
	} else {
		s.slots[n.b-1].next = at
	}
	n.b = at
	n.n++
	switch {
	case n.n == wideFrom+1:
		for i := n.a; i != 0; i = s.slots[i-1].next {
			s.wide[wideKey{o, s.slots[i-1].key}] = i
		}
	case n.n > wideFrom:
		s.wide[wideKey{o, key}] = at
	}
	s.charge()
}

// share marks a value as referenced from several places.
func (s *store) share(v ref) {
	if n := &s.nodes[v]; n.kind == kindObject || n.kind == kindList {
		n.shared = true
	}
}

// copy makes a copy of an object or list; the values in it are shared from then on.
func (s *store) copy(v ref) ref {
	old := s.nodes[v]
	if old.kind == kindList {
		c := s.list(int(old.b))
		for i := range int(old.b) {
			e := s.item(v, i)
			s.share(e)
			s.setItem(c, i, e)
		}
		return c
	}
	c := s.object(old.typ)
	for i := old.a; i != 0; i = s.slots[i-1].next {
		sl := s.slots[i-1]
		s.share(sl.val)
		s.set(c, sl.key, sl.val)
	}
	return c
}

// sameLeaf compares two leaves as values: strings unescaped, numbers as numbers.
func (s *store) sameLeaf(a, b ref) bool {
	x, y := s.raw(a), s.raw(b)
	if bytes.Equal(x, y) {
		return true
	}
	switch {
	case s.kind(a) == kindString && s.kind(b) == kindString:
		return (bytes.IndexByte(x, '\\') >= 0 || bytes.IndexByte(y, '\\') >= 0) && unquote(x) == unquote(y)
	case s.kind(a) == kindNumber && s.kind(b) == kindNumber:
		f, errF := strconv.ParseFloat(string(x), 64)
		g, errG := strconv.ParseFloat(string(y), 64)
		return errF == nil && errG == nil && f == g
	}
	return false
}
