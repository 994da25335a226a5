// Package operation brings a validated client operation into the one form that planning understands.
//
// Prepare picks the operation, lists the variables its @skip and @include depend on, and refuses what is too large.
// Specialise decides those conditions and yields an Operation: fragments are gone, equal fields are merged, and what
// applies only to some runtime types says so. The package does no I/O and its results are deterministic.
package operation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// ErrTooLarge is wrapped by errors about operations beyond Limits.
var ErrTooLarge = errors.New("operation too large")

// Limits bound the size of an operation after its fragments are multiplied out. A zero field means its default.
type Limits struct {
	Selections int // default 20,000
	Depth      int // default 100
}

// Operation is a client operation without conditions and fragments.
type Operation struct {
	Kind      ast.Operation
	Name      string
	Root      *Selection
	Variables ast.VariableDefinitionList
	Labels    []string // override labels that are on, sorted
	Deferred  bool     // some items are deferred
	Hash      string   // equal for operations that are answered alike; hexadecimal
}

// Selection is what is asked of the objects at one place.
type Selection struct {
	Type   string // the place's type in the API schema
	Items  []*Item
	Defers []*Defer // deferred fragments on the objects at this place, in order
}

// Defer is a fragment whose fields may be answered after the rest. Its conditions are decided.
type Defer struct {
	Label  string
	Parent *Defer // the deferred fragment around it; nil: none
}

// Within reports whether the fragment is o or lies in it. Every fragment lies in nil, the operation.
func (d *Defer) Within(o *Defer) bool {
	for ; d != nil; d = d.Parent {
		if d == o {
			return true
		}
	}
	return o == nil
}

// Item is one field asked for, once per response name and set of runtime types.
type Item struct {
	Name      string // response name
	Field     *ast.FieldDefinition
	Parent    string           // type that declares Field: where the client wrote it, or the object type if only one is meant
	Arguments ast.ArgumentList // as written
	Args      string           // Arguments in canonical text, "" without
	Types     []string         // runtime types that are asked, sorted; nil: all
	Selection *Selection       // nil: leaf
	Source    *ast.Field       // the field as the client first wrote it
	Defers    []*Defer         // the deferred fragments that ask for it, none within another; nil: it is asked for at once
}

// TypeName reports whether the item asks for `__typename`.
func (i *Item) TypeName() bool { return i.Field.Name == "__typename" }

// undecidedName is no name that a client can write.
const undecidedName = "@if"

// Undecided reports whether the item stands for conditions that cannot be decided: the objects it applies to are errors.
func (i *Item) Undecided() bool { return i.Name == undecidedName }

// Applies reports whether the item is asked of objects of the runtime type.
func (i *Item) Applies(runtimeType string) bool {
	if i.Types == nil {
		return true
	}
	_, ok := slices.BinarySearch(i.Types, runtimeType)
	return ok
}

// Prepared is an operation picked from its document, before its conditions are decided. It may be used by several
// goroutines.
type Prepared struct {
	schema     *ast.Schema
	doc        *ast.QueryDocument
	op         *ast.OperationDefinition
	conditions []string
}

// Prepare picks the named operation, or the only one if name is empty. The document must have been validated against
// the schema. An operation beyond the limits gives an error that wraps ErrTooLarge.
func Prepare(schema *ast.Schema, doc *ast.QueryDocument, name string, limits Limits) (*Prepared, error) {
	op, err := pick(doc, name)
	if err != nil {
		return nil, err
	}
	if err := measure(doc, op, limits); err != nil {
		return nil, err
	}
	p := &Prepared{schema: schema, doc: doc, op: op}
	p.conditions = conditions(doc, op)
	return p, nil
}

// Conditions lists the variables that @skip, @include and @defer depend on, sorted.
func (p *Prepared) Conditions() []string { return p.conditions }

// Definition returns the operation as the client wrote it.
func (p *Prepared) Definition() *ast.OperationDefinition { return p.op }

// Specialise decides the conditions by the variables' coerced values and normalises the operation.
// One that is missing is null, which makes the objects whose fields depend on it errors, or false if it cannot be null.
// labels are the override labels that are on. @defer is ignored, as the draft of incremental delivery allows.
func (p *Prepared) Specialise(values map[string]bool, labels ...string) (*Operation, error) {
	return p.specialise(values, labels, false)
}

// SpecialiseDeferred is Specialise that heeds @defer. A missing value of a variable that @defer depends on is true. It is
// ignored in subscriptions and on the root of a mutation.
func (p *Prepared) SpecialiseDeferred(values map[string]bool, labels ...string) (*Operation, error) {
	return p.specialise(values, labels, p.op.Operation != ast.Subscription)
}

func (p *Prepared) specialise(values map[string]bool, labels []string, deferring bool) (*Operation, error) {
	root := p.root()
	if root == nil {
		return nil, fmt.Errorf("schema has no %s type", p.op.Operation)
	}
	n := &normaliser{schema: p.schema, doc: p.doc, possible: map[string][]string{}, values: values, deferring: deferring, variables: p.op.VariableDefinitions}
	n.undecidable = slices.ContainsFunc(p.conditions, func(v string) bool {
		_, given := values[v]
		return !given && n.mayBeNull(v)
	})
	if p.op.Operation == ast.Mutation {
		n.root = root.Name
	}
	out := &Operation{Kind: p.op.Operation, Name: p.op.Name, Variables: p.op.VariableDefinitions}
	out.Labels = slices.Compact(slices.Sorted(slices.Values(labels)))
	out.Root = n.selection(root.Name, []written{{set: p.op.SelectionSet}})
	out.Deferred = n.deferred
	out.Hash = hash(out)
	return out, nil
}

func (p *Prepared) root() *ast.Definition {
	switch p.op.Operation {
	case ast.Mutation:
		return p.schema.Mutation
	case ast.Subscription:
		return p.schema.Subscription
	default:
		return p.schema.Query
	}
}

func pick(doc *ast.QueryDocument, name string) (*ast.OperationDefinition, error) {
	if name != "" {
		if op := doc.Operations.ForName(name); op != nil {
			return op, nil
		}
		return nil, fmt.Errorf("document has no operation %q", name)
	}
	if len(doc.Operations) != 1 {
		return nil, fmt.Errorf("document has %d operations: name the one to run", len(doc.Operations))
	}
	return doc.Operations[0], nil
}
