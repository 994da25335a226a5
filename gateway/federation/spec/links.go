package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Import is an element that a @link brings in under a name of its own.
type Import struct {
	Name      string // in the specification, without "@"
	As        string // in the schema, without "@"
	Directive bool
}

// A Linked is one @link of a schema.
type Linked struct {
	URL      URL
	Alias    string // prefix of elements that are not imported
	Imports  []Import
	Purpose  string
	Position *ast.Position
	Feature  *Feature // nil: a specification that composition does not know
}

// DirectiveName is the name that directive name of the specification has in the schema.
func (l *Linked) DirectiveName(name string) string {
	for _, i := range l.Imports {
		if i.Directive && i.Name == name {
			return i.As
		}
	}
	if name == l.URL.Name {
		return l.Alias
	}
	return l.Alias + "__" + name
}

// TypeName is the name that type name of the specification has in the schema.
func (l *Linked) TypeName(name string) string {
	for _, i := range l.Imports {
		if !i.Directive && i.Name == name {
			return i.As
		}
	}
	return l.Alias + "__" + name
}

// Links are the resolved @link applications of one schema.
type Links struct {
	Directive string // name of the link directive itself; "" when the schema links nothing
	Explicit  bool   // the schema links the link specification itself
	All       []*Linked
}

// ByIdentity returns the link of that specification, or nil.
func (ls *Links) ByIdentity(identity string) *Linked {
	for _, l := range ls.All {
		if l.URL.Identity == identity {
			return l
		}
	}
	return nil
}

// Resolve says which link, and which directive of it, a directive name of the schema stands for; nil when none.
func (ls *Links) Resolve(name string) (*Linked, string) {
	for _, l := range ls.All {
		for _, i := range l.Imports {
			if i.Directive && i.As == name {
				return l, i.Name
			}
		}
	}
	for _, l := range ls.All {
		element := ""
		if name == l.Alias {
			element = l.URL.Name
		} else if rest, ok := strings.CutPrefix(name, l.Alias+"__"); ok {
			element = rest
		}
		if element != "" && l.DirectiveName(element) == name {
			return l, element
		}
	}
	return nil, ""
}

var (
	nameLike  = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]*$`)
	aliasLike = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z.-]*$`) // the names of specifications may have more, if nothing uses them
)

// ResolveLinks reads the @link (or @core) applications of a schema. defined tells whether the schema defines a
// directive of that name itself.
func ResolveLinks(applied ast.DirectiveList, defined func(name string) bool) (*Links, Errors) {
	links := &Links{Directive: linkDirective(applied, defined)}
	if links.Directive == "" {
		if slices.ContainsFunc(applied, func(d *ast.Directive) bool { return d.Name == "link" }) && !defined("link") {
			links.Directive = "link" // it is known, but not what it links: nothing says that it is that of the specification
			links.All = []*Linked{ownLink("link")}
		}
		return links, nil
	}
	var errs Errors
	federated := slices.ContainsFunc(applied, func(d *ast.Directive) bool {
		return d.Name == links.Directive && strings.HasPrefix(text(d, "url"), Federation)
	})
	for _, d := range applied {
		if d.Name != links.Directive {
			continue
		}
		l, err := readLink(d, !federated)
		if err != nil {
			errs = append(errs, err)
		}
		if l != nil {
			links.All = append(links.All, l)
		}
	}
	links.Explicit = len(links.All) > 0 && links.All[0].URL.Identity == Link
	if core := links.ByIdentity(Core); core != nil && links.Directive == "link" {
		core.Feature = nil // a specification like any other
	}
	if core := links.ByIdentity(Core); links.ByIdentity(Link) == nil && (core == nil || core.Feature == nil) {
		links.All = append([]*Linked{ownLink(links.Directive)}, links.All...)
	} else if own := links.ByIdentity(Link); own != nil && own != links.All[0] && !defined(links.Directive) &&
		slices.ContainsFunc(own.Imports, func(i Import) bool { return !i.Directive }) {
		errs = append(errs, Errorf(CodeInvalidLinkDirectiveUsage, "%s must be linked first: its types are already in use under their full names", own.URL).At("", own.Position))
	}
	errs = append(errs, links.clashes()...)
	unknown := func(e *Error) bool { return e.Code == CodeUnknownFederationLinkVersion }
	if !slices.ContainsFunc(errs, func(e *Error) bool { return !unknown(e) }) {
		return links, errs
	}
	return links, slices.DeleteFunc(errs, unknown) // other errors may be why the version is not the one that was meant
}

// ownLink is the link of the link specification itself, which a schema may leave out.
func ownLink(directive string) *Linked {
	return &Linked{URL: URL{Identity: Link, Name: "link", Version: Version{1, 0}}, Alias: directive, Feature: Find(Link)}
}

// linkDirective finds the name under which the schema uses the link directive: @core is one only where nothing links
// federation by @link.
func linkDirective(applied ast.DirectiveList, defined func(string) bool) string {
	own := func(identity, argument string) string {
		for _, d := range applied {
			u, err := ParseURL(text(d, argument))
			if err != nil || u.Identity != identity {
				continue
			}
			name := text(d, "as")
			if name == "" {
				name = u.Name
			}
			if name == d.Name && (name == u.Name || defined(name)) {
				return name
			}
		}
		return ""
	}
	if name := own(Link, "url"); name != "" {
		return name
	}
	for _, d := range applied {
		if d.Name == "link" && strings.HasPrefix(text(d, "url"), Federation) {
			return "link"
		}
	}
	return own(Core, "feature")
}

func text(d *ast.Directive, argument string) string {
	a := d.Arguments.ForName(argument)
	if a == nil || a.Value == nil || a.Value.Kind != ast.StringValue && a.Value.Kind != ast.BlockValue {
		return ""
	}
	return a.Value.Raw
}

// readLink reads one application; own tells whether it may say which version of the link specification the schema uses.
func readLink(d *ast.Directive, own bool) (*Linked, *Error) {
	usage := func(format string, args ...any) *Error {
		return Errorf(CodeInvalidLinkDirectiveUsage, format, args...).At("", d.Position)
	}
	address := text(d, "url")
	if address == "" {
		address = text(d, "feature")
	}
	u, err := ParseURL(address)
	if err != nil {
		return nil, Errorf(CodeInvalidLinkIdentifier, "%s", err).At("", d.Position)
	}
	l := &Linked{URL: u, Alias: u.Name, Position: d.Position, Feature: Find(u.Identity)}
	if u.Identity == CacheTag {
		l.Feature = nil // it is there for supergraphs; in subgraphs federation has the directive
	}
	if as := d.Arguments.ForName("as"); as != nil && as.Value != nil && as.Value.Kind != ast.NullValue {
		l.Alias = text(d, "as")
	}
	if !aliasLike.MatchString(l.Alias) || strings.Contains(l.Alias, "__") || strings.HasSuffix(l.Alias, "_") {
		return nil, usage("%q cannot be the alias of %s: it must be a name without \"__\" and without a trailing \"_\"", l.Alias, u)
	}
	if purpose := d.Arguments.ForName("for"); purpose != nil && purpose.Value != nil && purpose.Value.Kind == ast.EnumValue {
		l.Purpose = purpose.Value.Raw
	}
	imports := d.Arguments.ForName("import")
	if imports == nil || imports.Value == nil || imports.Value.Kind == ast.NullValue {
		return l, knownVersion(l, d, own)
	}
	values := []*ast.Value{imports.Value}
	if imports.Value.Kind == ast.ListValue {
		values = nil
		for _, c := range imports.Value.Children {
			values = append(values, c.Value)
		}
	}
	for _, value := range values {
		i, err := readImport(value)
		if err != nil {
			return nil, usage("import of %s: %s", u, err)
		}
		if !slices.Contains(l.Imports, i) {
			l.Imports = append(l.Imports, i)
		}
	}
	if err := knownVersion(l, d, own); err != nil {
		return l, err
	}
	if l.Feature != nil {
		if err := l.unknownImports(); err != nil {
			return nil, usage("%s", err)
		}
	}
	return l, nil
}

func knownVersion(l *Linked, d *ast.Directive, own bool) *Error {
	if l.Feature == nil || l.Feature.Knows(l.URL.Version) {
		return nil
	}
	var code Code
	switch l.URL.Identity {
	case Federation:
		code = CodeUnknownFederationLinkVersion
	case Link, Core:
		if code = CodeUnknownLinkVersion; !own { // the definition that is then added links v1.0
			code = CodeInvalidLinkDirectiveUsage
		}
	default: // like any specification that is not known
		l.Feature = nil
		return nil
	}
	return Errorf(code, "%s is not a known version of %s; the latest one is %s", l.URL.Version, l.URL.Identity, l.Feature.Latest()).At("", d.Position)
}

func readImport(value *ast.Value) (Import, error) {
	var name, as string
	switch value.Kind {
	case ast.StringValue, ast.BlockValue:
		name = value.Raw
	case ast.ObjectValue:
		for _, c := range value.Children {
			if c.Value.Kind != ast.StringValue && c.Value.Kind != ast.BlockValue {
				return Import{}, fmt.Errorf("%q must be a string", c.Name)
			}
			switch c.Name {
			case "name":
				name = c.Value.Raw
			case "as":
				as = c.Value.Raw
			default:
				return Import{}, fmt.Errorf("unknown key %q", c.Name)
			}
		}
		if name == "" {
			return Import{}, fmt.Errorf("an import needs a name")
		}
	default:
		return Import{}, fmt.Errorf("%s is neither a string nor an object", value)
	}
	if as == "" {
		as = name
	}
	bare, directive := strings.CutPrefix(name, "@")
	bareAs, directiveAs := strings.CutPrefix(as, "@")
	if directive != directiveAs {
		return Import{}, fmt.Errorf("%q and %q must both be directives or both be types", name, as)
	}
	if !nameLike.MatchString(bare) || !nameLike.MatchString(bareAs) {
		return Import{}, fmt.Errorf("%q is not a name", as)
	}
	return Import{Name: bare, As: bareAs, Directive: directive}, nil
}

func (l *Linked) unknownImports() error {
	doc := l.Feature.Definitions(l.URL.Version)
	for _, i := range l.Imports {
		if i.Directive && doc.Directives.ForName(i.Name) == nil {
			return fmt.Errorf("%s has no directive @%s", l.URL, i.Name)
		}
		if !i.Directive && doc.Definitions.ForName(i.Name) == nil {
			return fmt.Errorf("%s has no type %s; a directive is imported with a leading \"@\"", l.URL, i.Name)
		}
	}
	return nil
}

// clashes reports features linked twice and names claimed twice.
func (ls *Links) clashes() Errors {
	var errs Errors
	report := func(l *Linked, format string, args ...any) {
		errs = append(errs, Errorf(CodeInvalidLinkDirectiveUsage, format, args...).At("", l.Position))
	}
	type name struct {
		text      string
		directive bool
	}
	owner := map[name]*Linked{}
	aliases := map[string]*Linked{}
	for i, l := range ls.All {
		for _, earlier := range ls.All[:i] {
			if earlier.URL.Identity == l.URL.Identity {
				report(l, "%s is linked twice", l.URL.Identity)
			}
		}
		if other := aliases[l.Alias]; other != nil && other.URL.Identity != l.URL.Identity {
			report(l, "%s and %s both have the alias %q", other.URL, l.URL, l.Alias)
		}
		aliases[l.Alias] = l
		seen := map[name]string{}
		for _, imp := range l.Imports {
			element := name{imp.Name, imp.Directive}
			if as, ok := seen[element]; ok && as != imp.As {
				report(l, "%s is imported from %s as both %q and %q", imp.Name, l.URL, as, imp.As)
			}
			seen[element] = imp.As
			as := name{imp.As, imp.Directive}
			if other := owner[as]; other != nil && other != l {
				report(l, "%s is imported from both %s and %s", imp.As, other.URL, l.URL)
			}
			if slices.ContainsFunc(l.Imports, func(i Import) bool { return i.Directive == imp.Directive && i.As == imp.As && i.Name < imp.Name }) {
				report(l, "two elements of %s are imported as %q", l.URL, imp.As)
			}
			owner[as] = l
		}
	}
	for _, l := range ls.All {
		other := owner[name{l.Alias, true}]
		if other != nil && other != l {
			report(l, "the alias %q of %s is also imported from %s", l.Alias, l.URL, other.URL)
		}
	}
	return errs
}
