package satisfy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// operation prints the operation that leads to the state. Behind each object stand the subgraphs that it may come from.
func (st *state) operation(api *ast.Schema) string {
	var steps []*state
	for s := st; s != nil; s = s.before {
		steps = append(steps, s)
	}
	root := steps[len(steps)-1]
	var b strings.Builder
	if root.step.root != ast.Query {
		b.WriteString(string(root.step.root) + " ")
	}
	b.WriteString("{\n")
	depth := 0
	for i := len(steps) - 2; i >= 0; i-- {
		depth++
		b.WriteString(strings.Repeat("  ", depth))
		if f := steps[i].step.field; f != nil {
			b.WriteString(f.Name + arguments(api, f))
		} else {
			b.WriteString("... on " + steps[i].step.on)
		}
		if i > 0 || !st.typ.IsLeafType() {
			b.WriteString(" {" + steps[i].holders())
		}
		b.WriteByte('\n')
	}
	if !st.typ.IsLeafType() {
		b.WriteString(strings.Repeat("  ", depth+1) + "...\n")
		depth++
	}
	for depth > 0 {
		depth--
		b.WriteString(strings.Repeat("  ", depth) + "}\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// holders prints the subgraphs that bring the state's object, as a comment.
func (st *state) holders() string {
	var names []string
	for _, p := range st.entries {
		if name := strconv.Quote(p.at.sub.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " # from " + strings.Join(names, ", ")
}

// arguments prints values for the arguments that a field cannot do without.
func arguments(api *ast.Schema, f *ast.FieldDefinition) string {
	var parts []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			parts = append(parts, a.Name+": "+example(api, a.Type, 0))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// example prints a value of an input type.
func example(api *ast.Schema, t *ast.Type, depth int) string {
	def := api.Types[t.Name()]
	switch {
	case t.Elem != nil:
		return "[]"
	case t.NamedType == "Int":
		return "1"
	case t.NamedType == "Float":
		return "1.5"
	case t.NamedType == "Boolean":
		return "true"
	case def != nil && def.Kind == ast.Enum && len(def.EnumValues) > 0:
		return def.EnumValues[0].Name
	case def != nil && def.Kind == ast.InputObject && depth < 8:
		var parts []string
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || len(parts) == 0 && def.Directives.ForName("oneOf") != nil {
				parts = append(parts, f.Name+": "+example(api, f.Type, depth+1))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return `"x"`
}
