package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/gateway/federation/plan"
)

// The same merges are made twice: in a store that links entities and copies on write, and on plain maps of which every
// place has its own copy. Nothing that arrives for one place may show at another.
func TestMergeEqualsMergingDeepCopies(t *testing.T) {
	for seed := range uint64(2000) {
		mergeBothWays(t, seed)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { mergeBothWays(t, seed) })
}

type object map[plan.Key]any

type world struct {
	r     *rand.Rand
	s     store
	m     merger
	w     walker
	naive object
}

func mergeBothWays(t *testing.T, seed uint64) {
	t.Helper()
	b := &budget{}
	b.left.Store(64 << 20)
	w := &world{r: rand.New(rand.NewPCG(seed, 7)), naive: object{}}
	w.s.reset(b, "Query")
	w.w.s, w.m.s = &w.s, &w.s
	w.m.fail = func([]step, string) {}
	var list []any
	for range 1 + w.r.IntN(4) {
		list = append(list, object{0: fmt.Sprint(w.r.IntN(3))})
	}
	w.naive[9] = list
	w.s.set(root, 9, w.build(list))
	for range 2 + w.r.IntN(4) {
		w.level()
		if diff := cmp.Diff(w.naive, w.export(root)); diff != "" {
			t.Fatalf("seed %d: deep copies (-) and store (+) differ:\n%s", seed, diff)
		}
	}
	if w.s.full {
		t.Fatal("full")
	}
}

// mergePaths are the targets of fetches. Positions that may share an entity stand in one group and are asked together: a
// shared entity is written for all its positions, which is seen where a position does not select what was written.
var mergePaths = [][]plan.Path{
	{{{Key: 9}}},
	{{{Key: 9}, {Key: 1}}, {{Key: 9}, {Key: 2}}},
	{{{Key: 9}, {Key: 1}, {Key: 2}}, {{Key: 9}, {Key: 2}, {Key: 2}}},
	{{{Key: 9}, {Key: 3}}},
	{{{Key: 9}, {Key: 3}, {Key: 1}}},
}

// level runs some fetches: all collect their targets, then all merge.
func (w *world) level() {
	type fetch struct {
		targets []target
		mark    int
		places  []object // naive targets
		answers map[string]any
		reps    []string
	}
	var fetches []*fetch
	for range 1 + w.r.IntN(3) {
		f := &fetch{mark: len(w.s.nodes), answers: map[string]any{}}
		path := mergePaths[w.r.IntN(len(mergePaths))]
		for _, o := range w.w.collect(path) {
			rep := fmt.Sprint(w.export(o))
			id := slices.Index(f.reps, rep)
			if id < 0 {
				id = len(f.reps)
				f.reps = append(f.reps, rep)
				f.answers[rep] = w.random(3)
			}
			f.targets = append(f.targets, target{o, int32(id)})
		}
		for _, p := range path {
			f.places = append(f.places, objectsAt(w.naive, p)...)
		}
		fetches = append(fetches, f)
	}
	// What each place is asked for is decided now, by its content.
	asked := make([][]string, len(fetches))
	for i, f := range fetches {
		for _, p := range f.places {
			asked[i] = append(asked[i], fmt.Sprint(p))
		}
	}
	for i, f := range fetches {
		uses := make([]int, len(f.reps))
		for _, t := range f.targets {
			uses[t.rep]++
		}
		built := make([]ref, len(f.reps))
		for j, rep := range f.reps {
			built[j] = w.build(f.answers[rep])
		}
		for _, t := range f.targets {
			w.m.attach(t.obj, built[t.rep], uses[t.rep] > 1, f.mark)
		}
		done := map[string]bool{}
		for j, p := range f.places {
			at := fmt.Sprintf("%p", p)
			if answer, ok := f.answers[asked[i][j]].(object); ok && !done[at] {
				absorb(p, answer)
			}
			done[at] = true
		}
	}
}

// random makes an answer: objects below 1, 2 and 3 (a list), leaves at 4 to 6.
func (w *world) random(depth int) any {
	if w.r.IntN(12) == 0 {
		return nil
	}
	o := object{}
	for k := plan.Key(4); k < 7; k++ {
		if w.r.IntN(3) == 0 {
			o[k] = fmt.Sprint(w.r.IntN(4))
		}
	}
	if depth == 0 {
		return o
	}
	for k := plan.Key(1); k < 3; k++ {
		if w.r.IntN(2) == 0 {
			o[k] = w.random(depth - 1)
		}
	}
	if w.r.IntN(3) == 0 {
		list := []any{}
		for range w.r.IntN(3) {
			list = append(list, w.random(depth-1))
		}
		o[3] = list
	}
	return o
}

func (w *world) build(v any) ref {
	switch v := v.(type) {
	case object:
		o := w.s.object(0)
		for k := range plan.Key(10) {
			if e, ok := v[k]; ok {
				w.s.set(o, k, w.build(e))
			}
		}
		return o
	case []any:
		l := w.s.list(len(v))
		for i, e := range v {
			w.s.setItem(l, i, w.build(e))
		}
		return l
	case string:
		from := len(w.s.docs[0])
		w.s.docs[0] = append(w.s.docs[0], v...)
		return w.s.written(kindNumber, from)
	}
	return null
}

func (w *world) export(v ref) any {
	switch w.s.kind(v) {
	case kindObject:
		o := object{}
		for i := w.s.nodes[v].a; i != 0; i = w.s.slots[i-1].next {
			o[w.s.slots[i-1].key] = w.export(w.s.slots[i-1].val)
		}
		return o
	case kindList:
		l := []any{}
		for i := range w.s.len(v) {
			l = append(l, w.export(w.s.item(v, i)))
		}
		return l
	case kindNull:
		return nil
	}
	return string(w.s.raw(v))
}

func objectsAt(o object, p plan.Path) (found []object) {
	at := []object{o}
	for _, seg := range p {
		var next []object
		for _, o := range at {
			next = append(next, objects(o[seg.Key])...)
		}
		at = next
	}
	return at
}

func objects(v any) (found []object) {
	switch v := v.(type) {
	case object:
		return []object{v}
	case []any:
		for _, e := range v {
			found = append(found, objects(e)...)
		}
	}
	return found
}

func absorb(o, x object) {
	for k, v := range x {
		cur, ok := o[k]
		o[k] = combine(cur, ok, v)
	}
}

func combine(cur any, ok bool, v any) any {
	switch {
	case ok && v == nil:
		return cur
	case cur == nil:
		return clone(v)
	}
	switch a := cur.(type) {
	case object:
		if b, ok := v.(object); ok {
			absorb(a, b)
		}
	case []any:
		if b, ok := v.([]any); ok && len(a) == len(b) {
			for i := range a {
				if agree(a[i], b[i]) {
					a[i] = combine(a[i], true, b[i])
				}
			}
		}
	}
	return cur
}

func agree(x, y any) bool {
	if x == nil || y == nil {
		return true
	}
	a, isA := x.(object)
	b, isB := y.(object)
	if !isA || !isB {
		_, la := x.([]any)
		_, lb := y.([]any)
		return la && lb || !la && !lb && x == y
	}
	for k, v := range b {
		cur, ok := a[k]
		if _, isList := cur.([]any); ok && !isList && !agree(cur, v) {
			return false
		}
	}
	return true
}

func clone(v any) any {
	switch v := v.(type) {
	case object:
		c := object{}
		for k, e := range v {
			c[k] = clone(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = clone(e)
		}
		return c
	}
	return v
}

// A copy made between collecting the targets and merging gets the result too; one made before does not.
func TestCopiesBetweenCollectingAndMerging(t *testing.T) {
	b := &budget{}
	b.left.Store(1 << 20)
	var s store
	s.reset(b, "Query")
	m := merger{s: &s, fail: func([]step, string) {}}
	leaf := func(text string) ref {
		from := len(s.docs[0])
		s.docs[0] = append(s.docs[0], text...)
		return s.written(kindNumber, from)
	}
	obj := func(k plan.Key, v ref) ref {
		o := s.object(0)
		s.set(o, k, v)
		return o
	}
	p1, p2 := s.object(0), s.object(0)
	entity := obj(1, obj(2, leaf("1"))) // both parents get the same entity, with a value object at 1
	m.attach(p1, entity, true, len(s.nodes))
	m.attach(p2, entity, true, len(s.nodes))
	shared := s.get(p1, 1)
	if shared != s.get(p2, 1) {
		t.Fatal("the entity's value was not linked")
	}
	mark := len(s.nodes) // here a fetch collects `shared` as its target
	m.attach(p1, obj(1, obj(3, leaf("3"))), false, mark)
	if s.get(s.get(p2, 1), 3) != missing {
		t.Error("what came for one parent shows under the other")
	}
	m.attach(shared, obj(4, leaf("4")), false, mark)
	if s.get(s.get(p1, 1), 4) == missing || s.get(s.get(p2, 1), 4) == missing {
		t.Error("the copy did not get what its original was asked for")
	}
	later := len(s.nodes)
	m.attach(shared, obj(5, leaf("5")), false, later)
	if s.get(s.get(p1, 1), 5) != missing {
		t.Error("a copy that is a target of its own got another's result")
	}
}

func TestWideObjectsAreIndexed(t *testing.T) {
	b := &budget{}
	b.left.Store(1 << 20)
	var s store
	s.reset(b, "Query")
	for k := range plan.Key(200) {
		s.set(root, k, s.object(0))
	}
	c := s.copy(root)
	for k := range plan.Key(200) {
		if s.get(root, k) == missing || s.get(root, k) != s.get(c, k) {
			t.Fatal(k)
		}
	}
	if s.get(c, 200) != missing {
		t.Error("a slot that was never set")
	}
}
