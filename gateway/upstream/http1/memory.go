package http1

import (
	"math/bits"
	"sync"
)

// block is a piece of memory that answers are read into, one after another.
type block struct {
	bytes []byte
	class int
}

// The classes of blocks double in size from smallest bytes on.
const (
	smallest = 1 << 10
	classes  = 12 // up to 2 MiB
)

var blocks [classes]sync.Pool // of *block

// newBlock returns at least n bytes.
func newBlock(n int) *block {
	class := max(0, bits.Len(uint(max(n, 1)-1))-bits.Len(smallest-1))
	if class >= classes {
		return &block{bytes: make([]byte, n), class: classes}
	}
	if b, _ := blocks[class].Get().(*block); b != nil {
		return b
	}
	return &block{bytes: make([]byte, smallest<<class), class: class}
}

// release makes the block another's.
func (b *block) release() {
	if b.class < classes {
		blocks[b.class].Put(b)
	}
}
