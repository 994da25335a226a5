package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	queryparser "github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/plan"
)

// separate gives the targets of a batch with contexts to one ancestor each: what several ancestors share on the way is
// copied, so that the same entity can have another answer below each of them.
func (r *run) separate(b *plan.Batch) {
	if b.Contexts == nil {
		return
	}
	for _, path := range b.Paths {
		top := len(path) - height(b)
		for _, o := range r.walker.collect([]plan.Path{path[:top]}) {
			r.separateBelow(o, path[top:])
		}
	}
}

// height is how far above the targets the farthest context is.
func height(b *plan.Batch) int {
	h := 0
	for _, c := range b.Contexts {
		for _, s := range c.Sources {
			h = max(h, s.Above)
		}
	}
	return h
}

func (r *run) separateBelow(o ref, path plan.Path) {
	if len(path) == 0 || r.store.full {
		return
	}
	if v := r.store.get(o, path[0].Key); v > null {
		if own := r.own(v, path); own != v {
			r.store.set(o, path[0].Key, own)
		}
	}
}

// own returns v, or a copy of it if it is shared, with all that the path leads to below it.
func (r *run) own(v ref, path plan.Path) ref {
	switch r.store.kind(v) {
	case kindObject:
		if t := path[0].Types; t == nil || contains(t, r.store.typeName(v)) {
			v = r.merger.writable(v)
			r.separateBelow(v, path[1:])
		}
	case kindList:
		v = r.merger.writable(v)
		for i := 0; i < r.store.len(v) && !r.store.full; i++ {
			r.store.setItem(v, i, r.own(r.store.item(v, i), path))
		}
	}
	return v
}

// perContext builds one batch for each tuple of values that contexts have, in the order in which they are met.
func (r *run) perContext(b *plan.Batch) []batch {
	g := contextGroups{r: r, plan: b, index: map[string]int{}}
	for _, path := range b.Paths {
		top := len(path) - height(b)
		for _, o := range r.walker.collect([]plan.Path{path[:top]}) {
			g.visit([]ref{o}, path[top:])
		}
	}
	out := make([]batch, len(g.objs))
	for i, objs := range g.objs {
		out[i], _ = r.representer.represent(b, objs)
		out[i].values = g.values[i]
		if i > 0 {
			out[i].suffix = fmt.Sprintf("_%d", i)
		}
	}
	return out
}

// contextGroups sorts targets by the values that the objects above them give.
type contextGroups struct {
	r      *run
	plan   *plan.Batch
	index  map[string]int
	objs   [][]ref
	values [][][]byte
}

// visit goes from the last object of the line down the path.
func (g *contextGroups) visit(line []ref, path plan.Path) {
	if len(path) == 0 {
		g.target(line)
		return
	}
	if v := g.r.store.get(line[len(line)-1], path[0].Key); v > null {
		g.value(line, v, path)
	}
}

func (g *contextGroups) value(line []ref, v ref, path plan.Path) {
	switch g.r.store.kind(v) {
	case kindObject:
		if t := path[0].Types; t == nil || contains(t, g.r.store.typeName(v)) {
			g.visit(append(slices.Clip(line), v), path[1:])
		}
	case kindList:
		for i := range g.r.store.len(v) {
			g.value(line, g.r.store.item(v, i), path)
		}
	}
}

// target adds the last object of the line to the group of its values. Without a value it is left out, like one whose
// requirements are incomplete.
func (g *contextGroups) target(line []ref) {
	var values [][]byte
	for i := range g.plan.Contexts {
		value, ok := g.context(line, g.plan.Contexts[i].Sources)
		if !ok {
			return
		}
		values = append(values, value)
	}
	key := fmt.Sprintf("%q", values)
	i, ok := g.index[key]
	if !ok {
		i = len(g.objs)
		g.index[key] = i
		g.objs, g.values = append(g.objs, nil), append(g.values, values)
	}
	g.objs[i] = append(g.objs[i], line[len(line)-1])
}

// context returns the value that the nearest object of the line gives.
func (g *contextGroups) context(line []ref, sources []plan.ContextSource) ([]byte, bool) {
	for i := range sources {
		src := &sources[i]
		o := line[len(line)-1-src.Above]
		if src.Types == nil || contains(src.Types, g.r.store.typeName(o)) {
			return g.r.representer.contextValue(nil, o, src.Path)
		}
	}
	return nil, false
}

// contextValue writes what the path leads to from v: a list on the way makes it a list, a null ends it.
func (r *representer) contextValue(dst []byte, v ref, path []plan.Key) (out []byte, ok bool) {
	switch r.s.kind(v) {
	case kindNull:
		return append(dst, "null"...), true
	case kindList:
		dst = append(dst, '[')
		for i := range r.s.len(v) {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, ok = r.contextValue(dst, r.s.item(v, i), path); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	case kindObject:
		if len(path) == 0 {
			return dst, false
		}
		below := r.s.get(v, path[0])
		if below == missing {
			return dst, false
		}
		return r.contextValue(dst, below, path[1:])
	}
	if len(path) > 0 {
		return dst, false
	}
	return append(dst, r.s.raw(v)...), true
}

// document returns the text of a request that asks for the batches in part. Those of other values of contexts, or of
// contexts without a value, are not in it.
func (c *call) document(part span) string {
	if b := c.partial(part); b != nil {
		return b.document
	}
	text := c.fetch.Document
	with := map[*plan.Batch]bool{}
	var definitions, fields []string
	for i := part.from; i < part.to; i++ {
		b := &c.batches[i]
		if b.suffix == "" {
			with[b.plan] = true
			continue
		}
		for _, d := range b.plan.Copy.Definitions {
			definitions = append(definitions, strings.ReplaceAll(d, plan.CopyMark, b.suffix))
		}
		fields = append(fields, strings.ReplaceAll(b.plan.Copy.Field, plan.CopyMark, b.suffix))
	}
	if len(fields) > 0 {
		const open = "query("
		text = open + strings.Join(definitions, ",") + "," + strings.TrimSuffix(strings.TrimPrefix(text, open), "}") + strings.Join(fields, "") + "}"
	}
	for _, b := range c.fetch.Entities {
		if b.Contexts != nil && !with[b] {
			return less(text, func(alias string) bool {
				return slices.ContainsFunc(c.fetch.Entities, func(b *plan.Batch) bool { return b.Alias == alias && b.Contexts != nil && !with[b] })
			})
		}
	}
	return text
}

// less is the document without some of its `_entities` fields, and without the variables that only those use.
func less(document string, gone func(alias string) bool) string {
	doc, err := queryparser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		return document // the planner wrote it, so this cannot be
	}
	op := doc.Operations[0]
	op.SelectionSet = slices.DeleteFunc(op.SelectionSet, func(s ast.Selection) bool { return gone(s.(*ast.Field).Alias) })
	return printed(doc)
}

// inContext returns where the targets of a batch stand that take the value at steps from a context. taken says that it is
// such a value, though perhaps no target is below the object that gives it.
func (r *run) inContext(b *plan.Batch, path plan.Path, steps []step) (objects [][]step, taken bool) {
	for _, c := range b.Contexts {
		for _, src := range c.Sources {
			at, ok := r.descend(steps, path[:len(path)-src.Above])
			if !ok || !leads(src.Path, steps[at:]) {
				continue
			}
			taken = true
			objects = append(objects, locateBelow(&r.store, steps[:at], path[len(path)-src.Above:], maxPlaces, func(ref) bool { return true })...)
		}
	}
	return objects, taken
}

// leads reports whether the steps follow the path, perhaps not to its end.
func leads(path []plan.Key, steps []step) bool {
	followed := false
	for _, s := range steps {
		if s.key == item {
			continue
		}
		if len(path) == 0 || s.key != path[0] {
			return false
		}
		path, followed = path[1:], true
	}
	return followed
}
