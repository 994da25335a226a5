package supergraph

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

// Labels returns the override labels that can matter to an operation that asks for fields of these types, sorted: those of
// fields of the types and of what plans may read beside them, for keys, @requires and contexts.
func (s *Supergraph) Labels(types []string) []string {
	found := map[string]bool{}
	for _, t := range types {
		for _, l := range s.labels[t] {
			found[l] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// readLabels finds for each type the labels that can matter below it.
func (r *reader) readLabels() {
	own := map[string][]string{} // by type
	for _, sub := range r.sg.Subgraphs {
		for name, t := range sub.Types {
			for _, f := range t.Fields {
				if f.Override.Label != "" {
					own[name] = insert(own[name], f.Override.Label)
				}
			}
		}
	}
	if len(own) == 0 {
		return
	}
	near := map[string][]string{}
	for name := range r.sg.Schema.Types {
		near[name] = r.near(name)
	}
	for name := range r.sg.Schema.Types {
		seen := map[string]bool{name: true}
		for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
			for _, l := range own[queue[0]] {
				r.sg.labels[name] = insert(r.sg.labels[name], l)
			}
			for _, next := range near[queue[0]] {
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
}

// near lists the types of which fields may be read for fields of the named one: the types that its values may have and
// those that they are of, and what its keys, requirements and contexts select.
func (r *reader) near(name string) []string {
	near := slices.Clone(r.sg.possible[name])
	if def := r.sg.Schema.Types[name]; def.Kind == ast.Object {
		near = append(near, def.Interfaces...)
	}
	read := func(parent, text string) {
		set, err := fieldset.Parse(text)
		if err != nil {
			return
		}
		set.Visit(r.sg.Type(parent), r.sg.Type, func(parent *ast.Definition, f *ast.FieldDefinition, _ *fieldset.Selection) {
			near = append(near, parent.Name, f.Type.Name())
		})
	}
	for _, sub := range r.sg.Subgraphs {
		t := sub.Types[name]
		if t == nil {
			continue
		}
		for _, k := range t.Keys {
			read(name, k.Fields)
		}
		for _, f := range t.Fields {
			if f.Requires != "" {
				read(name, f.Requires)
			}
			for _, c := range f.Contexts {
				for _, setter := range r.sg.setters[c.Context] {
					near = append(near, setter)
					read(setter, c.Selection)
				}
			}
		}
	}
	return near
}
