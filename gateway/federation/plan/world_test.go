package plan_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// world is made-up data for a supergraph: five objects of every type, whose fields follow from a hash. It can be asked
// as one schema that has everything, or through the subgraphs with only what each of them can resolve.
type world struct {
	sg   *supergraph.Supergraph
	keys map[string]bool // field names that occur in keys; they are never null
	seed int
}

// object is one object, as it is seen in a subgraph.
type object struct {
	typeName string
	id       int
	provided ast.SelectionSet // what @provides adds on this path
	rep      map[string]any   // the representation it came by
	shown    string           // `__typename` as an interface object answers it
}

func newWorld(sg *supergraph.Supergraph, seed int) *world {
	w := &world{sg: sg, keys: map[string]bool{}, seed: seed}
	var note func(set ast.SelectionSet)
	note = func(set ast.SelectionSet) {
		for _, s := range set {
			if f, ok := s.(*ast.Field); ok {
				w.keys[f.Name] = true
				note(f.SelectionSet)
			}
		}
	}
	for _, sub := range sg.Subgraphs {
		for _, t := range sub.Types {
			for _, k := range t.Keys {
				set, err := supergraph.ParseFieldSet(k.Fields)
				if err != nil {
					panic(err)
				}
				note(set)
			}
		}
	}
	return w
}

func (w *world) hash(parts ...any) int {
	h := fnv.New32a()
	fmt.Fprint(h, append([]any{w.seed}, parts...)...)
	return int(h.Sum32() >> 1)
}

// value is the field of the object; composite values are objects.
func (w *world) value(o *object, field *ast.FieldDefinition, args string) any {
	return w.complete(o, field, field.Type, []any{o.typeName, o.id, field.Name, args})
}

func (w *world) complete(o *object, field *ast.FieldDefinition, t *ast.Type, seed []any) any {
	h := w.hash(seed...)
	if !t.NonNull && !w.keys[field.Name] && h%7 == 0 && t == field.Type {
		return nil
	}
	if t.Elem != nil {
		list := []any{}
		if w.sg.Schema.Types[t.Name()].IsCompositeType() && len(w.runtimes(o.typeName, field.Name, t.Name())) == 0 {
			return list
		}
		for i := range 1 + h%2 {
			list = append(list, w.complete(o, field, t.Elem, append(slices.Clone(seed), i)))
		}
		return list
	}
	def := w.sg.Schema.Types[t.NamedType]
	if def.IsCompositeType() {
		types := w.runtimes(o.typeName, field.Name, t.NamedType)
		if len(types) == 0 {
			return nil
		}
		child := &object{typeName: types[h%len(types)], id: h / 64 % 5}
		if w.keys[field.Name] { // keys must tell their objects apart
			child.id = o.id
		}
		if child.typeName == w.sg.Schema.Query.Name {
			child.id = 0
		}
		return child
	}
	switch {
	case def.Kind == ast.Enum:
		return w.sg.API().Types[def.Name].EnumValues[0].Name
	case def.Name == "Int":
		return o.id*1000 + h%1000
	case def.Name == "Float":
		return float64(h%100) + 0.5
	case def.Name == "Boolean":
		return h%2 == 0
	}
	return fmt.Sprintf("%s:%d:%s:%d", o.typeName, o.id, field.Name, h%1000)
}

// runtimes lists the object types that every subgraph can answer which resolves the field.
func (w *world) runtimes(parent, field, named string) []string {
	types := w.sg.Possible(named)
	var parents []string
	parents = append(parents, parent)
	parents = append(parents, w.sg.Schema.Types[parent].Interfaces...)
	for _, sub := range w.sg.Subgraphs {
		for _, p := range parents {
			t := sub.Types[p]
			if t == nil || t.Field(field) == nil || p != parent && !t.InterfaceObject {
				continue
			}
			if in := sub.Types[t.Field(field).Type.Name()]; in != nil && !in.InterfaceObject {
				types = slices.DeleteFunc(slices.Clone(types), func(x string) bool { return !slices.Contains(in.Members, x) })
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(types), w.sg.Inaccessible)
}

// view is one schema asked: the whole (sub nil) or a subgraph's.
type view struct {
	w      *world
	sub    *supergraph.Subgraph
	schema *ast.Schema
	vars   map[string]any
	doc    *ast.QueryDocument
	errors []string
}

func (v *view) execute(root *ast.Definition, set ast.SelectionSet) map[string]any {
	return v.selection(&object{typeName: root.Name}, []ast.SelectionSet{set})
}

func (v *view) fail(format string, args ...any) any {
	v.errors = append(v.errors, fmt.Sprintf(format, args...))
	return nil
}

func (v *view) selection(o *object, sets []ast.SelectionSet) map[string]any {
	out := map[string]any{}
	merged := map[string][]ast.SelectionSet{}
	first := map[string]*ast.Field{}
	var order []string
	var collect func(set ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if first[s.Alias] == nil {
					first[s.Alias] = s
					order = append(order, s.Alias)
				}
				merged[s.Alias] = append(merged[s.Alias], s.SelectionSet)
			case *ast.InlineFragment:
				if v.matches(o, s.TypeCondition) {
					collect(s.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	for _, name := range order {
		out[name] = v.field(o, first[name], merged[name])
	}
	return out
}

// matches reports whether a fragment applies to the object in this schema.
func (v *view) matches(o *object, condition string) bool {
	if condition == "" || condition == o.typeName || condition == o.shown {
		return true
	}
	def := v.schema.Types[condition]
	return def != nil && slices.ContainsFunc(v.schema.GetPossibleTypes(def), func(d *ast.Definition) bool { return d.Name == o.typeName })
}

func (v *view) field(o *object, f *ast.Field, sets []ast.SelectionSet) any {
	if f.Name == "__typename" {
		if o.shown != "" {
			return "Nonsense"
		}
		return o.typeName
	}
	args := v.arguments(f)
	if v.sub == nil {
		return v.render(v.w.value(o, v.schema.Types[o.typeName].Fields.ForName(f.Name), args), sets, nil, "")
	}
	if f.Name == "_entities" {
		return v.entities(f)
	}
	typeName := o.typeName
	if o.shown != "" {
		typeName = o.shown
	}
	field := v.sub.Types[typeName].Field(f.Name)
	provided, ok := provision(o, f.Name)
	switch {
	case field == nil:
		return v.fail("poison: %s.%s was overridden", typeName, f.Name)
	case (field.External || !field.Override.Enabled(nil)) && !ok:
		return v.fail("poison: %s.%s is not resolved by %s", typeName, f.Name, v.sub.Name)
	}
	if field.Requires != "" && !ok {
		if problem := v.required(o, field); problem != "" {
			return v.fail("%s.%s: %s", typeName, f.Name, problem)
		}
	}
	if field.Provides != "" {
		set, err := supergraph.ParseFieldSet(field.Provides)
		if err != nil {
			panic(err)
		}
		provided = append(provided, set...)
	}
	shown := ""
	if t := v.sub.Types[field.Type.Name()]; t != nil && t.InterfaceObject {
		shown = t.Name
	}
	def := v.w.sg.Schema.Types[o.typeName].Fields.ForName(f.Name)
	return v.render(v.w.value(o, def, args), sets, provided, shown)
}

// provision finds what the object's provided path says about a field.
func provision(o *object, field string) (ast.SelectionSet, bool) {
	var find func(set ast.SelectionSet) (ast.SelectionSet, bool)
	find = func(set ast.SelectionSet) (ast.SelectionSet, bool) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if s.Name == field {
					return s.SelectionSet, true
				}
			case *ast.InlineFragment:
				if s.TypeCondition == "" || s.TypeCondition == o.typeName {
					if below, ok := find(s.SelectionSet); ok {
						return below, true
					}
				}
			}
		}
		return nil, false
	}
	return find(o.provided)
}

func (v *view) render(value any, sets []ast.SelectionSet, provided ast.SelectionSet, shown string) any {
	switch value := value.(type) {
	case []any:
		out := make([]any, len(value))
		for i, x := range value {
			out[i] = v.render(x, sets, provided, shown)
		}
		return out
	case *object:
		c := *value
		c.provided, c.shown = provided, shown
		return v.selection(&c, sets)
	}
	return value
}

// required compares what came in the representation with what the field requires.
func (v *view) required(o *object, field *supergraph.Field) string {
	set, err := supergraph.ParseFieldSet(field.Requires)
	if err != nil {
		panic(err)
	}
	want := (&view{w: v.w, schema: v.w.sg.Schema}).selection(o, []ast.SelectionSet{set})
	if !covers(o.rep, normal(want)) {
		return fmt.Sprintf("representation %v lacks %v", o.rep, want)
	}
	return ""
}

// covers reports whether have has all of want; objects may have more.
func covers(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return false
		}
		for k, x := range want {
			if y, ok := h[k]; !ok || !covers(y, x) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(want) {
			return false
		}
		for i := range want {
			if !covers(h[i], want[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(have, want)
}

// normal brings a value into the form that decoded JSON has.
func normal(x any) any {
	b, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

func (v *view) entities(f *ast.Field) any {
	reps, _ := v.vars[f.Arguments.ForName("representations").Value.Raw].([]any)
	out := []any{}
	for _, r := range reps {
		rep, _ := r.(map[string]any)
		o := v.entity(rep)
		if o == nil {
			out = append(out, v.fail("no entity for %v in %s", rep, v.sub.Name))
			continue
		}
		out = append(out, v.selection(o, []ast.SelectionSet{f.SelectionSet}))
	}
	return out
}

// entity finds the object that a representation names by one of the resolvable keys.
func (v *view) entity(rep map[string]any) *object {
	name, _ := rep["__typename"].(string)
	t := v.sub.Types[name]
	if t == nil {
		return nil
	}
	for _, k := range t.Keys {
		set, err := supergraph.ParseFieldSet(k.Fields)
		if err != nil {
			panic(err)
		}
		if !k.Resolvable {
			continue
		}
		for _, typeName := range v.w.sg.Possible(name) {
			for id := range 5 {
				o := &object{typeName: typeName, id: id, rep: rep}
				if covers(rep, normal((&view{w: v.w, schema: v.w.sg.Schema}).selection(o, []ast.SelectionSet{set}))) {
					if t.InterfaceObject {
						o.shown = name
					}
					return o
				}
			}
		}
	}
	return nil
}

// arguments prints the arguments with variables replaced.
func (v *view) arguments(f *ast.Field) string {
	text := operation.Arguments(f.Arguments)
	for name, value := range v.vars {
		b, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		text = strings.ReplaceAll(text, "$"+name, string(b))
	}
	return text
}
