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

// The classes of blocks: four sizes for each doubling, from smallest bytes on.
const (
	smallest = 1 << 10
	classes  = 4*11 + 1 // up to 2 MiB
)

var blocks [classes]sync.Pool // of *block

// sizeOf is the size of a class's blocks.
func sizeOf(class int) int { return smallest << (class / 4) / 4 * (4 + class%4) }

// classOf is the first class with blocks of n bytes.
func classOf(n int) int {
	if n <= smallest {
		return 0
	}
	doubling := bits.Len(uint(n-1)) - bits.Len(smallest)
	step := smallest << doubling / 4
	return 4*doubling + (n-smallest<<doubling+step-1)/step
}

// newBlock returns at least n bytes.
func newBlock(n int) *block {
	class := classOf(n)
	if class >= classes {
		return &block{bytes: make([]byte, n), class: classes}
	}
	if b, _ := blocks[class].Get().(*block); b != nil {
		return b
	}
	return &block{bytes: make([]byte, sizeOf(class)), class: class}
}

// release makes the block another's.
func (b *block) release() {
	if b.class < classes {
		blocks[b.class].Put(b)
	}
}
