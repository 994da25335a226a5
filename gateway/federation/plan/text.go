package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
)

// text writes the documents sent to subgraphs.
type text struct {
	b    *builder
	buf  strings.Builder
	vars map[string]bool

	contexts []string // variables of the contexts of the group being written
}

// selection writes `{ ... }` of one level.
func (t *text) selection(s *sel) {
	t.buf.WriteByte('{')
	t.content(s)
	t.buf.WriteByte('}')
}

// content writes the fields of one level: `__typename` first where the subgraph's type does not tell it, or where
// there is nothing else to ask.
func (t *text) content(s *sel) {
	if s.node.Type.Abstract() || s.empty() {
		t.buf.WriteString("__typename ")
	}
	t.fields(s)
	for _, b := range s.branches {
		if !b.empty() {
			t.buf.WriteString("... on " + b.node.Type.Name + "{")
			t.fields(b)
			t.buf.WriteByte('}')
		}
	}
}

func (t *text) fields(s *sel) {
	for _, f := range s.fields {
		t.field(f)
	}
}

func (s *sel) empty() bool {
	return len(s.fields) == 0 && !slices.ContainsFunc(s.branches, func(b *sel) bool { return !b.empty() })
}

func (t *text) field(f *selField) {
	if f.wire != f.name {
		t.buf.WriteString(f.wire + ":")
	}
	t.buf.WriteString(f.name)
	var args []string
	for _, a := range f.args {
		args = append(args, a.Name+":"+operation.Value(a.Value))
		t.variables(a.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(f.contexts)) {
		if i := f.contexts[name]; i < len(t.contexts) {
			args = append(args, name+":$"+t.contexts[i])
		}
	}
	if len(args) > 0 {
		t.buf.WriteString("(" + strings.Join(args, ",") + ")")
	}
	if f.child != nil {
		t.selection(f.child.sel)
	} else {
		t.buf.WriteByte(' ')
	}
}

func (t *text) variables(v *ast.Value) {
	if v.Kind == ast.Variable {
		t.vars[v.Raw] = true
	}
	for _, c := range v.Children {
		t.variables(c.Value)
	}
}

// document puts the kind and the variables before what has been written. extra are variable definitions of the
// fetch's own.
func (t *text) document(kind ast.Operation, extra []string) (document string, variables []string) {
	defs := extra
	variables = slices.Sorted(maps.Keys(t.vars))
	for _, v := range variables {
		def := t.b.op.Variables.ForName(v)
		if def == nil {
			continue
		}
		d := "$" + v + ":" + def.Type.String()
		if def.DefaultValue != nil {
			d += "=" + operation.Value(def.DefaultValue)
		}
		defs = append(defs, d)
	}
	out := string(kind)
	if len(defs) > 0 {
		out += "(" + strings.Join(defs, ",") + ")"
	}
	return out + t.buf.String(), variables
}
