package operations

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func (g *generator) arguments(f *ast.FieldDefinition) string {
	var list []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil || g.chance(50) {
			list = append(list, a.Name+": "+g.argument(a.Type, a.DefaultValue != nil))
		}
	}
	if len(list) == 0 {
		return ""
	}
	g.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return "(" + strings.Join(list, ", ") + ")"
}

// argument writes a value or a variable. A place that has a default takes a variable that may be missing.
func (g *generator) argument(t *ast.Type, hasDefault bool) string {
	if !g.chance(35) {
		return g.literal(t)
	}
	text := t.String()
	for _, name := range []string{"v0", "v1", "v2", "v3"} { // one that is there already
		if known, ok := g.declared[name]; ok && (known == text || known == text+"!") && g.chance(50) {
			return "$" + name
		}
	}
	name := fmt.Sprintf("v%d", len(g.declared))
	if _, ok := g.declared[name]; ok {
		return g.literal(t)
	}
	declared := text
	switch {
	case t.NonNull && g.chance(30): // a nullable variable whose default is not null
		declared = strings.TrimSuffix(text, "!") + " = " + g.constant(t)
	case t.NonNull && hasDefault && g.chance(30): // may be missing since the place has a default
		declared = strings.TrimSuffix(text, "!")
	case !t.NonNull && g.chance(20):
		declared = text + "!"
	case !t.NonNull && g.chance(30):
		declared += " = " + g.constant(t)
	}
	g.declared[name] = declared
	optional := strings.Contains(declared, "=") || !strings.HasSuffix(declared, "!")
	if !optional || g.chance(60) {
		given := *t
		given.NonNull = true
		if !t.NonNull && optional && g.chance(15) && !strings.Contains(declared, "=") {
			g.variables[name] = nil
		} else {
			g.variables[name] = g.json(&given)
		}
	}
	return "$" + name
}

// constant is a literal without variables.
func (g *generator) constant(t *ast.Type) string {
	h := &generator{schema: g.schema, r: g.r, left: -1}
	return h.literal(t)
}

func (g *generator) nested(t *ast.Type, hasDefault bool) string {
	if g.left < 0 || g.declared == nil {
		return g.literal(t)
	}
	return g.argument(t, hasDefault)
}

func (g *generator) literal(t *ast.Type) string {
	if !t.NonNull && g.chance(10) {
		return "null"
	}
	if t.Elem != nil {
		if t.Elem.Elem == nil && g.chance(15) {
			e := *t.Elem
			e.NonNull = true
			return g.literal(&e) // one value stands for a list of it
		}
		var list []string
		for range g.r.IntN(3) {
			list = append(list, g.nested(t.Elem, false))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	def := g.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[g.r.IntN(len(def.EnumValues))].Name
	case ast.InputObject:
		var members []string
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || g.chance(35) {
				members = append(members, f.Name+": "+g.nested(f.Type, f.DefaultValue != nil))
			}
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	switch t.NamedType {
	case "Int":
		return fmt.Sprint(g.r.IntN(5))
	case "Float":
		return []string{"1", "2.5", "-0.25"}[g.r.IntN(3)]
	case "Boolean":
		return fmt.Sprint(g.chance(50))
	case "ID":
		return []string{"5", `"5"`, `"x"`}[g.r.IntN(3)]
	case "String":
		return []string{`"v"`, `""`, `"a \"b\" \\ é"`, `"""block"""`}[g.r.IntN(4)]
	}
	return []string{`{a: [1, 2.5], b: "x"}`, `"s"`, "17", "[true, null]"}[g.r.IntN(4)]
}

// json makes a value of a variable.
func (g *generator) json(t *ast.Type) any {
	if !t.NonNull && g.chance(10) {
		return nil
	}
	if t.Elem != nil {
		list := []any{}
		for range g.r.IntN(3) {
			list = append(list, g.json(t.Elem))
		}
		return list
	}
	def := g.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[g.r.IntN(len(def.EnumValues))].Name
	case ast.InputObject:
		out := map[string]any{}
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || g.chance(35) {
				out[f.Name] = g.json(f.Type)
			}
		}
		return out
	}
	switch t.NamedType {
	case "Int":
		return float64(g.r.IntN(5))
	case "Float":
		return []any{1.0, 2.5, -0.25}[g.r.IntN(3)]
	case "Boolean":
		return g.chance(50)
	case "ID":
		return []any{"5", 5.0, "x"}[g.r.IntN(3)]
	case "String":
		return []any{"v", "", "é\"\\"}[g.r.IntN(3)]
	}
	return []any{map[string]any{"a": []any{1.0, 2.5}}, "s", 17.0, []any{true, nil}}[g.r.IntN(4)]
}
