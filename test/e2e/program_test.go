//go:build e2e

package e2e

import (
	"debug/buildinfo"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/test/compose/generate"
	"medicore.dev/medicore/test/platform"
)

// The gateway's own program holds nothing of the platform's services. What a program holds it has to load, and most of it
// stays resident.
func TestTheGatewaysProgramHoldsNoService(t *testing.T) {
	bin := platform.GatewayBinary(t)
	info, err := buildinfo.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	foreign := []string{"entgo.io/", "ariga.io/", "github.com/confluentinc/", "github.com/twmb/", "github.com/99designs/", "github.com/jackc/", "modernc.org/", "google.golang.org/grpc", "golang.org/x/crypto"}
	for _, dep := range info.Deps {
		if slices.ContainsFunc(foreign, func(f string) bool { return strings.HasPrefix(dep.Path, f) }) {
			t.Errorf("it holds %s", dep.Path)
		}
	}
	file, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB, of %d modules", file.Size()>>20, len(info.Deps))
	if file.Size() > 32<<20 {
		t.Errorf("it has %d MB, the limit is 32", file.Size()>>20)
	}
}

// answering is a subgraph that answers every query alike.
func answering(t *testing.T, answer string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(srv.Close)
	return srv
}

// Over 50 subgraphs, which are composed, and over their supergraph.
func TestTheGatewaysProgramIsReadyAtOnceAndSmall(t *testing.T) {
	sources := generate.Wide(50).Sources()
	srv := answering(t, `{"data":{"s0e0":{"id":"1"}}}`)
	for i := range sources {
		sources[i].URL = srv.URL + "/graphql"
	}
	result, err := compose.Compose(sources)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "supergraph.graphql")
	if err := os.WriteFile(path, []byte(result.SupergraphSDL), 0o600); err != nil {
		t.Fatal(err)
	}
	bin, addr := platform.GatewayBinary(t), platform.FreeAddr(t)
	start := time.Now()
	proc := platform.Start(t, "gateway", nil, bin, "--supergraph", path, "--listen", addr)
	platform.WaitFor(t, "http://"+addr+"/ready", proc)
	took := time.Since(start)
	resident := proc.Resident(t)
	t.Logf("ready after %v, %d MB resident", took, resident>>20)
	if took > time.Second {
		t.Errorf("it was ready after %v, the limit is 1 s", took)
	}
	if resident > 60<<20 {
		t.Errorf("%d MB resident, the limit is 60", resident>>20)
	}
	resp, err := http.Post("http://"+addr+"/graphql", "application/json", strings.NewReader(`{"query":"{ s0e0(id: \"1\") { id } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var got struct {
		Data   map[string]map[string]string
		Errors []any
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.Data["s0e0"]["id"] != "1" || got.Errors != nil {
		t.Errorf("a query is answered %+v (%v)", got, err)
	}
}
