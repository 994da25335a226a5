package compose_test

import (
	"fmt"
	"testing"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/test/compose/generate"
)

// BenchmarkCompose composes sets of subgraphs with some 40 types each, all stages included.
func BenchmarkCompose(b *testing.B) {
	for _, n := range []int{10, 25, 50, 100} {
		b.Run(fmt.Sprintf("%d subgraphs", n), func(b *testing.B) {
			sources := generate.Wide(n).Sources()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compose.Compose(sources); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
