package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"medicore.dev/medicore/bench/wire"
	"medicore.dev/medicore/bench/world"
)

// most is how many requests one turn may have, and patience how long one may take.
const (
	most     = 5_000_000
	patience = 60 * time.Second
)

// load sends requests of one shape to one gateway, each connection the next one as soon as the last is answered.
type load struct {
	to    *url.URL
	shape *world.Shape
	conns []*wire.Conn // while it has its turn
	want  []byte       // the gateway's answer to request 0, which has been checked
	next  atomic.Int64 // number of the next request, so that numbered ones never come again
	fixed []byte       // the request, unless they are numbered
}

// newLoad asks the gateway once and checks the answer against the right one.
func newLoad(ctx context.Context, address string, shape *world.Shape, right []byte) (*load, error) {
	to, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	l := &load{to: to, shape: shape}
	if !shape.Numbered() {
		l.fixed = l.request(0)
	}
	status, body, err := wire.NewPool(to.Host, patience).Do(ctx, l.request(0))
	if err != nil {
		return nil, err
	}
	var got, want any
	if err := json.Unmarshal(right, &want); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || !reflect.DeepEqual(got, want) {
		return nil, fmt.Errorf("the answer is wrong: status %d: %.400s", status, body)
	}
	l.want = body
	return l, nil
}

// connect opens the connections of one turn; a gateway may close those that wait for the next.
func (l *load) connect(ctx context.Context, connections int) error {
	for range connections {
		c, err := wire.Dial(ctx, l.to.Host, patience)
		if err != nil {
			return err
		}
		l.conns = append(l.conns, c)
	}
	return nil
}

func (l *load) disconnect() {
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

func (l *load) request(n int) []byte {
	body, _ := json.Marshal(l.shape.Request(n))
	return wire.Post(l.to, body)
}

// run sends requests for the time and returns how long each took, in order of that.
func (l *load) run(ctx context.Context, d time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([][]time.Duration, len(l.conns))
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for i, c := range l.conns {
		wg.Go(func() {
			for range most / len(l.conns) {
				began := time.Now()
				if began.After(end) || ctx.Err() != nil {
					return
				}
				if err := l.one(c); err != nil {
					cancel(err)
					return
				}
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return all, context.Cause(ctx)
}

// one sends one request. Its answer has to be, byte for byte, that to request 0.
func (l *load) one(c *wire.Conn) error {
	request, want := l.fixed, l.want
	if request == nil {
		n := int(l.next.Add(1))
		request, want = l.request(n), []byte(l.shape.Replace(string(l.want), n))
	}
	status, body, err := c.Do(request)
	if err != nil {
		return err
	}
	if status != http.StatusOK || !bytes.Equal(body, want) {
		return fmt.Errorf("an answer differs from the first: status %d: %.400s", status, body)
	}
	return nil
}
