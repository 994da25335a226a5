package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/exec"
)

// variables are an operation's coerced variables: those that were given or have a default.
type variables struct {
	list []variable     // in the order in which the operation declares them
	at   map[string]int // their places, where they are many
}

type variable struct {
	name  string
	value any
	text  json.RawMessage
}

// few is the number of variables up to which one is looked for in turn.
const few = 16

// find returns a variable; nil: there is none.
func (v *variables) find(name string) *variable {
	if v.at != nil {
		if i, ok := v.at[name]; ok {
			return &v.list[i]
		}
		return nil
	}
	for i := range v.list {
		if v.list[i].name == name {
			return &v.list[i]
		}
	}
	return nil
}

// value returns the value of a variable; nil: there is none, or it is null.
func (v *variables) value(name string) any {
	if x := v.find(name); x != nil {
		return x.value
	}
	return nil
}

// Get implements exec.Variables.
func (v *variables) Get(name string) (json.RawMessage, bool) {
	if x := v.find(name); x != nil {
		return x.text, true
	}
	return nil, false
}

// values returns those of all variables by name.
func (v *variables) values() map[string]any {
	out := make(map[string]any, len(v.list))
	for _, x := range v.list {
		out[x.name] = x.value
	}
	return out
}

// text writes the variables down, alike for equal ones of one operation.
func (v *variables) text() []byte {
	var out []byte
	for i, x := range v.list {
		if i == 0 {
			out = make([]byte, 0, 64)
		}
		out = append(append(out, x.name...), ':')
		out = append(append(out, x.text...), ',')
	}
	return out
}

// coerceVariables checks the given values against the operation's variables and fills in defaults. Its errors name the
// variable and the path in it, and never the value: that may be patient data.
//
// GraphQL spec, "Coercing Variable Values" (#sec-Coercing-Variable-Values).
func coerceVariables(schema *ast.Schema, op *ast.OperationDefinition, given []Variable) (variables, gqlerror.List) {
	if len(op.VariableDefinitions) == 0 {
		return variables{}, nil
	}
	out := variables{list: make([]variable, 0, len(op.VariableDefinitions))}
	if len(op.VariableDefinitions) > few {
		out.at = make(map[string]int, len(op.VariableDefinitions))
	}
	c, find := coercer{schema: schema}, finder(given)
	for _, def := range op.VariableDefinitions {
		raw, ok := find(def.Variable)
		var v any
		switch {
		case ok:
			if s, plain := plainString(raw); plain {
				if v = c.coerce(def.Variable, def.Type, s); v == any(s) {
					out.add(variable{def.Variable, v, raw})
					continue
				}
				break
			}
			dec := json.NewDecoder(bytes.NewReader(raw))
			dec.UseNumber()
			if err := dec.Decode(&v); err != nil {
				c.wrong(def.Variable, "is not JSON")
				continue
			}
			v = c.coerce(def.Variable, def.Type, v)
		case def.DefaultValue != nil:
			var err error
			if v, err = def.DefaultValue.Value(nil); err != nil {
				c.wrong(def.Variable, "has no usable default")
				continue
			}
			v = c.coerce(def.Variable, def.Type, v)
		case def.Type.NonNull:
			c.wrong(def.Variable, "of type "+def.Type.String()+" is required")
			continue
		default:
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			c.wrong(def.Variable, "cannot be sent on")
			continue
		}
		out.add(variable{def.Variable, v, text})
	}
	return out, c.errs
}

func (v *variables) add(x variable) {
	if v.at != nil {
		v.at[x.name] = len(v.list)
	}
	v.list = append(v.list, x)
}

// finder returns what finds a variable that was given; of two with one name, the last.
func finder(given []Variable) func(name string) (json.RawMessage, bool) {
	if len(given) <= few {
		return func(name string) (json.RawMessage, bool) {
			for i := len(given) - 1; i >= 0; i-- { //nolint:modernize // slices.Backward costs memory here
				if given[i].Name == name {
					return given[i].Value, true
				}
			}
			return nil, false
		}
	}
	byName := make(exec.VariableMap, len(given))
	for _, v := range given {
		byName[v.Name] = v.Value
	}
	return byName.Get
}

// plainString returns the text of a JSON string without escapes.
func plainString(raw []byte) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return "", false
	}
	return string(raw[1 : len(raw)-1]), true
}

type coercer struct {
	schema *ast.Schema
	errs   gqlerror.List
}

// wrong reports what is wrong at a path, which begins with the variable's name.
func (c *coercer) wrong(path, what string) {
	c.errs = append(c.errs, gqlerror.Errorf("variable $%s %s", path, what))
}

// coerce returns the value as the type takes it; what does not fit is reported at its path.
func (c *coercer) coerce(path string, t *ast.Type, v any) any {
	if v == nil {
		if t.NonNull {
			c.wrong(path, "must not be null: its type is "+t.String())
		}
		return nil
	}
	if t.Elem != nil {
		items, ok := v.([]any)
		if !ok { // a single value stands for a list of it
			return []any{c.coerce(path, t.Elem, v)}
		}
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = c.coerce(path+"["+strconv.Itoa(i)+"]", t.Elem, item)
		}
		return out
	}
	def := c.schema.Types[t.NamedType]
	if def == nil {
		c.wrong(path, "has an unknown type")
		return nil
	}
	switch def.Kind {
	case ast.InputObject:
		return c.object(path, def, v)
	case ast.Enum:
		s, ok := v.(string)
		if !ok || def.EnumValues.ForName(s) == nil {
			c.wrong(path, "is not a value of the enum "+def.Name)
		}
		return v
	}
	return c.scalar(path, def.Name, v)
}

func (c *coercer) scalar(path, name string, v any) any {
	ok := true
	switch name {
	case "String":
		_, ok = v.(string)
	case "Boolean":
		_, ok = v.(bool)
	case "ID":
		var n json.Number
		if n, ok = number(v); !ok {
			_, ok = v.(string)
			break
		}
		if text, whole := integral(n); whole {
			return text
		}
		ok = false
	case "Int":
		var n json.Number
		if n, ok = number(v); ok {
			f, err := n.Float64()
			if ok = err == nil && f == math.Trunc(f) && f >= math.MinInt32 && f <= math.MaxInt32; ok {
				return int64(f)
			}
		}
	case "Float":
		var n json.Number
		if n, ok = number(v); ok {
			f, err := n.Float64()
			ok = err == nil && !math.IsInf(f, 0)
		}
	}
	if !ok {
		c.wrong(path, "is not of type "+name)
	}
	return v
}

// number returns a JSON number, or a number of a default written in GraphQL.
func number(v any) (json.Number, bool) {
	switch v := v.(type) {
	case json.Number:
		return v, true
	case int64, float64:
		return json.Number(fmt.Sprint(v)), true
	}
	return "", false
}

// integral returns the digits of a whole number, however it is written.
func integral(n json.Number) (digits string, whole bool) {
	f, err := n.Float64()
	switch {
	case err != nil || f != math.Trunc(f):
		return "", false
	case f == 0: // -0 too
		return "0", true
	case !strings.ContainsAny(string(n), ".eE"):
		return string(n), true // a float may not hold all of them
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

func (c *coercer) object(path string, def *ast.Definition, v any) any {
	given, ok := v.(map[string]any)
	if !ok {
		c.wrong(path, "is not an object of type "+def.Name)
		return nil
	}
	out := make(map[string]any, len(given))
	for _, f := range def.Fields {
		at := path + "." + f.Name
		value, set := given[f.Name]
		switch {
		case set:
			out[f.Name] = c.coerce(at, f.Type, value)
		case f.DefaultValue != nil: // the subgraph that owns the field applies its default
		case f.Type.NonNull:
			c.wrong(at, "of type "+f.Type.String()+" is required")
		}
	}
	for name := range given {
		if def.Fields.ForName(name) == nil {
			c.wrong(path, "has a field that "+def.Name+" does not have") // the name is the caller's own text: not repeated
			break
		}
	}
	if def.Directives.ForName("oneOf") != nil {
		if len(given) != 1 || slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { v, set := given[f.Name]; return set && v == nil }) {
			c.wrong(path, "must have exactly one field that is not null, as "+def.Name+" is @oneOf")
		}
	}
	return out
}
