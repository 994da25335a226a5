package exec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// maxErrors bounds the errors of one response.
const maxErrors = 1000

// CodeDownstream is the `extensions.code` of an error for which the subgraph gave none.
const CodeDownstream = "DOWNSTREAM_SERVICE_ERROR"

// failure is an error while the plan runs, its path not yet the client's.
type failure struct {
	fetch int
	path  []step
	err   *gqlerror.Error
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

// subgraphErrors passes on the errors of an answer and reports whether there were any.
func (r *run) subgraphErrors(c *call, a answer) bool {
	t := a.tree
	list := t.member(0, "errors")
	if list < 0 || t.nodes[list].kind != kindList {
		return false
	}
	for e := t.nodes[list].child; e >= 0; e = t.nodes[e].next {
		if len(r.failures) >= maxErrors {
			break
		}
		r.subgraphError(c, a, e)
	}
	return t.nodes[list].n > 0
}

func (r *run) subgraphError(c *call, a answer, e int32) {
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
		return
	}
	if c.fetch.Entities == nil {
		rest := t.storePath(c.fetch.Root, data, path)
		if len(rest) == 0 {
			r.failedWith(c, a.part, message, ext, nil)
			return
		}
		for _, at := range r.rootPlaces(c) {
			r.report(c.fetch, append(at, rest...), message, ext, nil)
		}
		return
	}
	alias := t.text(path)
	i := slices.IndexFunc(c.batches, func(b batch) bool { return b.alias() == alias })
	if i < 0 || len(c.batches[i].uses) == 0 {
		r.failedWith(c, a.part, message, ext, nil)
		return
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
		return
	}
	entity := int32(-1)
	if data >= 0 && t.nodes[data].kind == kindObject {
		if list := t.member(data, alias); list >= 0 {
			entity = t.element(list, id)
		}
	}
	r.reportEntity(c, i, int32(id), t.storePath(c.batches[i].plan.Entity, entity, t.nodes[index].next), message, ext)
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
		ext[key] = json.RawMessage(t.raw(c))
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
// answer has nothing), into storage keys. The first segment that the answer's shape does not know ends it.
func (t *tree) storePath(w *plan.Wire, o, p int32) []step {
	var path []step
	for ; p >= 0; p = t.nodes[p].next {
		if t.nodes[p].kind == kindNumber {
			i, err := strconv.ParseInt(string(t.raw(p)), 10, 32)
			if err != nil || i < 0 || len(path) == 0 {
				return path
			}
			path = append(path, step{key: item, index: int32(i)})
			if o >= 0 {
				o = t.element(o, i)
			}
			continue
		}
		if w == nil || t.nodes[p].kind != kindString {
			return path
		}
		name := t.text(p)
		typ := w.Type
		if o >= 0 && t.nodes[o].kind != kindObject {
			o = -1
		}
		if o >= 0 && typ == "" {
			if c := t.member(o, "__typename"); c >= 0 {
				typ = t.text(c)
			}
		}
		var f *plan.WireField
		for i := range w.Fields {
			g := &w.Fields[i]
			if g.Name == name && (g.Types == nil || typ == "" || contains(g.Types, typ)) {
				f = g
				break
			}
		}
		if f == nil {
			return path
		}
		path = append(path, step{key: f.Key})
		w = f.Child
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
		paths := r.clientPaths(f.path)
		for _, p := range paths {
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

// clientPaths maps a path of the store to paths of the response. An error at something private ends at the object
// above, or, where a fetch needed the private value, at the fields that this fetch was to bring. An error at something
// that projection never shows has no path at all.
func (r *run) clientPaths(steps []step) []ast.Path {
	path, rest, reached := r.project(steps)
	switch reached {
	case hidden:
		return nil
	case private:
		if readers := r.readers(steps[:len(steps)-len(rest)+1], 0); len(readers) > 0 {
			return readers
		}
	}
	return []ast.Path{path}
}

type reach uint8

const (
	shown   reach = iota // the whole path is the client's
	private              // the client did not ask for the next step
	hidden               // the client asked for it, but not on objects of this type
)

// project follows steps through the store and the client's selection as far as both go.
func (r *run) project(steps []step) (path ast.Path, rest []step, how reach) {
	shape, at := r.whole(), root
	for i, st := range steps {
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
			return path, nil, shown
		}
		var class *plan.ShapeClass
		if at != missing && r.store.kind(at) == kindObject {
			if class = shape.Class(r.store.typeName(at)); class == nil {
				return path, nil, shown // a hidden or unknown object ends the path
			}
		}
		field := fieldByKey(class, st.key)
		if field == nil {
			if class != nil && shapeField(shape, st.key) != nil {
				return nil, nil, hidden
			}
			if class == nil {
				field = shapeField(shape, st.key)
			}
			if field == nil {
				return path, steps[i:], private
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
	return path, nil, shown
}

func fieldByKey(class *plan.ShapeClass, key plan.Key) *plan.ShapeField {
	if class == nil {
		return nil
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Key == key && !f.TypeName {
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

// maxRequires bounds how many fetches an input's error is followed through.
const maxRequires = 16

// readers returns the response paths of the fields whose fetch reads the private value at steps as an input.
func (r *run) readers(steps []step, depth int) []ast.Path {
	if depth > maxRequires {
		return nil
	}
	var paths []ast.Path
	for _, f := range r.plan.All() {
		for _, b := range f.Entities {
			for _, p := range b.Paths {
				objects := r.inContext(b, p, steps)
				if at, ok := descend(steps, p); ok && at < len(steps) && reads(b.Reps, steps[at:]) {
					objects = append(objects, steps[:at])
				}
				for _, object := range objects {
					for i := range b.Entity.Fields {
						out := append(slices.Clone(object), step{key: b.Entity.Fields[i].Key})
						path, rest, how := r.project(out)
						switch {
						case how == shown:
							paths = append(paths, path)
						case how == private && len(rest) > 0:
							paths = append(paths, r.readers(out, depth+1)...)
						}
					}
				}
			}
		}
	}
	return paths
}

// descend returns the number of steps that lead to an object at p.
func descend(steps []step, p plan.Path) (at int, ok bool) {
	for i := range p {
		if at >= len(steps) || steps[at].key != p[i].Key {
			return 0, false
		}
		for at++; at < len(steps) && steps[at].key == item; at++ {
		}
	}
	return at, true
}

// reads reports whether a representation holds the value at steps below its object.
func reads(reps []plan.Rep, steps []step) bool {
	return slices.ContainsFunc(reps, func(rep plan.Rep) bool { return readsField(rep.Fields, steps) })
}

func readsField(fields []plan.RepField, steps []step) bool {
	for len(steps) > 0 && steps[0].key == item {
		steps = steps[1:]
	}
	if len(steps) == 0 {
		return true
	}
	return slices.ContainsFunc(fields, func(f plan.RepField) bool {
		return f.Key == steps[0].key && (f.Fields == nil || readsField(f.Fields, steps[1:]))
	})
}
