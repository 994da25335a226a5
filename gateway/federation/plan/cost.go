package plan

import (
	"encoding/binary"
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// Weights of the cost that planning minimises.
const (
	costRequest = 1000
	costLevel   = 700
	costZip     = 300 // a list read twice and merged by index trusts two services to agree
	costType    = 40  // each further object type in one hop
	costKind    = 100 // each further subgraph
)

// requests is a set of subgraph requests, each a level and a subgraph: fetches of entities of one level from one
// subgraph travel together, so they are one request, and so do root fields. Sorted; see solver.request.
type requests []int

// request is an element of requests.
func (s *solver) request(level int, n *querygraph.Node, root bool) int {
	i := 2 * n.Sub.Index
	if root {
		i++
	}
	return level*s.kinds + i
}

func (r requests) union(o requests) requests {
	if len(o) == 0 {
		return r
	}
	if len(r) == 0 {
		return o
	}
	out := make(requests, 0, len(r)+len(o))
	i, j := 0, 0
	for i < len(r) || j < len(o) {
		switch {
		case j == len(o) || i < len(r) && r[i] < o[j]:
			out = append(out, r[i])
			i++
		case i == len(r) || o[j] < r[i]:
			out = append(out, o[j])
			j++
		default:
			out = append(out, r[i])
			i, j = i+1, j+1
		}
	}
	return out
}

// later returns the requests moved to later levels.
func (s *solver) later(r requests, levels int) requests {
	if levels == 0 || len(r) == 0 {
		return r
	}
	out := make(requests, len(r))
	for i, x := range r {
		out[i] = x + levels*s.kinds
	}
	return out
}

// price is what the requests cost.
func (s *solver) price(r requests, extra int) int {
	if len(r) == 0 {
		return extra
	}
	return costRequest*len(r) + costLevel*(r[len(r)-1]/s.kinds+1) + extra
}

// expected is the price less what may come of it: requests to one subgraph at several levels may become one (see delay).
func (s *solver) expected(r requests, extra int) int {
	if len(r) == 0 {
		return extra
	}
	var seen [4]uint64
	kinds := 0
	for _, x := range r {
		k := x % s.kinds % 256
		if seen[k/64]>>(k%64)&1 == 0 {
			seen[k/64] |= 1 << (k % 64)
			kinds++
		}
	}
	return s.price(r, extra) + costKind*kinds
}

func (s *solver) cost(sol *solution) int { return s.price(sol.requests, sol.extra) }

// nodeKey is equal for equal sets of nodes.
func nodeKey(nodes []*querygraph.Node) string {
	ids := make([]int, len(nodes))
	for i, n := range nodes {
		ids[i] = n.ID
	}
	slices.Sort(ids)
	key := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		key = binary.AppendUvarint(key, uint64(id))
	}
	return string(key)
}
