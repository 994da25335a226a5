package compose

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// graphValues gives every subgraph its value of join__Graph.
func graphValues(subs []*subgraph.Subgraph) []string {
	values := make([]string, len(subs))
	count := map[string]int{}
	for i, s := range subs {
		values[i] = graphValue(s.Name)
		count[values[i]]++
	}
	next := map[string]int{}
	for i, value := range values {
		if count[value] > 1 {
			next[value]++
			values[i] = value + "_" + strconv.Itoa(next[value])
		}
	}
	return values
}

func graphValue(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			b.WriteRune(r)
		case r > 0xFFFF: // two UTF-16 code units
			b.WriteString("__")
		default:
			b.WriteByte('_')
		}
	}
	value := b.String()
	if value != "" && value[0] >= '0' && value[0] <= '9' {
		value = "_" + value
	}
	digits := strings.TrimRight(value, "0123456789")
	if digits != value && strings.HasSuffix(digits, "_") {
		value += "_"
	}
	return strings.ToUpper(value)
}

func joinDirective(name string, arguments ...*ast.Argument) *ast.Directive {
	return &ast.Directive{Name: name, Arguments: arguments}
}

func argument(name string, kind ast.ValueKind, raw string) *ast.Argument {
	return &ast.Argument{Name: name, Value: &ast.Value{Kind: kind, Raw: raw}}
}

func graphArgument(value string) *ast.Argument { return argument("graph", ast.EnumValue, value) }

func stringArgument(name, value string) *ast.Argument { return argument(name, ast.StringValue, value) }

func trueArgument(name string) *ast.Argument { return argument(name, ast.BooleanValue, "true") }

// joinType says which subgraphs define the type, once for each key.
func (m *merger) joinType(t *mergedType) {
	for i, src := range t.sources {
		if src == nil {
			continue
		}
		s := m.subs[i]
		add := func(key *ast.Directive, extension bool) {
			d := joinDirective("join__type", graphArgument(m.graphs[i]))
			if key != nil {
				text, _ := subgraph.FieldsText(key)
				d.Arguments = append(d.Arguments, stringArgument("key", text))
				if extension {
					d.Arguments = append(d.Arguments, trueArgument("extension"))
				}
				if a := key.Arguments.ForName("resolvable"); a != nil {
					d.Arguments = append(d.Arguments, argument("resolvable", ast.BooleanValue, a.Value.Raw))
				}
			}
			if s.IsInterfaceObject(src) {
				d.Arguments = append(d.Arguments, trueArgument("isInterfaceObject"))
			}
			t.join = append(t.join, d)
		}
		extends, keyed := s.Has(src.Directives, "extends"), false
		for _, part := range src.Parts {
			for _, key := range s.All(part.Directives, "key") {
				keyed = true
				add(key, part.Extension || extends)
			}
		}
		if !keyed {
			add(nil, false)
		}
	}
}

// joinField says which subgraphs have the field and how; nothing when every subgraph that has the type simply has it.
func (m *merger) joinField(f *mergedField, sameTypes bool) {
	if !m.needsJoinField(f, sameTypes) {
		return
	}
	for i, src := range f.sources {
		over := f.over[i]
		if src == nil || over.unused && over.label == "" {
			continue
		}
		s := m.subs[i]
		d := joinDirective("join__field", graphArgument(m.graphs[i]))
		for _, name := range []string{"requires", "provides"} {
			if applied := s.First(src.Directives, name); applied != nil {
				text, _ := subgraph.FieldsText(applied)
				d.Arguments = append(d.Arguments, stringArgument(name, text))
			}
		}
		if applied := s.First(src.Directives, "override"); applied != nil {
			from, _ := subgraph.StringArgument(applied, "from")
			d.Arguments = append(d.Arguments, stringArgument("override", from))
		}
		if !sameTypes {
			d.Arguments = append(d.Arguments, stringArgument("type", src.Type.String()))
		}
		if s.IsExternal(src) {
			d.Arguments = append(d.Arguments, trueArgument("external"))
		}
		if over.used {
			d.Arguments = append(d.Arguments, trueArgument("usedOverridden"))
		}
		if over.label != "" {
			d.Arguments = append(d.Arguments, stringArgument("overrideLabel", over.label))
		}
		if contexts := m.contextArguments(s, src); contexts != nil {
			d.Arguments = append(d.Arguments, contexts)
		}
		f.join = append(f.join, d)
	}
}

func (m *merger) needsJoinField(f *mergedField, sameTypes bool) bool {
	if !sameTypes {
		return true
	}
	for i, src := range f.sources {
		s, over := m.subs[i], f.over[i]
		switch {
		case over.used || over.label != "":
			return true
		case src == nil || over.unused:
			if f.parent.sources[i] != nil {
				return true
			}
		case s.IsExternal(src) || s.Has(src.Directives, "requires") || s.Has(src.Directives, "provides"):
			return true
		case m.contextArguments(s, src) != nil:
			return true
		}
	}
	return false
}

// joinDirectives carries the cache tags of one element, given per subgraph: routers read them, the API schema does not
// have them.
func (m *merger) joinDirectives(lists []ast.DirectiveList) ast.DirectiveList {
	var out ast.DirectiveList
	byFormat := map[string]*ast.Value{}
	for i, list := range lists {
		for _, d := range m.subs[i].All(list, "cacheTag") {
			format, _ := subgraph.StringArgument(d, "format")
			graphs := byFormat[format]
			if graphs == nil {
				graphs = &ast.Value{Kind: ast.ListValue}
				byFormat[format] = graphs
				out = append(out, joinDirective("join__directive", &ast.Argument{Name: "graphs", Value: graphs},
					stringArgument("name", "federation__cacheTag"),
					&ast.Argument{Name: "args", Value: &ast.Value{Kind: ast.ObjectValue, Children: ast.ChildValueList{
						{Name: "format", Value: &ast.Value{Kind: ast.StringValue, Raw: format}},
					}}}))
				m.cacheTags = true
			}
			last := len(graphs.Children) - 1
			if last < 0 || graphs.Children[last].Value.Raw != m.graphs[i] {
				graphs.Children = append(graphs.Children, &ast.ChildValue{Value: &ast.Value{Kind: ast.EnumValue, Raw: m.graphs[i]}})
			}
		}
	}
	return out
}
