package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// prepareDirectives settles which directives come into the supergraph, and under which names.
func (m *merger) prepareDirectives() {
	m.names, m.usedIn = map[string]string{}, map[string][]bool{}
	first := map[string]Location{} // use of each
	for i, s := range m.subs {
		s.EachApplied(func(list ast.DirectiveList) {
			for _, d := range list {
				name := s.SpecName(d.Name)
				if !isMergeable(name) || isBuiltInMergeable(name) {
					continue
				}
				if m.usedIn[name] == nil {
					m.usedIn[name] = make([]bool, len(m.subs))
					m.names[name], first[name] = d.Name, Location{Subgraph: s.Name, Line: d.Position.Line, Column: d.Position.Column}
				}
				if m.names[name] != d.Name && !m.usedIn[name][i] {
					m.errorf(spec.CodeLinkImportNameMismatch, "@%s is named @%s in subgraph %q but @%s in others; import it under one name",
						name, d.Name, s.Name, m.names[name]).At(s.Name, d.Position).AtAll([]Location{first[name]})
				}
				m.usedIn[name][i] = true
			}
		})
	}
	m.features = m.usedFeatures()
	m.composeDirectives()
}

// usedFeature is a specification that the supergraph links.
type usedFeature struct {
	*spec.Feature
	version spec.Version
}

// usedFeatures lists those that define a directive in use, by the first subgraph that uses one.
func (m *merger) usedFeatures() []usedFeature {
	var out []usedFeature
	for i := range m.subs {
		for _, d := range mergeables {
			if used := m.usedIn[d.name]; used == nil || !used[i] {
				continue
			}
			f := spec.SupergraphFeature(d.name)
			if !slices.ContainsFunc(out, func(u usedFeature) bool { return u.Feature == f }) {
				out = append(out, usedFeature{f, f.Latest()})
			}
		}
	}
	return out
}

// federationVersion is the highest version that a subgraph uses, through the federation link or another one.
func (m *merger) federationVersion() spec.Version {
	highest := spec.Version{Major: 2}
	for _, s := range m.subs {
		if highest.Less(s.Version) {
			highest = s.Version
		}
		for _, l := range s.Links.All {
			if l.Feature != nil && highest.Less(l.Feature.Since) {
				highest = l.Feature.Since
			}
		}
	}
	return highest
}

// hintUpgradedVersions tells which subgraphs link a specification that is newer than their federation version.
func (m *merger) hintUpgradedVersions() {
	for _, s := range m.subs {
		for _, l := range s.Links.All {
			if l.Feature != nil && s.Version.Less(l.Feature.Since) && l.Feature.Since.Major == s.Version.Major {
				m.hint(HintUpgradedVersion, "@link", "subgraph %q links federation %s but also %s, which needs federation %s; the latter is assumed",
					s.Name, s.Version, l.URL, l.Feature.Since).at(s.Name, l.Position)
				break
			}
		}
	}
}

// nameOf is the name in the supergraph of a directive of a linked specification.
func (m *merger) nameOf(f *spec.Feature, directive string) string {
	if name := m.names[directive]; name != "" {
		return name
	}
	return defaultName(f.Name, directive)
}

func defaultName(feature, directive string) string {
	if directive == feature {
		return feature
	}
	return feature + "__" + directive
}

// header makes the links of the supergraph and the definitions that they bring.
func (m *merger) header() (ast.DirectiveList, *ast.SchemaDocument) {
	links := ast.DirectiveList{linkDirective(spec.URL{Identity: spec.Link, Version: spec.Version{Major: 1}}, "", nil)}
	doc := &ast.SchemaDocument{}
	add := func(f *spec.Feature, v spec.Version, directive func(string) string, typeName func(string) string) {
		defs := f.Definitions(v)
		renamed := map[string]string{}
		for _, d := range defs.Definitions {
			renamed[d.Name] = typeName(d.Name)
			d.Name = renamed[d.Name]
		}
		for _, d := range defs.Directives {
			d.Name = directive(d.Name)
			for _, a := range d.Arguments {
				renameType(a.Type, renamed)
			}
		}
		doc.Merge(defs)
	}
	same := func(name string) string { return name }
	link := spec.Find(spec.Link)
	add(link, link.Latest(), same, func(name string) string { return "link__" + name })
	join := spec.Find(spec.Join)
	joinVersion := spec.JoinVersion(m.federationVersion())
	links = append(links, linkDirective(spec.URL{Identity: spec.Join, Version: joinVersion}, join.Purpose, nil))
	add(join, joinVersion, same, same)
	for _, f := range m.features {
		var imports []*ast.Value
		add(f.Feature, f.version, func(name string) string {
			as := m.nameOf(f.Feature, name)
			if as != defaultName(f.Name, name) {
				imports = append(imports, importValue(name, as))
			}
			return as
		}, func(name string) string { return f.Name + "__" + name })
		links = append(links, linkDirective(spec.URL{Identity: f.Identity, Version: f.version}, f.Purpose, imports))
	}
	if m.cacheTags {
		f := spec.Find(spec.CacheTag)
		links = append(links, linkDirective(spec.URL{Identity: f.Identity, Version: f.Latest()}, f.Purpose, nil))
	}
	return append(links, m.composedLinks()...), doc
}

func renameType(t *ast.Type, names map[string]string) {
	if t.Elem != nil {
		renameType(t.Elem, names)
	} else if to, ok := names[t.NamedType]; ok {
		t.NamedType = to
	}
}

func linkDirective(u spec.URL, purpose string, imports []*ast.Value) *ast.Directive {
	d := joinDirective("link", stringArgument("url", u.String()))
	if len(imports) > 0 {
		list := &ast.Value{Kind: ast.ListValue}
		for _, i := range imports {
			list.Children = append(list.Children, &ast.ChildValue{Value: i})
		}
		d.Arguments = append(d.Arguments, &ast.Argument{Name: "import", Value: list})
	}
	if purpose != "" {
		d.Arguments = append(d.Arguments, argument("for", ast.EnumValue, purpose))
	}
	return d
}

func importValue(name, as string) *ast.Value {
	if name == as {
		return &ast.Value{Kind: ast.StringValue, Raw: "@" + name}
	}
	return &ast.Value{Kind: ast.ObjectValue, Children: ast.ChildValueList{
		{Name: "name", Value: &ast.Value{Kind: ast.StringValue, Raw: "@" + name}},
		{Name: "as", Value: &ast.Value{Kind: ast.StringValue, Raw: "@" + as}},
	}}
}

// isFeatureName reports whether a name belongs to a specification that the supergraph links.
func (m *merger) isFeatureName(name string) bool {
	prefix, _, found := strings.Cut(name, "__")
	if !found {
		return false
	}
	return slices.ContainsFunc(m.features, func(f usedFeature) bool { return f.Name == prefix })
}
