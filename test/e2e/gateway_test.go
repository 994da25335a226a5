//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"medicore.dev/medicore/test/platform"
)

// state is what GET /admin/api/supergraph tells.
type state struct {
	Origin, Hash, SDL string
	Errors            []struct{ Code string }
	Subgraphs         map[string]struct{ Error string }
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func stateOf(t *testing.T, url string) state {
	t.Helper()
	status, body := get(t, url+"/admin/api/supergraph")
	var st state
	if err := json.Unmarshal(body, &st); err != nil || status != http.StatusOK {
		t.Fatalf("the state is answered %d %s", status, body)
	}
	return st
}

// alone are the command lines that run a gateway alone.
func alone(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{"medicore gateway": {platform.Binary(t), "gateway"}, "medicore-gateway": {platform.GatewayBinary(t)}}
}

// A gateway alone follows a file and a running subgraph, survives what is wrong, and starts with what it kept.
func TestTheGatewayAloneFollowsItsSubgraphs(t *testing.T) {
	for name, command := range alone(t) {
		t.Run(name, func(t *testing.T) { followsItsSubgraphs(t, command) })
	}
}

func followsItsSubgraphs(t *testing.T, command []string) {
	var told atomic.Pointer[string]
	tell := func(sdl string) { told.Store(&sdl) }
	tell(reviews)
	srv := telling(t, func() string { return *told.Load() })
	dir := folder(t, map[string]string{"config/supergraph.yaml": strings.Replace(shop, "URL", srv.URL, 1), "schemas/products.graphqls": products})
	write := func(sdl string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "schemas", "products.graphqls"), []byte(sdl), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin := func() (string, *platform.Process) {
		t.Helper()
		addr := platform.FreeAddr(t)
		proc := platform.Start(t, "gateway", []string{"SHOP_TOKEN=secret", "MEDICORE_GATEWAY_POLL_INTERVAL=50ms"}, command[0],
			append(command[1:], "--config", filepath.Join(dir, "config", "supergraph.yaml"), "--cache", filepath.Join(dir, "kept.graphql"), "--listen", addr)...)
		platform.WaitFor(t, "http://"+addr+"/ready", proc)
		return "http://" + addr, proc
	}
	url, proc := begin()
	first := stateOf(t, url)
	if first.Origin != "composed" || !strings.Contains(first.SDL, "stars") {
		t.Errorf("at the start %+v", first)
	}
	write(products + "extend type Product { weight: Int }")
	eventually(t, "the changed file is in force", func() bool { return strings.Contains(stateOf(t, url).SDL, "weight: Int") })
	tell(reviews + "extend type Product { likes: Int }")
	eventually(t, "the changed subgraph is in force", func() bool { return strings.Contains(stateOf(t, url).SDL, "likes: Int") })
	good := stateOf(t, url)
	write("type Query { a: Nothing }")
	eventually(t, "the error is told", func() bool { return len(stateOf(t, url).Errors) == 1 })
	if st := stateOf(t, url); st.Hash != good.Hash || st.Errors[0].Code != "INVALID_GRAPHQL" {
		t.Errorf("with a broken file %+v", st)
	}
	_, metrics := get(t, url+"/metrics")
	for _, want := range []string{
		`medicore_supergraph_compositions_total{outcome="failed"} 1`, `medicore_supergraph_info{hash="` + good.Hash + `",origin="composed"} 1`,
		"medicore_supergraph_last_success_timestamp_seconds ", "medicore_supergraph_age_seconds ",
	} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("the metrics do not tell %s", want)
		}
	}
	if err := proc.Stop(20 * time.Second); err != nil {
		t.Fatal(err)
	}

	write(products)
	tell("")
	url, proc = begin()
	if st := stateOf(t, url); st.Origin != "cache" || st.Hash != good.Hash || st.Subgraphs["reviews"].Error == "" {
		t.Errorf("started while a subgraph is down it is %+v", st)
	}
	tell(reviews)
	eventually(t, "what is up again is composed", func() bool { st := stateOf(t, url); return st.Origin == "composed" && st.Hash == first.Hash })
	if strings.Contains(proc.Log(), "secret") {
		t.Error("the log tells a secret")
	}
}

// Over running subgraphs, and over the supergraph that another gateway composed of them.
func TestTheGatewayAloneOverRunningServices(t *testing.T) {
	p := platform.Apart(t)
	token := p.Login(t, platform.AdminEmail, platform.AdminPassword)
	args := slices.Clone(alone(t)["medicore gateway"])
	for _, name := range []string{"analytics", "auth", "billing", "profiles"} {
		args = append(args, "--subgraph", name+"="+p.URLs[name]+"/graphql")
	}
	begin := func(args ...string) *platform.Platform {
		t.Helper()
		addr := platform.FreeAddr(t)
		proc := platform.Start(t, "gateway", []string{"JWT_SECRET=" + platform.Secret}, args[0], append(args[1:], "--listen", addr)...)
		platform.WaitFor(t, "http://"+addr+"/ready", proc)
		return &platform.Platform{URL: "http://" + addr}
	}
	supergraph := func(g *platform.Platform) state {
		t.Helper()
		a := g.Do(t, "GET", "/admin/api/supergraph", token, nil)
		var st state
		a.JSON(t, &st)
		return st
	}
	composing := begin(args...)
	composed := supergraph(composing)
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, composed.SDL) }))
	defer served.Close()
	following := begin(platform.GatewayBinary(t), "--supergraph", served.URL)
	if st := supergraph(following); composed.Origin != "composed" || st.Origin != "followed" || st.Hash != composed.Hash {
		t.Errorf("one composed %s, the other follows %s, which is %s", composed.Hash, st.Hash, st.Origin)
	}
	const query = `{ me { email } medicalProfiles(first: 3) { edges { node { name billingAccount { status } events(first: 1) { totalCount } } } } }`
	want := p.Query(t, token, query, nil)
	for _, g := range []*platform.Platform{composing, following} {
		if got := g.Query(t, token, query, nil); string(got.Data) != string(want.Data) || len(got.Errors) > 0 {
			t.Errorf("got %s %+v, want %s", got.Data, got.Errors, want.Data)
		}
	}
	if a := following.Do(t, "GET", "/admin/api/supergraph", "", nil); a.Status != http.StatusUnauthorized {
		t.Errorf("with tokens, the state is answered %d to who has none", a.Status)
	}
}

func TestTheStateIsForAdministrators(t *testing.T) {
	p := platform.Apart(t)
	if a := p.Do(t, "GET", "/admin/api/supergraph", "", nil); a.Status != http.StatusUnauthorized {
		t.Errorf("without a token it is answered %d", a.Status)
	}
	a := p.Do(t, "GET", "/admin/api/supergraph", p.Login(t, platform.AdminEmail, platform.AdminPassword), nil)
	var st state
	a.JSON(t, &st)
	if a.Status != http.StatusOK || st.Origin != "composed" || len(st.Subgraphs) != 4 {
		t.Errorf("to an administrator it is answered %d %.300s", a.Status, a.Body)
	}
}
