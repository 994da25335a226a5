// Package arch checks the import directions that ARCHITECTURE.md promises.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "medicore.dev/medicore/"

// forbidden: a package below from must not import one below to. except lists prefixes of to that are allowed.
var forbidden = []struct {
	from, to, why string
	except        []string
}{
	{from: "gateway/", to: "subgraphs/", why: "the gateway knows schemas, not services"},
	{from: "gateway/", to: "internal/app", why: "only cmd joins parts"},
	{from: "gateway/federation/", to: "gateway/", why: "the engine stands alone", except: []string{"gateway/federation/"}},
	{from: "gateway/federation/", to: "internal/", why: "the engine stands alone", except: []string{"internal/golden"}},
	{from: "gateway/federation/", to: "net/http", why: "the engine does no I/O"},
	{from: "gateway/federation/", to: "log/slog", why: "the engine returns what happened"},
	{from: "gateway/federation/", to: "os", why: "the engine does no I/O"},
	{from: "gateway/federation/plan", to: "gateway/federation/exec", why: "a plan is data; running it is exec's work"},
	{from: "gateway/federation/operation", to: "gateway/federation/plan", why: "an operation is normalised before it is planned"},
	{from: "gateway/federation/querygraph", to: "gateway/federation/compose", why: "composition asks the query graph, not the other way"},
	{from: "gateway/federation/supergraph", to: "gateway/federation/plan", why: "the model serves planning"},
	{from: "subgraphs/", to: "gateway/", why: "services do not know the gateway"},
	{from: "subgraphs/", to: "internal/app", why: "only cmd joins parts"},
	{from: "subgraphs/auth", to: "subgraphs/", why: "services do not know each other", except: []string{"subgraphs/auth"}},
	{from: "subgraphs/profiles", to: "subgraphs/", why: "services do not know each other", except: []string{"subgraphs/profiles"}},
	{from: "subgraphs/billing", to: "subgraphs/", why: "services do not know each other", except: []string{"subgraphs/billing"}},
	{from: "subgraphs/analytics", to: "subgraphs/", why: "services do not know each other", except: []string{"subgraphs/analytics"}},
	{from: "ent/schema/", to: "subgraphs/", why: "schemas are inputs of generation"},
	{from: "internal/", to: "gateway/", why: "shared packages serve both sides", except: nil},
	{from: "internal/", to: "subgraphs/", why: "shared packages serve both sides", except: nil},
	{from: "internal/fault/", to: "internal/", why: "faults depend on nothing of ours", except: []string{"internal/fault"}},
}

// domains must not know how they are stored or served.
var domains = []string{"subgraphs/auth/internal/identity", "subgraphs/profiles/internal/profile", "subgraphs/billing/internal/account", "subgraphs/analytics/internal/activity"}

var technologies = []string{"entgo.io/", "github.com/99designs/gqlgen", "google.golang.org/grpc", "github.com/confluentinc/", "net/http", "database/sql"}

// imports calls check with every import of every non-test Go file of this module.
func imports(t *testing.T, check func(file, imp string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if slices.Contains([]string{"node_modules", "testdata", "infra", "tools"}, d.Name()) || rel != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			check(rel, strings.TrimPrefix(imp, module))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func below(path, dir string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func TestImportDirections(t *testing.T) {
	seen := 0
	imports(t, func(file, imp string) {
		seen++
		for _, r := range forbidden {
			if !below(file, r.from) || !below(imp, r.to) || strings.HasPrefix(file, "internal/app/") {
				continue
			}
			if slices.ContainsFunc(r.except, func(e string) bool { return below(imp, e) }) {
				continue
			}
			t.Errorf("%s imports %s: %s", file, imp, r.why)
		}
		for _, d := range domains {
			if below(file, d) && slices.ContainsFunc(technologies, func(x string) bool { return strings.HasPrefix(imp, x) }) {
				t.Errorf("%s imports %s: a domain does not know how it is stored or served", file, imp)
			}
		}
		if strings.HasPrefix(imp, "github.com/confluentinc/") && !below(file, "internal/kafka") {
			t.Errorf("%s imports %s: cgo stays in internal/kafka", file, imp)
		}
		if imp == "internal/app" && !below(file, "cmd") {
			t.Errorf("%s imports internal/app: only cmd does", file)
		}
	})
	if seen < 100 {
		t.Errorf("only %d imports were seen: is the root right?", seen)
	}
}

// The gateway's own program is for those who have none of our services.
func TestTheGatewaysProgramNeedsNoService(t *testing.T) {
	needs := map[string][]string{} // by folder
	imports(t, func(file, imp string) {
		dir := path.Dir(file)
		needs[dir] = append(needs[dir], imp)
	})
	foreign := append([]string{"subgraphs/", "ent/", "proto/", "internal/app", "internal/kafka", "internal/database"}, technologies...)
	foreign = slices.DeleteFunc(foreign, func(f string) bool { return f == "net/http" })
	seen := map[string]string{"cmd/medicore-gateway": ""} // who imports it
	for queue := []string{"cmd/medicore-gateway"}; len(queue) > 0; queue = queue[1:] {
		for _, imp := range needs[queue[0]] {
			if _, ok := seen[imp]; ok {
				continue
			}
			seen[imp] = queue[0]
			queue = append(queue, imp)
			if slices.ContainsFunc(foreign, func(f string) bool { return below(imp, f) }) {
				t.Errorf("it needs %s, which %s imports", imp, queue[0])
			}
		}
	}
	if _, ok := seen["gateway/federation/plan"]; !ok {
		t.Error("its imports were not followed: is its folder right?")
	}
}
