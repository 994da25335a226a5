package pipeline

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"medicore.dev/medicore/gateway/federation/operation"
)

// What caches may hold, in bytes: the number of entries alone would bound nothing, since clients choose their size.
const (
	documentBytes = 64 << 20
	askedBytes    = 64 << 20
	planBytes     = 128 << 20
)

// cache keeps what was used last, up to a number of entries and a weight.
type cache[K comparable, V any] struct {
	mu     sync.Mutex
	list   *simplelru.LRU[K, entry[V]]
	weight int
	most   int
}

type entry[V any] struct {
	value  V
	weight int
}

func newCache[K comparable, V any](entries, most int) (*cache[K, V], error) {
	c := &cache[K, V]{most: most}
	var err error
	c.list, err = simplelru.NewLRU(entries, func(_ K, v entry[V]) { c.weight -= v.weight })
	return c, err
}

// Get returns what is kept under the key, as used now.
func (c *cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.list.Get(key)
	return v.value, ok
}

// Add keeps a value in place of what there is under the key, and of what was used longest ago if there is no room.
func (c *cache[K, V]) Add(key K, value V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list.Remove(key)
	c.list.Add(key, entry[V]{value, weight})
	for c.weight += weight; c.weight > c.most && c.list.Len() > 1; {
		c.list.RemoveOldest()
	}
}

// Peek returns what is kept under the key.
func (c *cache[K, V]) Peek(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.list.Peek(key)
	return v.value, ok
}

// Keys lists the keys from the one used longest ago.
func (c *cache[K, V]) Keys() []K {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list.Keys()
}

// Len is the number of entries.
func (c *cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list.Len()
}

// Purge empties the cache.
func (c *cache[K, V]) Purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list.Purge()
}

// documentWeight is about how many bytes a parsed document takes: its text, and a node for each of its tokens.
func documentWeight(text string, most int) int {
	const node = 300
	tokens, inName := 0, false
	for i := range len(text) {
		c := text[i]
		name := c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if c > ' ' && c != ',' && (!name || !inName) {
			tokens++
		}
		inName = name
	}
	return 2*len(text) + node*min(tokens, most)
}

// operationWeight is about how many bytes an operation takes.
func operationWeight(op *operation.Operation) int {
	const item, name = 256, 16
	weight := 0
	seen := map[*operation.Selection]bool{}
	var walk func(s *operation.Selection)
	walk = func(s *operation.Selection) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, it := range s.Items {
			weight += item + name*len(it.Types) + len(it.Args)
			if it.Selection != nil {
				walk(it.Selection)
			}
		}
	}
	walk(op.Root)
	return weight
}
