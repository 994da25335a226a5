package exec

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// keepLate keeps the errors at what is not in the first result for the parts that they belong to. Where one has made
// something null that is in the first result, no part comes: it is told there.
func (r *run) keepLate(errs gqlerror.List) gqlerror.List {
	var now gqlerror.List
	for _, err := range errs {
		if shows(r.plan.Data, err.Path) {
			now = append(now, err)
		} else if path, null := r.nullAbove(err.Path); !null {
			r.late = append(r.late, err)
		} else if !slices.ContainsFunc(errs, func(e *gqlerror.Error) bool { return slices.Equal(e.Path, path) }) {
			err.Path = path
			now = append(now, err)
		}
	}
	return now
}

// putOff keeps the errors at what a delivery does not show for the parts within it that do and are still to come.
func (d *Deferred) putOff(part int, dl *Delivery) {
	r := d.run
	dl.Errors = slices.DeleteFunc(dl.Errors, func(err *gqlerror.Error) bool {
		later := !shows(r.plan.Parts[part].Data, err.Path[min(len(dl.Path), len(err.Path)):]) && d.awaits(part, err.Path)
		if later {
			r.late = append(r.late, err)
		}
		return later
	})
}

// awaits reports whether a part within the part that shows the path is still to come there.
func (d *Deferred) awaits(part int, path ast.Path) bool {
	for i, in := range d.run.plan.Parts {
		for n := 0; n < len(path) && i != part && isAround(d.run.plan, part, i); n++ {
			if d.coming[found{i, path[:n]}.key()] && shows(in.Data, path[n:]) {
				return true
			}
		}
	}
	return false
}

// nullAbove returns the place on the path, in the first result, at which there is nothing.
func (r *run) nullAbove(path ast.Path) (ast.Path, bool) {
	shape, at := r.plan.Data, root
	for i, e := range path {
		if at == missing || at == null {
			return path[:i:i], true
		}
		switch e := e.(type) {
		case ast.PathIndex:
			if r.store.kind(at) != kindList || int(e) >= r.store.len(at) {
				return nil, false
			}
			at = r.store.item(at, int(e))
		case ast.PathName:
			if r.store.kind(at) != kindObject {
				return nil, false
			}
			f := fieldByName(shape.Class(r.store.typeName(at)), string(e))
			if f == nil || f.Shape == nil {
				return nil, false
			}
			at, shape = r.store.get(at, f.Key), f.Shape
		}
	}
	return nil, false
}

// untold takes the failures of some fetches that are to be told. One at something private waits for the fetches to come
// that read it: it is told at the fields that fail by it.
func (r *run) untold(of func(fetch int) bool) []failure {
	var out []failure
	for i := range r.failures {
		if f := &r.failures[i]; !f.told && of(f.fetch) && !r.awaited(f) {
			f.told = true
			out = append(out, *f)
		}
	}
	return out
}

func (r *run) awaited(f *failure) bool {
	if _, reached := r.project(f.path); reached != private || f.followed {
		return false
	}
	return slices.ContainsFunc(r.plan.All(), func(g *plan.Fetch) bool {
		return r.progress[g.ID] != merged && slices.ContainsFunc(g.Entities, func(b *plan.Batch) bool {
			return slices.ContainsFunc(b.Paths, func(p plan.Path) bool {
				if at, ok := r.descend(f.path, p); ok && at < len(f.path) && r.reads(b.Reps, f.path, at) {
					return true
				}
				_, taken := r.inContext(b, p, f.path)
				return taken
			})
		})
	})
}

// partErrors takes the errors of the part's own fetches.
func (r *run) partErrors(part int) gqlerror.List {
	return r.clientErrors(r.untold(func(fetch int) bool {
		return slices.ContainsFunc(r.plan.Parts[part].Fetches, func(f *plan.Fetch) bool { return f.ID == fetch })
	}))
}

// takeBelow takes the errors at the path or below out of the list.
func takeBelow(list gqlerror.List, path ast.Path) (rest, taken gqlerror.List) {
	for _, err := range list {
		if hasPrefix(err.Path, path) {
			taken = append(taken, err)
		} else {
			rest = append(rest, err)
		}
	}
	return rest, taken
}

// takeLate adds the kept errors that are at something which the part shows at the path. Where the part asked for that too,
// it has them itself.
func takeLate(late, to gqlerror.List, path ast.Path, shape *plan.Shape) (rest, taken gqlerror.List) {
	for _, err := range late {
		switch {
		case !hasPrefix(err.Path, path) || !shows(shape, err.Path[len(path):]):
			rest = append(rest, err)
		case !slices.ContainsFunc(to, func(e *gqlerror.Error) bool { return e.Message == err.Message && slices.Equal(e.Path, err.Path) }):
			to = append(to, err)
		}
	}
	return rest, to
}

func hasPrefix(path, prefix ast.Path) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// shows reports whether the path leads through fields of the shape, of whatever type the objects on the way are.
func shows(shape *plan.Shape, path ast.Path) bool {
	for i, e := range path {
		name, ok := e.(ast.PathName)
		if !ok {
			continue
		}
		if shape == nil {
			return false
		}
		classes := shape.Classes
		if shape.Unknown != nil {
			classes = append(slices.Clip(classes), *shape.Unknown)
		}
		return slices.ContainsFunc(classes, func(c plan.ShapeClass) bool {
			f := fieldByName(&c, string(name))
			return f != nil && shows(f.Shape, path[i+1:])
		})
	}
	return true
}
