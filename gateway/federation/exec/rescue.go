package exec

import (
	"context"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	queryparser "github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/plan"
)

// rescue asks for a lost field as a field of entities, where that can be: then it is lost for those only that it fails for.
func (r *run) rescue(ctx context.Context, c *call, l lost) {
	if l.batch != nil {
		r.rescueBy(ctx, c, l, nil)
	}
	for i := range l.again {
		r.rescueBy(ctx, c, l, &l.again[i])
	}
}

// rescueBy asks in one way; nil: by the batch.
func (r *run) rescueBy(ctx context.Context, c *call, l lost, by *plan.Again) {
	doc, err := queryparser.ParseQuery(&ast.Source{Input: c.fetch.Document})
	if err != nil {
		return // the planner wrote it, so this cannot be
	}
	op := doc.Operations[0]
	fields, found := only(below(op.SelectionSet, l.names[:l.depth]), l.names[l.depth:])
	if !found {
		return
	}
	b := &plan.Batch{Alias: "_entities", Variable: "representations", Paths: l.above}
	if by != nil {
		b.Reps, b.Entity = by.Keys, narrow(l.entity, l.names[l.depth:])
		fields = ast.SelectionSet{&ast.InlineFragment{TypeCondition: by.On, SelectionSet: fields}}
	} else {
		b.Reps, b.Unless, b.Entity = l.batch.Reps, l.batch.Unless, narrow(l.batch.Entity, l.names[l.depth:])
	}
	for op.VariableDefinitions.ForName(b.Variable) != nil {
		b.Variable = "_" + b.Variable
	}
	failed := r.failedBelow(l.keys)
	objs := slices.DeleteFunc(slices.Clone(r.walker.collect(b.Paths)), func(o ref) bool {
		return failed[o] || !r.lacks(o, l.keys) || by == nil && !r.hasAny(o, l.batch.Entity)
	})
	out, _ := r.representer.represent(b, objs)
	if len(out.uses) == 0 {
		return
	}
	op.VariableDefinitions = append(op.VariableDefinitions, &ast.VariableDefinition{Variable: b.Variable, Type: ast.NonNullListType(ast.NonNullNamedType("_Any", nil), nil)})
	op.SelectionSet = ast.SelectionSet{&ast.Field{
		Name: b.Alias, Alias: b.Alias,
		Arguments:    ast.ArgumentList{{Name: "representations", Value: &ast.Value{Kind: ast.Variable, Raw: b.Variable}}},
		SelectionSet: fields,
	}}
	f := *c.fetch
	if by != nil && by.Subgraph != "" {
		f.Subgraph = by.Subgraph
	}
	f.Root, f.RootPath, f.Entities = nil, nil, []*plan.Batch{b}
	again := &call{fetch: &f, batches: []batch{out}, whole: 1, mark: len(r.store.nodes)}
	if a := r.ask(ctx, again, span{0, 1}, printed(doc)); a.err == nil {
		r.mergeAnswer(again, a, false)
		r.exec.putTree(a.tree)
	}
}

// askable lists how what a field of some objects leads to is asked for by their keys: of several, each is for other types.
func askable(w *plan.Wire, name string) (list []plan.Again) {
	for _, a := range w.Again {
		if a.Fields == nil || slices.Contains(a.Fields, name) {
			list = append(list, a)
		}
	}
	return list
}

// failedBelow lists the objects of which something failed at the end of a path.
func (r *run) failedBelow(path []plan.Key) map[ref]bool {
	out := map[ref]bool{}
	for _, f := range r.failures {
		at, left := len(f.path), len(path)
		for ; at > 0 && left > 0 && (f.path[at-1].key == item || f.path[at-1].key == path[left-1]); at-- {
			if f.path[at-1].key != item {
				left--
			}
		}
		if left == 0 {
			out[r.store.at(f.path[:at])] = true
		}
	}
	return out
}

// lacks reports whether the value at the end of a path is missing in one of the objects that it leads to.
func (r *run) lacks(v ref, path []plan.Key) bool {
	switch r.store.kind(v) {
	case kindObject:
		next := r.store.get(v, path[0])
		if len(path) == 1 {
			return next == missing
		}
		return next > null && r.lacks(next, path[1:])
	case kindList:
		for i := range r.store.len(v) {
			if r.lacks(r.store.item(v, i), path) {
				return true
			}
		}
	}
	return false
}

// hasAny reports whether the object has something of what it was asked for as an entity: else it was not found.
func (r *run) hasAny(o ref, entity *plan.Wire) bool {
	return slices.ContainsFunc(entity.Fields, func(f plan.WireField) bool { return r.store.get(o, f.Key) != missing })
}

// narrow is the shape of an answer that has only the fields on a path.
func narrow(w *plan.Wire, path []string) *plan.Wire {
	if w == nil || len(path) == 0 {
		return w
	}
	out := *w
	out.Fields = nil
	for _, f := range w.Fields {
		if f.Name == path[0] {
			f.Child = narrow(f.Child, path[1:])
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}
