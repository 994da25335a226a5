package main

import (
	"context"
	"sync/atomic"
	"testing"

	"medicore.dev/medicore/bench/world"
)

func TestThePlanAnswersTheDeepJoin(t *testing.T) {
	whole, parts, err := world.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	w := world.New()
	var asked atomic.Int32
	f := func(_ context.Context, subgraph string, body []byte) ([]byte, error) {
		asked.Add(1)
		req, err := world.ParseRequest(body)
		if err != nil {
			return nil, err
		}
		return w.Execute(parts[subgraph], req)
	}
	shape := world.Shapes()[0]
	want, err := w.Execute(whole, shape.Request(0))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the second run uses the memory of the first
		asked.Store(0)
		got, err := answer(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Fatalf("%s: got %.3000s\nwant %.3000s", shape.Name, got, want)
		}
		if int(asked.Load()) != shape.Requests {
			t.Errorf("%d requests, want %d", asked.Load(), shape.Requests)
		}
	}
}

func TestStringsEndWhereTheyEnd(t *testing.T) {
	var d document
	if err := d.read([]byte(`{"data": {"a": "x\\", "b": "\"}", "c": [ ], "d": [1, {"e": null}] } }`)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": `"x\\"`, "b": `"\"}"`, "c": `[ ]`, "d": `[1, {"e": null}]`} {
		if got := string(d.raw(d.at(key))); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	for _, bad := range []string{``, `{`, `{"a"`, `{"a":}`, `["x]`} {
		if d.read([]byte(bad)) == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
