package spec_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/spec"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		text, identity, name string
		version              spec.Version
		ok                   bool
	}{
		{"https://specs.apollo.dev/federation/v2.7", spec.Federation, "federation", spec.Version{Major: 2, Minor: 7}, true},
		{"https://user:secret@example.com/a/b/v1.0?x=1#y", "https://example.com/a/b", "b", spec.Version{Major: 1}, true},
		{"http://specs.apollo.dev/federation/v2.7", "http://specs.apollo.dev/federation", "federation", spec.Version{Major: 2, Minor: 7}, true},
		{text: "https://specs.apollo.dev/federation/v2.7/"},
		{text: "https://specs.apollo.dev/federation/2.7"},
		{text: "https://specs.apollo.dev/v2.7"},
		{text: "https://specs.apollo.dev"},
		{text: "nope"},
		{text: ""},
		{text: "https://specs.apollo.dev/federation/v99999999999999999999.0"},
	} {
		u, err := spec.ParseURL(c.text)
		if (err == nil) != c.ok || u.Identity != c.identity || u.Name != c.name || u.Version != c.version {
			t.Errorf("%q gives %+v, %v", c.text, u, err)
		}
	}
}

func TestEveryVersionOfEveryFeatureHasDefinitions(t *testing.T) {
	for _, f := range spec.Features {
		for _, v := range f.Versions {
			doc := f.Definitions(v)
			if len(doc.Directives) == 0 {
				t.Errorf("%s %s defines no directive", f.Identity, v)
			}
			seen := map[string]bool{}
			for _, d := range doc.Directives {
				if seen[d.Name] {
					t.Errorf("%s %s defines @%s twice", f.Identity, v, d.Name)
				}
				seen[d.Name] = true
			}
		}
	}
}

func TestDirectivesAppearWithTheirVersion(t *testing.T) {
	f := spec.Find(spec.Federation)
	for _, c := range []struct {
		directive string
		minor     int
	}{{"composeDirective", 1}, {"interfaceObject", 3}, {"authenticated", 5}, {"policy", 6}, {"context", 8}, {"cost", 9}, {"cacheTag", 12}} {
		has := func(minor int) bool {
			return f.Definitions(spec.Version{Major: 2, Minor: minor}).Directives.ForName(c.directive) != nil
		}
		if has(c.minor-1) || !has(c.minor) {
			t.Errorf("@%s must appear in v2.%d", c.directive, c.minor)
		}
	}
}

func TestEveryCodeIsDocumented(t *testing.T) {
	for code, text := range spec.Codes {
		if code == "" || text == "" {
			t.Errorf("code %q has the description %q", code, text)
		}
	}
}

func TestNamesOfLinkedElements(t *testing.T) {
	links := resolve(t, `extend schema
		@link(url: "https://specs.apollo.dev/federation/v2.7", as: "fed", import: ["@key", {name: "@tag", as: "@label"}, "FieldSet"])
		@link(url: "https://example.com/foo/v1.0")`)
	l := links.ByIdentity(spec.Federation)
	for directive, want := range map[string]string{"key": "key", "tag": "label", "shareable": "fed__shareable"} {
		if got := l.DirectiveName(directive); got != want {
			t.Errorf("@%s is named %q, want %q", directive, got, want)
		}
		if owner, element := links.Resolve(want); owner != l || element != directive {
			t.Errorf("%q resolves to %v %q", want, owner, element)
		}
	}
	if got := l.TypeName("FieldSet"); got != "FieldSet" {
		t.Errorf("FieldSet is named %q", got)
	}
	for _, unknown := range []string{"fed__key", "fed__tag", "shareable", "tag"} {
		if owner, _ := links.Resolve(unknown); owner != nil {
			t.Errorf("%q resolves to %s", unknown, owner.URL)
		}
	}
	if owner, element := links.Resolve("foo"); owner == nil || element != "foo" {
		t.Error("the directive named like its specification has the bare alias")
	}
}

func resolve(t *testing.T, sdl string) *spec.Links {
	t.Helper()
	doc, err := parser.ParseSchema(&ast.Source{Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	links, errs := spec.ResolveLinks(doc.SchemaExtension[0].Directives, func(string) bool { return false })
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return links
}
