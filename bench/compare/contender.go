package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"medicore.dev/medicore/bench/world"
)

// contender is a gateway as it is to be measured.
type contender struct {
	name    string
	about   string
	sharing string // of work under way: none, subgraph, both
	ready   string // path that answers 200 when it is ready
	deep    bool   // it answers the deep join only
	ours    bool   // those of the same sharing are compared with it
	launch  func(port, dir string) (env, argv []string, err error)
}

// contenders are the gateways that are here, and a sentence about each that is not.
func (b *bench) contenders(ctx context.Context) (list []contender, absent []string) {
	for _, build := range []struct{ name, program string }{{"ours", b.medicore}, {"before", b.before}} {
		if build.program == "" {
			continue
		}
		gateway, about := alone(ctx, build.program)
		for _, sharing := range modes {
			list = append(list, contender{
				name: build.name + " " + sharing, about: about + ", shares " + shares[sharing], sharing: sharing, ready: "/ready", ours: build.name == "ours",
				launch: func(port, _ string) ([]string, []string, error) {
					argv := append(slices.Clip(gateway), "--supergraph", b.sdl, "--listen", "127.0.0.1:"+port,
						fmt.Sprintf("--gateway.sharing.fetches=%t", sharing != "none"), fmt.Sprintf("--gateway.sharing.requests=%t", sharing == "both"))
					if b.profile == "" {
						return nil, argv, nil
					}
					second, err := freePort(ctx)
					b.operations = "127.0.0.1:" + second
					return nil, append(argv, "--ops-listen", b.operations, "--ops-profiles"), err
				},
			})
		}
	}
	if router := find("BENCH_HIVE_ROUTER", "hive_router"); router != "" {
		for _, sharing := range modes {
			list = append(list, contender{
				name: "hive-router " + sharing, about: "one worker; shares " + shares[sharing], sharing: sharing, ready: "/readiness",
				launch: func(port, dir string) ([]string, []string, error) {
					return hiveRouter(b.sdl, router, sharing, port, dir)
				},
			})
		}
	} else {
		absent = append(absent, "Hive Router is not installed: neither BENCH_HIVE_ROUTER nor hive_router on the PATH names it.")
	}
	if program, err := b.hiveGateway(); err == nil {
		list = append(list, contender{
			name: "hive-gateway", about: version(ctx, "node", program, "--version") + ", Node " + version(ctx, "node", "--version") + ", default settings", sharing: "none", ready: "/readiness",
			launch: func(port, _ string) ([]string, []string, error) {
				return []string{"NODE_ENV=production"}, []string{"node", program, "supergraph", b.sdl, "--host", "127.0.0.1", "--port", port, "--fork", "1"}, nil
			},
		})
	} else {
		absent = append(absent, "Hive Gateway is not installed: "+err.Error()+".")
	}
	absent = append(absent, "Cosmo's router is in no package registry, so it is not run; docs/performance.md has figures recorded of it.")
	for _, client := range []string{"net/http", "own"} {
		for _, sharing := range modes {
			list = append(list, contender{
				name: "floor " + client + " " + sharing, about: "the plan written in Go, client " + client + "; shares " + shares[sharing], sharing: sharing, ready: "/", deep: true,
				launch: func(port, _ string) ([]string, []string, error) {
					argv := []string{filepath.Join(b.work, "floor"), "-listen", "127.0.0.1:" + port, "-client", client, "-share", sharing}
					for _, name := range world.Subgraphs {
						argv = append(argv, "-"+name, b.places[name])
					}
					return nil, argv, nil
				},
			})
		}
	}
	if len(b.gateways) > 0 {
		list = slices.DeleteFunc(list, func(c contender) bool {
			return !slices.ContainsFunc(b.gateways, func(prefix string) bool { return strings.HasPrefix(c.name, prefix) })
		})
	}
	return list, absent
}

// modes are the ways to share, which most gateways have all of.
var modes = []string{"none", "subgraph", "both"}

// shares says what requests that are under way at one time share.
var shares = map[string]string{
	"none":     "nothing",
	"subgraph": "equal requests to subgraphs that are under way",
	"both":     "these, and equal client requests that are under way",
}

// find is the program that the variable names, or that of the name on the PATH; "" if there is none.
func find(variable, name string) string {
	path, err := exec.LookPath(name)
	if set := os.Getenv(variable); set != "" {
		path, err = exec.LookPath(set)
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return ""
	}
	return path
}

// hiveRouter writes the router's configuration. It would start a worker for each core of the machine, but has only one; and it
// would log every request, as ours does not.
func hiveRouter(sdl, router, sharing, port, dir string) (env, argv []string, err error) {
	config := filepath.Join(dir, "router.config.yaml")
	text := fmt.Sprintf(`supergraph: {source: file, path: %q}
log: {level: warn}
http: {host: 127.0.0.1, port: %s, workers: 1}
traffic_shaping:
  all: {dedupe_enabled: %t}
  router: {dedupe: {enabled: %t}}
`, sdl, port, sharing != "none", sharing == "both")
	return []string{"ROUTER_CONFIG_FILE_PATH=" + config}, []string{router}, os.WriteFile(config, []byte(text), 0o600)
}

// hiveGateway is the program file of Hive Gateway.
func (b *bench) hiveGateway() (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", err
	}
	dir := os.Getenv("BENCH_HIVE_GATEWAY")
	if dir == "" {
		dir = filepath.Join(b.root, "test", "interchange", "node", "node_modules", "@graphql-hive", "gateway")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "dist", "bin.js")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("npm ci --prefix test/interchange/node installs it, or set BENCH_HIVE_GATEWAY")
	}
	return program, nil
}

// alone is the command line by which a program of ours runs the gateway alone, and what the program says that it is:
// medicore-gateway does nothing else, medicore has a command for it.
func alone(ctx context.Context, program string) (argv []string, about string) {
	about = version(ctx, program, "version")
	if strings.HasPrefix(about, "medicore-gateway ") {
		return []string{program}, about
	}
	return []string{program, "gateway"}, "the command gateway of " + about
}

// version is what the command prints.
func version(ctx context.Context, argv ...string) string {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	if err != nil {
		return "unknown version"
	}
	return strings.TrimSpace(string(out))
}
