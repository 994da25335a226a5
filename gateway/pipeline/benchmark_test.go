package pipeline

import (
	"encoding/json"
	"testing"

	bench "medicore.dev/medicore/bench/world"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// BenchmarkPrepare is what a request needs before it is executed: hit when the operation is known, and cold when neither its
// text was parsed nor its plan made.
func BenchmarkPrepare(b *testing.B) {
	sdl, err := bench.Compose(nil)
	if err != nil {
		b.Fatal(err)
	}
	sg, err := supergraph.Read(sdl)
	if err != nil {
		b.Fatal(err)
	}
	for _, shape := range bench.Shapes() {
		if shape.Name == "slow" {
			continue // the operation of deep
		}
		r := shape.Request(0)
		variables, err := json.Marshal(r.Variables)
		if err != nil {
			b.Fatal(err)
		}
		req := &Request{Query: r.Query, Variables: given(b, string(variables))}
		prepare := func(b *testing.B, p *Pipeline) {
			if _, failed := p.Prepare(b.Context(), req); failed != nil {
				b.Fatal(string(failed.JSON()))
			}
		}
		b.Run("hit/"+shape.Name, func(b *testing.B) {
			p := New(Options{})
			if err := p.Swap(sg, nil); err != nil {
				b.Fatal(err)
			}
			prepare(b, p)
			prepare(b, p) // what came before is kept
			b.ReportAllocs()
			for b.Loop() {
				prepare(b, p)
			}
		})
		b.Run("cold/"+shape.Name, func(b *testing.B) {
			p := New(Options{})
			if err := p.Swap(sg, nil); err != nil {
				b.Fatal(err)
			}
			e := p.engine.Load()
			b.ReportAllocs()
			for b.Loop() {
				e.documents.Purge()
				e.asked.Purge()
				e.plans.Purge()
				prepare(b, p)
			}
		})
	}
}
