package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/operation"
)

// Print writes the plan in the notation that the federation field knows.
func Print(p *Plan) string {
	w := &printer{keys: p.Keys}
	w.line("QueryPlan {")
	w.depth++
	for _, f := range p.Introspection {
		w.line("Introspect(" + f.Field.Name + ")")
	}
	if p.Source != nil {
		w.line("Subscription {")
		w.depth++
		w.line("Primary {")
		w.nested(func() { w.fetch(p.Source) })
		w.line("}")
		if len(p.Fetches) > 0 {
			w.line("Rest {")
			w.nested(func() { w.fetches(p.Fetches) })
			w.line("}")
		}
		w.depth--
		w.line("}")
	} else if p.Parts != nil {
		w.deferred(p)
	} else {
		w.fetches(p.Fetches)
	}
	w.depth--
	w.line("}")
	return w.out.String()
}

// deferred prints what is answered at once, then the deferred parts with the numbers of those they lie in.
func (w *printer) deferred(p *Plan) {
	w.line("Defer {")
	w.depth++
	w.line("Primary {")
	w.nested(func() { w.fetches(p.Fetches) })
	w.line("}")
	for i, part := range p.Parts {
		head := "Deferred(part: " + strconv.Itoa(i)
		if part.Parent >= 0 {
			head += ", within: " + strconv.Itoa(part.Parent)
		}
		if part.Label != "" {
			head += ", label: " + strconv.Quote(part.Label)
		}
		w.line(head + ") {")
		w.nested(func() { w.fetches(part.Fetches) })
		w.line("}")
	}
	w.depth--
	w.line("}")
}

type printer struct {
	out   strings.Builder
	keys  []string
	depth int
}

func (w *printer) line(s string) {
	w.out.WriteString(strings.Repeat("  ", w.depth) + s + "\n")
}

func (w *printer) nested(f func()) {
	w.depth++
	f()
	w.depth--
}

// fetches prints levels in sequence, and what is in a level in parallel.
func (w *printer) fetches(list []*Fetch) {
	var levels [][]*Fetch
	for _, f := range list {
		if n := len(levels); n > 0 && levels[n-1][0].Level == f.Level && levels[n-1][0].Unit == f.Unit {
			levels[n-1] = append(levels[n-1], f)
		} else {
			levels = append(levels, []*Fetch{f})
		}
	}
	body := func() {
		for _, level := range levels {
			if len(level) == 1 {
				w.node(level[0])
				continue
			}
			w.line("Parallel {")
			w.nested(func() {
				for _, f := range level {
					w.node(f)
				}
			})
			w.line("}")
		}
	}
	if len(levels) < 2 {
		body()
		return
	}
	w.line("Sequence {")
	w.nested(body)
	w.line("}")
}

// node prints a fetch, wrapped in its path if it has one only.
func (w *printer) node(f *Fetch) {
	path := f.RootPath
	if len(f.Entities) == 1 && len(f.Entities[0].Paths) == 1 {
		path = f.Entities[0].Paths[0]
	}
	if path == nil {
		w.fetch(f)
		return
	}
	w.line("Flatten(path: \"" + w.path(path) + "\") {")
	w.nested(func() { w.fetch(f) })
	w.line("}")
}

func (w *printer) fetch(f *Fetch) {
	w.line("Fetch(service: \"" + f.Subgraph + "\") {")
	w.nested(func() {
		doc, err := parser.ParseQuery(&ast.Source{Name: "fetch", Input: f.Document})
		if err != nil {
			w.line(f.Document)
			return
		}
		if len(f.Entities) == 0 {
			w.selection(doc.Operations[0].SelectionSet)
			return
		}
		for i, b := range f.Entities {
			if len(f.Entities) > 1 || len(b.Paths) > 1 {
				var paths []string
				for _, p := range b.Paths {
					paths = append(paths, "\""+w.path(p)+"\"")
				}
				w.line(b.Alias + ": Flatten(path: " + strings.Join(paths, ", ") + ")")
			}
			for _, c := range b.Contexts {
				w.line("$" + c.Variable + ": " + w.sources(c.Sources))
			}
			if len(b.Unless) > 0 {
				w.line("unless {")
				w.nested(func() { w.reps(b.Unless) })
				w.line("}")
			}
			w.line("{")
			w.nested(func() { w.reps(b.Reps) })
			w.line("} =>")
			w.line("{")
			if field, ok := doc.Operations[0].SelectionSet[i].(*ast.Field); ok {
				w.nested(func() { w.selection(field.SelectionSet) })
			}
			w.line("}")
		}
	})
	w.line("}")
}

func (w *printer) reps(list []Rep) {
	for _, r := range list {
		w.line("... on " + r.TypeName + " {")
		w.nested(func() {
			w.line("__typename")
			w.members(r.Fields)
		})
		w.line("}")
	}
}

// sources prints where a context's value comes from: ".." for each step up, then the path down.
func (w *printer) sources(list []ContextSource) string {
	var out []string
	for _, s := range list {
		text := strings.Repeat("../", s.Above)
		if s.Types != nil {
			text += "[" + strings.Join(s.Types, ",") + "]."
		}
		var path []string
		for _, k := range s.Path {
			path = append(path, w.keys[k])
		}
		out = append(out, text+strings.Join(path, "."))
	}
	return strings.Join(out, " | ")
}

func (w *printer) members(fields []RepField) {
	for _, f := range fields {
		name := f.Name
		if key := w.keys[f.Key]; key != f.Name {
			name += ": " + key
		}
		if f.Types != nil {
			name = "... on " + strings.Join(f.Types, "|") + " " + name
		}
		if f.Fields == nil {
			w.line(name)
			continue
		}
		w.line(name + " {")
		w.nested(func() {
			if f.TypeName {
				w.line("__typename")
			}
			w.members(f.Fields)
		})
		w.line("}")
	}
}

func (w *printer) path(p Path) string {
	var parts []string
	for _, s := range p {
		parts = append(parts, w.keys[s.Key])
		parts = append(parts, slices.Repeat([]string{"@"}, s.Lists)...)
		if s.Types != nil {
			parts[len(parts)-1] += "|[" + strings.Join(s.Types, ",") + "]"
		}
	}
	return strings.Join(parts, ".")
}

func (w *printer) selection(set ast.SelectionSet) {
	for _, s := range set {
		var head string
		var below ast.SelectionSet
		switch s := s.(type) {
		case *ast.Field:
			if head = s.Name; s.Alias != s.Name {
				head = s.Alias + ": " + s.Name
			}
			if len(s.Arguments) > 0 {
				var args []string
				for _, a := range s.Arguments {
					args = append(args, a.Name+": "+operation.Value(a.Value))
				}
				head += "(" + strings.Join(args, ", ") + ")"
			}
			below = s.SelectionSet
		case *ast.InlineFragment:
			head, below = "... on "+s.TypeCondition, s.SelectionSet
		}
		if len(below) == 0 {
			w.line(head)
			continue
		}
		w.line(head + " {")
		w.nested(func() { w.selection(below) })
		w.line("}")
	}
}
