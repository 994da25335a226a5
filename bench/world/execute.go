package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Request is a GraphQL request.
type Request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName,omitempty"`
	Variables     map[string]any `json:"variables,omitempty"`
}

// ParseRequest reads a request from JSON.
func ParseRequest(body []byte) (*Request, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var r Request
	if err := dec.Decode(&r); err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	return &r, nil
}

// Execute answers a request that is valid against the schema. Its fields are written in the order asked for.
func (w *World) Execute(schema *ast.Schema, req *Request) ([]byte, error) {
	doc, errs := gqlparser.LoadQueryWithRules(schema, req.Query, nil)
	if len(errs) > 0 {
		return nil, errs
	}
	op := doc.Operations.ForName(req.OperationName)
	if op == nil {
		return nil, fmt.Errorf("there is no operation %q", req.OperationName)
	}
	e := &execution{doc: doc, variables: req.Variables}
	var root object = query{w}
	if op.Operation == ast.Mutation {
		root = mutation{w}
	}
	out, err := e.object([]byte(`{"data":`), root, op.SelectionSet)
	if err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

type execution struct {
	doc       *ast.QueryDocument
	variables map[string]any
}

// collected is what is selected under one response key.
type collected struct {
	field *ast.Field
	set   ast.SelectionSet
}

func (e *execution) collect(into []collected, typ string, set ast.SelectionSet) []collected {
next:
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			for i := range into {
				if into[i].field.Alias == s.Alias {
					into[i].set = slices.Concat(into[i].set, s.SelectionSet)
					continue next
				}
			}
			into = append(into, collected{s, s.SelectionSet})
		case *ast.InlineFragment:
			if applies(s.TypeCondition, typ) {
				into = e.collect(into, typ, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if f := e.doc.Fragments.ForName(s.Name); applies(f.TypeCondition, typ) {
				into = e.collect(into, typ, f.SelectionSet)
			}
		}
	}
	return into
}

// applies reports whether a fragment is for an object of the type. The only abstract type is that of entities.
func applies(condition, typ string) bool {
	return condition == "" || condition == typ || condition == "_Entity"
}

func (e *execution) object(dst []byte, o object, set ast.SelectionSet) ([]byte, error) {
	for i, c := range e.collect(nil, o.typeName(), set) {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		dst = append(append(append(dst, sep, '"'), c.field.Alias...), `":`...)
		var v any = o.typeName()
		var err error
		if c.field.Name != "__typename" {
			v, err = o.field(c.field.Name, c.field.ArgumentMap(e.variables))
		}
		if err != nil {
			return nil, err
		}
		if dst, err = e.value(dst, v, c.set); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (e *execution) value(dst []byte, v any, set ast.SelectionSet) (_ []byte, err error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case object:
		return e.object(dst, v, set)
	case []object:
		dst = append(dst, '[')
		for i, o := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = e.object(dst, o, set); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	}
	text, err := json.Marshal(v)
	return append(dst, text...), err
}
