// Package supergraph is the merged model of all subgraphs: which subgraph declares which type and field, by which
// keys an entity is reached, and what clients may see.
//
// Read turns supergraph SDL (join spec 0.3 to 0.5) into a Supergraph. A Supergraph is never changed afterwards and
// may be used by several goroutines. The package does no I/O.
package supergraph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
)

// Supergraph is the model read from supergraph SDL.
type Supergraph struct {
	// Subgraphs in order of their names.
	Subgraphs []*Subgraph
	// Schema is the whole merged schema without the join machinery; inaccessible elements are still in it.
	Schema *ast.Schema

	api          *ast.Schema
	possible     map[string][]string
	inaccessible map[string]bool
	auth         map[string]auth.Requirement
	weights      map[string]int       // by coordinate: @cost
	sizes        map[string]*ListSize // by field's coordinate
	labels       map[string][]string  // by type: override labels that can matter below it
	setters      map[string][]string  // by context: the types marked with it
	contextual   map[string]bool      // coordinates of fields with an argument from a context in some subgraph
}

// Subgraph is one service and the part of the supergraph it declares.
type Subgraph struct {
	Name  string // as configured
	Graph string // its join__Graph value
	URL   string
	Index int // position in Supergraph.Subgraphs
	Types map[string]*Type
}

// Type is a type as one subgraph declares it.
type Type struct {
	Name            string
	Kind            ast.DefinitionKind // of the supergraph; an interface object keeps Interface
	InterfaceObject bool
	Members         []string // object types that a value may have here, sorted; an object has itself, an interface object none
	Interfaces      []string // interfaces that the type implements here, sorted
	Keys            []Key
	Fields          []*Field // in supergraph order
	Values          []string // of an enum

	byName map[string]*Field
}

// Key is one @key of a type in a subgraph.
type Key struct {
	Fields     string // the field set as written
	Resolvable bool
	Extension  bool
}

// Field is a field as one subgraph declares it.
type Field struct {
	Name     string
	Type     *ast.Type // the subgraph's own type
	Def      *ast.FieldDefinition
	External bool // cannot be resolved here, except below a @provides
	Requires string
	Provides string
	Override Override
	Contexts []ContextArgument
}

// Override guards a field that moves between subgraphs under a label. The zero value guards nothing.
type Override struct {
	Label string
	When  bool // the field is resolved here when the label's state is this
}

// Enabled reports whether the field is resolved here under the given enabled labels.
func (o Override) Enabled(labels []string) bool {
	return o.Label == "" || slices.Contains(labels, o.Label) == o.When
}

// ContextArgument is an argument whose value comes from an ancestor object (@fromContext).
type ContextArgument struct {
	Context   string
	Name      string
	Type      *ast.Type
	Selection string
}

// API returns the schema that clients see. It must not be changed.
func (s *Supergraph) API() *ast.Schema { return s.api }

// Possible returns the object types that a value of the named composite type may have, sorted. It includes
// inaccessible ones.
func (s *Supergraph) Possible(typeName string) []string { return s.possible[typeName] }

// Inaccessible reports whether the element at the coordinate ("Type", "Type.field", "Enum.VALUE", "Type.field.arg")
// is hidden from clients.
func (s *Supergraph) Inaccessible(coordinate string) bool { return s.inaccessible[coordinate] }

// Contextual reports whether some subgraph takes an argument of the field at the coordinate ("Type.field") from a
// context. With "" it reports whether there is any such field.
func (s *Supergraph) Contextual(coordinate string) bool {
	if coordinate == "" {
		return len(s.contextual) > 0
	}
	return s.contextual[coordinate]
}

// SetsContext reports whether objects of the runtime type set the context: their type, or an abstract one that they may
// be of, is marked with it.
func (s *Supergraph) SetsContext(context, runtimeType string) bool {
	return slices.ContainsFunc(s.setters[context], func(t string) bool {
		_, ok := slices.BinarySearch(s.possible[t], runtimeType)
		return ok
	})
}

// Subgraph returns the subgraph of that name, or nil.
func (s *Supergraph) Subgraph(name string) *Subgraph {
	for _, sub := range s.Subgraphs {
		if sub.Name == name {
			return sub
		}
	}
	return nil
}

// Field returns the named field, or nil when this subgraph does not declare it.
func (t *Type) Field(name string) *Field { return t.byName[name] }

// Composite reports whether values of the type have fields.
func (t *Type) Composite() bool {
	return t.Kind == ast.Object || t.Kind == ast.Interface || t.Kind == ast.Union
}

// Abstract reports whether the subgraph tells the runtime type of values of the type by `__typename`.
func (t *Type) Abstract() bool {
	return !t.InterfaceObject && (t.Kind == ast.Interface || t.Kind == ast.Union)
}
