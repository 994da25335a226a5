package subgraph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// completion holds the definitions that a schema may leave out.
type completion struct {
	types      []*ast.Definition
	directives []*ast.DirectiveDefinition
	replaced   []string // directives whose own definition is replaced
}

// complete fills in the definitions of linked specifications and checks those that the schema gives itself.
func (s *Subgraph) complete(doc *ast.SchemaDocument) (completion, spec.Errors) {
	var added completion
	var errs spec.Errors
	for _, l := range s.Links.All {
		if l.Feature == nil || l.URL.Identity == spec.Join {
			continue // the definitions of join are those of supergraphs
		}
		if !s.Fed2 && l.URL.Identity != spec.Link && l.URL.Identity != spec.Core {
			continue // Federation 1 does not add the definitions of linked specifications
		}
		defs := l.Feature.Definitions(l.URL.Version)
		rename(defs, l.TypeName)
		for i, d := range defs.Directives {
			bare := d.Name
			d.Name = l.DirectiveName(bare)
			if l.URL.Identity == spec.Link || l.URL.Identity == spec.Core {
				d.Name = s.Links.Directive
			} else if s.specNames[d.Name] == "" {
				s.specNames[d.Name] = bare
			}
			defs.Directives[i] = d
		}
		errs = append(errs, s.settle(doc, defs, &added)...)
	}
	if !s.Fed2 {
		errs = append(errs, s.completeFed1(doc, &added)...)
	}
	s.completion = map[string]*ast.DirectiveDefinition{}
	for _, d := range slices.Concat(added.directives, doc.Directives) {
		if s.completion[d.Name] == nil {
			s.completion[d.Name] = d
		}
	}
	return added, errs
}

// completeFed1 adds the directives that a Federation 1 schema has without a link.
func (s *Subgraph) completeFed1(doc *ast.SchemaDocument, added *completion) spec.Errors {
	defs := spec.Find(spec.Federation).Definitions(spec.UpgradeVersion)
	oldest := spec.Find(spec.Federation).Definitions(spec.Version{Major: 2})
	for i, d := range defs.Directives {
		if slices.Contains(spec.Fed1Directives, d.Name) {
			defs.Directives[i] = oldest.Directives.ForName(d.Name)
		}
	}
	defs.Definitions = defs.Definitions[:1] // FieldSet
	rename(defs, func(name string) string { return "_" + name })
	defs.Directives = slices.DeleteFunc(defs.Directives, func(d *ast.DirectiveDefinition) bool {
		own := doc.Directives.ForName(d.Name)
		known := slices.Contains(spec.Fed1Directives, d.Name)
		if own != nil && known && isOldSpelling(d.Name, own) {
			added.replaced = append(added.replaced, d.Name)
			doc.Directives = slices.DeleteFunc(doc.Directives, func(o *ast.DirectiveDefinition) bool { return o == own })
		}
		if !known && own == nil {
			return true
		}
		s.specNames[d.Name] = d.Name
		return false
	})
	if len(added.replaced) > 0 {
		doc.Definitions = slices.DeleteFunc(doc.Definitions, func(d *ast.Definition) bool {
			return d.Kind == ast.Scalar && d.Name == "_FieldSet"
		})
	}
	later := &ast.SchemaDocument{}
	defs.Directives = slices.DeleteFunc(defs.Directives, func(d *ast.DirectiveDefinition) bool {
		if slices.Contains(spec.Fed1Directives, d.Name) {
			return false
		}
		later.Directives = append(later.Directives, d)
		return true
	})
	s.upgradeErrors = s.settle(doc, later, &completion{})
	return s.settle(doc, defs, added)
}

// isOldSpelling reports whether a definition of @key, @requires or @provides is one of those that were customary
// with Federation 1: without arguments, or with one `fields` of type String, _FieldSet or FieldSet.
func isOldSpelling(name string, d *ast.DirectiveDefinition) bool {
	if name != "key" && name != "requires" && name != "provides" || len(d.Arguments) > 1 {
		return false
	}
	if len(d.Arguments) == 0 {
		return true
	}
	a := d.Arguments[0]
	return a.Name == "fields" && slices.Contains([]string{"String", "_FieldSet", "FieldSet"}, a.Type.String())
}

// settle adds to the completion each definition that the schema lacks, and checks the others.
func (s *Subgraph) settle(doc, defs *ast.SchemaDocument, added *completion) spec.Errors {
	var errs spec.Errors
	for _, want := range defs.Definitions {
		own := doc.Definitions.ForName(want.Name)
		switch {
		case own == nil:
			if !slices.ContainsFunc(added.types, func(d *ast.Definition) bool { return d.Name == want.Name }) {
				added.types = append(added.types, want)
			}
		case own.Kind != want.Kind:
			errs = append(errs, spec.Errorf(spec.CodeTypeDefinitionInvalid, "type %q must be of the kind %s, as its specification says", want.Name, strings.ToLower(string(want.Kind))).At(s.Name, own.Position))
		case !slices.Equal(valueNames(own), valueNames(want)):
			errs = append(errs, spec.Errorf(spec.CodeTypeDefinitionInvalid, "type %q must have the values %s", want.Name, strings.Join(valueNames(want), ", ")).At(s.Name, own.Position))
		}
	}
	for _, want := range defs.Directives {
		own := doc.Directives.ForName(want.Name)
		if own == nil {
			if !slices.ContainsFunc(added.directives, func(d *ast.DirectiveDefinition) bool { return d.Name == want.Name }) {
				added.directives = append(added.directives, want)
			}
			continue
		}
		if problem := redefinition(own, want); problem != "" {
			errs = append(errs, spec.Errorf(spec.CodeDirectiveDefinitionInvalid, "the definition of @%s is not compatible with its specification: %s",
				want.Name, problem).At(s.Name, own.Position))
		}
	}
	return errs
}

// valueNames lists the values of an enum, sorted.
func valueNames(d *ast.Definition) []string {
	var names []string
	for _, v := range d.EnumValues {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

// rename gives the types of a specification, and references to them, their names in the schema.
func rename(doc *ast.SchemaDocument, name func(string) string) {
	own := map[string]string{}
	for _, d := range doc.Definitions {
		own[d.Name] = name(d.Name)
		d.Name = own[d.Name]
	}
	var fix func(t *ast.Type)
	fix = func(t *ast.Type) {
		if t.Elem != nil {
			fix(t.Elem)
		} else if to, ok := own[t.NamedType]; ok {
			t.NamedType = to
		}
	}
	for _, d := range doc.Directives {
		for _, a := range d.Arguments {
			fix(a.Type)
		}
	}
}
