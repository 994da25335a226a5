package supergraphyaml_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/gateway/supergraphyaml"
)

var environment = map[string]string{"TOKEN": "secret", "EMPTY": "", "HOST": "auth.example", "TRICK": "${env.TOKEN}"}

func lookup(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

func TestParse(t *testing.T) {
	const text = `
federation_version: =2.9.0
subgraphs:
  profiles:
    routing_url: http://profiles/graphql
    schema:
      file: ./schemas/profiles.graphqls
  auth:
    schema:
      subgraph_url: https://${env.HOST}/graphql
      introspection_headers:
        Authorization: Bearer ${env.TOKEN}
        X-Env: ${env.NAME:-dev}
  analytics:
    routing_url: http://analytics/graphql
    schema:
      subgraph_url: http://analytics/internal
  billing:
    routing_url: ${env.NONE:-http://billing}/graphql
    schema:
      sdl: |
        type Query { bill: Int }
  absolute:
    routing_url: http://absolute
    schema: {file: /schemas/a.graphqls}
`
	got, err := supergraphyaml.Parse([]byte(text), "/etc/gateway", lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := &supergraphyaml.Config{Subgraphs: []supergraphyaml.Subgraph{
		{Name: "absolute", URL: "http://absolute", File: "/schemas/a.graphqls"},
		{Name: "analytics", URL: "http://analytics/graphql", Introspect: "http://analytics/internal", Header: http.Header{}},
		{
			Name: "auth", URL: "https://auth.example/graphql", Introspect: "https://auth.example/graphql",
			Header: http.Header{"Authorization": {"Bearer secret"}, "X-Env": {"dev"}},
		},
		{Name: "billing", URL: "http://billing/graphql", SDL: "type Query { bill: Int }\n"},
		{Name: "profiles", URL: "http://profiles/graphql", File: "/etc/gateway/schemas/profiles.graphqls"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseTellsWhatIsWrong(t *testing.T) {
	const head = "subgraphs: {a: {routing_url: 'http://a', schema: {file: a.graphqls}}, "
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":                      {"", "empty"},
		"no YAML":                      {"subgraphs: [", "line"},
		"a list":                       {"- a", "unmarshal"},
		"no subgraphs":                 {"federation_version: 2", "no subgraphs"},
		"a subgraph twice":             {head + "a: {}}", "already defined"},
		"no schema":                    {head + "b: {routing_url: 'http://b'}}", `subgraph "b": there is no schema`},
		"an empty schema":              {head + "b: {routing_url: 'http://b', schema: {}}}", `subgraph "b": there is no schema`},
		"a schema registry":            {head + "b: {schema: {graphref: 'g@current', subgraph: b}}}", "graphref"},
		"no routing URL":               {head + "b: {schema: {file: b.graphqls}}}", "routing_url is missing"},
		"an address that is no URL":    {head + "b: {schema: {subgraph_url: 'b:4000'}}}", "subgraph_url is not an http or https URL"},
		"a header that is none":        {head + "b: {schema: {subgraph_url: 'http://b', introspection_headers: {'A B': x}}}}", "not the name of a header"},
		"a header of two lines":        {head + `b: {schema: {subgraph_url: 'http://b', introspection_headers: {A: "x\ny"}}}}`, "more than one line"},
		"a version that is none":       {"federation_version: two\n" + head + "}", "federation_version"},
		"a version too new":            {"federation_version: =3.0.0\n" + head + "}", "federation_version"},
		"a variable that is not set":   {head + "b: {routing_url: '${env.NONE}', schema: {file: b}}}", "line 1: the environment variable NONE is not set"},
		"something else to be filled":  {head + "b: {routing_url: '${NONE}', schema: {file: b}}}", "only ${env.NAME}"},
		"a file that cannot be filled": {head + "b: {routing_url: '${file./none}', schema: {file: b}}}", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := supergraphyaml.Parse([]byte(tt.text), "", lookup)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q; result %+v", err, tt.want, got)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error tells a secret")
			}
		})
	}
	_, err := supergraphyaml.Parse([]byte("subgraphs: {b: {}, a: {schema: {graphref: x}}}"), "", lookup)
	if err == nil || strings.Index(err.Error(), `"a"`) > strings.Index(err.Error(), `"b"`) || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("error %v, want both subgraphs in order", err)
	}
}

func TestParseWarnsOfWhatIsNotLookedAt(t *testing.T) {
	const text = `federation_version: 1
extra: 1
subgraphs:
  a:
    routing_url: http://a
    name: x
    schema:
      sdl: "type Query { a: Int }"
      file: a.graphqls
      headers: {}
`
	got, err := supergraphyaml.Parse([]byte(text), "", lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 2: extra is not looked at", "line 6: a.name is not looked at", "line 8: a.schema.sdl is not looked at", "line 10: a.schema.headers is not looked at",
		"federation_version 1: the subgraphs are composed by the rules of Federation 2",
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Error(diff)
	}
	if s := got.Subgraphs[0]; s.File != "a.graphqls" || s.SDL != "" {
		t.Errorf("subgraph %+v, want the file", s)
	}
}

func TestValuesAreExpanded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"plain":                            "plain",
		"${env.TOKEN}":                     "secret",
		"a-${env.TOKEN}-${env.HOST}-b":     "a-secret-auth.example-b",
		"${env.TOKEN:-x}":                  "secret",
		"${env.NONE:-x}":                   "x",
		"${env.NONE:-}":                    "",
		"${env.EMPTY:-x}":                  "x",
		"${env.EMPTY}":                     "",
		"${env.NONE:-http://h:80/?a=b:-c}": "http://h:80/?a=b:-c",
		"${env.TRICK}":                     "${env.TOKEN}", // a value is not expanded again
		"$$5 and $${env.TOKEN}":            "$5 and ${env.TOKEN}",
		"costs 5$":                         "costs 5$",
		"$variable":                        "$variable",
		"${env.TOKEN":                      "${env.TOKEN",
		"env.TOKEN}":                       "env.TOKEN}",
		"${file." + file + "}":             "from-file",
		"${file./none:-x}":                 "x",
		"${env.NONE:-${env.TOKEN}":         "${env.TOKEN",
	} {
		text := "subgraphs: {a: {schema: {subgraph_url: 'http://a', introspection_headers: {X: '" + value + "'}}}}"
		got, err := supergraphyaml.Parse([]byte(text), "", lookup)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if v := got.Subgraphs[0].Header.Get("X"); v != want {
			t.Errorf("%s became %q, want %q", value, v, want)
		}
	}
}

func TestAnAnchorIsExpandedOnce(t *testing.T) {
	const text = `
subgraphs:
  a: &a {routing_url: "http://$$a", schema: {file: "x"}}
  b: *a
`
	got, err := supergraphyaml.Parse([]byte(text), "", lookup)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got.Subgraphs {
		if s.URL != "http://$a" {
			t.Errorf("%s has the URL %s", s.Name, s.URL)
		}
	}
}
