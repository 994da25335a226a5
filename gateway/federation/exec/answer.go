package exec

import (
	"context"
	"fmt"
	"slices"

	"medicore.dev/medicore/gateway/federation/plan"
)

// merge brings the answers of a call into the store.
func (r *run) merge(ctx context.Context, c *call) {
	for i, a := range c.answers {
		if a.err != nil {
			r.failed(c, a.part, clientMessage(c.fetch.Subgraph, a.err), a.err)
			continue
		}
		again := slices.ContainsFunc(c.answers[i+1:], func(o answer) bool { return o.part == a.part })
		r.mergeAnswer(c, a, again)
		r.exec.putTree(a.tree)
	}
	r.tellLost(ctx, c)
	if r.store.full && r.aborted == "" {
		r.aborted = "the response needs more memory than one request may use"
	}
}

// mergeAnswer brings one answer into the store. again says that another to the same batches follows.
func (r *run) mergeAnswer(c *call, a answer, again bool) {
	t := a.tree
	told := r.subgraphErrors(c, a)
	if again {
		told = about{everything: true} // that one will tell
	}
	data := t.member(0, "data")
	if data < 0 || t.nodes[data].kind == kindNull {
		r.failedRest(c, a.part, told, fmt.Sprintf("subgraph %q answered without data", c.fetch.Subgraph))
		return
	}
	if t.nodes[data].kind != kindObject {
		r.failed(c, a.part, fmt.Sprintf("subgraph %q sent data that is not an object", c.fetch.Subgraph), nil)
		return
	}
	doc, ok := r.store.keep(t.doc)
	if !ok {
		r.aborted = "the operation needs too many requests to subgraphs"
		return
	}
	in := &ingester{s: &r.store, t: t, doc: doc, sure: len(told) == 0, path: r.within[:0]}
	defer func() { r.within = in.path }()
	if c.fetch.Entities == nil {
		r.mergeRoot(c, in, data)
		return
	}
	for i := range c.batches {
		if len(c.batches[i].uses) > 0 && a.part.has(i) {
			r.mergeEntities(c, i, in, data, told)
		}
	}
}

func (r *run) mergeRoot(c *call, in *ingester, data int32) {
	in.fail = func(path []step, what string) {
		for _, at := range r.rootPlaces(c) {
			r.report(c.fetch, append(at, path...), fmt.Sprintf("subgraph %q returned %s", c.fetch.Subgraph, what), nil, nil)
		}
	}
	r.merger.fail = in.fail
	x := in.object(data, c.fetch.Root, missing, true)
	for _, target := range c.targets {
		r.merger.path = r.merger.path[:0]
		r.merger.attach(target, x, len(c.targets) > 1, c.mark)
	}
}

func (r *run) mergeEntities(c *call, i int, in *ingester, data int32, told about) {
	b, t := &c.batches[i], in.t
	list := t.member(data, b.alias())
	if list < 0 || t.nodes[list].kind == kindNull {
		r.failedRest(c, span{i, i + 1}, told, fmt.Sprintf("subgraph %q answered without entities", c.fetch.Subgraph))
		return
	}
	if t.nodes[list].kind != kindList || int(t.nodes[list].n) != len(b.uses) {
		r.failed(c, span{i, i + 1}, fmt.Sprintf("subgraph %q did not answer one entity per representation", c.fetch.Subgraph), nil)
		return
	}
	entities := r.entities[:0]
	in.fail = func(path []step, what string) {
		r.reportEntity(c, i, int32(len(entities)), path, fmt.Sprintf("subgraph %q returned %s", c.fetch.Subgraph, what), nil)
	}
	for e := t.nodes[list].child; e >= 0; e = t.nodes[e].next {
		x := null
		switch t.nodes[e].kind {
		case kindNull: // not an error: the subgraph does not know the entity
		case kindObject:
			in.path = in.path[:0]
			x = in.object(e, b.plan.Entity, missing, false)
		default:
			in.fail(nil, "an entity that is not an object")
		}
		entities = append(entities, x)
	}
	r.entities = entities
	var at target
	r.merger.fail = func(path []step, what string) {
		r.reportAt(c, i, func(o ref) bool { return o == at.obj }, path, fmt.Sprintf("subgraph %q returned %s", c.fetch.Subgraph, what), nil)
	}
	for _, at = range b.targets {
		if entities[at.rep] != null {
			r.merger.path = r.merger.path[:0]
			r.merger.attach(at.obj, entities[at.rep], b.uses[at.rep] > 1, c.mark)
		}
	}
}

// maxPlaces is the number of places at which one error of an entity is reported.
const maxPlaces = maxErrors

// reportEntity reports an error at the targets of a representation.
func (r *run) reportEntity(c *call, i int, id int32, path []step, message string, ext map[string]any) {
	objs := map[ref]bool{}
	for _, target := range c.batches[i].targets {
		if target.rep == id {
			objs[target.obj] = true
			r.addClones(objs, target.obj, c.mark)
		}
	}
	r.reportAt(c, i, func(o ref) bool { return objs[o] }, path, message, ext)
}

func (r *run) addClones(objs map[ref]bool, o ref, mark int) {
	for _, clone := range r.merger.clones[o] {
		if int(clone) >= mark {
			objs[clone] = true
			r.addClones(objs, clone, mark)
		}
	}
}

func (r *run) reportAt(c *call, i int, want func(ref) bool, path []step, message string, ext map[string]any) {
	if len(r.failures) >= maxErrors {
		return
	}
	left := maxPlaces
	for _, p := range c.batches[i].plan.Paths {
		for _, at := range locate(&r.store, p, left, want) {
			r.report(c.fetch, append(at, path...), message, ext, nil)
			left--
		}
		if left <= 0 {
			return
		}
	}
}

// rootPlaces returns where the answer of a root fetch belongs.
func (r *run) rootPlaces(c *call) [][]step {
	if len(c.fetch.RootPath) == 0 {
		return [][]step{nil}
	}
	return locate(&r.store, c.fetch.RootPath, maxPlaces, func(ref) bool { return true })
}

// failed reports that a fetch, or one batch of it, brought nothing: once per root field or flatten path.
func (r *run) failed(c *call, part span, message string, err error) {
	r.failedWith(c, part, message, nil, err)
}

func (r *run) failedWith(c *call, part span, message string, ext map[string]any, err error) {
	if c.fetch.Entities == nil {
		for _, at := range r.rootPlaces(c) {
			r.failedRoot(c, at, nil, message, ext, err)
		}
		return
	}
	all := func(ref) bool { return true }
	for i := range c.batches {
		if len(c.batches[i].uses) == 0 || !part.has(i) {
			continue
		}
		for _, p := range c.batches[i].plan.Paths {
			places := locate(&r.store, p, 2, all)
			if len(places) == 0 {
				continue
			}
			at := places[0]
			if len(places) > 1 {
				at = upToList(at)
			}
			r.report(c.fetch, at, message, ext, err)
		}
	}
}

// failedRest reports that there is nothing of what the errors of an answer do not tell of.
func (r *run) failedRest(c *call, part span, told about, message string) {
	switch {
	case told[everything]:
	case len(told) == 0:
		r.failed(c, part, message, nil)
	case c.fetch.Entities == nil:
		if len(c.fetch.RootPath) == 0 && r.endsData(told) {
			return // nobody misses the rest
		}
		for _, at := range r.rootPlaces(c) {
			r.failedRoot(c, at, told, message, nil, nil)
		}
	default:
		for i := part.from; i < part.to; i++ {
			r.failedEntities(c, i, told, message)
		}
	}
}

// endsData reports whether a root field that failed takes the client's data along.
func (r *run) endsData(told about) bool {
	class := r.whole().Class(r.whole().Type)
	for s := range told {
		if f := fieldByKey(class, plan.Key(s.of)); f != nil && f.Type.NonNull {
			return true
		}
	}
	return false
}

func (r *run) failedEntities(c *call, i int, told about, message string) {
	if told[subject{i, -1}] || len(c.batches[i].uses) == 0 {
		return
	}
	some := false
	for s := range told {
		some = some || s.of == i
	}
	if !some {
		r.failed(c, span{i, i + 1}, message, nil)
		return
	}
	for id := range int32(len(c.batches[i].uses)) {
		if !told[subject{i, id}] {
			r.reportEntity(c, i, id, nil, message, nil)
		}
	}
}

// failedRoot reports that there is nothing of the root fields, but for those that errors told of.
func (r *run) failedRoot(c *call, at []step, except about, message string, ext map[string]any, err error) {
	told := map[plan.Key]bool{}
	for i := range c.fetch.Root.Fields {
		key := c.fetch.Root.Fields[i].Key
		if told[key] || except[subject{int(key), -1}] {
			continue
		}
		told[key] = true
		r.report(c.fetch, append(slices.Clip(at), step{key: key}), message, ext, err)
	}
	if len(told) == 0 && len(except) == 0 {
		r.report(c.fetch, at, message, ext, err)
	}
}

func upToList(path []step) []step {
	for i, s := range path {
		if s.key == item {
			return path[:i]
		}
	}
	return path
}
