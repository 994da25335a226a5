// Command floor answers one operation, the benchmark's deep join, whose plan is written in Go: what a gateway in Go cannot
// be below. It plans nothing, validates nothing and knows no nulls.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/singleflight"

	"medicore.dev/medicore/bench/wire"
	"medicore.dev/medicore/bench/world"
)

// timeout of one request to a subgraph.
const timeout = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:0", "host:port")
	client := flag.String("client", "net/http", "net/http, or own: that of bench/wire")
	share := flag.String("share", "none", "what equal requests that are under way share: none, subgraph (answers of subgraphs), both (these and whole answers)")
	places := map[string]*string{}
	for _, name := range world.Subgraphs {
		places[name] = flag.String(name, "", "URL of the subgraph")
	}
	flag.Parse()
	urls := map[string]*url.URL{}
	for name, place := range places {
		u, err := url.Parse(*place)
		if err != nil || u.Host == "" {
			return fmt.Errorf("-%s %q is not a URL", name, *place)
		}
		urls[name] = u
	}
	f := overNetHTTP(urls)
	if *client == "own" {
		f = overWire(urls)
	}
	if *share != "none" {
		f = shared(f)
	}
	respond := func(ctx context.Context, _ []byte) ([]byte, error) { return answer(ctx, f) }
	if *share == "both" {
		respond = sharedWhole(respond)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: handler(respond)}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func handler(respond func(ctx context.Context, body []byte) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			return // it is there
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			body, err = respond(r.Context(), body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
}

func overNetHTTP(urls map[string]*url.URL) fetch {
	transport := &http.Transport{MaxIdleConns: 2048, MaxIdleConnsPerHost: 512}
	return func(ctx context.Context, subgraph string, body []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[subgraph].String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		buf := bytes.NewBuffer(make([]byte, 0, max(resp.ContentLength, 0)+bytes.MinRead))
		_, err = buf.ReadFrom(resp.Body)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s answered %s", subgraph, resp.Status)
		}
		return buf.Bytes(), err
	}
}

func overWire(urls map[string]*url.URL) fetch {
	pools := map[string]*wire.Pool{}
	for name, u := range urls {
		pools[name] = wire.NewPool(u.Host, timeout)
	}
	return func(ctx context.Context, subgraph string, body []byte) ([]byte, error) {
		status, answer, err := pools[subgraph].Do(ctx, wire.Post(urls[subgraph], body))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s answered %d", subgraph, status)
		}
		return answer, err
	}
}

// shared lets equal requests that are under way have one answer. One that is shared outlives whoever began it.
func shared(f fetch) fetch {
	var flights singleflight.Group
	return func(ctx context.Context, subgraph string, body []byte) ([]byte, error) {
		v, err, _ := flights.Do(subgraph+" "+string(body), func() (any, error) { return f(context.WithoutCancel(ctx), subgraph, body) })
		answer, _ := v.([]byte)
		return answer, err
	}
}

func sharedWhole(respond func(ctx context.Context, body []byte) ([]byte, error)) func(ctx context.Context, body []byte) ([]byte, error) {
	var flights singleflight.Group
	return func(ctx context.Context, body []byte) ([]byte, error) {
		v, err, _ := flights.Do(string(body), func() (any, error) { return respond(context.WithoutCancel(ctx), body) })
		answer, _ := v.([]byte)
		return answer, err
	}
}
