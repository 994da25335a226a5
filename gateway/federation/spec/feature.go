package spec

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Identities of the specifications that composition knows.
const (
	host           = "https://specs.apollo.dev/"
	Link           = host + "link"
	Core           = host + "core"
	Join           = host + "join"
	Federation     = host + "federation"
	Tag            = host + "tag"
	Inaccessible   = host + "inaccessible"
	Authenticated  = host + "authenticated"
	RequiresScopes = host + "requiresScopes"
	Policy         = host + "policy"
	Context        = host + "context"
	Cost           = host + "cost"
	CacheTag       = host + "cacheTag"
	Connect        = host + "connect"
)

// Feature is a known specification that a subgraph may link, or that the supergraph does.
type Feature struct {
	Identity string
	Name     string
	Versions []Version // known ones, ascending
	Purpose  string    // SECURITY, EXECUTION or ""
	Since    Version   // federation version that a direct link raises the subgraph to; zero: it raises nothing
	elements []element
}

// element is one definition of a feature and the version that introduced it.
type element struct {
	since Version
	sdl   string
}

// Latest is the highest known version.
func (f *Feature) Latest() Version { return f.Versions[len(f.Versions)-1] }

// Knows reports whether v is a known version of the feature.
func (f *Feature) Knows(v Version) bool {
	return slices.Contains(f.Versions, v)
}

// Definitions returns what version v of the feature defines, with unprefixed names. A later definition of the same
// name replaces an earlier one. Each call parses again, so the caller owns the result.
func (f *Feature) Definitions(v Version) *ast.SchemaDocument {
	doc := &ast.SchemaDocument{}
	for _, e := range f.elements {
		if v.Less(e.since) {
			continue
		}
		part := mustParse(e.sdl)
		for _, d := range part.Directives {
			if i := directiveIndex(doc.Directives, d.Name); i >= 0 {
				doc.Directives[i] = d
				continue
			}
			doc.Directives = append(doc.Directives, d)
		}
		doc.Definitions = append(doc.Definitions, part.Definitions...)
	}
	return doc
}

func directiveIndex(list ast.DirectiveDefinitionList, name string) int {
	for i, d := range list {
		if d.Name == name {
			return i
		}
	}
	return -1
}

// mustParse parses SDL written in this package; failing is a broken invariant that any test shows.
func mustParse(sdl string) *ast.SchemaDocument {
	doc, err := parser.ParseSchema(&ast.Source{Name: "specification", Input: sdl, BuiltIn: true})
	if err != nil {
		panic("spec: built-in definition does not parse: " + err.Error() + "\n" + sdl)
	}
	return doc
}

// Find returns the known feature of that identity, or nil.
func Find(identity string) *Feature {
	for _, f := range Features {
		if f.Identity == identity {
			return f
		}
	}
	return nil
}

// SupergraphFeature returns the feature whose directive stands in the supergraph for the federation directive name,
// or nil when it stays in the subgraphs.
func SupergraphFeature(directive string) *Feature {
	for _, f := range Features {
		if f.Identity == Federation || f.Identity == Link || f.Identity == Join || f.Identity == CacheTag {
			continue
		}
		for _, e := range f.elements {
			if strings.HasPrefix(e.sdl, "directive @"+directive+"(") || strings.HasPrefix(e.sdl, "directive @"+directive+" ") {
				return f
			}
		}
	}
	return nil
}

func v(major, minor int) Version { return Version{major, minor} }

func versions(major, from, to int) []Version {
	var out []Version
	for minor := from; minor <= to; minor++ {
		out = append(out, v(major, minor))
	}
	return out
}
