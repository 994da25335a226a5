package compose_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// TestErrorsNameTheirPlaces holds the errors and hints of all cases to saying where they are: in each subgraph that
// declares the element which the message names first, and at something that the message speaks of.
func TestErrorsNameTheirPlaces(t *testing.T) {
	for name, sources := range allCases(t) {
		t.Run(name, func(t *testing.T) {
			schemas := map[string]string{}
			for _, s := range sources {
				schemas[s.Name] = s.SDL
			}
			result, err := compose.Compose(sources)
			var list compose.Errors
			errors.As(err, &list)
			if result != nil {
				for _, h := range result.Hints {
					list = append(list, &compose.Error{Code: spec.Code(h.Code), Message: h.Message, Locations: h.Locations})
				}
			}
			kinds := slices.ContainsFunc(list, func(e *compose.Error) bool { return e.Code == spec.CodeTypeKindMismatch })
			for _, e := range list {
				if !kinds || e.Code == spec.CodeTypeKindMismatch { // what else is said is of the first kind
					checkPlaces(t, e, schemas)
				}
			}
		})
	}
}

// allCases are the golden cases and those of the reference composer.
func allCases(t *testing.T) map[string][]subgraph.Source {
	t.Helper()
	cases := map[string][]subgraph.Source{}
	for _, c := range readCases(t) {
		cases[c.ID] = c.sources()
	}
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if name, ok := strings.CutSuffix(f.Name, ".graphqls"); ok {
				cases[path] = append(cases[path], subgraph.Source{Name: name, SDL: string(f.Data)})
			}
		}
	}
	return cases
}

// nowhere says which messages concern no element of a schema.
func nowhere(e *compose.Error) bool {
	return e.Code == spec.CodeNoQueries || e.Code == spec.CodeInvalidSubgraphName || strings.HasSuffix(e.Message, "the schema is empty")
}

var (
	ofSubgraph = regexp.MustCompile(`^\[(\S+)\] `)
	resolvers  = regexp.MustCompile(`is resolved by (.+) but`)
	coordinate = regexp.MustCompile(`"(@?\w+(\.\w+)?(\(\w+:\))?)"`)
	word       = regexp.MustCompile(`\w+`)
)

func checkPlaces(t *testing.T, e *compose.Error, schemas map[string]string) {
	t.Helper()
	if len(e.Locations) == 0 {
		if !nowhere(e) {
			t.Errorf("%s is nowhere", e)
		}
		return
	}
	in := map[string]bool{}
	for _, l := range e.Locations {
		in[l.Subgraph] = true
		if problem := speaksOf(e, schemas[l.Subgraph], l); problem != "" {
			t.Errorf("%s:%d:%d: %s: %s", l.Subgraph, l.Line, l.Column, problem, e)
		}
	}
	if m := ofSubgraph.FindStringSubmatch(e.Message); m != nil {
		if !in[m[1]] {
			t.Errorf("%s has no place in %s", e, m[1])
		}
		return
	}
	if m := resolvers.FindStringSubmatch(e.Message); m != nil {
		for name := range strings.SplitSeq(m[1], ", ") {
			if !in[name] {
				t.Errorf("%s has no place in %s", e, name)
			}
		}
		return
	}
	for _, m := range coordinate.FindAllStringSubmatch(e.Message, -1) {
		names := declaring(schemas, m[1], strings.HasPrefix(string(e.Code), "EXTERNAL_"))
		if len(names) == 0 {
			continue // the name of a subgraph, or something else
		}
		for _, name := range names {
			if !in[name] && !elsewhere[string(e.Code)] {
				t.Errorf("%s has no place in %s, which declares %s", e, name, m[1])
			}
		}
		return
	}
}

// elsewhere are the codes whose place is not that of the element named first: it is what makes the other subgraphs
// differ from those that their message speaks of.
var elsewhere = map[string]bool{
	string(compose.HintEntity): true, string(compose.HintObjectField): true, string(compose.HintInterfaceField): true,
	string(compose.HintUnionMember): true, string(compose.HintDefaultPresence): true, string(compose.HintFromSubgraphUnknown): true,
	string(compose.HintOverriddenRemovable): true, string(compose.HintOverrideRemovable): true, string(compose.HintOverrideMigration): true,
	string(compose.HintMergedArguments): true, string(compose.HintDirectiveArguments): true, string(compose.HintDescription): true,
}

// speaksOf says what is wrong with the place: it must be a token, and a name there one that the message has. Directives
// may be told by what they are on, and the schema has no name.
func speaksOf(e *compose.Error, sdl string, l compose.Location) string {
	lines := strings.Split(sdl, "\n")
	if l.Line > len(lines) {
		return "no such line"
	}
	line := []rune(strings.TrimSuffix(lines[l.Line-1], "\r"))
	if l.Column < 1 || l.Column > len(line) {
		return "no such column"
	}
	if e.Code == spec.CodeInvalidGraphQL || l.Column > 1 && line[l.Column-2] == '@' {
		return ""
	}
	name := word.FindString(string(line[l.Column-1:]))
	if strings.HasPrefix(string(line[l.Column-1:]), name) && name != "" && !slices.Contains(word.FindAllString(e.Message, -1), name) {
		return "the message does not speak of " + name
	}
	return ""
}

// declaring lists the subgraphs whose schema has the element; those that merely refer to it only if external is true.
func declaring(schemas map[string]string, coordinate string, external bool) []string {
	var out []string
	of, argument, _ := strings.Cut(strings.TrimSuffix(coordinate, ":)"), "(")
	for name, sdl := range schemas {
		doc, err := parser.ParseSchema(&ast.Source{Input: sdl})
		if err == nil && declares(doc, of, argument, external) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func declares(doc *ast.SchemaDocument, of, argument string, external bool) bool {
	if name, ok := strings.CutPrefix(of, "@"); ok {
		d := doc.Directives.ForName(name)
		return d != nil && (argument == "" || d.Arguments.ForName(argument) != nil)
	}
	typeName, member, _ := strings.Cut(of, ".")
	for _, part := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		for _, root := range part.OperationTypes {
			if strings.EqualFold(string(root.Operation), typeName) {
				typeName = root.Type
			}
		}
	}
	return slices.ContainsFunc(slices.Concat(doc.Definitions, doc.Extensions), func(d *ast.Definition) bool {
		if d.Name != typeName {
			return false
		}
		f := d.Fields.ForName(member)
		if f != nil && !external && f.Directives.ForName("external") != nil {
			return false
		}
		return member == "" || d.EnumValues.ForName(member) != nil || f != nil && (argument == "" || f.Arguments.ForName(argument) != nil)
	})
}
