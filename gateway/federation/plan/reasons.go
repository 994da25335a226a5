package plan

import (
	"fmt"
	"slices"
	"strings"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// failure is a field that nothing can answer.
type failure struct {
	coordinate string
	path       []string
	reasons    func() []Reason // nil: there is none but that objects of the type cannot be told
}

// Unsatisfiable is the error about an operation that asks for a field which no plan can fetch.
type Unsatisfiable struct {
	Coordinate string   // the field, "Type.field"
	Path       []string // response names that lead to it
	Reasons    []Reason // one per subgraph
}

// Reason is why a subgraph cannot answer a field.
type Reason struct{ Subgraph, Text string }

func (f *failure) under(name string) *failure {
	return &failure{f.coordinate, append([]string{name}, f.path...), f.reasons}
}

func (f *failure) err() *Unsatisfiable {
	u := &Unsatisfiable{Coordinate: f.coordinate, Path: f.path}
	if f.reasons != nil {
		u.Reasons = f.reasons()
	}
	return u
}

// Error implements error.
func (u *Unsatisfiable) Error() string {
	return fmt.Sprintf("%s: no subgraph can answer %s at %s", ErrUnsatisfiable, u.Coordinate, strings.Join(u.Path, "."))
}

// Unwrap returns ErrUnsatisfiable.
func (u *Unsatisfiable) Unwrap() error { return ErrUnsatisfiable }

// unanswered is the failure of an item at objects of the type that were entered at the nodes.
func (s *solver) unanswered(it *operation.Item, typeName string, entries []*querygraph.Node) *failure {
	return &failure{
		coordinate: typeName + "." + it.Field.Name,
		path:       []string{it.Name},
		reasons: func() []Reason {
			var out []Reason
			for _, sub := range s.g.SG.Subgraphs {
				out = append(out, Reason{sub.Name, s.reason(sub, it, typeName, entries)})
			}
			return out
		},
	}
}

// untold is the failure of an item that is asked of a runtime type which objects of the abstract type, where they are,
// cannot have.
func (s *solver) untold(it *operation.Item, runtimeType, typeName string) *failure {
	return &failure{
		coordinate: runtimeType + "." + it.Field.Name,
		path:       []string{it.Name},
		reasons: func() []Reason {
			var out []Reason
			for _, sub := range s.g.SG.Subgraphs {
				text := typeName + " cannot be entered here with all that is asked of it"
				switch n := s.g.Node(sub, typeName); {
				case n == nil:
					text = "does not know " + typeName
				case n.Type.InterfaceObject:
					text = "does not tell types of " + typeName
				case n.Member(runtimeType) == nil:
					text = typeName + " is never " + runtimeType + " here"
				}
				out = append(out, Reason{sub.Name, text})
			}
			return out
		},
	}
}

func (s *solver) reason(sub *supergraph.Subgraph, it *operation.Item, typeName string, entries []*querygraph.Node) string {
	n := s.g.Node(sub, typeName)
	if n == nil {
		return "does not know " + typeName
	}
	coordinate := typeName + "." + it.Field.Name
	f := n.Type.Field(it.Field.Name)
	switch {
	case f == nil:
		return typeName + " has no " + it.Field.Name + " here"
	case f.External:
		return coordinate + " is external here"
	case f.Override.Label != "" && n.Edge(f.Name) == nil:
		return coordinate + " is resolved elsewhere under the override label " + f.Override.Label
	case n.Edge(f.Name) == nil:
		return coordinate + " cannot be read the same way from every implementation"
	}
	sys := s.g.System(typeName, entries)
	e := n.Edge(f.Name)
	missing := func(set querygraph.FieldSet) string {
		var out []string
		for _, p := range set.Paths() {
			if !sys.Have(p).Known {
				out = append(out, p.String())
			}
		}
		return strings.Join(out, ", ")
	}
	if text := missing(e.Requires); text != "" {
		return coordinate + " requires " + text + ", which cannot be had"
	}
	if len(f.Contexts) > 0 && s.contexts.bindings[it][f] == nil {
		return "no object above " + coordinate + " sets the context it takes an argument from"
	}
	if sys.Land(n).Known && e.Requires == nil && len(f.Contexts) == 0 {
		return coordinate + " can be read, but not all that is asked below it"
	}
	var keys []string
	for _, l := range s.g.Landings(typeName) {
		if l.Node == n {
			keys = append(keys, fmt.Sprintf("%s cannot be had for key %q", missing(l.Key), l.Key))
		}
	}
	if len(keys) == 0 {
		return typeName + " has no resolvable key here"
	}
	slices.Sort(keys)
	return strings.Join(keys, "; ")
}
