//go:build e2e

// Package rest measures what REST through the gateway costs, in one process on PostgreSQL and Kafka:
//
//	eval "$(scripts/postgres.sh start)"; eval "$(scripts/kafka.sh start)"
//	go test -tags e2e -run '^$' -bench . -benchtime 3000x -count 5 ./bench/rest
package rest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/bench/wire"
	"medicore.dev/medicore/test/platform"
)

// connections are open at a time.
const connections = 50

// original is the processor time of one request in the Java original's services together, in milliseconds, warm, with as many
// connections, recorded in November 2026 on a machine of two cores; and the part of it that we may need.
var original = map[string]struct{ ms, limit float64 }{
	"list of 3": {2.3, 0.15},
	"validate":  {0.4, 0.25},
	"create":    {4.7, 0.2},
}

func BenchmarkREST(b *testing.B) {
	postgres, brokers := os.Getenv("TEST_POSTGRES_URL"), os.Getenv("TEST_KAFKA_BROKERS")
	if postgres == "" || brokers == "" {
		b.Fatal("TEST_POSTGRES_URL and TEST_KAFKA_BROKERS must be set: scripts/postgres.sh and scripts/kafka.sh start both")
	}
	env := []string{"MEDICORE_KAFKA_BROKERS=" + brokers, "MEDICORE_LOG_LEVEL=info", "MEDICORE_ADMIN_EMAIL=" + platform.AdminEmail, "MEDICORE_ADMIN_PASSWORD_FILE=" + platform.PasswordFile(b)}
	for service, name := range map[string]string{"auth": "AUTH", "profiles": "PROFILES", "billing": "BILLING", "analytics": "ANALYTICS"} {
		env = append(env, "MEDICORE_"+name+"_DATABASE_URL="+platform.Database(b, postgres, service))
	}
	p := platform.Apart(b, env...)
	token := p.Login(b, platform.AdminEmail, platform.AdminPassword)
	for range 3 {
		if got := p.Do(b, "POST", "/api/medical-profiles", token, string(profile())); got.Status != 201 {
			b.Fatalf("create: %d %s", got.Status, got.Body)
		}
	}
	to := platform.MustURL(b, p.URL)
	for _, op := range []struct {
		name    string
		request func() []byte
		status  int
	}{
		{"list of 3", func() []byte { return request("GET", "/api/medical-profiles", to, token, nil) }, 200},
		{"validate", func() []byte { return request("GET", "/auth/validate", to, token, nil) }, 200},
		{"create", func() []byte { return request("POST", "/api/medical-profiles", to, token, profile()) }, 201},
	} {
		b.Run(op.name, func(b *testing.B) {
			load(b, to, 500, op.request, op.status) // warms it
			before := used(b, p.Procs[0].PID())
			b.ResetTimer()
			load(b, to, b.N, op.request, op.status)
			b.StopTimer()
			ms := float64(used(b, p.Procs[0].PID())-before) / float64(time.Millisecond) / float64(b.N)
			b.ReportMetric(ms, "cpu-ms/op")
			b.ReportMetric(ms/original[op.name].ms, "of-the-original")
			b.ReportMetric(original[op.name].limit, "limit")
		})
	}
}

func profile() []byte {
	return fmt.Appendf(nil, `{"name":"Ada Example","address":"1 High Street","email":"%s@example.org","dateOfBirth":"1990-01-02","registeredDate":"2024-05-06"}`, uuid.NewString())
}

// request returns a request's bytes.
func request(method, path string, to *url.URL, token string, body []byte) []byte {
	var r bytes.Buffer
	fmt.Fprintf(&r, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, to.Host, token)
	if body != nil {
		fmt.Fprintf(&r, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	r.WriteString("\r\n")
	r.Write(body)
	return r.Bytes()
}

// load sends n requests over all connections.
func load(b *testing.B, to *url.URL, n int, request func() []byte, status int) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			c, err := wire.Dial(b.Context(), to.Host, 30*time.Second)
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for left.Add(-1) >= 0 {
				if got, body, err := c.Do(request()); err != nil || got != status {
					b.Errorf("%d, want %d: %v %.200s", got, status, err, body)
					return
				}
			}
		})
	}
	all.Wait()
}

// used is the processor time of the process.
func used(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var sum time.Duration
	for _, f := range fields[11:13] { // utime and stime
		ticks, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ticks) * 10 * time.Millisecond
	}
	return sum
}
