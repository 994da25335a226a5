package http1

import "testing"

func TestABlockIsLargeEnoughAndNotMuchLarger(t *testing.T) {
	for n := 0; n < 5<<19; n += 1 + n/50 {
		b := newBlock(n)
		if size := len(b.bytes); size < n || size > max(smallest, n+n/4) || b.class < classes && size != sizeOf(b.class) {
			t.Fatalf("%d bytes get %d, class %d", n, size, b.class)
		}
		b.release()
	}
}
