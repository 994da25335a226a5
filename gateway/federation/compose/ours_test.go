package compose_test

import (
	"os"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// platform returns the four subgraphs of the platform.
func platform(t testing.TB) []subgraph.Source {
	t.Helper()
	var sources []subgraph.Source
	for _, name := range []string{"auth", "profiles", "billing", "analytics"} {
		sdl, err := os.ReadFile("../../../subgraphs/" + name + "/schema.graphqls")
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, subgraph.Source{Name: name, URL: "http://" + name, SDL: string(sdl)})
	}
	return sources
}

func TestPlatformSubgraphsComposeIntoAValidSchema(t *testing.T) {
	result, err := compose.Compose(platform(t))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "supergraph.graphql", Input: result.SupergraphSDL})
	if err != nil {
		t.Fatal(err)
	}
	profile := schema.Types["MedicalProfile"]
	if profile == nil {
		t.Fatal("the supergraph has no MedicalProfile")
	}
	if got := len(profile.Directives.ForNames("join__type")); got != 4 {
		t.Errorf("MedicalProfile has %d join__type, want 4: one key in analytics, one in billing, two in profiles", got)
	}
	for _, name := range []string{"events", "billingAccount", "name"} {
		f := profile.Fields.ForName(name)
		if f == nil || f.Directives.ForName("join__field") == nil || f.Directives.ForName("requiresScopes") == nil {
			t.Errorf("MedicalProfile.%s lacks its join__field or requiresScopes", name)
		}
	}
}
