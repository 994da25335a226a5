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
	at         []Location
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
	for _, identity := range m.linkedIdentities() {
		m.settleVersion(identity)
	}
	for _, c := range m.composed {
		m.checkComposed(c)
	}
	if len(m.errs) > 0 {
		return
	}
	for _, c := range m.composed {
		m.defineComposed(c)
	}
}

// composeDirective reads one application.
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
		ofFederation := link == nil || link.URL.Identity == spec.Federation || own == "tag" || own == "inaccessible"
		if slices.Contains(alreadyComposed, own) && ofFederation {
			m.hint(HintDirectiveComposeInfo, "@"+name, "directive @%s is merged anyway and need not be composed", name).at(s.Name, d.Position)
		} else {
			fail("directive @%s cannot be composed: it belongs to federation", name)
		}
		return
	}
	switch {
	case s.Definition(name) == nil:
		fail("directive @%s is not defined; define it", name)
		return
	case link == nil:
		fail("directive @%s does not belong to a linked specification; import it in a @link", name)
		return
	case slices.ContainsFunc(m.subs, func(o *subgraph.Subgraph) bool {
		return o.SpecName(name) == "tag" || o.SpecName(name) == "inaccessible"
	}):
		fail("directive @%s has the name of a federation directive; import it under another", name)
		return
	}
	at := (&Error{}).At(s.Name, d.Position).Locations
	for _, c := range m.composed {
		if c.name == name && c.url.Identity == link.URL.Identity && c.element == element {
			c.in[i] = true
			c.at = append(c.at, at...)
			return
		}
	}
	c := &composedDirective{name: name, element: element, url: link.URL, at: at, in: make([]bool, len(m.subs))}
	c.in[i] = true
	m.composed = append(m.composed, c)
}

// linkedIdentities lists the specifications that the subgraphs link, in order of appearance.
func (m *merger) linkedIdentities() []string {
	var out []string
	for _, s := range m.subs {
		for _, l := range s.Links.All {
			if !slices.Contains(out, l.URL.Identity) {
				out = append(out, l.URL.Identity)
			}
		}
	}
	return out
}

// settleVersion finds the version of a specification that the supergraph links: the highest of the subgraphs that
// compose a directive of it, which must have one major version.
func (m *merger) settleVersion(identity string) {
	var best *spec.Linked
	from := 0 // the subgraph that best is of
	bestComposed, hinted := false, false
	for i, s := range m.subs {
		l := s.Links.ByIdentity(identity)
		if l == nil {
			continue
		}
		composed := slices.ContainsFunc(m.composed, func(c *composedDirective) bool { return c.url.Identity == identity && c.in[i] })
		if best != nil && best.URL.Version.Major != l.URL.Version.Major {
			if composed && bestComposed {
				m.errorf(spec.CodeDirectiveComposition, "[%s] a directive of %s is composed from different major versions; link one", s.Name, identity).
					At(s.Name, l.Position).At(m.subs[from].Name, best.Position)
				return
			}
			if !hinted {
				m.hint(HintDirectiveComposeInfo, "", "subgraph %q links %s, other subgraphs another major version", s.Name, l.URL).at(s.Name, l.Position)
				hinted = true
			}
			if bestComposed {
				continue
			}
		} else if best != nil && (bestComposed && !composed || bestComposed == composed && l.URL.Version.Less(best.URL.Version)) {
			continue
		}
		best, from, bestComposed = l, i, composed
	}
	for _, c := range m.composed {
		if c.url.Identity == identity && best != nil {
			c.url.Version = best.URL.Version
		}
	}
}

// checkComposed reports a name that stands for several directives, and a directive with several names.
func (m *merger) checkComposed(c *composedDirective) {
	for _, other := range m.composed {
		switch {
		case other == c:
			return
		case other.name == c.name:
			m.errorf(spec.CodeDirectiveComposition, "directive @%s is composed from both %s and %s; rename one where it is imported", c.name, other.url, c.url).AtAll(other.at).AtAll(c.at)
		case other.element == c.element:
			m.errorf(spec.CodeDirectiveComposition, "directive %q is composed under different names, @%s and @%s; import it under one", c.element, other.name, c.name).AtAll(other.at).AtAll(c.at)
		}
	}
}

// defineComposed takes the definition from the last subgraph that links the very version.
func (m *merger) defineComposed(c *composedDirective) {
	for i, s := range m.subs {
		l := s.Links.ByIdentity(c.url.Identity)
		if l == nil {
			continue
		}
		name := l.DirectiveName(c.element)
		imported := slices.ContainsFunc(l.Imports, func(i spec.Import) bool { return i.Directive && i.Name == c.element })
		if !c.in[i] && imported && name != c.name {
			m.hint(HintDirectiveComposeWarn, "@"+c.name, "directive @%s is named @%s in subgraph %q, which does not compose it", c.name, name, s.Name).at(s.Name, l.Position)
		}
		if definition := s.Definition(name); l.URL.Version == c.url.Version && definition != nil {
			copied := *definition
			copied.Name = c.name
			c.definition = &copied
		}
	}
	if c.definition == nil {
		m.errorf(spec.CodeDirectiveComposition, "directive @%s is composed from %s, but no subgraph that links this version defines it", c.name, c.url).AtAll(c.at)
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
