package supergraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
)

// features are the specs a supergraph links, and the names under which their elements appear in it.
type features struct {
	prefixes map[string]bool // "join": owns join__anything and @join
	names    map[string]bool // imported names, directives with "@"

	join, inaccessible, context, cost, listSize string // name prefix, or directive name; "" when not linked
	auth                                        auth.Names
}

var joinVersions = []string{"v0.3", "v0.4", "v0.5"}

// known are the specs that a supergraph may demand by `for: SECURITY` or `for: EXECUTION`.
var known = []string{"link", "join", "tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context", "cost", "connect", "cacheTag", "core"}

func readFeatures(doc *ast.SchemaDocument) (*features, error) {
	f := &features{prefixes: map[string]bool{"link": true}, names: map[string]bool{}}
	var links []*ast.Directive
	for _, s := range append(slices.Clone(doc.Schema), doc.SchemaExtension...) {
		links = append(links, s.Directives.ForNames("link")...)
		if len(s.Directives.ForNames("core")) > 0 {
			return nil, fmt.Errorf("supergraph was written by a Federation 1 composer (@core): compose it again with Federation 2")
		}
	}
	if len(links) == 0 {
		return nil, fmt.Errorf("not a supergraph: its schema has no @link")
	}
	for _, d := range links {
		url := strings.TrimRight(argument(d, "url"), "/")
		parts := strings.Split(url, "/")
		version, spec := parts[len(parts)-1], ""
		if len(parts) > 1 {
			spec = parts[len(parts)-2]
		}
		purpose := argument(d, "for")
		if purpose != "" && !slices.Contains(known, spec) {
			return nil, fmt.Errorf("UNSUPPORTED_LINKED_FEATURE: the supergraph needs %s for %s, which is not known", url, purpose)
		}
		name := spec
		if as := argument(d, "as"); as != "" {
			name = as
		}
		f.prefixes[name] = true
		element := func(e string) string { return f.element(d, name, spec, e) }
		switch spec {
		case "join":
			if !slices.Contains(joinVersions, version) {
				return nil, fmt.Errorf("UNSUPPORTED_LINKED_FEATURE: join %s; supported are %s: compose the supergraph again with Federation 2", version, strings.Join(joinVersions, ", "))
			}
			f.join = name
		case "inaccessible":
			f.inaccessible = element("inaccessible")
		case "authenticated":
			f.auth.Authenticated = element("authenticated")
		case "requiresScopes":
			f.auth.RequiresScopes = element("requiresScopes")
		case "policy":
			f.auth.Policy = element("policy")
		case "cost":
			f.cost, f.listSize = element("cost"), element("listSize")
		case "context":
			f.context = element("context")
		}
		f.imports(d)
	}
	if f.join == "" {
		return nil, fmt.Errorf("not a supergraph: it does not link the join spec")
	}
	return f, nil
}

// element returns the name that directive e of a linked spec has: imported, the spec's own, or prefixed.
func (f *features) element(link *ast.Directive, name, spec, e string) string {
	if imports := link.Arguments.ForName("import"); imports != nil {
		for _, item := range imports.Value.Children {
			if item.Value.Raw == "@"+e {
				return e
			}
			if raw(item.Value, "name") == "@"+e {
				if as := raw(item.Value, "as"); as != "" {
					return strings.TrimPrefix(as, "@")
				}
				return e
			}
		}
	}
	if e == spec {
		return name
	}
	return name + "__" + e
}

func (f *features) imports(link *ast.Directive) {
	imports := link.Arguments.ForName("import")
	if imports == nil {
		return
	}
	for _, item := range imports.Value.Children {
		n := item.Value.Raw
		if len(item.Value.Children) > 0 {
			if n = raw(item.Value, "as"); n == "" {
				n = raw(item.Value, "name")
			}
		}
		f.names[n] = true
	}
}

// owns reports whether the type belongs to a linked spec.
func (f *features) owns(typeName string) bool {
	prefix, _, found := strings.Cut(typeName, "__")
	return found && f.prefixes[prefix] || f.names[typeName]
}

// ownsDirective reports whether the directive belongs to a linked spec.
func (f *features) ownsDirective(name string) bool {
	prefix, _, _ := strings.Cut(name, "__")
	return f.prefixes[prefix] || f.names["@"+name]
}
