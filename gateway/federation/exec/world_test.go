package exec_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// world holds the data of a whole supergraph: the value of every field of every object, made up from the field's name,
// its arguments and the object's number. Any subgraph asked for a field gives the same value, so a federated execution
// must equal an execution over the API schema.
type world struct {
	sg      *supergraph.Supergraph
	nonNull map[string]map[int]bool // field name to the list levels at which some subgraph says it is never null
	keyed   map[string]bool         // names of fields in keys: never null, and they tell objects apart
	pools   map[string][]string     // composite type to the runtime types it has in every subgraph
	schemas map[string]*ast.Schema
	absent  map[string]int // key fields that every third object lacks, each other ones
}

// thing is an object. Objects of different types with one number have equal values.
type thing struct {
	typ string
	id  int
}

// things is how many objects of a type there are.
const things = 6

func newWorld(sg *supergraph.Supergraph) (*world, error) {
	w := &world{sg: sg, nonNull: map[string]map[int]bool{}, keyed: map[string]bool{}, pools: map[string][]string{}, schemas: map[string]*ast.Schema{}}
	for _, sub := range sg.Subgraphs {
		schema, err := sg.SubgraphSchema(sub)
		if err != nil {
			return nil, err
		}
		w.schemas[sub.Name] = schema
		for name, t := range sub.Types {
			for _, f := range t.Fields {
				w.note(f.Name, f.Type)
			}
			for _, k := range t.Keys {
				set, err := supergraph.ParseFieldSet(k.Fields)
				if err != nil {
					return nil, err
				}
				w.noteKey(set)
			}
			if !t.Composite() || t.InterfaceObject {
				continue
			}
			if pool, ok := w.pools[name]; ok {
				w.pools[name] = slices.DeleteFunc(pool, func(m string) bool { return !slices.Contains(t.Members, m) })
			} else {
				w.pools[name] = slices.Clone(t.Members)
			}
		}
	}
	for _, def := range sg.Schema.Types {
		for _, f := range def.Fields {
			w.note(f.Name, f.Type)
		}
	}
	return w, nil
}

func (w *world) note(name string, t *ast.Type) {
	for level := 0; t != nil; level, t = level+1, t.Elem {
		if t.NonNull {
			if w.nonNull[name] == nil {
				w.nonNull[name] = map[int]bool{}
			}
			w.nonNull[name][level] = true
		}
	}
}

func (w *world) noteKey(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			w.keyed[s.Name] = true
			w.noteKey(s.SelectionSet)
		case *ast.InlineFragment:
			w.noteKey(s.SelectionSet)
		}
	}
}

func mix(parts ...any) int {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, parts...)
	return int(h.Sum32() >> 1)
}

// value returns what field f of o is.
func (w *world) value(o thing, f, args string) any {
	def := w.sg.Schema.Types[o.typ].Fields.ForName(f)
	if def == nil {
		return nil
	}
	return w.make(def.Type, f, args, o.id, mix(f, args, o.id), 0)
}

func (w *world) make(t *ast.Type, f, args string, id, h, level int) any {
	if n, ok := w.absent[f]; ok && level == 0 && id%3 == n {
		return nil
	}
	if !w.keyed[f] && !w.nonNull[f][level] && h%7 == 0 {
		return nil
	}
	if t.Elem != nil {
		n := 1 + h/7%3
		if !w.keyed[f] {
			n = h / 7 % 4
		}
		list := make([]any, n)
		for i := range list {
			list[i] = w.make(t.Elem, f, args, id+i, mix(h, i), level+1)
		}
		return list
	}
	def := w.sg.Schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		values := slices.DeleteFunc(slices.Clone(def.EnumValues), func(v *ast.EnumValueDefinition) bool {
			return w.sg.Inaccessible(t.NamedType + "." + v.Name)
		})
		return values[h/7%len(values)].Name
	case ast.Scalar:
		switch t.NamedType {
		case "Int":
			return id*1000 + h%1000
		case "Float":
			return float64(id) + float64(h%8)/8
		case "Boolean":
			return h%2 == 0
		case "String", "ID":
			return fmt.Sprintf("%s %d %s", f, id, args)
		}
		return map[string]any{"of": f, "id": id}
	}
	if !w.keyed[f] {
		id = h / 7
	}
	pool := w.pools[t.NamedType]
	if len(pool) == 0 {
		return nil
	}
	id %= things
	return thing{pool[id%len(pool)], id}
}

// execute answers an operation. sub is the subgraph that answers, nil the API schema.
func (w *world) execute(schema *ast.Schema, sub *supergraph.Subgraph, doc *ast.QueryDocument, vars map[string]any) any {
	op := doc.Operations[0]
	root := schema.Query
	if op.Operation == ast.Mutation {
		root = schema.Mutation
	}
	x := &execution{world: w, schema: schema, sub: sub, doc: doc, vars: vars}
	data, _ := x.object(thing{root.Name, 0}, []ast.SelectionSet{op.SelectionSet})
	return data
}

type execution struct {
	*world
	schema *ast.Schema
	sub    *supergraph.Subgraph
	doc    *ast.QueryDocument
	vars   map[string]any
	line   []thing // from the root to the object at hand
}

func (x *execution) object(o thing, sets []ast.SelectionSet) (any, bool) {
	if x.sub != nil && x.sub.Types[o.typ] == nil && o.typ != "Query" && o.typ != "Mutation" {
		panic(fmt.Sprintf("subgraph %s does not know %s", x.sub.Name, o.typ))
	}
	x.line = append(x.line, o)
	defer func() { x.line = x.line[:len(x.line)-1] }()
	fields := map[string][]*ast.Field{}
	for _, set := range sets {
		x.collect(o.typ, set, fields)
	}
	out := map[string]any{}
	for name, list := range fields {
		f := list[0]
		if f.Name == "__typename" {
			out[name] = o.typ
			continue
		}
		def := x.schema.Types[o.typ].Fields.ForName(f.Name)
		var below []ast.SelectionSet
		for _, g := range list {
			below = append(below, g.SelectionSet)
		}
		var v any
		if f.Name == "_entities" {
			v = x.entities(f)
		} else {
			v = x.value(o, f.Name, x.arguments(o, f))
		}
		done, ok := x.complete(v, def.Type, below)
		if !ok {
			return nil, false
		}
		out[name] = done
	}
	return out, true
}

func (x *execution) complete(v any, t *ast.Type, sets []ast.SelectionSet) (any, bool) {
	var done any
	ok := true
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			if list[i], ok = x.complete(e, t.Elem, sets); !ok {
				return nil, !t.NonNull
			}
		}
		return list, true
	case thing:
		o := v
		switch {
		case x.sub == nil && x.sg.Inaccessible(o.typ):
			return nil, !t.NonNull
		case x.sub != nil && x.sub.Types[t.Name()] != nil && x.sub.Types[t.Name()].InterfaceObject:
			o.typ = t.Name()
		}
		done, ok = x.object(o, sets)
	default:
		done = v
	}
	if !ok || done == nil {
		return nil, !t.NonNull
	}
	return done, true
}

func (x *execution) collect(typ string, set ast.SelectionSet, into map[string][]*ast.Field) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			into[s.Alias] = append(into[s.Alias], s)
		case *ast.InlineFragment:
			if x.matches(typ, s.TypeCondition) {
				x.collect(typ, s.SelectionSet, into)
			}
		case *ast.FragmentSpread:
			if f := x.doc.Fragments.ForName(s.Name); x.matches(typ, f.TypeCondition) {
				x.collect(typ, f.SelectionSet, into)
			}
		}
	}
}

func (x *execution) matches(typ, condition string) bool {
	return condition == "" || condition == typ || slices.ContainsFunc(x.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == typ })
}

// arguments prints the values of the field's arguments. In the whole, those that subgraphs take from contexts are what
// the objects above give.
func (x *execution) arguments(o thing, f *ast.Field) string {
	var out []string
	for _, a := range f.Arguments {
		v, err := a.Value.Value(x.vars)
		if err != nil {
			panic(err)
		}
		text, _ := json.Marshal(v)
		out = append(out, a.Name+":"+string(text))
	}
	if x.sub == nil && x.sg.Contextual(o.typ+"."+f.Name) {
		for _, sub := range x.sg.Subgraphs {
			if t := sub.Types[o.typ]; t != nil && t.Field(f.Name) != nil {
				for _, a := range t.Field(f.Name).Contexts {
					text, _ := json.Marshal(x.context(a))
					out = append(out, a.Name+":"+string(text))
				}
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// context returns what the nearest object above the one at hand gives for an argument.
func (x *execution) context(a supergraph.ContextArgument) any {
	for i := len(x.line) - 2; i >= 0; i-- {
		if !x.sg.SetsContext(a.Context, x.line[i].typ) {
			continue
		}
		set, err := supergraph.ParseFieldSet(a.Selection)
		if err != nil {
			panic(err)
		}
		return x.selected(x.line[i], set)
	}
	panic("no context")
}

func (x *execution) selected(v any, set ast.SelectionSet) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = x.selected(v[i], set)
		}
		return out
	case thing:
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				return x.selected(x.value(v, s.Name, ""), s.SelectionSet)
			case *ast.InlineFragment:
				if x.matches(v.typ, s.TypeCondition) {
					return x.selected(v, s.SelectionSet)
				}
			}
		}
	}
	return v
}

func (x *execution) entities(f *ast.Field) any {
	v, err := f.Arguments.ForName("representations").Value.Value(x.vars)
	if err != nil {
		panic(err)
	}
	list := []any{}
	for _, rep := range v.([]any) {
		list = append(list, x.entity(rep.(map[string]any)))
	}
	return list
}

// entity finds the object a representation means by the members of a key it holds completely.
func (x *execution) entity(rep map[string]any) any {
	name := rep["__typename"].(string)
	t := x.sub.Types[name]
	if t == nil {
		panic(fmt.Sprintf("subgraph %s has no entity %s", x.sub.Name, name))
	}
	for _, k := range t.Keys {
		set, _ := supergraph.ParseFieldSet(k.Fields)
		if !k.Resolvable || !holds(rep, set) {
			continue
		}
		for id := range things {
			o := thing{name, id}
			if t.Abstract() {
				pool := x.pools[name]
				o.typ = pool[id%len(pool)]
			}
			if x.same(o, rep, set) {
				return o
			}
		}
	}
	panic(fmt.Sprintf("subgraph %s: no %s for %v", x.sub.Name, name, rep))
}

func holds(rep map[string]any, set ast.SelectionSet) bool {
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok && rep[f.Name] == nil {
			return false
		}
	}
	return true
}

func (x *execution) same(o thing, rep map[string]any, set ast.SelectionSet) bool {
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok && !x.equal(x.value(o, f.Name, ""), rep[f.Name], f.SelectionSet) {
			return false
		}
	}
	return true
}

func (x *execution) equal(v, rep any, set ast.SelectionSet) bool {
	switch v := v.(type) {
	case thing:
		r, ok := rep.(map[string]any)
		return ok && x.same(v, r, set)
	case []any:
		list, ok := rep.([]any)
		if !ok || len(list) != len(v) {
			return false
		}
		for i := range v {
			if !x.equal(v[i], list[i], set) {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(v) == fmt.Sprint(rep)
}

// answer is a subgraph: it refuses what its own schema does not allow.
func (w *world) answer(subgraph string, body []byte) ([]byte, error) {
	var req struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	doc, errs := gqlparser.LoadQueryWithRules(w.schemas[subgraph], req.Query, nil)
	if len(errs) > 0 {
		return nil, fmt.Errorf("subgraph %s refuses %s: %w", subgraph, req.Query, errs)
	}
	vars := maps.Clone(req.Variables)
	return json.Marshal(map[string]any{"data": w.execute(w.schemas[subgraph], w.sg.Subgraph(subgraph), doc, vars)})
}
