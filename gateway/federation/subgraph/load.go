package subgraph

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/spec"
)

// maxTokens bounds the size of one subgraph's SDL.
const maxTokens = 2_000_000

// Load builds the schema of a subgraph. A Federation 1 schema is returned as it is; see Upgrade.
func Load(src Source) (*Subgraph, spec.Errors) {
	s := &Subgraph{Source: src, byName: map[string]*Type{}, specNames: map[string]string{}}
	if src.Name == "_" || src.Name == "" {
		return nil, spec.Errors{spec.Errorf(spec.CodeInvalidSubgraphName, "a subgraph cannot be named %q", src.Name)}
	}
	doc, err := s.parse()
	if err != nil {
		return nil, s.finish(spec.Errors{s.invalid(err)})
	}
	if errs := s.checkDefinitions(doc); len(errs) > 0 {
		return nil, s.finish(errs)
	}
	if len(doc.Definitions)+len(doc.Extensions)+len(doc.Directives)+len(doc.Schema)+len(doc.SchemaExtension) == 0 {
		return nil, s.finish(spec.Errors{spec.Errorf(spec.CodeInvalidGraphQL, "the schema is empty")})
	}
	for _, part := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		s.Applied = append(s.Applied, part.Directives...)
	}
	links, errs := spec.ResolveLinks(s.Applied, func(name string) bool { return doc.Directives.ForName(name) != nil })
	s.Links = links
	if l := links.ByIdentity(spec.Federation); l != nil && l.URL.Version.Major == 2 {
		s.Fed2, s.Version = true, l.URL.Version
	}
	var added completion
	switch {
	case len(errs) == 0:
		added, errs = s.complete(doc)
	case !links.Explicit:
		return nil, s.finish(errs)
	}
	if e := s.brokenField(doc, added); e != nil {
		return nil, s.finish(spec.Errors{e}) // the others may be its consequences
	}
	if len(errs) > 0 {
		return nil, s.finish(errs)
	}
	if errs := s.validateGraphQL(added); len(errs) > 0 {
		return nil, s.finish(errs)
	}
	dropMachinery(doc)
	errs = s.finish(s.renameRoots(doc))
	s.build(doc, added)
	if errs := s.checkMachinery(doc); len(errs) > 0 {
		return nil, s.finish(errs)
	}
	if len(errs) == 0 {
		return s, nil
	}
	if s.Fed2 {
		found := s.Validate()
		if s.fatal != nil {
			return nil, found
		}
		errs = append(errs, found...)
	}
	return nil, errs
}

func (s *Subgraph) parse() (*ast.SchemaDocument, error) {
	if !utf8.ValidString(s.SDL) {
		return nil, errors.New("the schema is not UTF-8")
	}
	doc, err := parser.ParseSchemaWithLimit(&ast.Source{Name: s.Name, Input: s.SDL}, maxTokens)
	if err != nil {
		return nil, err
	}
	doc.Definitions = slices.DeleteFunc(doc.Definitions, func(d *ast.Definition) bool { return d.Kind == ast.Scalar && IsBuiltInScalar(d.Name) })
	return doc, nil
}

// checkDefinitions reports what keeps the links from being read: types defined twice, and definitions of directives
// that mention types which the schema leaves to the linked specifications.
func (s *Subgraph) checkDefinitions(doc *ast.SchemaDocument) spec.Errors {
	defined := map[string]bool{}
	for _, d := range doc.Definitions {
		if defined[d.Name] {
			return spec.Errors{spec.Errorf(spec.CodeInvalidGraphQL, "type %q is defined twice", d.Name).At(s.Name, d.Position)}
		}
		defined[d.Name] = true
	}
	for _, d := range doc.Extensions {
		if IsBuiltInScalar(d.Name) && !defined[d.Name] {
			return spec.Errors{spec.Errorf(spec.CodeInvalidGraphQL, "the built-in type %q cannot be extended", d.Name).At(s.Name, d.Position)}
		}
		defined[d.Name] = true
	}
	for _, d := range doc.Directives {
		for _, a := range d.Arguments {
			if name := a.Type.Name(); !defined[name] && !IsBuiltInScalar(name) {
				return spec.Errors{spec.Errorf(spec.CodeInvalidGraphQL, "unknown type %q in the definition of @%s", name, d.Name).At(s.Name, a.Position)}
			}
		}
	}
	return nil
}

// brokenField reports a field that is defined twice, or that is or has an argument of a type that neither the schema nor
// a linked specification defines. The types and fields that federation itself adds are not yet there.
func (s *Subgraph) brokenField(doc *ast.SchemaDocument, added completion) *spec.Error {
	defined := map[string]bool{}
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions, added.types) {
		defined[d.Name] = true
	}
	check := func(t *ast.Type) *spec.Error {
		if name := t.Name(); !defined[name] && !IsBuiltInScalar(name) {
			return spec.Errorf(spec.CodeInvalidGraphQL, "unknown type %q", name).At(s.Name, t.Position)
		}
		return nil
	}
	query := queryName(doc)
	seen := map[[2]string]bool{}
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
		for _, f := range d.Fields {
			if seen[[2]string{d.Name, f.Name}] {
				return spec.Errorf(spec.CodeInvalidGraphQL, "field \"%s.%s\" is defined twice", d.Name, f.Name).At(s.Name, f.Position)
			}
			seen[[2]string{d.Name, f.Name}] = true
			if !s.Fed2 && d.Name == query && (f.Name == "_service" || f.Name == "_entities") {
				continue
			}
			if e := check(f.Type); e != nil {
				return e
			}
			for _, a := range f.Arguments {
				if e := check(a.Type); e != nil {
					return e
				}
			}
		}
	}
	return nil
}

// isMachinery reports whether a type is one that federation itself adds to every subgraph.
func isMachinery(name string) bool { return name == "_Any" || name == "_Service" || name == "_Entity" }

// checkMachinery reports own definitions with which the fields that federation adds to the query root cannot be.
func (s *Subgraph) checkMachinery(doc *ast.SchemaDocument) spec.Errors {
	entities := slices.ContainsFunc(s.Types, func(t *Type) bool { return t.Kind == ast.Object && s.Has(t.Directives, "key") })
	var errs spec.Errors
	for _, d := range doc.Definitions {
		if d.Name == "_Any" && entities && !d.IsInputType() || d.Name == "_Service" && !d.IsLeafType() && !d.IsCompositeType() {
			errs = append(errs, spec.Errorf(spec.CodeInvalidGraphQL, "type %q cannot be of this kind: federation uses it", d.Name).At(s.Name, d.Position))
		}
	}
	return errs
}

// dropMachinery removes the fields that federation itself adds to the query root.
func dropMachinery(doc *ast.SchemaDocument) {
	query := queryName(doc)
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
		if d.Name == query {
			d.Fields = slices.DeleteFunc(d.Fields, func(f *ast.FieldDefinition) bool {
				return f.Name == "_service" || f.Name == "_entities"
			})
		}
	}
}

// invalid turns an error of the GraphQL parser or validator into ours.
func (s *Subgraph) invalid(err error) *spec.Error {
	var g *gqlerror.Error
	if !errors.As(err, &g) {
		return spec.Errorf(spec.CodeInvalidGraphQL, "%s", err)
	}
	e := spec.Errorf(spec.CodeInvalidGraphQL, "%s", g.Message)
	if file, _ := g.Extensions["file"].(string); file == "" || file == s.Name {
		for _, l := range g.Locations {
			e.Locations = append(e.Locations, spec.Location{Subgraph: s.Name, Line: l.Line, Column: l.Column})
		}
	}
	return e
}

// finish marks the errors with the subgraph's name.
func (s *Subgraph) finish(errs spec.Errors) spec.Errors {
	for _, e := range errs {
		e.Message = "[" + s.Name + "] " + e.Message
		for i := range e.Locations {
			if e.Locations[i].Subgraph == "" {
				e.Locations[i].Subgraph = s.Name
			}
		}
	}
	return errs
}

// build makes the types of the document, in order of appearance, those of linked specifications left out.
func (s *Subgraph) build(doc *ast.SchemaDocument, added completion) {
	for _, part := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		s.Description = cmp.Or(s.Description, part.Description)
		s.SchemaPosition = cmp.Or(s.SchemaPosition, part.Position)
	}
	extension := map[*ast.Definition]bool{}
	for _, d := range doc.Extensions {
		extension[d] = true
	}
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
		if !s.staysBehind(d.Name) && !isMachinery(d.Name) {
			s.add(d, extension[d])
		}
	}
	for _, d := range added.types {
		if !s.staysBehind(d.Name) {
			s.add(d, false)
		}
	}
	if s.byName["Query"] == nil {
		s.add(&ast.Definition{Kind: ast.Object, Name: "Query"}, false)
		s.Roots[ast.Query] = "Query"
	}
	for _, d := range doc.Directives {
		if l, _ := s.Links.Resolve(d.Name); (l == nil || l.Feature == nil) && s.specNames[d.Name] == "" && d.Name != s.Links.Directive {
			s.Directives = append(s.Directives, d)
		}
	}
}

// staysBehind reports whether a type belongs, by its name, to the federation or link specification, whose types are not
// merged. Other specifications' types are merged as one's own are.
func (s *Subgraph) staysBehind(name string) bool {
	if !s.Fed2 && (name == "_FieldSet" || strings.HasPrefix(name, "federation__")) { // as they are once the schema is upgraded
		return true
	}
	for _, l := range s.Links.All {
		if l.Feature == nil || !slices.Contains([]string{spec.Federation, spec.Link, spec.Core}, l.URL.Identity) {
			continue
		}
		if strings.HasPrefix(name, l.Alias+"__") || slices.ContainsFunc(l.Imports, func(i spec.Import) bool { return !i.Directive && i.As == name }) {
			return true
		}
	}
	return false
}

// renameRoots gives the root types their default names.
func (s *Subgraph) renameRoots(doc *ast.SchemaDocument) spec.Errors {
	s.Roots = map[ast.Operation]string{}
	defs := slices.Concat(doc.Definitions, doc.Extensions)
	find := func(name string) *ast.Definition {
		i := slices.IndexFunc(defs, func(d *ast.Definition) bool { return d.Name == name })
		if i < 0 {
			return nil
		}
		return defs[i]
	}
	renamed := map[string]string{}
	var errs spec.Errors
	for _, root := range []struct {
		op   ast.Operation
		name string
		code spec.Code
	}{
		{ast.Query, "Query", spec.CodeRootQueryUsed},
		{ast.Mutation, "Mutation", spec.CodeRootMutationUsed},
		{ast.Subscription, "Subscription", spec.CodeRootSubscriptionUsed},
	} {
		actual := ""
		for _, part := range slices.Concat(doc.Schema, doc.SchemaExtension) {
			for _, op := range part.OperationTypes {
				if op.Operation == root.op {
					actual = op.Type
				}
			}
		}
		if t := find(root.name); actual == "" && t != nil && t.Kind == ast.Object { // even if an explicit schema does not name it
			actual = root.name
		}
		if actual == "" {
			continue
		}
		if clash := find(root.name); actual != root.name {
			if clash != nil {
				errs = append(errs, spec.Errorf(root.code, "the %s root is %q, so no other type may be named %q",
					strings.ToLower(string(root.op)), actual, root.name).At(s.Name, clash.Position))
			}
			if clash == nil {
				renamed[actual] = root.name
			}
		}
		s.Roots[root.op] = root.name
	}
	if len(renamed) > 0 {
		renameTypes(defs, renamed)
	}
	return errs
}

func renameTypes(defs []*ast.Definition, names map[string]string) {
	var rename func(t *ast.Type)
	rename = func(t *ast.Type) {
		if t.Elem != nil {
			rename(t.Elem)
		} else if to, ok := names[t.NamedType]; ok {
			t.NamedType = to
		}
	}
	for _, d := range defs {
		if to, ok := names[d.Name]; ok {
			d.Name = to
		}
		for i, member := range d.Types {
			if to, ok := names[member]; ok {
				d.Types[i] = to
			}
		}
		for _, f := range d.Fields {
			rename(f.Type)
		}
	}
}
