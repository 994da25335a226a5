package exec

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// step is one step of a path in the store: into a slot, or into the item Index of a list when Key is item.
type step struct {
	key   plan.Key
	index int32
}

const item plan.Key = -1

// ingester moves values of one answer into the store: wire names become storage keys, unknown members stay behind.
type ingester struct {
	s    *store
	t    *tree
	doc  uint16
	sure bool                           // the answer tells of no error
	path []step                         // to the value at hand, from the object that object() was first called for
	fail func(path []step, what string) // reports a value that was replaced by null
}

// wideTree is the number of members from which an object of an answer is looked up through a map.
const wideTree = 24

// object ingests tree object o. With into the members are added to that object, which came from the same o.
func (in *ingester) object(o int32, w *plan.Wire, into ref, isRoot bool) ref {
	if in.s.full {
		return null
	}
	if into == missing {
		typ, ok := in.runtimeType(o, w, isRoot)
		if !ok {
			in.fail(in.path, "an object of a type that is not possible here")
			return null
		}
		into = in.s.object(typ)
	}
	var index map[string]int32
	if in.t.nodes[o].n > wideTree && len(w.Fields) > 1 {
		index = in.t.members(o)
		defer in.t.putIndex(index)
	}
	name := in.s.typeName(into)
	for i := range len(w.Fields) + len(w.Spare) {
		f := wireField(w, i)
		if f.Types != nil && !contains(f.Types, name) {
			continue
		}
		var c int32
		if index == nil {
			c = in.t.member(o, f.Name)
		} else if at, ok := index[f.Name]; ok {
			c = at
		} else {
			c = -1
		}
		if c < 0 {
			continue
		}
		cur := in.s.get(into, f.Key)
		in.path = append(in.path, step{key: f.Key})
		v := in.value(c, f.Type, f, cur)
		in.path = in.path[:len(in.path)-1]
		if cur == missing {
			in.s.add(into, f.Key, v)
		}
	}
	return into
}

// wireField returns a field that is read at a level, the spare ones last.
func wireField(w *plan.Wire, i int) *plan.WireField {
	if i < len(w.Fields) {
		return &w.Fields[i]
	}
	return &w.Spare[i-len(w.Fields)]
}

// members returns the first member of each name.
func (t *tree) members(o int32) map[string]int32 {
	var index map[string]int32
	if last := len(t.free) - 1; last >= 0 {
		index, t.free = t.free[last], t.free[:last]
	} else {
		index = make(map[string]int32, t.nodes[o].n)
	}
	for c := t.nodes[o].child; c >= 0; c = t.nodes[c].next {
		n := &t.nodes[c]
		key := t.doc[n.koff:n.kend]
		if n.keyEscaped {
			key = []byte(unquote(t.doc[n.koff-1 : n.kend+1]))
		}
		if _, ok := index[string(key)]; !ok {
			index[string(key)] = c
		}
	}
	return index
}

// putIndex takes back a map of members.
func (t *tree) putIndex(index map[string]int32) {
	clear(index)
	t.free = append(t.free, index)
}

// runtimeType finds the type of tree object o. ok is false when the answer names one that cannot be here.
func (in *ingester) runtimeType(o int32, w *plan.Wire, isRoot bool) (typ int32, ok bool) {
	if w.Opaque {
		return 0, true
	}
	if isRoot || w.Root { // its name may be another in the subgraph
		return in.s.internString(w.Type), true
	}
	c := in.t.member(o, "__typename")
	if c < 0 {
		return in.s.internString(w.Type), true
	}
	n := &in.t.nodes[c]
	if n.kind != kindString || n.bad {
		return 0, false
	}
	name := in.t.doc[n.off+1 : n.end-1]
	if n.escaped {
		name = []byte(in.t.text(c))
	}
	switch {
	case len(name) == 0:
		return 0, false
	case w.Type != "" && w.Type != string(name):
		return 0, false
	case w.Possible != nil && !contains(w.Possible, string(name)):
		return 0, false
	}
	return in.s.intern(name), true
}

func contains(sorted []string, name string) bool {
	_, ok := slices.BinarySearch(sorted, name)
	return ok
}

// value ingests tree value c as type typ. cur is what an earlier entry of the same member made of it, or missing.
func (in *ingester) value(c int32, typ *ast.Type, f *plan.WireField, cur ref) ref {
	n := &in.t.nodes[c]
	switch {
	case n.kind == kindNull:
		if f.Input && in.sure && typ.NonNull {
			in.fail(in.path, "null where nothing may be null")
		}
		return null
	case typ != nil && typ.Elem != nil:
		if n.kind != kindList {
			return in.invalid(cur)
		}
		return in.list(c, typ.Elem, f, cur)
	case f.Child == nil:
		if cur != missing {
			return cur
		}
		return in.leaf(c, f)
	case n.kind != kindObject:
		return in.invalid(cur)
	case cur != missing && in.s.kind(cur) != kindObject:
		return cur
	}
	return in.object(c, f.Child, cur, false)
}

func (in *ingester) list(c int32, elem *ast.Type, f *plan.WireField, cur ref) ref {
	count := int(in.t.nodes[c].n)
	fresh := cur == missing
	if fresh {
		cur = in.s.list(count)
	} else if in.s.kind(cur) != kindList || in.s.len(cur) != count {
		return cur
	}
	for e, i := in.t.nodes[c].child, 0; e >= 0 && !in.s.full; e, i = in.t.nodes[e].next, i+1 {
		in.path = append(in.path, step{key: item, index: int32(i)})
		if old := in.s.item(cur, i); fresh {
			in.s.setItem(cur, i, in.value(e, elem, f, missing))
		} else if old != null {
			in.value(e, elem, f, old)
		}
		in.path = in.path[:len(in.path)-1]
	}
	return cur
}

// invalid replaces a value by null; an earlier entry of the same member has reported it already.
func (in *ingester) invalid(cur ref) ref {
	if cur == missing {
		in.fail(in.path, "an invalid value")
	}
	return null
}

// leaf checks a leaf against its kind and keeps its bytes where they are, unless it has to be printed in another way.
func (in *ingester) leaf(c int32, f *plan.WireField) ref {
	n := &in.t.nodes[c]
	raw := in.t.raw(c)
	ok := !n.bad
	switch f.Leaf {
	case plan.LeafCustom:
		if ok {
			return in.s.leaf(kindCustom, in.doc, n.off, n.end)
		}
	case plan.LeafString:
		ok = ok && n.kind == kindString
	case plan.LeafBoolean:
		ok = ok && n.kind == kindBool
	case plan.LeafID:
		if n.kind == kindNumber && isInteger(raw) {
			from := len(in.s.docs[0])
			in.s.docs[0] = append(append(append(in.s.docs[0], '"'), raw...), '"')
			return in.s.written(kindString, from)
		}
		ok = ok && n.kind == kindString
	case plan.LeafEnum:
		if ok = ok && n.kind == kindString; !ok {
			break
		}
		if !n.escaped {
			ok = containsBytes(f.Enum, raw[1:len(raw)-1])
			break
		}
		if name := in.t.text(c); contains(f.Enum, name) { // compared as bytes later
			from := len(in.s.docs[0])
			in.s.docs[0] = appendString(in.s.docs[0], name)
			return in.s.written(kindString, from)
		}
		ok = false
	case plan.LeafInt:
		if n.kind != kindNumber {
			ok = false
			break
		}
		if isInteger(raw) && len(raw) < 10 && raw[0] != '-' {
			break
		}
		v, err := strconv.ParseFloat(string(raw), 64)
		if ok = err == nil && v == math.Trunc(v) && v >= math.MinInt32 && v <= math.MaxInt32; ok {
			from := len(in.s.docs[0])
			in.s.docs[0] = strconv.AppendInt(in.s.docs[0], int64(v), 10)
			return in.s.written(kindNumber, from)
		}
	case plan.LeafFloat:
		if n.kind != kindNumber {
			ok = false
		} else if len(raw) > 300 || bytes.ContainsAny(raw, "eE") {
			_, err := strconv.ParseFloat(string(raw), 64)
			ok = err == nil
		}
	default:
		ok = false
	}
	if !ok {
		in.fail(in.path, "an invalid value")
		return null
	}
	return in.s.leaf(n.kind, in.doc, n.off, n.end)
}

// isInteger reports whether a JSON number has neither fraction nor exponent.
func isInteger(raw []byte) bool { return !bytes.ContainsAny(raw, ".eE") }
