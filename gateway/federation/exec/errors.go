package exec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// maxErrors bounds the errors of one response. The paths of errors say which nulls are failures, so it is high.
const maxErrors = 10_000

// CodeDownstream is the `extensions.code` of an error for which the subgraph gave none.
const CodeDownstream = "DOWNSTREAM_SERVICE_ERROR"

// failure is an error while the plan runs, its path not yet the client's.
type failure struct {
	fetch int
	path  []step
	err   *gqlerror.Error

	followed bool // fields that required the value have failed by it
	told     bool // with a result that is out; fetches to come may still depend on the value
}

// report records an error. ext is what the subgraph said under `extensions`.
func (r *run) report(f *plan.Fetch, path []step, message string, ext map[string]any, cause error) {
	if len(r.failures) >= maxErrors {
		return
	}
	all := map[string]any{"code": CodeDownstream, "serviceName": f.Subgraph}
	for k, v := range ext {
		if k != "serviceName" {
			all[k] = v
		}
	}
	r.failures = append(r.failures, failure{
		fetch: f.ID,
		path:  slices.Clone(path),
		err:   &gqlerror.Error{Message: message, Extensions: all, Err: cause},
	})
}

// about holds what the errors of an answer tell of.
type about map[subject]bool

// subject is a root field by its key, or an entity of a batch, or the whole batch with -1 for the entity.
type subject struct {
	of     int
	entity int32
}

var everything = subject{-1, -1}

// subgraphErrors passes on the errors of an answer and returns what they tell of.
func (r *run) subgraphErrors(c *call, a answer) about {
	t := a.tree
	list := t.member(0, "errors")
	switch {
	case list < 0 || t.nodes[list].kind == kindNull:
		return nil
	case t.nodes[list].kind != kindList:
		r.failed(c, a.part, fmt.Sprintf("subgraph %q sent errors that are not a list", c.fetch.Subgraph), nil)
		return about{everything: true}
	}
	told := about{}
	for e := t.nodes[list].child; e >= 0; e = t.nodes[e].next {
		if len(r.failures) >= maxErrors {
			told[everything] = true
			break
		}
		told[r.subgraphError(c, a, e)] = true
	}
	return told
}

func (r *run) subgraphError(c *call, a answer, e int32) subject {
	t := a.tree
	message := fmt.Sprintf("subgraph %q reported an error", c.fetch.Subgraph)
	var ext map[string]any
	path := int32(-1)
	if t.nodes[e].kind == kindObject {
		if m := t.member(e, "message"); m >= 0 && t.text(m) != "" {
			message = t.text(m)
		}
		if x := t.member(e, "extensions"); x >= 0 && t.nodes[x].kind == kindObject {
			ext = t.extensions(x)
		}
		if p := t.member(e, "path"); p >= 0 && t.nodes[p].kind == kindList && t.nodes[p].n > 0 {
			path = t.nodes[p].child
		}
	}
	data := t.member(0, "data")
	if path < 0 {
		r.failedWith(c, a.part, message, ext, nil)
		return everything
	}
	if c.fetch.Entities == nil {
		rest := t.storePath(c.fetch.Root, data, path)
		if len(rest) == 0 {
			r.failedWith(c, a.part, message, ext, nil)
			return everything
		}
		for _, at := range r.rootPlaces(c) {
			r.report(c.fetch, append(at, rest...), message, ext, nil)
		}
		return subject{int(rest[0].key), -1}
	}
	alias := t.text(path)
	i := slices.IndexFunc(c.batches[a.part.from:a.part.to], func(b batch) bool { return b.alias() == alias })
	if i += a.part.from; i < a.part.from || len(c.batches[i].uses) == 0 {
		r.failedWith(c, a.part, message, ext, nil)
		return everything
	}
	index := t.nodes[path].next
	id := int64(-1)
	if index >= 0 && t.nodes[index].kind == kindNumber {
		if v, err := strconv.ParseInt(string(t.raw(index)), 10, 32); err == nil {
			id = v
		}
	}
	if id < 0 || id >= int64(len(c.batches[i].uses)) {
		r.failedWith(c, span{i, i + 1}, message, ext, nil)
		return subject{i, -1}
	}
	entity := int32(-1)
	if data >= 0 && t.nodes[data].kind == kindObject {
		if list := t.member(data, alias); list >= 0 {
			entity = t.element(list, id)
		}
	}
	r.reportEntity(c, i, int32(id), t.storePath(c.batches[i].plan.Entity, entity, t.nodes[index].next), message, ext)
	return subject{i, int32(id)}
}

// extensions returns the members of an object, values as they were sent.
func (t *tree) extensions(o int32) map[string]any {
	ext := map[string]any{}
	for c := t.nodes[o].child; c >= 0; c = t.nodes[c].next {
		n := &t.nodes[c]
		key := unquote(t.doc[n.koff-1 : n.kend+1])
		if _, ok := ext[key]; ok || key == "" || n.bad {
			continue
		}
		if key == "code" {
			if code := t.text(c); code != "" {
				ext[key] = code
			}
			continue
		}
		ext[key] = json.RawMessage(bytes.Clone(t.raw(c)))
	}
	return ext
}

// element returns element i of a list, or -1.
func (t *tree) element(list int32, i int64) int32 {
	if t.nodes[list].kind != kindList || i >= int64(t.nodes[list].n) {
		return -1
	}
	e := t.nodes[list].child
	for ; i > 0; i-- {
		e = t.nodes[e].next
	}
	return e
}

// storePath turns the error path that starts at element p of a path list, below object o of type w (o is -1 where the
// answer has nothing), into storage keys. The first segment that does not fit the answer's shape, or the lists in it,
// ends it.
func (t *tree) storePath(w *plan.Wire, o, p int32) []step {
	var path []step
	var at []*plan.Wire // one for all types and one for some may ask for parts of one value
	if w != nil {
		at = append(at, w)
	}
	var typ *ast.Type // of what the path leads to
	for ; p >= 0; p = t.nodes[p].next {
		if t.nodes[p].kind == kindNumber {
			i, err := strconv.ParseInt(string(t.raw(p)), 10, 32)
			if err != nil || i < 0 || typ == nil || typ.Elem == nil {
				return path
			}
			if o >= 0 {
				if t.nodes[o].kind == kindList && i >= int64(t.nodes[o].n) {
					return path
				}
				o = t.element(o, i)
			}
			path, typ = append(path, step{key: item, index: int32(i)}), typ.Elem
			continue
		}
		if len(at) == 0 || t.nodes[p].kind != kindString || typ != nil && typ.Elem != nil {
			return path
		}
		name := t.text(p)
		runtime := at[0].Type
		if o >= 0 && t.nodes[o].kind != kindObject {
			o = -1
		}
		if o >= 0 && runtime == "" {
			if c := t.member(o, "__typename"); c >= 0 {
				runtime = t.text(c)
			}
		}
		var found *plan.WireField
		var below []*plan.Wire
		for _, w := range at {
			for i := range w.Fields {
				f := &w.Fields[i]
				if f.Name != name || f.Types != nil && runtime != "" && !contains(f.Types, runtime) || found != nil && found.Key != f.Key {
					continue
				}
				if found = f; f.Child != nil {
					below = append(below, f.Child)
				}
			}
		}
		if found == nil {
			return path
		}
		path, typ = append(path, step{key: found.Key}), found.Type
		at = below
		if o >= 0 {
			o = t.member(o, name)
		}
	}
	return path
}

// clientErrors gives the failures the paths that clients know, in the order of the plan, without repetition.
func (r *run) clientErrors(failures []failure) gqlerror.List {
	slices.SortStableFunc(failures, func(a, b failure) int { return a.fetch - b.fetch })
	var list gqlerror.List
	told := map[string]bool{}
	placed := map[string]bool{} // messages that have a path
	for i := range failures {
		f := &failures[i]
		if p, ok := r.clientPath(f); ok {
			key := p.String() + "\x00" + f.err.Message
			if told[key] {
				continue
			}
			told[key] = true
			err := *f.err
			err.Path = p
			placed[err.Message] = placed[err.Message] || len(p) > 0
			list = append(list, &err)
		}
	}
	return slices.DeleteFunc(list, func(err *gqlerror.Error) bool { return len(err.Path) == 0 && placed[err.Message] })
}

// clientPath maps a failure's path in the store to one of the response. An error at something private ends at the object
// above, unless fields that required it have failed by it. An error at something that projection never shows has no path.
func (r *run) clientPath(f *failure) (ast.Path, bool) {
	path, reached := r.project(f.path)
	return path, reached == shown || reached == private && !f.followed
}

type reach uint8

const (
	shown   reach = iota // the whole path is the client's
	private              // the client did not ask for the next step
	hidden               // the client asked for it, but not on objects of this type
)

// project follows steps through the store and the client's selection as far as both go.
func (r *run) project(steps []step) (path ast.Path, how reach) {
	shape, at := r.whole(), root
	for _, st := range steps {
		if st.key == item {
			path = append(path, ast.PathIndex(st.index))
			if at != missing {
				if r.store.kind(at) == kindList && int(st.index) < r.store.len(at) {
					at = r.store.item(at, int(st.index))
				} else {
					at = missing
				}
			}
			continue
		}
		if shape == nil {
			return path, shown
		}
		var class *plan.ShapeClass
		if at != missing && r.store.kind(at) == kindObject {
			name := r.store.typeName(at)
			if class = shape.Class(name); class == nil && name != "" {
				return nil, hidden // clients do not see objects of this type
			} else if class == nil && r.plan.Parts == nil {
				return path, shown // an unknown object ends the path
			}
		}
		field := fieldByKey(class, st.key)
		if field == nil {
			if class != nil && shapeField(shape, st.key) != nil {
				return nil, hidden
			}
			if class == nil {
				field = shapeField(shape, st.key)
			}
			if field == nil {
				return path, private
			}
		}
		path = append(path, ast.PathName(field.Name))
		shape = field.Shape
		if at != missing && r.store.kind(at) == kindObject {
			at = r.store.get(at, st.key)
		} else {
			at = missing
		}
	}
	return path, shown
}

// fieldByKey is the member that shows what is stored under the key. One that is denied shows nothing.
func fieldByKey(class *plan.ShapeClass, key plan.Key) *plan.ShapeField {
	if class == nil {
		return nil
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Key == key && !f.TypeName && f.Denied == nil {
			return f
		}
	}
	return nil
}

// shapeField looks for the key in any class.
func shapeField(shape *plan.Shape, key plan.Key) *plan.ShapeField {
	for i := range shape.Classes {
		if f := fieldByKey(&shape.Classes[i], key); f != nil {
			return f
		}
	}
	return fieldByKey(shape.Unknown, key)
}

// follow lets the fields fail whose requirements, or whose arguments from contexts, have failed: what a fetch brought for
// them means nothing, and what requires them fails in turn. It is called when the fetch is done.
func (r *run) follow(f *plan.Fetch) {
	for i := range r.failures { // those added here are of no earlier fetch, so of no input
		failed := r.failures[i]
		for _, b := range f.Entities {
			for _, p := range b.Paths {
				any := false
				if at, ok := r.descend(failed.path, p); ok && at < len(failed.path) && r.reads(b.Reps, failed.path, at) {
					any = r.followed(f, b, failed, failed.path[:at], func(field *plan.WireField) bool {
						return inKey(b.Reps, failed.path[at:]) || r.readsField(field.Requires, failed.path, at)
					})
				}
				objects, taken := r.inContext(b, p, failed.path)
				any = any || taken
				for _, object := range objects {
					any = r.followed(f, b, failed, object, func(*plan.WireField) bool { return true }) || any
				}
				if any {
					r.failures[i].followed = true
				}
			}
		}
	}
}

// followed lets the fields of an object that need a failed input fail with it: they are null.
func (r *run) followed(f *plan.Fetch, b *plan.Batch, failed failure, object []step, needs func(*plan.WireField) bool) bool {
	o, name := r.store.at(object), ""
	if o != missing {
		name = r.store.typeName(o)
	}
	any := false
	for i := range b.Entity.Fields {
		field := &b.Entity.Fields[i]
		if field.Types != nil && name != "" && !contains(field.Types, name) {
			continue // objects of this type have it from elsewhere, or not at all
		}
		if !needs(field) || len(r.failures) >= maxErrors {
			continue // it was sent for the sake of another field
		}
		path := append(slices.Clone(object), step{key: field.Key})
		if _, reached := r.project(path); reached == hidden {
			continue
		}
		any = true
		r.failures = append(r.failures, failure{fetch: f.ID, path: path, err: failed.err})
		if o != missing && r.store.kind(o) == kindObject {
			r.store.set(o, field.Key, null)
		}
	}
	return any
}

// descend returns the number of steps that lead to an object at p.
func (r *run) descend(steps []step, p plan.Path) (at int, ok bool) {
	for i := range p {
		if at >= len(steps) || steps[at].key != p[i].Key {
			return 0, false
		}
		for at++; at < len(steps) && steps[at].key == item; at++ {
		}
		if p[i].Types == nil {
			continue
		}
		if o := r.store.at(steps[:at]); o != missing && r.store.kind(o) == kindObject && r.store.typeName(o) != "" && !contains(p[i].Types, r.store.typeName(o)) {
			return 0, false
		}
	}
	return at, true
}

// reads reports whether a representation of the object at the first steps holds the value at the end of the path.
func (r *run) reads(reps []plan.Rep, path []step, at int) bool {
	return slices.ContainsFunc(reps, func(rep plan.Rep) bool { return r.readsField(rep.Fields, path, at) })
}

// readsField reports whether the members hold the value at the end of the path. They are those of the object at its
// first steps.
func (r *run) readsField(fields []plan.RepField, path []step, at int) bool {
	for at < len(path) && path[at].key == item {
		at++
	}
	if at == len(path) {
		return true
	}
	name := ""
	if o := r.store.at(path[:at]); o != missing {
		name = r.store.typeName(o)
	}
	return slices.ContainsFunc(fields, func(f plan.RepField) bool {
		return f.Key == path[at].key && (f.Types == nil || name == "" || contains(f.Types, name)) && (f.Fields == nil || r.readsField(f.Fields, path, at+1))
	})
}

// inKey reports whether the value at steps below an object is part of its key.
func inKey(reps []plan.Rep, steps []step) bool {
	return slices.ContainsFunc(reps, func(rep plan.Rep) bool {
		return slices.ContainsFunc(rep.Fields, func(f plan.RepField) bool { return f.NonNull && f.Key == steps[0].key })
	})
}
