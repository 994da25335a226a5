package monolith

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/test/monolith/server"
)

// ExecuteDeferred answers the case's operation part by part. The answer is what a client makes of all parts. Failed says
// that a part failed as a whole, so that the answer may differ from one without parts.
func (e *Engine) ExecuteDeferred(ctx context.Context, c *Case) (out *Execution, failed bool, err error) {
	out = &Execution{}
	defer func() {
		if p := recover(); p != nil {
			out.Faults = append(out.Faults, fmt.Sprintf("panic: %v", p))
		}
	}()
	op, in, err := e.prepare(c, true)
	if err != nil {
		return nil, false, err
	}
	if out.Plan, out.Rejected = e.planner.Plan(ctx, op); out.Rejected != nil {
		return out, false, nil
	}
	session := &server.Session{Labels: c.Labels, Mutation: op.Kind == ast.Mutation}
	first, d := e.exec.ExecuteDeferred(session.Context(ctx), out.Plan, in)
	m := &assembly{told: map[int]bool{}, errors: first.Errors}
	m.decode(first.Data, &m.whole)
	m.decode(first.Data, &m.items)
	if d != nil {
		defer d.Close()
		m.tell(d.Places)
		for list := d.Next(); list != nil; list = d.Next() {
			for _, dl := range list {
				m.add(dl)
			}
		}
	}
	if len(m.told) > 0 {
		m.faults = append(m.faults, fmt.Sprintf("%d parts are told but do not come", len(m.told)))
	}
	if !reflect.DeepEqual(m.whole, m.items) {
		m.faults = append(m.faults, "data differ as one object and object by object")
	}
	out.Faults, out.Calls, out.Touched = append(session.Faults(), m.faults...), session.Calls(), session.Touched()
	if op.Kind != ast.Mutation {
		out.Calls = nil
	}
	out.Data, out.Errors = m.whole, paths(m.whole, errorPaths(m.errors))
	for _, err := range m.errors {
		out.Messages = append(out.Messages, err.Path.String()+": "+err.Message)
	}
	if m.parts > 0 {
		out.Used = map[string]bool{"@defer": true, "part that fails": m.failed, "several parts": m.parts > 1}
	}
	return out, m.failed, nil
}

// CompareDeferred answers the case's operation part by part and tells how that differs from the answer to the whole.
func (e *Engine) CompareDeferred(ctx context.Context, c *Case, want *Answer) (failure string, used map[string]bool, err error) {
	got, failed, err := e.ExecuteDeferred(ctx, c)
	if err != nil {
		return "", nil, err
	}
	// No null can bubble out of a part that fails, as it does in the whole. And parts enter objects anew, by subgraphs that
	// the whole need not ask: one of them may not find an object that the others know.
	skipped := failed || got.Touched["entity that resolves to null"]
	if skipped {
		failure = strings.Join(got.Faults, "\n")
	} else {
		failure = got.differences(want)
	}
	if got.Used != nil {
		got.Used["deferred and compared with the whole"] = !skipped
		got.Used["deferred but only looked at for faults"] = skipped
	}
	if failure != "" {
		failure = "deferred: " + failure + "\n" + strings.Join(got.Messages, "\n")
	}
	return failure, got.Used, nil
}

// deferred reports whether the case's operation is to be answered part by part.
func (c *Case) deferred() bool { return strings.Contains(c.Operation, "@defer") }

// whole is the operation without @defer.
func (c *Case) whole() (string, error) {
	doc, err := parser.ParseQuery(&ast.Source{Input: c.Operation})
	if err != nil {
		return "", err
	}
	var strip func(set ast.SelectionSet)
	not := func(list ast.DirectiveList) ast.DirectiveList {
		return slices.DeleteFunc(list, func(d *ast.Directive) bool { return d.Name == "defer" })
	}
	strip = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				strip(s.SelectionSet)
			case *ast.InlineFragment:
				s.Directives = not(s.Directives)
				strip(s.SelectionSet)
			case *ast.FragmentSpread:
				s.Directives = not(s.Directives)
			}
		}
	}
	for _, op := range doc.Operations {
		strip(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		strip(f.SelectionSet)
	}
	var b strings.Builder
	formatter.NewFormatter(&b).FormatQueryDocument(doc)
	return b.String(), nil
}

// assembly is what a client makes of a result and the parts that come after it.
type assembly struct {
	whole, items any // merged from the parts as one object each, and object by object
	errors       gqlerror.List
	told         map[int]bool // parts that are to come
	parts        int
	failed       bool
	faults       []string
}

func (m *assembly) decode(data []byte, into *any) {
	if err := json.Unmarshal(data, into); err != nil {
		m.faults = append(m.faults, fmt.Sprintf("data is not JSON: %v", err))
	}
}

func (m *assembly) tell(places []exec.Place) {
	for _, p := range places {
		m.told[p.ID] = true
	}
}

func (m *assembly) add(dl *exec.Delivery) {
	m.parts++
	if !m.told[dl.ID] {
		m.faults = append(m.faults, fmt.Sprintf("the part at %s comes untold or twice", dl.Path))
	}
	delete(m.told, dl.ID)
	m.tell(dl.Next)
	m.errors = append(m.errors, dl.Errors...)
	if dl.Data == nil {
		m.failed = true
		return
	}
	m.merge(&m.whole, dl.Path, dl.Data)
	for _, a := range dl.Items {
		m.merge(&m.items, slices.Concat(dl.Path, a.Path), a.Data)
	}
}

// merge adds the data to the object at the path, which must be there.
func (m *assembly) merge(into *any, path ast.Path, data []byte) {
	var add any
	m.decode(data, &add)
	at := *into
	for _, e := range path {
		switch e := e.(type) {
		case ast.PathName:
			o, _ := at.(map[string]any)
			at = o[string(e)]
		case ast.PathIndex:
			if l, _ := at.([]any); int(e) < len(l) {
				at = l[e]
			} else {
				at = nil
			}
		}
	}
	if _, ok := at.(map[string]any); !ok {
		m.faults = append(m.faults, fmt.Sprintf("no object is at %s", path))
		return
	}
	merged(at, add)
}

// merged adds b to a and returns that.
func merged(a, b any) any {
	switch b := b.(type) {
	case map[string]any:
		if o, ok := a.(map[string]any); ok {
			for name, v := range b {
				if old, there := o[name]; there {
					v = merged(old, v)
				}
				o[name] = v
			}
			return o
		}
	case []any:
		if l, ok := a.([]any); ok && len(l) == len(b) {
			for i := range b {
				l[i] = merged(l[i], b[i])
			}
			return l
		}
	}
	return b
}
