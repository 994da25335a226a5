package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

const (
	good    = `type Query { a: Int }`
	better  = `type Query { a: Int b: Int }`
	broken  = `type Query { a: Nothing }`
	another = `type Query { c: Int }`
)

// cluster is a set of subgraphs, each a server of its own, whose schemas change together.
type cluster struct {
	mu  sync.Mutex
	sdl map[string]string // "": the subgraph cuts the connection
}

func (c *cluster) set(sdl map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sdl = sdl
}

// sources starts a server for each name.
func (c *cluster) sources(t *testing.T, names ...string) []Source {
	t.Helper()
	var out []Source
	for _, name := range names {
		out = append(out, Source{Name: name, URL: "http://" + name, Look: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			c.mu.Lock()
			sdl := c.sdl[name]
			c.mu.Unlock()
			if sdl == "" {
				panic(http.ErrAbortHandler)
			}
			tell(w, sdl)
		})})
	}
	return out
}

func tell(w http.ResponseWriter, sdl string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"_service": map[string]string{"sdl": sdl}}})
}

func serve(t *testing.T, answer http.HandlerFunc) Look {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return Introspect(http.DefaultTransport, srv.URL+"/graphql", nil)
}

// applied collects the supergraphs put in force.
type applied chan []string

func (a applied) apply(sg *supergraph.Supergraph) error {
	var fields []string
	for _, f := range sg.API().Query.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			fields = append(fields, f.Name)
		}
	}
	a <- fields
	return nil
}

func (a applied) next(t *testing.T) string {
	t.Helper()
	select {
	case fields := <-a:
		return strings.Join(fields, " ")
	case <-time.After(20 * time.Second):
		t.Fatal("no supergraph was put in force in 20 s")
	}
	return ""
}

func start(t *testing.T, opt Options) (*Registry, applied) {
	t.Helper()
	a := make(applied, 100)
	opt.Log, opt.Every = slog.New(slog.DiscardHandler), 10*time.Millisecond
	if opt.Apply == nil {
		opt.Apply = a.apply
	}
	r := New(opt)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, r)
	return r, a
}

func run(t *testing.T, r *Registry) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(20*time.Second), time.NewTicker(2*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not after 20 s: %s", what)
		}
	}
}

func TestAChangedSchemaIsComposedAndABrokenOneIsNot(t *testing.T) {
	c := &cluster{sdl: map[string]string{"one": good}}
	r, a := start(t, Options{Sources: c.sources(t, "one")})
	if got := a.next(t); got != "a" {
		t.Errorf("at the start %q", got)
	}
	c.set(map[string]string{"one": better})
	if got := a.next(t); got != "a b" {
		t.Errorf("after the change %q", got)
	}
	c.set(map[string]string{"one": broken})
	waitFor(t, "the error is told", func() bool { return len(r.State().Errors) > 0 })
	st := r.State()
	if st.Origin != "composed" || !strings.Contains(st.SDL, "b: Int") {
		t.Errorf("with a broken schema the state is %+v", st)
	}
	want := []Problem{{Code: "INVALID_GRAPHQL", Message: st.Errors[0].Message, Locations: []Location{{"one", 1, 17}}}}
	if diff := cmp.Diff(want, st.Errors); diff != "" || !strings.Contains(st.Errors[0].Message, "Nothing") {
		t.Errorf("errors %+v\n%s", st.Errors, diff)
	}
	c.set(map[string]string{"one": better})
	waitFor(t, "the mended schema clears the error", func() bool { return len(r.State().Errors) == 0 })
	if len(a) > 0 {
		t.Error("the supergraph that was in force all the time was put in force again")
	}
	c.set(map[string]string{"one": ""})
	waitFor(t, "the subgraph is down", func() bool { return r.State().Subgraphs["one"].Failures > 1 })
	if st := r.State(); len(st.Errors) > 0 || !strings.Contains(st.SDL, "b: Int") {
		t.Errorf("a subgraph that is down is no composition error: %+v", st)
	}
	c.set(map[string]string{"one": good})
	if got := a.next(t); got != "a" {
		t.Errorf("back with another schema it is %q", got)
	}
	if st := r.State().Subgraphs["one"]; st.Error != "" || st.Failures != 0 || st.Seen.IsZero() {
		t.Errorf("seen again, its state is %+v", st)
	}
}

func TestWhatSeveralSubgraphsChangeTogetherIsComposedOnce(t *testing.T) {
	c := &cluster{sdl: map[string]string{"one": good, "two": another, "three": `type Query { d: Int }`}}
	r, a := start(t, Options{Sources: c.sources(t, "one", "two", "three")})
	if got := a.next(t); got != "a d c" {
		t.Fatalf("at the start %q", got)
	}
	c.set(map[string]string{"one": better, "two": `type Query { e: Int }`, "three": `type Query { f: Int }`})
	if got := a.next(t); got != "a b f e" {
		t.Errorf("at first it became %q", got)
	}
	compositions := func() float64 { return counted(t, r, "medicore_supergraph_compositions_total") }
	waitFor(t, "the change is counted", func() bool { return compositions() > 1 })
	if n := compositions(); n != 2 {
		t.Errorf("composed %v times, want once at the start and once for the change", n)
	}
}

// counted adds up the values of a metric.
func counted(t *testing.T, r *Registry, name string) (sum float64) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(r)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestASubgraphThatAnswersBadlyIsToldAndLeavesTheOthersAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"HTML":               {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "instead of GraphQL"},
		"an error page":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }, "502"},
		"a demand for login": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusUnauthorized) }, "introspection_headers"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, "redirect"},
		"a schema that is no string": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":{"_service":{"sdl":5}}}`) }, "instead of GraphQL"},
		"no schema":                  {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":null}`) }, "federation subgraph"},
		"an empty schema":            {func(w http.ResponseWriter, _ *http.Request) { tell(w, " \n") }, "federation subgraph"},
		"GraphQL errors": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"errors":[{"message":"Cannot query field _service"}]}`)
		}, "Cannot query field _service"},
		"10 MB": {func(w http.ResponseWriter, _ *http.Request) { tell(w, "#"+strings.Repeat("x", 10<<20)) }, "larger than 8 MiB"},
		"without end": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, "larger than"},
		"nothing, ever": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, "in time"},
		"drop by drop": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			drop := time.NewTicker(10 * time.Millisecond)
			defer drop.Stop()
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				<-drop.C
			}
		}, "in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &cluster{sdl: map[string]string{"one": good}}
			sources := c.sources(t, "one")
			sources = append(sources, Source{Name: "bad", URL: "http://bad", SDL: another, Look: serve(t, tt.answer)})
			r, a := start(t, Options{Sources: sources, Timeout: 4 * time.Second})
			if got := a.next(t); got != "c a" {
				t.Errorf("at the start %q", got)
			}
			c.set(map[string]string{"one": better})
			if got := a.next(t); got != "c a b" {
				t.Errorf("after a change in another subgraph %q", got)
			}
			waitFor(t, "something with "+tt.want+" is told", func() bool { return strings.Contains(r.State().Subgraphs["bad"].Error, tt.want) })
			if counted(t, r, "medicore_subgraph_schema_poll_failures_total") == 0 {
				t.Error("no failure was counted")
			}
		})
	}
}

func TestWithNothingToServe(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.graphqls")
	if err := os.WriteFile(bad, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cluster{sdl: map[string]string{}}
	for name, tt := range map[string]struct {
		look Look
		want string // of the error; "": the start goes on
	}{
		"a subgraph that is down is waited for":  {c.sources(t, "one")[0].Look, ""},
		"a subgraph that is wrong is waited for": {serve(t, func(w http.ResponseWriter, _ *http.Request) { tell(w, broken) }), ""},
		"a file that is wrong fails the start":   {File(bad), "Nothing"},
		"a file that is missing does too":        {File(filepath.Join(dir, "none")), "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(Options{Sources: []Source{{Name: "one", URL: "http://one", Look: tt.look}}})
			err := r.Start(t.Context())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("start: %v, want %q", err, tt.want)
			}
			if r.State().Origin != "" {
				t.Errorf("state %+v", r.State())
			}
		})
	}
}

func TestAChangedFileIsComposed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := replaceFile(filepath.Join(dir, name), text); err != nil {
			t.Fatal(err)
		}
	}
	write("one", good)
	write("two", another)
	r, a := start(t, Options{Sources: []Source{
		{Name: "one", URL: "http://one", Look: File(filepath.Join(dir, "one"))}, {Name: "two", URL: "http://two", Look: File(filepath.Join(dir, "two"))},
	}})
	if got := a.next(t); got != "a c" {
		t.Errorf("at the start %q", got)
	}
	write("one", better)
	if got := a.next(t); got != "a b c" {
		t.Errorf("after the change %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "one")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the missing file is told", func() bool { return r.State().Subgraphs["one"].Error != "" })
	write("one", good)
	if got := a.next(t); got != "a c" {
		t.Errorf("there again it is %q", got)
	}
}

func composed(t *testing.T, sdl string) string {
	t.Helper()
	result, err := compose.Compose([]subgraph.Source{{Name: "one", URL: "http://one", SDL: sdl}})
	if err != nil {
		t.Fatal(err)
	}
	return result.SupergraphSDL
}

func TestASupergraphComposedElsewhereIsFollowed(t *testing.T) {
	var mu sync.Mutex
	text, etag, unchanged := composed(t, good), `"1"`, 0
	set := func(sdl, tag string) {
		mu.Lock()
		defer mu.Unlock()
		text, etag, unchanged = sdl, tag, 0
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("ETag", etag)
		switch {
		case text == "":
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("If-None-Match") == etag:
			unchanged++
			w.WriteHeader(http.StatusNotModified)
		default:
			fmt.Fprint(w, text)
		}
	}))
	defer srv.Close()
	cache := filepath.Join(t.TempDir(), "kept")
	opt := Options{Follow: Download(http.DefaultTransport, srv.URL), FollowFrom: srv.URL, Cache: cache}
	r, a := start(t, opt)
	if got := a.next(t); got != "a" || r.State().Origin != "followed" {
		t.Errorf("at the start %q", got)
	}
	waitFor(t, "the server is asked only for what is new", func() bool { mu.Lock(); defer mu.Unlock(); return unchanged > 2 })
	set(composed(t, better), `"2"`)
	if got := a.next(t); got != "a b" {
		t.Errorf("after the change %q", got)
	}
	set("type Query { a: Int }", `"3"`)
	waitFor(t, "what is no supergraph is told", func() bool { return len(r.State().Errors) > 0 })
	if st := r.State(); st.Errors[0].Code != "INVALID_FEDERATION_SUPERGRAPH" || !strings.Contains(st.SDL, "b: Int") {
		t.Errorf("state %+v", st)
	}
	waitFor(t, "it is asked for again", func() bool { mu.Lock(); defer mu.Unlock(); return unchanged > 2 })
	if len(r.State().Errors) != 1 {
		t.Error("the error went away by itself")
	}
	set(composed(t, better), `"4"`)
	waitFor(t, "mended, the error is gone", func() bool { return len(r.State().Errors) == 0 })
	set("", "")
	waitFor(t, "the failure is told", func() bool { return strings.Contains(r.State().Followed.Error, "503") })
	if counted(t, r, "medicore_supergraph_poll_failures_total") == 0 {
		t.Error("no failure was counted")
	}
	opt.Follow = Download(http.DefaultTransport, srv.URL)
	if r, a := start(t, opt); a.next(t) != "a b" || r.State().Origin != "cache" {
		t.Errorf("at a start with the server down it is from %q", r.State().Origin)
	}
}

func TestStateIsToldWhileASupergraphIsPutInForce(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	c := &cluster{sdl: map[string]string{"one": good}}
	first := true
	r, _ := start(t, Options{Sources: c.sources(t, "one"), Apply: func(*supergraph.Supergraph) error {
		if first {
			first = false
			return nil
		}
		close(began)
		<-end
		return nil
	}})
	before := r.State().Hash
	c.set(map[string]string{"one": better})
	<-began
	if st := r.State(); st.Hash != before || st.Hash == "" {
		t.Errorf("meanwhile in force is %q, before %q", st.Hash, before)
	}
	close(end)
	waitFor(t, "the new one is in force", func() bool { return r.State().Hash != before })
}

func TestAPanicIsAnErrorLikeAnyOther(t *testing.T) {
	c := &cluster{sdl: map[string]string{"one": good}}
	r, _ := start(t, Options{Sources: c.sources(t, "one"), Apply: func(sg *supergraph.Supergraph) error {
		if len(sg.API().Query.Fields) > 3 { // a, __schema, __type
			panic("no")
		}
		return nil
	}})
	c.set(map[string]string{"one": better})
	waitFor(t, "the panic is told", func() bool { return len(r.State().Errors) == 1 })
	if st := r.State(); st.Errors[0].Code != "INTERNAL" || strings.Contains(st.SDL, "b: Int") {
		t.Errorf("state %+v", st)
	}
}

func TestLooksThatFailComeEverMoreRarely(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: 10 * time.Second, 1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 5: 4 * time.Second, 9: time.Minute, 1000: time.Minute} {
		s := &source{failures: failures}
		if got := s.pause(10 * time.Second); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
	for range 1000 {
		if d := jittered(time.Second); d < 900*time.Millisecond || d > 1100*time.Millisecond {
			t.Fatalf("1 s became %v", d)
		}
	}
}

func TestMetricsTellTheSupergraphInForce(t *testing.T) {
	c := &cluster{sdl: map[string]string{"one": good}}
	r, _ := start(t, Options{Sources: c.sources(t, "one")})
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(r)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] = fmt.Sprint(m.GetLabel())
		}
	}
	if info := got["medicore_supergraph_info"]; !strings.Contains(info, r.State().Hash) || !strings.Contains(info, "composed") {
		t.Errorf("medicore_supergraph_info has %s", info)
	}
	now := float64(time.Now().Unix())
	for _, name := range []string{"medicore_supergraph_last_success_timestamp_seconds", "medicore_supergraph_in_force_timestamp_seconds"} {
		if v := counted(t, r, name); v < now-60 || v > now+60 {
			t.Errorf("%s is %v, now it is %v", name, v, now)
		}
	}
	if v := counted(t, r, "medicore_supergraph_age_seconds"); v < 0 || v > 60 {
		t.Errorf("medicore_supergraph_age_seconds is %v", v)
	}
}
