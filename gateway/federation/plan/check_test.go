package plan_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// check asserts what holds for every plan: each document is valid for its subgraph, dependencies and levels fit,
// every member of a representation was written by a fetch that is waited for, and every leaf the client reads is
// written for every runtime type that can be there.
func check(t testing.TB, sg *supergraph.Supergraph, op *operation.Operation, p *plan.Plan) {
	t.Helper()
	if p.Parts != nil { // what holds for a plan holds for it with its parts
		flat := *p
		flat.Fetches, flat.Data, flat.Parts = p.All(), p.Whole, nil
		p = &flat
	}
	c := &checker{t: t, sg: sg, p: p, root: newData(), seen: map[*plan.Shape]*data{}}
	c.root.types[op.Root.Type] = true
	if p.Source != nil {
		c.document(p.Source)
		c.write(c.root, []string{op.Root.Type}, p.Source.Root, -1)
	}
	for i, f := range p.Fetches {
		if f.ID != i {
			t.Errorf("fetch %d has ID %d", i, f.ID)
		}
		c.document(f)
		c.levels(f)
		if f.Root != nil {
			for _, d := range c.targets(f.RootPath) {
				c.write(d, []string{f.Root.Type}, f.Root, f.ID)
			}
		}
		for _, b := range f.Entities {
			c.batch(f, b)
		}
	}
	c.shape(c.root, p.Data, "data")
	if t.Failed() {
		t.Logf("plan:\n%s", plan.Print(p))
	}
}

// data is what is known of the objects at one position.
type data struct {
	types   map[string]bool  // runtime types that may be here; "" unknown
	from    map[string][]int // the fetches that tell so
	written map[plan.Key]map[string][]int
	below   map[plan.Key]*data
}

func newData() *data {
	return &data{types: map[string]bool{}, from: map[string][]int{}, written: map[plan.Key]map[string][]int{}, below: map[plan.Key]*data{}}
}

type checker struct {
	t    testing.TB
	sg   *supergraph.Supergraph
	p    *plan.Plan
	root *data
	seen map[*plan.Shape]*data
}

// subgraphSchemas keeps the schema of each subgraph that was checked.
var subgraphSchemas sync.Map

func (c *checker) document(f *plan.Fetch) {
	c.t.Helper()
	sub := c.sg.Subgraph(f.Subgraph)
	cached, ok := subgraphSchemas.Load(sub)
	if !ok {
		schema, err := c.sg.SubgraphSchema(sub)
		if err != nil {
			c.t.Fatal(err)
		}
		cached, _ = subgraphSchemas.LoadOrStore(sub, schema)
	}
	schema, _ := cached.(*ast.Schema)
	doc, err := parser.ParseQuery(&ast.Source{Name: f.Subgraph, Input: f.Document})
	if err != nil {
		c.t.Fatalf("%s\n%v", f.Document, err)
	}
	if errs := validator.ValidateWithRules(schema, doc, nil); len(errs) > 0 {
		c.t.Errorf("document for %s is invalid: %v\n%s", f.Subgraph, errs, f.Document)
	}
}

func (c *checker) levels(f *plan.Fetch) {
	want := 0
	for _, d := range f.Deps {
		if d >= f.ID || c.p.Fetches[d].Unit > f.Unit {
			c.t.Errorf("fetch %d depends on %d", f.ID, d)
		}
		if c.p.Fetches[d].Unit == f.Unit {
			want = max(want, c.p.Fetches[d].Level+1)
		}
	}
	if f.Level < want {
		c.t.Errorf("fetch %d has level %d, its dependencies give at least %d", f.ID, f.Level, want)
	}
}

func (c *checker) waited(f *plan.Fetch) map[int]bool {
	out := map[int]bool{-1: true}
	var add func(ids []int)
	add = func(ids []int) {
		for _, id := range ids {
			if !out[id] {
				out[id] = true
				add(c.p.Fetches[id].Deps)
			}
		}
	}
	add(f.Deps)
	return out
}

func (c *checker) targets(p plan.Path) []*data {
	d := c.root
	for _, s := range p {
		if d.below[s.Key] == nil {
			c.t.Errorf("path leads to %s, where nothing was written", c.p.Keys[s.Key])
			return nil
		}
		d = d.below[s.Key]
	}
	return []*data{d}
}

func (c *checker) batch(f *plan.Fetch, b *plan.Batch) {
	waited := c.waited(f)
	for _, path := range b.Paths {
		for _, ctx := range b.Contexts {
			for _, src := range ctx.Sources {
				c.source(f, path[:len(path)-src.Above], src, waited)
			}
		}
		c.guards(f, path, waited)
		guard := path[len(path)-1].Types
		for _, d := range c.targets(path) {
			types := guard
			if guard == nil {
				types = known(d.types)
			}
			for _, r := range b.Reps {
				on := types
				if r.Types != nil {
					on = r.Types
				}
				c.rep(f, d, on, r.Fields, waited)
			}
			if b.Entity.Type == "" && len(b.Entity.Possible) > 0 && d.types[""] {
				if guard == nil {
					delete(d.types, "") // an object without an entity stays unknown, but then has nothing to read
				}
				for _, t := range b.Entity.Possible {
					if guard == nil || slices.Contains(guard, t) {
						d.types[t] = true
						d.from[t] = append(d.from[t], f.ID)
					}
				}
			}
			c.write(d, types, b.Entity, f.ID)
		}
	}
}

// guards checks that the runtime types a path leads through are told by a fetch that is waited for.
func (c *checker) guards(f *plan.Fetch, path plan.Path, waited map[int]bool) {
	d := c.root
	for _, s := range path {
		if d = d.below[s.Key]; d == nil {
			return
		}
		for _, t := range s.Types {
			if len(d.from[t]) > 0 && !slices.ContainsFunc(d.from[t], func(id int) bool { return waited[id] }) {
				c.t.Errorf("fetch %d goes on with %s objects, whose type is told by none of the fetches it waits for", f.ID, t)
			}
		}
	}
}

// source checks that the value of a context is written by a fetch that is waited for.
func (c *checker) source(f *plan.Fetch, path plan.Path, src plan.ContextSource, waited map[int]bool) {
	for _, d := range c.targets(path) {
		types := src.Types
		if types == nil {
			types = known(d.types)
		}
		for _, k := range src.Path {
			for _, t := range types {
				if !slices.ContainsFunc(c.writers(d, k, t), func(id int) bool { return waited[id] }) {
					c.t.Errorf("fetch %d: %s, which a context needs, is not written for %q by a fetch it waits for", f.ID, c.p.Keys[k], t)
				}
			}
			if d = d.below[k]; d == nil {
				break
			}
			types = known(d.types)
		}
	}
}

func known(types map[string]bool) []string {
	var out []string
	for t := range types {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

func (c *checker) rep(f *plan.Fetch, d *data, types []string, fields []plan.RepField, waited map[int]bool) {
	for _, r := range fields {
		for _, t := range types {
			if r.Types != nil && !slices.Contains(r.Types, t) {
				continue
			}
			if len(d.from[t]) > 0 && !slices.ContainsFunc(d.from[t], func(id int) bool { return waited[id] }) {
				continue // a type that only a later answer could tell
			}
			if !slices.ContainsFunc(c.writers(d, r.Key, t), func(id int) bool { return waited[id] }) {
				c.t.Errorf("fetch %d: member %s of the representation is not written for %q by a fetch it waits for", f.ID, r.Name, t)
			}
		}
		if r.Fields != nil && d.below[r.Key] != nil {
			c.rep(f, d.below[r.Key], known(d.below[r.Key].types), r.Fields, waited)
		}
	}
}

func (c *checker) writers(d *data, k plan.Key, t string) []int {
	w := d.written[k]
	return slices.Concat(w[t], w[""])
}

// write notes what an answer brings to objects of the runtime types.
func (c *checker) write(d *data, types []string, w *plan.Wire, fetch int) {
	switch {
	case w.Type != "":
		types = []string{w.Type}
	case w.Opaque:
		if !slices.ContainsFunc(types, func(t string) bool { return t != "" }) {
			types = []string{""}
		}
	case len(types) == 0 || slices.Equal(types, []string{""}):
		types = w.Possible
	}
	for _, t := range types {
		if t != "" || len(d.types) == 0 {
			d.types[t] = true
			d.from[t] = append(d.from[t], fetch)
		}
		if t != "" {
			delete(d.types, "") // the same objects, whose types another answer tells
		}
	}
	for _, f := range w.Fields {
		on := types
		if f.Types != nil {
			on = f.Types
		}
		if d.written[f.Key] == nil {
			d.written[f.Key] = map[string][]int{}
		}
		for _, t := range on {
			d.written[f.Key][t] = append(d.written[f.Key][t], fetch)
		}
		if f.Child != nil {
			if d.below[f.Key] == nil {
				d.below[f.Key] = newData()
			}
			c.write(d.below[f.Key], f.Child.Possible, f.Child, fetch)
		}
	}
}

func (c *checker) shape(d *data, s *plan.Shape, path string) {
	if c.seen[s] == d {
		return
	}
	c.seen[s] = d
	for t := range d.types {
		class := s.Class(t)
		if class == nil {
			if t == "" && len(d.types) == 1 {
				c.t.Errorf("%s: runtime type is needed but unknown", path)
			}
			continue
		}
		if c.oneSided(s.Type, t) {
			continue
		}
		for _, f := range class.Fields {
			if f.TypeName || f.Raw {
				continue
			}
			if len(c.writers(d, f.Key, t)) == 0 {
				c.t.Errorf("%s.%s is never written for %q", path, f.Name, t)
			}
			if f.Shape != nil && d.below[f.Key] != nil {
				c.shape(d.below[f.Key], f.Shape, path+"."+f.Name)
			}
		}
	}
}

func encode(t testing.TB, p *plan.Plan) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// oneSided reports whether only some subgraphs know that the abstract type may be the object type: what is asked of
// such objects may be left out.
func (c *checker) oneSided(typeName, member string) bool {
	kind := c.sg.Schema.Types[typeName].Kind
	for _, sub := range c.sg.Subgraphs {
		for _, t := range sub.Types {
			if !t.Composite() || slices.Contains(t.Members, member) || t.InterfaceObject {
				continue
			}
			if t.Name == typeName || kind == ast.Union && slices.Contains(c.sg.Possible(typeName), t.Name) {
				return kind != ast.Object
			}
		}
	}
	return false
}
