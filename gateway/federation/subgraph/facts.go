package subgraph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

// Facts are sets of fields of one subgraph that many rules ask for; they are computed once.
type Facts struct {
	external  map[*ast.FieldDefinition]bool // has @external, itself or through its type, and is not fake
	fake      map[*ast.FieldDefinition]bool // has @external but is a key field of an extension
	provided  map[*ast.FieldDefinition]bool // external and covered by a @provides
	used      map[*ast.FieldDefinition]bool // selected by a field set, or implements an interface field
	keyMember map[*ast.FieldDefinition]bool // selected by a @key, at any depth
}

// known returns the facts, computing them on first use. A Subgraph is used by one goroutine.
func (s *Subgraph) known() *Facts {
	if s.facts == nil {
		s.facts = s.computeFacts()
	}
	return s.facts
}

// IsExternal reports whether the field is external: marked so, itself or through its type, and no fake.
func (s *Subgraph) IsExternal(f *ast.FieldDefinition) bool { return s.known().external[f] }

// IsFakeExternal reports whether the field is marked external only out of Federation 1 habit: it is part of the key
// of a type extension, and the subgraph does have it.
func (s *Subgraph) IsFakeExternal(f *ast.FieldDefinition) bool { return s.known().fake[f] }

// IsFullyExternal reports whether the field is external and no @provides makes it available.
func (s *Subgraph) IsFullyExternal(f *ast.FieldDefinition) bool {
	return s.known().external[f] && !s.known().provided[f]
}

// IsUsed reports whether a field set selects the field, or an interface demands it.
func (s *Subgraph) IsUsed(f *ast.FieldDefinition) bool { return s.known().used[f] }

// IsShareable reports whether other subgraphs may resolve the field too.
func (s *Subgraph) IsShareable(t *Type, f *ast.FieldDefinition) bool {
	facts := s.known()
	if s.sharing != nil {
		facts = s.sharing
	}
	return s.Has(f.Directives, "shareable") || facts.keyMember[f] || facts.external[f] && facts.provided[f] ||
		s.Has(t.PartOf(f).Directives, "shareable")
}

// FieldsText returns the text of a `fields:` argument. Federation 1 also wrote a list of strings or a bare name.
func FieldsText(d *ast.Directive) (text string, ok bool) {
	a := d.Arguments.ForName("fields")
	if a == nil || a.Value == nil {
		return "", false
	}
	switch a.Value.Kind {
	case ast.StringValue, ast.BlockValue:
		return a.Value.Raw, true
	case ast.EnumValue:
		return a.Value.Raw, true
	case ast.ListValue:
		var parts []string
		for _, c := range a.Value.Children {
			parts = append(parts, c.Value.Raw)
		}
		return strings.Join(parts, " "), true
	}
	return "", false
}

// Fields parses the `fields:` of a directive leniently: an unreadable set is empty.
func (s *Subgraph) Fields(d *ast.Directive) fieldset.Set {
	text, _ := StringArgument(d, "fields")
	if !s.Fed2 {
		text, _ = FieldsText(d)
	}
	set, err := fieldset.Parse(text)
	if err != nil || set.HasDirective(s.isUnknownDirective) {
		return nil
	}
	return set
}

func (s *Subgraph) computeFacts() *Facts {
	f := &Facts{
		external: map[*ast.FieldDefinition]bool{}, fake: map[*ast.FieldDefinition]bool{}, provided: map[*ast.FieldDefinition]bool{},
		used: map[*ast.FieldDefinition]bool{}, keyMember: map[*ast.FieldDefinition]bool{},
	}
	for _, t := range s.Types {
		extends := s.Has(t.Directives, "extends")
		for _, part := range t.Parts {
			for _, key := range s.All(part.Directives, "key") {
				s.Fields(key).Visit(t.Definition, s.Lookup, func(_ *ast.Definition, field *ast.FieldDefinition, _ *fieldset.Selection) {
					f.keyMember[field] = true
					if part.Extension || extends {
						f.fake[field] = true
					}
				})
			}
		}
	}
	for _, t := range s.Types {
		whole := s.Fed2 && t.Kind == ast.Object && s.Has(t.Directives, "external")
		for _, field := range t.Fields {
			marked := whole || s.Has(field.Directives, "external")
			f.external[field] = marked && !f.fake[field]
			f.fake[field] = marked && f.fake[field]
		}
	}
	for _, t := range s.Types {
		s.markUses(f, t)
	}
	return f
}

// markUses records which fields the field sets on t, on its fields and on their arguments select.
func (s *Subgraph) markUses(f *Facts, t *Type) {
	mark := func(set fieldset.Set, parent *ast.Definition, into ...map[*ast.FieldDefinition]bool) {
		set.Visit(parent, s.Lookup, func(parent *ast.Definition, field *ast.FieldDefinition, _ *fieldset.Selection) {
			fields := []*ast.FieldDefinition{field}
			if parent.Kind == ast.Interface {
				for _, impl := range s.Implementations(parent.Name) {
					if own := impl.Fields.ForName(field.Name); own != nil {
						fields = append(fields, own)
					}
				}
			}
			for _, m := range into {
				for _, field := range fields {
					m[field] = true
				}
			}
		})
	}
	for _, key := range s.All(t.Directives, "key") {
		mark(s.Fields(key), t.Definition, f.used)
	}
	for _, name := range t.Interfaces {
		if i := s.Type(name); i != nil {
			for _, field := range i.Fields {
				if own := t.Fields.ForName(field.Name); own != nil {
					f.used[own] = true
				}
			}
		}
	}
	for _, field := range t.Fields {
		for _, d := range s.All(field.Directives, "requires") {
			mark(s.Fields(d), t.Definition, f.used)
		}
		for _, d := range s.All(field.Directives, "provides") {
			mark(s.Fields(d), s.Lookup(field.Type.Name()), f.used, f.provided)
		}
		for _, a := range field.Arguments {
			for _, d := range s.All(a.Directives, "fromContext") {
				s.markContext(d, func(set fieldset.Set, parent *ast.Definition) { mark(set, parent, f.used) })
			}
		}
	}
}

func (s *Subgraph) markContext(d *ast.Directive, mark func(fieldset.Set, *ast.Definition)) {
	text, _ := StringArgument(d, "field")
	name, selection, ok := fieldset.SplitContext(text)
	if !ok {
		return
	}
	set, err := fieldset.Parse(selection)
	if err != nil {
		return
	}
	for _, t := range s.ContextTypes(name) {
		mark(set, t.Definition)
	}
}

// ContextTypes returns the types that set the named context.
func (s *Subgraph) ContextTypes(name string) []*Type {
	var out []*Type
	for _, t := range s.Types {
		if slices.ContainsFunc(s.All(t.Directives, "context"), func(d *ast.Directive) bool {
			text, _ := StringArgument(d, "name")
			return text == name
		}) {
			out = append(out, t)
		}
	}
	return out
}
