package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// composedDirective is a custom directive that @composeDirective brings into the supergraph.
type composedDirective struct {
	name       string // in the supergraph
	element    string // in its specification
	url        spec.URL
	in         []bool // subgraphs that compose it
	definition *ast.DirectiveDefinition
}

// composedBy returns the composed directive of that name, given with its "@"; nil when there is none.
func (m *merger) composedBy(key string) *composedDirective {
	for _, c := range m.composed {
		if "@"+c.name == key {
			return c
		}
	}
	return nil
}

func (m *merger) isComposedName(name string) bool { return m.composedBy("@"+name) != nil }

// alreadyComposed are the federation directives that composition merges by itself.
var alreadyComposed = []string{"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context"}

// composeDirectives checks the @composeDirective applications and collects what they name.
func (m *merger) composeDirectives() {
	for i, s := range m.subs {
		for _, d := range s.All(s.Applied, "composeDirective") {
			m.composeDirective(i, d)
		}
	}
	for _, c := range m.composed {
		for _, other := range m.composed { // one version for all directives of a specification
			if other.url.Identity == c.url.Identity && c.url.Version.Less(other.url.Version) {
				c.url.Version = other.url.Version
			}
		}
	}
	for _, c := range m.composed {
		m.settleComposed(c)
	}
}

func (m *merger) composeDirective(i int, d *ast.Directive) {
	s := m.subs[i]
	fail := func(format string, args ...any) {
		m.errorf(spec.CodeDirectiveComposition, "["+s.Name+"] "+format, args...).At(s.Name, d.Position)
	}
	given, _ := subgraph.StringArgument(d, "name")
	name, ok := strings.CutPrefix(given, "@")
	if !ok || name == "" {
		fail("the name in @composeDirective must be that of a directive with its \"@\", not %q", given)
		return
	}
	link, element := s.Links.Resolve(name)
	if own := s.SpecName(name); own != "" || link != nil && link.Feature != nil {
		if slices.Contains(alreadyComposed, own) {
			m.hint(HintDirectiveComposeInfo, "@"+name, "directive @%s is merged anyway and need not be composed", name).at(s.Name, d.Position)
		} else {
			fail("directive @%s cannot be composed", name)
		}
		return
	}
	switch {
	case s.Definition(name) == nil:
		fail("directive @%s is not defined", name)
		return
	case link == nil:
		fail("directive @%s does not belong to a linked specification", name)
		return
	case m.names["tag"] == name || m.names["inaccessible"] == name:
		fail("directive @%s has the name of a federation directive", name)
		return
	}
	for _, c := range m.composed {
		sameName, sameElement := c.name == name, c.url.Identity == link.URL.Identity && c.element == element
		switch {
		case sameName && sameElement:
			if c.url.Version.Major != link.URL.Version.Major {
				fail("directive @%s is composed from different major versions of %s", name, link.URL.Identity)
			} else if c.url.Version.Less(link.URL.Version) {
				c.url.Version = link.URL.Version
			}
			c.in[i] = true
			return
		case sameName:
			fail("directive @%s is composed from different specifications, %s and %s", name, c.url.Identity, link.URL.Identity)
			return
		case sameElement:
			fail("directive %q of %s is composed under different names, @%s and @%s", element, link.URL.Identity, c.name, name)
			return
		}
	}
	c := &composedDirective{name: name, element: element, url: link.URL, in: make([]bool, len(m.subs))}
	c.in[i] = true
	m.composed = append(m.composed, c)
}

// settleComposed finds the definition of a composed directive: that of the last subgraph with its very version.
func (m *merger) settleComposed(c *composedDirective) {
	for i, s := range m.subs {
		l := s.Links.ByIdentity(c.url.Identity)
		if l == nil {
			continue
		}
		if name := l.DirectiveName(c.element); name != c.name {
			if s.Definition(name) != nil {
				m.hint(HintDirectiveComposeWarn, "@"+c.name, "directive @%s is named @%s in subgraph %q, which does not compose it", c.name, name, s.Name).at(s.Name, l.Position)
			}
			continue
		}
		if !c.in[i] && l.URL.Version.Major != c.url.Version.Major {
			m.hint(HintDirectiveComposeInfo, "@"+c.name, "subgraph %q links %s and does not compose @%s", s.Name, l.URL, c.name).at(s.Name, l.Position)
		}
		if l.URL.Version == c.url.Version {
			if definition := s.Definition(c.name); definition != nil || c.definition == nil {
				c.definition = definition
			}
		}
	}
	if c.definition == nil {
		m.errorf(spec.CodeDirectiveComposition, "directive @%s is composed from %s, but no subgraph that links this version defines it", c.name, c.url)
		c.definition = &ast.DirectiveDefinition{Name: c.name}
	}
}

func (m *merger) composedLinks() ast.DirectiveList {
	var out ast.DirectiveList
	var urls []spec.URL
	imports := map[spec.URL][]*ast.Value{}
	for _, c := range m.composed {
		if !slices.Contains(urls, c.url) {
			urls = append(urls, c.url)
		}
		imports[c.url] = append(imports[c.url], importValue(c.element, c.name))
	}
	for _, u := range urls {
		out = append(out, linkDirective(u, "", imports[u]))
	}
	return out
}
