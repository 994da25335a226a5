// Command subgraphs serves the benchmark's four subgraphs, each on an address of its own, until it is interrupted. It
// prints one line of JSON that says where: the subgraphs by name, and "control".
//
// Control: GET /requests tells how many requests the subgraphs have had; POST /latency?subgraph=NAME&of=20ms makes one
// answer later.
//
// A subgraph is a function of the request's body, so answers are kept: the same body is executed once. What is measured
// is the gateway, not this.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/bench/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "subgraphs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	_, schemas, err := world.Schemas()
	if err != nil {
		return err
	}
	w := world.New()
	served, places, failed := map[string]*service{}, map[string]string{}, make(chan error)
	serve := func(name string, h http.Handler) error {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		places[name] = "http://" + l.Addr().String()
		server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		go func() { failed <- server.Serve(l) }()
		context.AfterFunc(ctx, func() { _ = server.Close() })
		return nil
	}
	for name, schema := range schemas {
		answers, err := lru.New[string, []byte](1024)
		if err != nil {
			return err
		}
		served[name] = &service{world: w, schema: schema, answers: answers}
		if err := serve(name, served[name]); err != nil {
			return err
		}
		places[name] += "/graphql"
	}
	if err := serve("control", control(served)); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(places); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func control(served map[string]*service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		var n int64
		for _, s := range served {
			n += s.requests.Load()
		}
		_, _ = w.Write([]byte(strconv.FormatInt(n, 10)))
	})
	mux.HandleFunc("POST /latency", func(w http.ResponseWriter, r *http.Request) {
		s, d := served[r.FormValue("subgraph")], r.FormValue("of")
		of, err := time.ParseDuration(d)
		if s == nil || err != nil {
			http.Error(w, "give the name of a subgraph and a duration", http.StatusBadRequest)
			return
		}
		s.latency.Store(int64(of))
	})
	return mux
}

// service is one subgraph.
type service struct {
	world    *world.World
	schema   *ast.Schema
	answers  *lru.Cache[string, []byte] // by the request's body
	requests atomic.Int64
	latency  atomic.Int64 // time.Duration
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	body := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, 16<<20)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if d := time.Duration(s.latency.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	answer, ok := s.answers.Get(body.String())
	if !ok {
		answer = s.execute(body.Bytes())
		s.answers.Add(body.String(), answer)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}

func (s *service) execute(body []byte) []byte {
	req, err := world.ParseRequest(body)
	if err == nil {
		var answer []byte
		if answer, err = s.world.Execute(s.schema, req); err == nil {
			return answer
		}
	}
	answer, _ := json.Marshal(map[string]any{"errors": []any{map[string]string{"message": err.Error()}}})
	return answer
}
