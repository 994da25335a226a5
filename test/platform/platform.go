// Package platform starts the built programs for tests, medicore as one process on embedded defaults or as five
// processes on PostgreSQL and Kafka, and talks to it as a client would.
package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Secret signs the tokens of every platform started here.
var Secret = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("medicore-tests! "), 3))

// The administrator: seeded in one process, made by the environment in five.
const (
	AdminEmail    = "testpriti@test.com"
	AdminPassword = "password123"
)

// Platform is a running platform.
type Platform struct {
	URL   string            // of the gateway
	URLs  map[string]string // of each service's HTTP
	Procs []*Process
	Ready time.Duration // from the start of the last process to the gateway's /ready
}

// Process is one process of it.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
	err  error
}

// program is a program of ours, built once: unless the variable names one that is built.
func program(name, variable string, env ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		if bin := os.Getenv(variable); bin != "" {
			return bin, nil
		}
		dir, err := os.MkdirTemp("", "medicore-bin")
		if err != nil {
			return "", err
		}
		bin := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-o", bin, "medicore.dev/medicore/cmd/"+name)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		return bin, nil
	})
}

var (
	medicore        = program("medicore", "CHECK_BIN")
	medicoreGateway = program("medicore-gateway", "CHECK_GATEWAY_BIN", "CGO_ENABLED=0")
)

// Binary returns the path of the built medicore: $CHECK_BIN, or one built now.
func Binary(t testing.TB) string { return built(t, medicore) }

// GatewayBinary returns the path of the built medicore-gateway: $CHECK_GATEWAY_BIN, or one built now.
func GatewayBinary(t testing.TB) string { return built(t, medicoreGateway) }

func built(t testing.TB, program func() (string, error)) string {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// One starts everything in one process on embedded defaults, on the default ports, with fresh data. More environment
// may be given as NAME=value.
func One(t testing.TB, env ...string) *Platform {
	t.Helper()
	p := &Platform{URL: "http://127.0.0.1:8084", URLs: map[string]string{
		"auth": "http://127.0.0.1:8085", "profiles": "http://127.0.0.1:8081", "billing": "http://127.0.0.1:8082", "analytics": "http://127.0.0.1:8083", "gateway": "http://127.0.0.1:8084",
	}}
	Binary(t)
	start := time.Now()
	p.start(t, "medicore", append([]string{"MEDICORE_DATA=" + t.TempDir()}, env...))
	p.wait(t, "gateway", start)
	return p
}

// Apart starts everything in one process on embedded defaults, with fresh data, on addresses of its own, so that it can run
// beside others. More environment may be given as NAME=value.
func Apart(t testing.TB, env ...string) *Platform {
	t.Helper()
	p := &Platform{URLs: map[string]string{}}
	env = append([]string{"MEDICORE_DATA=" + t.TempDir(), "MEDICORE_LISTEN_BILLING_GRPC=" + FreeAddr(t)}, env...)
	for _, s := range []string{"auth", "profiles", "billing", "analytics", "gateway"} {
		addr := FreeAddr(t)
		p.URLs[s] = "http://" + addr
		env = append(env, "MEDICORE_LISTEN_"+strings.ToUpper(s)+"="+addr)
	}
	p.URL = p.URLs["gateway"]
	Binary(t)
	start := time.Now()
	p.start(t, "medicore", env)
	p.wait(t, "gateway", start)
	return p
}

// Five starts one process per service on the servers that TEST_POSTGRES_URL and TEST_KAFKA_BROKERS name.
func Five(t testing.TB) *Platform {
	t.Helper()
	pg, brokers := os.Getenv("TEST_POSTGRES_URL"), os.Getenv("TEST_KAFKA_BROKERS")
	if pg == "" || brokers == "" {
		t.Fatal("TEST_POSTGRES_URL and TEST_KAFKA_BROKERS must be set: `make e2e` starts both servers")
	}
	p := &Platform{URLs: map[string]string{}}
	addr := map[string]string{}
	for _, s := range []string{"auth", "profiles", "billing", "billing_grpc", "analytics", "gateway"} {
		addr[s] = FreeAddr(t)
		p.URLs[s] = "http://" + addr[s]
	}
	p.URL = p.URLs["gateway"]
	common := []string{
		"MEDICORE_KAFKA_BROKERS=" + brokers, "MEDICORE_DEMO=false",
		"MEDICORE_SERVICES_AUTH=" + p.URLs["auth"], "MEDICORE_SERVICES_PROFILES=" + p.URLs["profiles"], "MEDICORE_SERVICES_BILLING=" + p.URLs["billing"],
		"MEDICORE_SERVICES_BILLING_GRPC=" + addr["billing_grpc"], "MEDICORE_SERVICES_ANALYTICS=" + p.URLs["analytics"],
	}
	var last time.Time
	for _, s := range []string{"auth", "billing", "profiles", "analytics", "gateway"} {
		env := append([]string{"MEDICORE_TARGET=" + s, "MEDICORE_DATA=" + t.TempDir(), "MEDICORE_LISTEN_" + strings.ToUpper(s) + "=" + addr[s]}, common...)
		if s != "gateway" {
			env = append(env, "MEDICORE_"+strings.ToUpper(s)+"_DATABASE_URL="+Database(t, pg, s))
		}
		if s == "auth" {
			env = append(env, "MEDICORE_ADMIN_EMAIL="+AdminEmail, "MEDICORE_ADMIN_PASSWORD_FILE="+PasswordFile(t))
		}
		if s == "billing" {
			env = append(env, "MEDICORE_LISTEN_BILLING_GRPC="+addr["billing_grpc"])
		}
		last = time.Now()
		p.start(t, s, env)
	}
	for _, s := range []string{"auth", "billing", "profiles", "analytics", "gateway"} {
		p.wait(t, s, last)
	}
	return p
}

func (p *Platform) start(t testing.TB, name string, env []string) {
	t.Helper()
	p.Procs = append(p.Procs, Start(t, name, append([]string{"JWT_SECRET=" + Secret, "MEDICORE_LOG_LEVEL=debug"}, env...), Binary(t), "serve"))
}

// Start starts a program with no environment but PATH, HOME and what is given. It is stopped when the test ends.
func Start(t testing.TB, name string, env []string, program string, args ...string) *Process {
	t.Helper()
	proc := &Process{Name: name, cmd: exec.Command(program, args...), log: &buffer{}, done: make(chan struct{})}
	proc.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	proc.cmd.Stdout, proc.cmd.Stderr = proc.log, proc.log
	proc.cmd.Dir = t.TempDir()
	proc.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := proc.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() { proc.err = proc.cmd.Wait(); close(proc.done) }()
	t.Cleanup(func() {
		if err := proc.Stop(30 * time.Second); err != nil {
			t.Errorf("stop %s: %v", name, err)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, proc.log.tail(200))
		}
	})
	return proc
}

func (p *Platform) wait(t testing.TB, service string, start time.Time) {
	t.Helper()
	WaitFor(t, p.URLs[service]+"/ready", p.Procs...)
	p.Ready = time.Since(start)
}

// WaitFor waits until the URL answers 200. It fails when one of the processes ends before.
func WaitFor(t testing.TB, url string, procs ...*Process) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		resp, err := http.Get(url) //nolint:gosec // a server of ours
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		for _, proc := range procs {
			select {
			case <-proc.done:
				t.Fatalf("%s ended before it was ready: %v\n%s", proc.Name, proc.err, proc.log.tail(100))
			default:
			}
		}
		<-tick.C
	}
	t.Fatalf("%s does not answer 200 after 90 s", url)
}

// Stop ends the process with SIGTERM and waits for it; one that has ended already is no error if it ended well.
func (p *Process) Stop(limit time.Duration) error {
	select {
	case <-p.done:
		return p.err
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-time.After(limit):
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("still running %v after SIGTERM", limit)
	}
}

// Log returns what the process has logged so far.
func (p *Process) Log() string { return p.log.String() }

// PID returns the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Resident is the memory that the process holds, in bytes.
func (p *Process) Resident(t testing.TB) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatalf("read the resident size: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kb int
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		t.Fatalf("read the resident size: %v", err)
	}
	return kb << 10
}

// Database makes a fresh PostgreSQL database on the server that base names and returns its URL.
func Database(t testing.TB, base, service string) string {
	t.Helper()
	name := fmt.Sprintf("e2e_%s_%d", service, time.Now().UnixNano())
	u := MustURL(t, base)
	db := openPostgres(t, base)
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("make database %s: %v", name, err)
	}
	t.Cleanup(func() {
		_, _ = db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = db.Close()
	})
	u.Path = "/" + name
	return u.String()
}

// PasswordFile holds the password of the administrator made at the first start: several processes seed nobody.
func PasswordFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(AdminPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// FreeAddr returns a loopback address that nothing listens on.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(b.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
