package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// builder makes the plan's data from the final groups.
type builder struct {
	g    *querygraph.Graph
	keys *keyring
	op   *operation.Operation

	fetches []*Fetch
	byGroup map[*group]int
	enums   map[string][]string                           // values by type, see values
	inputs  []bool                                        // by key, see keyring.inputs
	whole   map[*operation.Selection]*operation.Selection // with deferred parts: what was split into them
}

// asked is all that the client asks at the place, now and later.
func (b *builder) asked(p *place) *operation.Selection {
	if w := b.whole[p.sel]; w != nil {
		return w
	}
	return p.sel
}

// entity is one `_entities` field of a fetch being built: the groups whose entities it asks for.
type entity struct {
	groups []*group // of one place and different runtime types
	paths  []Path
	reps   []Rep
	unless []Rep
	text   string
	wire   *Wire

	seen    map[string]bool
	meaning meanings
}

// build turns groups, sorted by unit and level, into fetches: what goes to one subgraph at one level is one request.
func (b *builder) build(groups []*group) {
	type bucket struct {
		turn, level, sub int
	}
	batches := map[bucket][]*group{}
	var order []any
	for _, g := range groups {
		if g.root() {
			order = append(order, g)
			continue
		}
		k := bucket{g.turn(), g.level, g.node.Sub.Index}
		if batches[k] == nil {
			order = append(order, k)
		}
		batches[k] = append(batches[k], g)
	}
	b.byGroup = make(map[*group]int, len(groups))
	for _, o := range order {
		var list []*group
		var f *Fetch
		switch o := o.(type) {
		case *group:
			list, f = []*group{o}, b.rootFetch(o)
		case bucket:
			list = batches[o]
			f = b.entityFetch(list)
		}
		f.ID = len(b.fetches)
		f.Level, f.Unit, f.Part, f.Subgraph = list[0].level, list[0].unit, list[0].part, list[0].node.Sub.Name
		for _, g := range list {
			b.byGroup[g] = f.ID
			for d := range g.deps {
				if id := b.byGroup[d]; !slices.Contains(f.Deps, id) {
					f.Deps = append(f.Deps, id)
				}
			}
		}
		slices.Sort(f.Deps)
		b.fetches = append(b.fetches, f)
	}
}

func (b *builder) rootFetch(g *group) *Fetch {
	kind := ast.Query
	switch {
	case g.landing != nil:
	case b.op.Kind != ast.Query:
		kind = b.op.Kind
	}
	b.wireNames([]*sel{g.content})
	t := &text{b: b, vars: map[string]bool{}}
	t.selection(g.content)
	f := &Fetch{Kind: kind, Root: b.wire(g.content)}
	f.RootPath = g.scope.place.path(runtimes(g.scope))
	f.Document, f.Variables = t.document(kind, nil)
	return f
}

func (b *builder) entityFetch(groups []*group) *Fetch {
	list := b.entities(groups)
	f := &Fetch{Kind: ast.Query}
	t := &text{b: b, vars: map[string]bool{}}
	t.buf.WriteByte('{')
	var own []string
	for i, e := range list {
		batch := &Batch{Alias: "_entities", Variable: b.variable("representations"), Paths: e.paths, Reps: e.reps, Unless: e.unless, Entity: e.wire}
		field := "_entities"
		if len(list) > 1 {
			batch.Alias = fmt.Sprintf("_e%d", i)
			batch.Variable = b.variable(fmt.Sprintf("representations%d", i))
			field = batch.Alias + ":_entities"
		}
		f.Entities = append(f.Entities, batch)
		if len(e.groups[0].contexts) > 0 {
			own = append(own, b.contextField(t, batch, e, i)...)
			continue
		}
		own = append(own, "$"+batch.Variable+":[_Any!]!")
		t.buf.WriteString(field + "(representations:$" + batch.Variable + ")")
		b.entityText(t, e.groups)
	}
	t.buf.WriteByte('}')
	f.Document, f.Variables = t.document(ast.Query, own)
	return f
}

// contextField writes an `_entities` field whose arguments come from contexts, as one and as its copies. It returns the
// variables of the first.
func (b *builder) contextField(t *text, batch *Batch, e *entity, i int) (own []string) {
	batch.Copy.Definitions = []string{"$" + batch.Variable + CopyMark + ":[_Any!]!"}
	t.contexts = nil
	for n, c := range e.groups[0].contexts {
		name := b.variable(fmt.Sprintf("context%d_%d", i, n))
		batch.Contexts = append(batch.Contexts, Context{Variable: name, Sources: c.sources})
		batch.Copy.Definitions = append(batch.Copy.Definitions, "$"+name+CopyMark+":"+c.typ.String())
		t.contexts = append(t.contexts, name+CopyMark)
	}
	from := t.buf.Len()
	t.buf.WriteString(batch.Alias + CopyMark + ":_entities(representations:$" + batch.Variable + CopyMark + ")")
	b.entityText(t, e.groups)
	whole := t.buf.String()
	batch.Copy.Field = whole[from:]
	t.buf.Reset()
	t.buf.WriteString(strings.ReplaceAll(whole, CopyMark, ""))
	for _, d := range batch.Copy.Definitions {
		own = append(own, strings.ReplaceAll(d, CopyMark, ""))
	}
	return own
}

// variable returns a name for a variable of our own that no client variable has.
func (b *builder) variable(name string) string {
	for b.op.Variables.ForName(name) != nil {
		name = "_" + name
	}
	return name
}

// entities joins groups that can share an `_entities` field: those of one place for different runtime types, then
// equal ones at different places.
func (b *builder) entities(groups []*group) []*entity {
	var list []*entity
	at := make(map[*place][]*entity, len(groups))
	for _, g := range groups {
		p := g.scope.place
		i := slices.IndexFunc(at[p], func(e *entity) bool { return b.sameField(e.groups, g) })
		if i >= 0 && len(g.contexts) == 0 {
			at[p][i].groups = append(at[p][i].groups, g)
			continue
		}
		e := &entity{groups: []*group{g}}
		at[p] = append(at[p], e)
		list = append(list, e)
	}
	var out []*entity
	equal := map[string][]*entity{}
	for _, e := range list {
		b.finishEntity(e)
		p := e.groups[0].scope.place
		key := string(repsKey(repsKey([]byte(e.text), e.reps), e.unless))
		i := slices.IndexFunc(equal[key], func(o *entity) bool {
			return len(e.groups[0].contexts) == 0 && o.wire.equal(e.wire) && (p.sel == nil || o.meaning.accepts(b.asked(p)))
		})
		if i < 0 {
			e.meaning = meanings{}
			out = append(out, e)
			equal[key] = append(equal[key], e)
		} else {
			equal[key][i].add(e.paths[0])
			e = equal[key][i]
		}
		if p.sel != nil {
			e.meaning.add(b.asked(p))
		}
	}
	return out
}

// add adds a path once.
func (e *entity) add(p Path) {
	key := p.text()
	if e.seen == nil {
		e.seen = map[string]bool{e.paths[0].text(): true}
	}
	if !e.seen[key] {
		e.seen[key] = true
		e.paths = append(e.paths, p)
	}
}

// sameField reports whether the group may join groups of its place in one `_entities` field: each object then
// belongs to exactly one of them.
func (b *builder) sameField(list []*group, g *group) bool {
	for _, o := range list {
		if len(o.contexts) > 0 || len(o.unless)+len(g.unless) > 0 || o.scope.place != g.scope.place || o.scope == g.scope || o.scope.runtime == "" || g.scope.runtime == "" {
			return false
		}
		if o.node.Type.Kind != ast.Object || g.node.Type.Kind != ast.Object {
			if o.node != g.node || !reflect.DeepEqual(b.representations(o), b.representations(g)) || b.render([]*group{o}) != b.render([]*group{g}) {
				return false
			}
		}
	}
	return true
}

func (b *builder) render(groups []*group) string {
	t := &text{b: b, vars: map[string]bool{}}
	var level []*sel
	for _, g := range groups {
		level = append(level, g.content)
	}
	b.wireNames(level)
	b.entityText(t, groups)
	return t.buf.String()
}

// entityText writes the selection of an `_entities` field.
func (b *builder) entityText(t *text, groups []*group) {
	t.buf.WriteByte('{')
	if len(groups) > 1 && groups[0].node.Type.Kind == ast.Object {
		t.buf.WriteString("__typename ")
	}
	for i, g := range groups {
		if i > 0 && g.node.Type.Kind != ast.Object {
			break // all are the same
		}
		t.buf.WriteString("... on " + g.node.Type.Name)
		t.selection(g.content)
	}
	t.buf.WriteByte('}')
}

// finishEntity computes what is sent and how it is read.
func (b *builder) finishEntity(e *entity) {
	e.text = b.render(e.groups)
	first := e.groups[0]
	var types []string
	for _, g := range e.groups {
		types = append(types, runtimes(g.scope)...)
	}
	slices.Sort(types)
	e.paths = []Path{first.scope.place.path(types)}
	if len(e.groups) == 1 || first.node.Type.Kind != ast.Object {
		e.reps, e.unless = b.representations(first), b.unless(first)
		e.wire = b.wire(first.content)
		return
	}
	e.wire = &Wire{Possible: types}
	for _, g := range e.groups {
		for _, rep := range b.representations(g) {
			rep.Types = runtimes(g.scope)
			e.reps = append(e.reps, rep)
		}
		e.wire.Fields = b.wireFields(e.wire.Fields, g.content, runtimes(g.scope))
	}
}

// runtimes is the scope's guard.
func runtimes(s *scope) []string {
	if s.runtime == "" {
		return nil
	}
	return []string{s.runtime}
}

// meanings says what each response name means at the places at which an entity is linked. Entities may be linked at
// several places only if no name means two things: what a later fetch writes for one place is there for all.
type meanings map[string]*nameMeaning

type nameMeaning struct {
	text  string
	below meanings
}

func (m meanings) accepts(sel *operation.Selection) bool {
	for _, it := range sel.Items {
		old := m[it.Name]
		if old == nil {
			continue
		}
		if old.text != meaning(it.Field.Name, it.Args) || it.Selection != nil && !old.below.accepts(it.Selection) {
			return false
		}
	}
	return true
}

func (m meanings) add(sel *operation.Selection) {
	for _, it := range sel.Items {
		if m[it.Name] == nil {
			m[it.Name] = &nameMeaning{text: meaning(it.Field.Name, it.Args), below: meanings{}}
		}
		if it.Selection != nil {
			m[it.Name].below.add(it.Selection)
		}
	}
}

func (b *builder) object(typeName string) bool {
	def := b.g.SG.Schema.Types[typeName]
	return def != nil && def.Kind == ast.Object
}

func (b *builder) leaf(typeName string) Leaf {
	switch typeName {
	case "String":
		return LeafString
	case "ID":
		return LeafID
	case "Int":
		return LeafInt
	case "Float":
		return LeafFloat
	case "Boolean":
		return LeafBoolean
	}
	if def := b.g.SG.Schema.Types[typeName]; def != nil && def.Kind == ast.Enum {
		return LeafEnum
	}
	return LeafCustom
}

// values returns what an enum of the supergraph may be, sorted; also what clients do not see.
func (b *builder) values(enum string) []string {
	list, ok := b.enums[enum]
	if !ok {
		for _, v := range b.g.SG.Schema.Types[enum].EnumValues {
			list = append(list, v.Name)
		}
		slices.Sort(list)
		b.enums[enum] = list
	}
	return list
}

func (f *selField) argText() string { return operation.Arguments(f.args) }
