package operation

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// fragmentKey names a fragment at one place: one that is met there twice is one fragment.
type fragmentKey struct {
	around *Defer
	spread string              // a named one
	inline *ast.InlineFragment // or an inline one
	label  string
}

// fragmentDefer returns the deferred fragment that the fields of a fragment with these directives belong to.
func (n *normaliser) fragmentDefer(c *collector, list ast.DirectiveList, place string, key fragmentKey) *Defer {
	dir := list.ForName("defer")
	if dir == nil || !n.deferring || place == n.root || !n.defers(dir) {
		return key.around
	}
	if a := dir.Arguments.ForName("label"); a != nil && a.Value.Kind != ast.NullValue {
		key.label = a.Value.Raw
	}
	d := c.defers[key]
	if d == nil {
		d = &Defer{Label: key.label, Parent: key.around}
		if c.defers == nil {
			c.defers = map[fragmentKey]*Defer{}
		}
		c.defers[key] = d
		c.order = append(c.order, d)
	}
	return d
}

// defers decides the condition of a @defer; without one it is on.
func (n *normaliser) defers(dir *ast.Directive) bool {
	a := dir.Arguments.ForName("if")
	if a == nil {
		return true
	}
	if a.Value.Kind == ast.Variable {
		on, given := n.values[a.Value.Raw]
		return on || !given
	}
	return a.Value.Raw != "false"
}

// outermost lists the deferred fragments that answer first what all of them ask for: each once, none within another. nil:
// the operation itself asks for it.
func outermost(by []*Defer) []*Defer {
	var out []*Defer
	for _, d := range by {
		if d == nil {
			return nil
		}
		within := func(o *Defer) bool { return d != o && d.Within(o) }
		if !slices.Contains(out, d) && !slices.ContainsFunc(by, within) {
			out = append(out, d)
		}
	}
	return out
}

// earlier reports whether o is answered no later than it, whoever asks.
func earlier(o, it *Item) bool {
	return !slices.ContainsFunc(it.Defers, func(d *Defer) bool {
		return o.Defers != nil && !slices.ContainsFunc(o.Defers, d.Within)
	}) && (o.Defers == nil || it.Defers != nil)
}

// whole joins the selection sets of a group.
func (g *group) whole() ast.SelectionSet {
	var out ast.SelectionSet
	for _, w := range g.sets {
		out = append(out, w.set...)
	}
	return out
}
