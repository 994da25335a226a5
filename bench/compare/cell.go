package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"medicore.dev/medicore/bench/world"
)

// cell is one shape at one number of connections, and what the gateways did.
type cell struct {
	shape       world.Shape
	connections int
	rows        []*row
}

// row is what one gateway did, by rounds. One that failed has no more rounds.
type row struct {
	contender contender
	turns     []turn
	failed    error
	process   *process
	load      *load
}

// turn is what one gateway did in one round.
type turn struct {
	requests int           // answered, all of them right
	elapsed  time.Duration // from the first request to the last answer
	p50, p99 time.Duration
	gateway  time.Duration // processor time of the gateway
	load     time.Duration // and of the load generator
	servers  time.Duration // and of the subgraphs
	others   time.Duration // and of everything else on the machine
	peak     float64       // MiB that the gateway held at the most
	upstream int64         // requests to subgraphs
}

// measure starts the gateways afresh and gives each its turn in every round.
func (b *bench) measure(ctx context.Context, c cell, contenders []contender) (*cell, error) {
	if err := b.delay(ctx, &c.shape); err != nil {
		return nil, err
	}
	right, err := b.right(&c.shape)
	if err != nil {
		return nil, err
	}
	for i, contender := range contenders {
		if contender.deep && c.shape.Name != "deep" && c.shape.Name != "slow" {
			continue
		}
		r := &row{contender: contender}
		c.rows = append(c.rows, r)
		r.failed = b.enter(ctx, r, &c, right, i)
		defer r.leave()
	}
	for round := range b.rounds {
		for i := range c.rows {
			r := c.rows[(i+round)%len(c.rows)]
			if r.failed != nil {
				continue
			}
			t, err := b.turn(ctx, r, c.connections)
			if err != nil {
				r.failed = fmt.Errorf("%w\nits log ends: %s", err, r.process.last())
			} else {
				r.turns = append(r.turns, t)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	if i := slices.IndexFunc(c.rows, func(r *row) bool { return r.contender.ours }); b.profile != "" && i >= 0 && c.rows[i].failed == nil {
		err := b.profiled(ctx, fmt.Sprintf("%s-%d", c.shape.Name, c.connections), func() error {
			_, err := b.turn(ctx, c.rows[i], c.connections)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
	}
	return &c, nil
}

// right is the answer that every gateway has to give to request 0: the operation executed over all the data.
func (b *bench) right(shape *world.Shape) ([]byte, error) {
	whole, _, err := world.Schemas()
	if err != nil {
		return nil, err
	}
	return world.New().Execute(whole, shape.Request(0))
}

// enter starts the row's gateway and checks its first answer.
func (b *bench) enter(ctx context.Context, r *row, c *cell, right []byte, number int) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.work, fmt.Sprintf("%s-%d-%d", c.shape.Name, c.connections, number))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	env, argv, err := r.contender.launch(port, dir)
	if err != nil {
		return err
	}
	if r.process, err = start(ctx, "gateway", dir, env, b.machine.on(b.gatewayCore, argv), nil); err != nil {
		return err
	}
	address := "http://127.0.0.1:" + port
	if err := r.process.ready(ctx, address+r.contender.ready); err != nil {
		return err
	}
	if r.load, err = newLoad(ctx, address+"/graphql", &c.shape, right); err != nil {
		return fmt.Errorf("%w\nits log ends: %s", err, r.process.last())
	}
	return nil
}

func (r *row) leave() {
	if r.process != nil {
		r.process.stop()
	}
}

// turn warms the gateway and measures it.
func (b *bench) turn(ctx context.Context, r *row, connections int) (turn, error) {
	defer r.load.disconnect()
	if err := r.load.connect(ctx, connections); err != nil {
		return turn{}, err
	}
	if _, err := r.load.run(ctx, b.warm); err != nil {
		return turn{}, err
	}
	r.process.forgetPeak()
	before, err := b.read(ctx, r)
	if err != nil {
		return turn{}, err
	}
	began := time.Now()
	took, err := r.load.run(ctx, b.measured)
	elapsed := time.Since(began)
	after, err2 := b.read(ctx, r)
	peak, err3 := r.process.peak()
	if err := errors.Join(err, err2, err3); err != nil {
		return turn{}, err
	}
	if len(took) == 0 {
		return turn{}, errors.New("no request was answered in time")
	}
	t := turn{
		requests: len(took), elapsed: elapsed, p50: took[len(took)/2], p99: took[len(took)*99/100],
		gateway: after.gateway - before.gateway, load: after.load - before.load, servers: after.servers - before.servers,
		peak: peak, upstream: after.upstream - before.upstream,
	}
	t.others = max(0, after.busy-before.busy-t.gateway-t.load-t.servers)
	return t, nil
}

// counters are read before and after a turn.
type counters struct {
	gateway, load, servers, busy time.Duration
	upstream                     int64
}

func (b *bench) read(ctx context.Context, r *row) (c counters, err error) {
	var errs [3]error
	c.upstream, errs[0] = b.requests(ctx)
	c.gateway, errs[1] = r.process.used()
	c.servers, errs[2] = b.subgraphs.used()
	c.load, c.busy = own(), busy()
	return c, errors.Join(errs[:]...)
}
