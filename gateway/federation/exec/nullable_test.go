package exec_test

import (
	"testing"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Every third object lacks one of its three keys, so any two are enough to find each: no object may be lost, whatever
// keys a subgraph knows and whatever has to be fetched for them.
func TestObjectsThatLackAKeyAreFoundByAnother(t *testing.T) {
	for name, sdls := range map[string][]string{
		"all keys at the source": {
			`type Query { p: [T!]! q: [T!]! r: [T!]! s: [T] t(n: Int): [T!]! v: T w: T x: T y: T } type T @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable a: Int }`,
			`type T @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable b: Int t: T u: U }
			 type U @key(fields: "k1") @key(fields: "k2") { k1: ID k2: ID x: Int @external y: String @requires(fields: "x") }`,
			`type U @key(fields: "k1") @key(fields: "k2") { k1: ID @shareable k2: ID @shareable x: Int } type Query { ua: [U] ub: [U] uc: [U] ud: U ue: U }`,
		},
		"a key that another subgraph brings": {
			`type Query { p: [T!]! q: [T!]! r: [T!]! s: [T] t(n: Int): [T!]! v: T w: T x: T y: T } type T @key(fields: "id") @key(fields: "k0") { id: ID! @shareable k0: ID @shareable a: Int }`,
			`type T @key(fields: "id") @key(fields: "k1") { id: ID! @shareable k1: ID @shareable }`,
			`type T @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable b: Int ts: [T] a: Int @external c: String @requires(fields: "a") }`,
			`type T @key(fields: "k1") @key(fields: "k0") { k0: ID @shareable k1: ID @shareable b: Int @external d: String @requires(fields: "b") }`,
		},
		"keys that nest and pairs of them": {
			`type Query { p: [T!]! q: [T!]! r: [T!]! s: [T] t(n: Int): [T!]! v: T w: T x: T y: T } type T { k0: ID @shareable k1: ID @shareable o: O @shareable } type O { k2: ID @shareable }`,
			`type T @key(fields: "k0") @key(fields: "k1 o { k2 }") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable o: O @shareable b: Int i: I }
			 type O { k2: ID @shareable } interface I { k0: ID n: Int }
			 type X implements I @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable n: Int @shareable }
			 type Y implements I @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable n: Int @shareable }`,
			`type X @key(fields: "k0") @key(fields: "k1") { k0: ID @shareable k1: ID @shareable m: Int }
			 type Y @key(fields: "k1") @key(fields: "k0") { k0: ID @shareable k1: ID @shareable m: Int }`,
		},
		"interfaces and interface objects": {
			`type Query { p: [I!]! q: [I!]! r: [I] s: I t(n: Int): I } interface I @key(fields: "k0") @key(fields: "k1") { k0: ID k1: ID }
			 type X implements I @key(fields: "k0") @key(fields: "k1") { k0: ID k1: ID n: Int }
			 type Y implements I @key(fields: "k0") @key(fields: "k1") { k0: ID k1: ID n: Int }`,
			`type Query { bp: [I!]! bq: [I] bs: I } type I @key(fields: "k0") @key(fields: "k1") @interfaceObject { k0: ID k1: ID extra(n: Int): Int }`,
			`type I @key(fields: "k1") @key(fields: "k0") @interfaceObject { k0: ID k1: ID more: String extra(n: Int): Int @external big: String @requires(fields: "extra(n: 2)") }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var sources []subgraph.Source
			for i, sdl := range sdls {
				sources = append(sources, subgraph.Source{Name: string(rune('a' + i)), SDL: link + sdl})
			}
			res, err := compose.Compose(sources)
			if err != nil {
				t.Fatal(err)
			}
			sg, err := supergraph.Read(res.SupergraphSDL)
			if err != nil {
				t.Fatal(err)
			}
			w, err := newWorld(sg)
			if err != nil {
				t.Fatal(err)
			}
			w.absent = map[string]int{"k0": 0, "k1": 1, "k2": 2}
			fetcher := &subgraphs{world: w}
			e := exec.New(fetcher, exec.Options{})
			planned := 0
			for seed := range seeds {
				if compareExecutions(t, e, fetcher, seed) {
					planned++
				}
				if t.Failed() {
					return
				}
			}
			if planned < int(seeds)/3 {
				t.Errorf("only %d operations could be planned", planned)
			}
		})
	}
}
