//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/test/platform"
)

// outcome is what a command left.
type outcome struct {
	stdout, stderr string
	status         int
}

// medicore runs the built medicore in the folder to its end. medicore-gateway must do the same: both have the command.
func medicore(t *testing.T, dir string, env []string, args ...string) outcome {
	t.Helper()
	got, other := run(t, platform.Binary(t), dir, env, args), run(t, platform.GatewayBinary(t), dir, env, args)
	other.stderr = strings.Replace(other.stderr, "medicore-gateway: ", "medicore: ", 1)
	if other != got {
		t.Errorf("%q: medicore gives %+v, medicore-gateway %+v", args, got, other)
	}
	return got
}

func run(t *testing.T, program, dir string, env, args []string) outcome {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// folder holds the files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// telling is a subgraph that tells its schema to who has the token.
func telling(t *testing.T, sdl func() string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("X-Token") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"_service": map[string]string{"sdl": sdl()}}})
	}))
	t.Cleanup(srv.Close)
	return srv
}

const shop = `
federation_version: =2.9.0
subgraphs:
  products:
    routing_url: http://products.example/graphql
    schema:
      file: ../schemas/products.graphqls
  reviews:
    schema:
      subgraph_url: URL
      introspection_headers:
        X-Token: ${env.SHOP_TOKEN}
`

const (
	products = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
type Query { product(id: ID!): Product }
type Product @key(fields: "id") { id: ID! name: String! }
`
	reviews = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
type Product @key(fields: "id") { id: ID! stars(of: Int! = 5): Float }
`
)

func TestComposeByTheBinary(t *testing.T) {
	srv := telling(t, func() string { return reviews })
	files := map[string]string{"config/supergraph.yaml": strings.Replace(shop, "URL", srv.URL, 1), "schemas/products.graphqls": products}
	token := []string{"SHOP_TOKEN=secret"}
	args := []string{"compose", "--config", "config/supergraph.yaml"}
	dir := folder(t, files)

	plain := medicore(t, dir, token, args...)
	if plain.status != 0 || !strings.Contains(plain.stdout, `@join__graph(name: "products", url: "http://products.example/graphql")`) ||
		!strings.Contains(plain.stdout, `@join__graph(name: "reviews", url: "`+srv.URL+`")`) {
		t.Fatalf("%+v", plain)
	}
	toFile := medicore(t, dir, token, append(args, "-o", "out.graphql")...)
	written, err := os.ReadFile(filepath.Join(dir, "out.graphql"))
	if err != nil || toFile.status != 0 || toFile.stdout != "" || string(written) != plain.stdout {
		t.Errorf("with -o it is %+v, %v", toFile, err)
	}
	asJSON := medicore(t, dir, token, append(args, "--format", "json")...)
	if got, want := asJSON.stdout, mustJSON(t, map[string]any{"supergraphSdl": plain.stdout, "errors": []any{}, "hints": []any{}}); asJSON.status != 0 || canonical(t, got) != want {
		t.Errorf("as JSON it is %s, want %s", got, want)
	}

	files["schemas/products.graphqls"] = strings.Replace(products, "name: String!", "name: Nothing", 1)
	dir = folder(t, files)
	wrong := medicore(t, dir, token, append(args, "--format", "json", "-o", "out.graphql")...)
	want := mustJSON(t, map[string]any{"supergraphSdl": nil, "hints": []any{}, "errors": []any{map[string]any{
		"code": "INVALID_GRAPHQL", "message": `[products] unknown type "Nothing"`, "locations": []any{map[string]any{"subgraph": "products", "line": 3, "column": 49}},
	}}})
	if diff := cmp.Diff(want, canonical(t, wrong.stdout)); diff != "" || wrong.status != 1 {
		t.Errorf("status %d, JSON\n%s", wrong.status, diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.graphql")); err == nil {
		t.Error("a file was written for what does not compose")
	}
	inText := medicore(t, dir, token, args...)
	if inText.status != 1 || inText.stdout != "" || !strings.Contains(inText.stderr, `INVALID_GRAPHQL: [products] unknown type "Nothing" (products:3:49)`) {
		t.Errorf("as text it is %+v", inText)
	}
}

// What keeps the question from being answered is told apart from the answer no.
func TestComposeThatCannotBeDone(t *testing.T) {
	srv := telling(t, func() string { return reviews })
	good := strings.Replace(shop, "URL", srv.URL, 1)
	for name, tt := range map[string]struct {
		config string
		env    []string
		args   []string
		want   string
	}{
		"a variable is not set":       {good, nil, nil, "SHOP_TOKEN is not set"},
		"the subgraph wants a token":  {good, []string{"SHOP_TOKEN=wrong"}, nil, "give it a credential (introspection_headers)"},
		"the subgraph is down":        {strings.Replace(shop, "URL", "http://127.0.0.1:1/", 1), []string{"SHOP_TOKEN=secret"}, nil, `subgraph "reviews"`},
		"a file is missing":           {strings.Replace(good, "products.graphqls", "none.graphqls", 1), []string{"SHOP_TOKEN=secret"}, nil, "none.graphqls: no such file"},
		"a registry would be needed":  {"subgraphs: {a: {schema: {graphref: 'g@v', subgraph: a}}}", nil, nil, "graphref"},
		"the configuration is no map": {"- 1", nil, nil, "supergraph.yaml"},
		"the format is not known":     {good, []string{"SHOP_TOKEN=secret"}, []string{"--format", "xml"}, "use text or json"},
	} {
		for _, format := range []string{"text", "json"} {
			t.Run(name+" as "+format, func(t *testing.T) {
				dir := folder(t, map[string]string{"config/supergraph.yaml": tt.config, "schemas/products.graphqls": products})
				got := medicore(t, dir, tt.env, append([]string{"compose", "--config", "config/supergraph.yaml", "--format", format}, tt.args...)...)
				if got.status != 2 || got.stdout != "" || !strings.Contains(got.stderr, tt.want) || strings.Contains(got.stderr, "secret") {
					t.Errorf("%+v, want status 2 and %q", got, tt.want)
				}
			})
		}
	}
}

func TestCheckByTheBinary(t *testing.T) {
	const config = "subgraphs: {products: {routing_url: 'http://p', schema: {file: products.graphqls}}}"
	api := func(product string) string {
		return "type Query { product(id: ID!): Product } type Product { " + product + " }"
	}
	for name, tt := range map[string]struct {
		old, now   string
		status     int
		text, json string
	}{
		"nothing changed":       {api("id: ID! name: String!"), products, 0, "", `{"changes": [], "errors": []}`},
		"something safe":        {api("id: ID!"), products, 0, "SAFE FIELD_ADDED Product.name: The field was added.\n", `{"changes": [{"severity": "SAFE", "kind": "FIELD_ADDED", "coordinate": "Product.name", "message": "The field was added."}], "errors": []}`},
		"something breaking":    {api("id: ID! name: String! size: Int"), products, 1, "BREAKING FIELD_REMOVED Product.size: The field was removed.\n", ""},
		"it does not compose":   {api("id: ID! name: String!"), "type Query { a: Nothing }", 1, "", `{"changes": [], "errors": [{"code": "INVALID_GRAPHQL", "message": "[products] unknown type \"Nothing\"", "locations": [{"subgraph": "products", "line": 1, "column": 17}]}]}`},
		"the old one is wrong":  {"type Query {", products, 2, "", ""},
		"the old one is absent": {"", products, 2, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"supergraph.yaml": config, "products.graphqls": tt.now}
			if tt.old != "" {
				files["old.graphql"] = tt.old
			}
			dir := folder(t, files)
			got := medicore(t, dir, nil, "check", "--against", "old.graphql")
			if got.status != tt.status || got.stdout != tt.text {
				t.Errorf("%+v, want status %d and %q", got, tt.status, tt.text)
			}
			got = medicore(t, dir, nil, "check", "--against", "old.graphql", "--format", "json")
			if got.status != tt.status || tt.json != "" && canonical(t, got.stdout) != canonical(t, tt.json) || tt.status == 2 && got.stdout != "" {
				t.Errorf("as JSON %+v, want status %d and %s", got, tt.status, tt.json)
			}
		})
	}
	t.Run("against a supergraph at a URL", func(t *testing.T) {
		dir := folder(t, map[string]string{"supergraph.yaml": config, "products.graphqls": products})
		old := medicore(t, dir, nil, "compose").stdout
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(old)) }))
		defer srv.Close()
		if got := medicore(t, dir, nil, "check", "--against", srv.URL); got.status != 0 || got.stdout != "" {
			t.Errorf("%+v", got)
		}
	})
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Errorf("not JSON: %v\n%s", err, text)
	}
	return mustJSON(t, v)
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
