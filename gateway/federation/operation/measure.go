package operation

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// size is how large a selection set is with its fragments multiplied out.
type size struct{ selections, depth int }

// measure refuses an operation beyond the limits without expanding it: each fragment is measured once.
func measure(doc *ast.QueryDocument, op *ast.OperationDefinition, limits Limits) error {
	if limits.Selections <= 0 {
		limits.Selections = 20_000
	}
	if limits.Depth <= 0 {
		limits.Depth = 100
	}
	m := &measurer{doc: doc, limits: limits, done: map[string]size{}, open: map[string]bool{}}
	_, err := m.set(op.SelectionSet, 0)
	return err
}

type measurer struct {
	doc    *ast.QueryDocument
	limits Limits
	done   map[string]size
	open   map[string]bool
}

// set measures a selection set. nesting is how deeply the text nests here, which bounds the recursion.
func (m *measurer) set(set ast.SelectionSet, nesting int) (size, error) {
	if nesting > 10*m.limits.Depth {
		return size{}, fmt.Errorf("%w: fragments nest deeper than %d levels", ErrTooLarge, 10*m.limits.Depth)
	}
	var total size
	for _, s := range set {
		part, err := m.selection(s, nesting)
		if err != nil {
			return size{}, err
		}
		total.selections += part.selections
		total.depth = max(total.depth, part.depth)
		if total.selections > m.limits.Selections {
			return size{}, fmt.Errorf("%w: more than %d selections", ErrTooLarge, m.limits.Selections)
		}
		if total.depth > m.limits.Depth {
			return size{}, fmt.Errorf("%w: deeper than %d levels", ErrTooLarge, m.limits.Depth)
		}
	}
	return total, nil
}

func (m *measurer) selection(s ast.Selection, nesting int) (size, error) {
	switch s := s.(type) {
	case *ast.Field:
		part, err := m.set(s.SelectionSet, nesting+1)
		return size{part.selections + 1, part.depth + 1}, err
	case *ast.InlineFragment:
		part, err := m.set(s.SelectionSet, nesting+1)
		part.selections++
		return part, err
	case *ast.FragmentSpread:
		return m.fragment(s.Name, nesting)
	}
	return size{}, nil
}

func (m *measurer) fragment(name string, nesting int) (size, error) {
	if part, ok := m.done[name]; ok {
		return part, nil
	}
	def := m.doc.Fragments.ForName(name)
	if def == nil {
		return size{}, fmt.Errorf("unknown fragment %q", name)
	}
	if m.open[name] {
		return size{}, fmt.Errorf("fragment %q contains itself", name)
	}
	m.open[name] = true
	part, err := m.set(def.SelectionSet, nesting+1)
	m.open[name] = false
	part.selections++
	m.done[name] = part
	return part, err
}
