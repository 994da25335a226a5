// Package world holds the data that a generated supergraph and its monolith answer from.
//
// The value of field f of object o with arguments a is found by one rule, which is written twice, here for the subgraphs
// and in node/worker.mjs for the monolith:
//
//  1. The object's entry for f in Fields is the value, null if there is none. {"ref": n} is object n, {"error": text} a
//     resolver that fails, {"json": v} the value v of a custom scalar. Lists hold such values.
//  2. {"alt": [v, …]} stands where the field takes arguments: the value is number h modulo length, h being the 32 bit
//     FNV-1a hash of the arguments' canonical text. {"text": s} is s, a space and that text.
//  3. The canonical text is the JSON object of the coerced arguments, names sorted, no spaces, whole numbers without a
//     point; arguments without value and default are left out.
//  4. An argument in Contexts is not given by clients. Its value is what the path leads to from the nearest object around
//     the field's own that is of one of the types; lists on the way give lists, a null ends the way. If something
//     on the way fails, so does the field. Subgraphs are sent the value, so only the monolith follows paths.
package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// World is all objects. Number 0 is the query root, number 1 the mutation root.
type World struct {
	Objects []Object         `json:"objects"`
	Absent  map[string][]int `json:"absent,omitempty"` // objects that a subgraph does not find by their key

	// Contexts are the arguments that come from objects above, by the field that takes them: "Type.field".
	Contexts map[string][]Context `json:"contexts,omitempty"`
}

// Context is an argument whose value comes from an object above.
type Context struct {
	Argument string            `json:"argument"`
	Leaf     string            `json:"leaf"` // the type of the value, or of what it is a list of
	From     map[string][]Step `json:"from"` // object types that give a value, and by which path
}

// Step is a field with coerced arguments.
type Step struct {
	Field     string         `json:"field"`
	Arguments map[string]any `json:"arguments"`
}

// Object is one object. Equal numbers are the same object.
type Object struct {
	Type   string           `json:"type"`
	Fields map[string]Value `json:"fields"`
}

// Fails reports whether a field of the object fails whatever its arguments.
func (o *Object) Fails() bool {
	for _, v := range o.Fields {
		if _, ok := v.(Error); ok {
			return true
		}
	}
	return false
}

// Value is nil, a bool, a string, a float64, a []Value, a Ref, an Error, an Alt, a Text or a JSON.
type Value = any

// Ref is the object of that number.
type Ref int

// Error stands where the resolver fails.
type Error string

// Alt is one of the values, as the arguments say.
type Alt []Value

// Text is followed by the arguments.
type Text string

// JSON is a value of a custom scalar.
type JSON json.RawMessage

func tagged(tag string, v any) ([]byte, error) { return json.Marshal(map[string]any{tag: v}) }

// MarshalJSON writes {"ref": n}.
func (r Ref) MarshalJSON() ([]byte, error) { return tagged("ref", int(r)) }

// MarshalJSON writes {"error": text}.
func (e Error) MarshalJSON() ([]byte, error) { return tagged("error", string(e)) }

// MarshalJSON writes {"alt": values}.
func (a Alt) MarshalJSON() ([]byte, error) { return tagged("alt", []Value(a)) }

// MarshalJSON writes {"text": s}.
func (t Text) MarshalJSON() ([]byte, error) { return tagged("text", string(t)) }

// MarshalJSON writes {"json": value}.
func (j JSON) MarshalJSON() ([]byte, error) { return tagged("json", json.RawMessage(j)) }

// UnmarshalJSON reads an object and its values.
func (o *Object) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type   string
		Fields map[string]any
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	o.Type, o.Fields = raw.Type, map[string]Value{}
	for name, v := range raw.Fields {
		value, err := decode(v)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", o.Type, name, err)
		}
		o.Fields[name] = value
	}
	return nil
}

func decode(v any) (Value, error) {
	switch v := v.(type) {
	case []any:
		list := make([]Value, len(v))
		for i := range v {
			var err error
			if list[i], err = decode(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		for tag, x := range v {
			switch tag {
			case "ref":
				n, ok := x.(float64)
				if ok {
					return Ref(n), nil
				}
			case "error":
				return Error(fmt.Sprint(x)), nil
			case "text":
				return Text(fmt.Sprint(x)), nil
			case "json":
				data, err := json.Marshal(x)
				return JSON(data), err
			case "alt":
				list, err := decode(x)
				if alt, ok := list.([]Value); ok {
					return Alt(alt), err
				}
			}
		}
		return nil, fmt.Errorf("not a value: %v", v)
	}
	return v, nil
}

// Value returns the value of the field of an object; what it holds needs no further look at the arguments.
func (w *World) Value(object int, field string, args map[string]any) Value {
	return settle(w.Objects[object].Fields[field], args)
}

func settle(v Value, args map[string]any) Value {
	switch v := v.(type) {
	case Alt:
		h := fnv.New32a()
		_, _ = h.Write([]byte(Canonical(args)))
		return settle(v[int(h.Sum32())%len(v)], args)
	case Text:
		return string(v) + " " + Canonical(args)
	case []Value:
		list := make([]Value, len(v))
		for i := range v {
			list[i] = settle(v[i], args)
		}
		return list
	}
	return v
}

// Canonical returns the canonical text of a coerced value.
func Canonical(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, Canonical(name)+":"+Canonical(v[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var members []string
		for _, x := range v {
			members = append(members, Canonical(x))
		}
		return "[" + strings.Join(members, ",") + "]"
	case float64:
		if v == math.Trunc(v) {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // coerced values are JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// IsAbsent reports whether the subgraph finds no such object by its key.
func (w *World) IsAbsent(subgraph string, object int) bool {
	return slices.Contains(w.Absent[subgraph], object)
}
