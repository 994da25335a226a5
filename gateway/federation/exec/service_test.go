package exec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// service is a strict subgraph: it validates every request against its own schema, accepts a representation only by a
// resolvable key of its own, and answers from data that may hold traps. Its data is a JSON object with the fields of the
// root types and, per entity type, a list of objects:
//
//	{"Query": {"pets": ["#rex"]}, "Pet": [{"#": "rex", "id": "1", "name": "Rex"}]}
//
// "#rex" is the object with that label. A resolver's result may also be
//
//	"!why"            it fails: a trap for those who come by a wrong route, or simply an error
//	"=a {b.c} {$d}"   text made of what the representation or, with $, the arguments hold; it fails if they lack it
//
// and a field is looked up with its arguments first: "f(n: 1)". "$null" in an entity makes its resolver answer null.
type service struct {
	name   string
	schema *ast.Schema
	keys   map[string][]ast.SelectionSet // of types that can be resolved by them
	needs  map[string][]string           // members that a representation of the type may have
	data   map[string]any
	labels map[string]*record
}

// record is an object of the data.
type record struct {
	typ    string
	fields map[string]any
	rep    map[string]any // the representation it was resolved by
}

func newService(src subgraph.Source, data string) (*service, error) {
	sub, errs := subgraph.Load(src)
	if len(errs) > 0 {
		return nil, fmt.Errorf("load %s: %s", src.Name, errs[0].Message)
	}
	s := &service{name: src.Name, keys: map[string][]ast.SelectionSet{}, needs: map[string][]string{}, data: map[string]any{}, labels: map[string]*record{}}
	doc, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, err
	}
	var entities []string
	for _, t := range sub.Types {
		doc.Definitions = append(doc.Definitions, plainDefinition(t.Definition))
		for _, d := range sub.All(t.Directives, "key") {
			text, _ := subgraph.FieldsText(d)
			set, err := parser.ParseQuery(&ast.Source{Input: "{" + text + "}"})
			if err != nil {
				return nil, err
			}
			if subgraph.Resolvable(d) {
				s.keys[t.Name] = append(s.keys[t.Name], set.Operations[0].SelectionSet)
			}
			s.needs[t.Name] = append(s.needs[t.Name], fieldNames(set.Operations[0].SelectionSet)...)
			if t.Kind == ast.Object && !slices.Contains(entities, t.Name) {
				entities = append(entities, t.Name)
			}
		}
		for _, f := range t.Fields {
			if d := sub.First(f.Directives, "requires"); d != nil {
				text, _ := subgraph.FieldsText(d)
				set, err := parser.ParseQuery(&ast.Source{Input: "{" + text + "}"})
				if err != nil {
					return nil, err
				}
				s.needs[t.Name] = append(s.needs[t.Name], fieldNames(set.Operations[0].SelectionSet)...)
			}
		}
	}
	machinery := "scalar _Any\nextend type Query { _service: String"
	if len(entities) > 0 {
		machinery = "union _Entity = " + strings.Join(entities, "|") + "\n" + machinery + " _entities(representations: [_Any!]!): [_Entity]!"
	}
	if doc.Definitions.ForName("Query") == nil {
		machinery = strings.Replace(machinery, "extend type Query", "type Query", 1)
	}
	more, err := parser.ParseSchema(&ast.Source{Input: machinery + " }"})
	if err != nil {
		return nil, err
	}
	doc.Merge(more)
	if s.schema, err = validator.ValidateSchemaDocument(doc); err != nil {
		return nil, err
	}
	if data == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(data), &s.data); err != nil {
		return nil, fmt.Errorf("data of %s: %w", src.Name, err)
	}
	for typ, list := range s.data {
		objects, _ := list.([]any)
		for _, o := range objects {
			if fields, ok := o.(map[string]any); ok && fields["#"] != nil {
				s.labels[fmt.Sprint("#", fields["#"])] = &record{typ: typ, fields: fields}
			}
		}
	}
	return s, nil
}

func plainDefinition(def *ast.Definition) *ast.Definition {
	c := *def
	c.Directives, c.Fields, c.EnumValues = nil, nil, nil
	for _, v := range def.EnumValues {
		c.EnumValues = append(c.EnumValues, &ast.EnumValueDefinition{Name: v.Name, Position: v.Position})
	}
	for _, f := range def.Fields {
		fc := *f
		fc.Directives, fc.Arguments = nil, nil
		for _, a := range f.Arguments {
			ac := *a
			ac.Directives = nil
			fc.Arguments = append(fc.Arguments, &ac)
		}
		c.Fields = append(c.Fields, &fc)
	}
	return &c
}

func fieldNames(set ast.SelectionSet) (out []string) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			out = append(out, s.Name)
		case *ast.InlineFragment:
			out = append(out, fieldNames(s.SelectionSet)...)
		}
	}
	return out
}

// serving is the execution of one request.
type serving struct {
	*service
	vars   map[string]any
	errors gqlerror.List
}

// answer executes a request. What is not valid against the schema is answered by errors alone.
func (s *service) answer(query string, vars map[string]any) map[string]any {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return map[string]any{"errors": []any{map[string]any{"message": err.Error()}}}
	}
	if errs := validator.ValidateWithRules(s.schema, doc, nil); len(errs) > 0 {
		return map[string]any{"errors": errs}
	}
	op := doc.Operations[0]
	if vars, err = validator.VariableValues(s.schema, op, vars); err != nil {
		return map[string]any{"errors": []any{map[string]any{"message": err.Error()}}}
	}
	x := &serving{service: s, vars: vars}
	root := s.schema.Query.Name
	if op.Operation == ast.Mutation {
		root = s.schema.Mutation.Name
	}
	fields, _ := s.data[root].(map[string]any)
	data, ok := x.object(&record{typ: root, fields: fields}, []ast.SelectionSet{op.SelectionSet}, nil)
	out := map[string]any{"data": data}
	if !ok {
		out["data"] = nil
	}
	if len(x.errors) > 0 {
		out["errors"] = x.errors
	}
	return out
}

func (x *serving) fail(path ast.Path, format string, args ...any) {
	x.errors = append(x.errors, &gqlerror.Error{Message: fmt.Sprintf(format, args...), Path: slices.Clone(path)})
}

// object returns false when a null in a non-null position makes the object null.
func (x *serving) object(o *record, sets []ast.SelectionSet, path ast.Path) (map[string]any, bool) {
	fields := map[string][]*ast.Field{}
	var order []string
	for _, set := range sets {
		x.collect(o.typ, set, fields, &order)
	}
	out := map[string]any{}
	for _, name := range order {
		f := fields[name][0]
		at := append(slices.Clip(path), ast.PathName(name))
		if f.Name == "__typename" {
			out[name] = o.typ
			if shown, ok := o.fields["__typename"]; ok {
				out[name] = shown
			}
			continue
		}
		def := x.schema.Types[o.typ].Fields.ForName(f.Name)
		var below []ast.SelectionSet
		for _, g := range fields[name] {
			below = append(below, g.SelectionSet)
		}
		value, err := x.resolve(o, f)
		if err != nil {
			x.fail(at, "%s.%s: %s", o.typ, f.Name, err)
			if def.Type.NonNull {
				return nil, false
			}
			out[name] = nil
			continue
		}
		done, ok := x.complete(value, def.Type, o.rep, below, at)
		if !ok {
			return nil, false
		}
		out[name] = done
	}
	return out, true
}

func (x *serving) collect(typ string, set ast.SelectionSet, into map[string][]*ast.Field, order *[]string) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if into[s.Alias] == nil {
				*order = append(*order, s.Alias)
			}
			into[s.Alias] = append(into[s.Alias], s)
		case *ast.InlineFragment:
			def := x.schema.Types[s.TypeCondition]
			if s.TypeCondition == "" || s.TypeCondition == typ || slices.ContainsFunc(x.schema.GetPossibleTypes(def), func(d *ast.Definition) bool { return d.Name == typ }) {
				x.collect(typ, s.SelectionSet, into, order)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{(\$?)([\w.]+)\}`)

// resolve gives the value of a field before it is completed.
func (x *serving) resolve(o *record, f *ast.Field) (any, error) {
	args := map[string]any{}
	for _, a := range f.Arguments {
		v, err := a.Value.Value(x.vars)
		if err != nil {
			return nil, err
		}
		args[a.Name] = v
	}
	if f.Name == "_entities" {
		reps, _ := args["representations"].([]any)
		return reps, nil
	}
	value, ok := o.fields[f.Name+"("+x.literal(f.Arguments)+")"]
	if !ok {
		value = o.fields[f.Name]
	}
	text, _ := value.(string)
	switch {
	case strings.HasPrefix(text, "!"):
		return nil, fmt.Errorf("%s", text[1:])
	case strings.HasPrefix(text, "="):
		var err error
		out := placeholder.ReplaceAllStringFunc(text[1:], func(m string) string {
			p := placeholder.FindStringSubmatch(m)
			var v any = o.rep
			if p[1] != "" {
				v = args
			}
			for name := range strings.SplitSeq(p[2], ".") {
				in, _ := v.(map[string]any)
				if v, ok = in[name]; !ok {
					err = fmt.Errorf("%s is missing in %v", p[2], o.rep)
				}
			}
			b, _ := json.Marshal(v)
			return string(b)
		})
		return out, err
	}
	return value, nil
}

// literal prints arguments with the values of their variables.
func (x *serving) literal(args ast.ArgumentList) string {
	var out []string
	for _, a := range args {
		v, _ := a.Value.Value(x.vars)
		b, _ := json.Marshal(v)
		out = append(out, a.Name+": "+string(b))
	}
	return strings.Join(out, ", ")
}

func (x *serving) complete(v any, t *ast.Type, rep map[string]any, sets []ast.SelectionSet, path ast.Path) (any, bool) {
	done, ok := x.completeNullable(v, t, rep, sets, path)
	if ok && done == nil && t.NonNull {
		x.fail(path, "cannot return null for a non-null field")
		return nil, false
	}
	return done, ok || !t.NonNull
}

func (x *serving) completeNullable(v any, t *ast.Type, rep map[string]any, sets []ast.SelectionSet, path ast.Path) (any, bool) {
	if v == nil {
		return nil, true
	}
	if t.Elem != nil {
		list, isList := v.([]any)
		if !isList {
			x.fail(path, "not a list")
			return nil, false
		}
		out := make([]any, len(list))
		for i, e := range list {
			var ok bool
			if out[i], ok = x.complete(e, t.Elem, rep, sets, append(slices.Clip(path), ast.PathIndex(i))); !ok {
				return nil, false
			}
		}
		return out, true
	}
	def := x.schema.Types[t.NamedType]
	if !def.IsCompositeType() {
		if text, _ := v.(string); strings.HasPrefix(text, "!") {
			x.fail(path, "%s", text[1:])
			return nil, false
		}
		if def.Kind == ast.Enum && def.EnumValues.ForName(fmt.Sprint(v)) == nil {
			x.fail(path, "enum %s has no value %v", def.Name, v)
			return nil, false
		}
		return v, true
	}
	o, err := x.record(v, def, rep)
	if err != nil {
		x.fail(path, "%s", err)
		return nil, false
	}
	if o == nil {
		return nil, true
	}
	out, ok := x.object(o, sets, path)
	if !ok {
		return nil, false
	}
	return out, true
}

// record finds the object that a value stands for.
func (x *serving) record(v any, def *ast.Definition, rep map[string]any) (*record, error) {
	o := &record{typ: def.Name, rep: rep}
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "!") {
			return nil, fmt.Errorf("%s", v[1:])
		}
		if x.labels[v] == nil {
			return nil, fmt.Errorf("no object is labelled %s", v)
		}
		*o = *x.labels[v]
	case map[string]any:
		if def.Name == "_Entity" {
			return x.entity(v)
		}
		o.fields = v
		if name, ok := v["__typename"].(string); ok && def.Kind != ast.Object {
			o.typ = name
		}
	default:
		return nil, fmt.Errorf("%v is no object", v)
	}
	if t := x.schema.Types[o.typ]; t == nil || t.Kind != ast.Object || t != def && !slices.Contains(x.schema.GetPossibleTypes(def), t) {
		return nil, fmt.Errorf("%s is no possible type of %s", o.typ, def.Name)
	}
	return o, nil
}

// entity resolves a representation.
func (x *serving) entity(rep map[string]any) (*record, error) {
	typ, _ := rep["__typename"].(string)
	for _, name := range slices.Sorted(maps.Keys(rep)) {
		if name != "__typename" && !slices.Contains(x.needs[typ], name) {
			return nil, fmt.Errorf("nobody asked for %s in %v", name, rep)
		}
	}
	def := x.schema.Types[typ]
	if def == nil {
		return nil, fmt.Errorf("there is no type %s", typ)
	}
	by := false
	for _, key := range x.keys[typ] {
		if !x.has(rep, key) {
			continue
		}
		by = true
		for _, possible := range x.schema.GetPossibleTypes(def) { // of an interface all implementations
			objects, _ := x.data[possible.Name].([]any)
			for _, o := range objects {
				fields, _ := o.(map[string]any)
				switch {
				case !x.same(fields, rep, key):
				case fields["$null"] != nil:
					return nil, nil
				default:
					return &record{typ: possible.Name, fields: fields, rep: rep}, nil
				}
			}
		}
	}
	if !by {
		return nil, fmt.Errorf("no key resolves %v", rep)
	}
	return nil, fmt.Errorf("there is no %v", rep)
}

// has reports whether the representation holds the whole key.
func (x *serving) has(rep any, key ast.SelectionSet) bool {
	if list, ok := rep.([]any); ok {
		return !slices.ContainsFunc(list, func(e any) bool { return e != nil && !x.has(e, key) })
	}
	o, ok := rep.(map[string]any)
	if !ok {
		return false
	}
	for _, s := range key {
		if f, ok := s.(*ast.Field); ok {
			if o[f.Name] == nil || len(f.SelectionSet) > 0 && !x.has(o[f.Name], f.SelectionSet) {
				return false
			}
		}
	}
	return true
}

// same reports whether the data's object has the key of the representation.
func (x *serving) same(data, rep any, key ast.SelectionSet) bool {
	if label, ok := data.(string); ok && x.labels[label] != nil {
		data = x.labels[label].fields
	}
	switch d := data.(type) {
	case []any:
		r, ok := rep.([]any)
		if !ok || len(r) != len(d) {
			return false
		}
		for i := range d {
			if !x.same(d[i], r[i], key) {
				return false
			}
		}
		return true
	case map[string]any:
		r, ok := rep.(map[string]any)
		if !ok {
			return false
		}
		for _, s := range key {
			if f, ok := s.(*ast.Field); ok && !x.same(d[f.Name], r[f.Name], f.SelectionSet) {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(data) == fmt.Sprint(rep)
}
