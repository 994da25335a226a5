package pipeline

import (
	"hash/maphash"
	"sync"
)

// seen tells the texts that come again from those that come once, of which there may be any number: what is made of those is
// not kept, so that it neither drives out what is used nor stays in memory. It remembers texts by hash, and forgets them
// after between remembered and twice as many others; two that hash alike are taken for one, which does no harm.
type seen struct {
	remembered int
	seed       maphash.Seed

	mu          sync.Mutex
	now, before map[uint64]struct{}
}

func newSeen(remembered int) *seen {
	return &seen{remembered: remembered, seed: maphash.MakeSeed(), now: map[uint64]struct{}{}}
}

// again reports whether the text has come before.
func (s *seen) again(text string) bool {
	hash := maphash.String(s.seed, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.now[hash]
	if !ok {
		_, ok = s.before[hash]
		if len(s.now) >= s.remembered {
			s.now, s.before = map[uint64]struct{}{}, s.now
		}
		s.now[hash] = struct{}{}
	}
	return ok
}
