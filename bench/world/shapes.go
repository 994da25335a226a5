package world

import (
	"fmt"
	"strings"
	"time"
)

// Shape is a kind of operation to measure.
type Shape struct {
	Name      string
	About     string
	Requests  int // to subgraphs, at the least
	Slow      map[string]time.Duration
	operation string
	variables map[string]any
	numbered  bool // every request is another operation
}

// number stands in a numbered shape's operation where the requests differ. It is as long as what replaces it, so that an
// answer to one is the answer to any other but for these bytes.
const number = "n0000000"

const (
	productFields = `upc name price weight inStock shippingCost`
	deepJoin      = `query Deep {
  people { id name email reviews { id body product { ` + productFields + ` reviews { id body author { id name email reviews { id body product { ` + productFields + ` } } } } } } }
  topProducts { ` + productFields + ` reviews { id body author { id name email reviews { id body product { ` + productFields + ` } } } } }
}`
)

// Shapes are all of them.
func Shapes() []Shape {
	return []Shape{
		{Name: "deep", About: "a join over four subgraphs, four levels deep, with a requirement: 90 KB about few entities", Requests: 6, operation: deepJoin},
		{Name: "wide", About: "1,000 distinct entities, each joined from two other subgraphs", Requests: 3, operation: `{ products(first: 1000) { upc name quantity rating } }`},
		{Name: "pass-through", About: "one subgraph, a small answer", Requests: 1, operation: `query($id: ID!) { person(id: $id) { id name email city } }`, variables: map[string]any{"id": "3"}},
		{Name: "large", About: "a 1 MB answer with one join", Requests: 2, operation: `{ products(first: 1000) { upc name description inStock } }`},
		{
			Name: "mutation", About: "a mutation and joins on its result", Requests: 4,
			operation: `mutation($review: NewReview!) { addReview(review: $review) { id body author { name email } product { name inStock shippingCost } } }`,
			variables: map[string]any{"review": map[string]any{"product": "upc-0004", "author": "2", "body": "It \"does\" what it says."}},
		},
		{
			Name: "cold", About: "every request another operation, a join over four subgraphs, so that nothing is planned yet", Requests: 4, numbered: true,
			operation: `query { person(id: "5") { ` + number + `: name city reviews { id body product { name price inStock } } } }`,
		},
		{
			Name: "slow", About: "as deep, but one subgraph needs 20 ms", Requests: 6, operation: deepJoin,
			Slow: map[string]time.Duration{"stock": 20 * time.Millisecond},
		},
	}
}

// Request returns the n-th request of the shape. Unless Numbered, all are the same.
func (s *Shape) Request(n int) *Request {
	return &Request{Query: s.Replace(s.operation, n), Variables: s.variables}
}

// Numbered reports whether every request is another operation.
func (s *Shape) Numbered() bool { return s.numbered }

// Replace makes what belongs to the request with number 0 belong to that with number n.
func (s *Shape) Replace(text string, n int) string {
	if !s.numbered {
		return text
	}
	return strings.ReplaceAll(text, number, fmt.Sprintf("n%07d", n))
}
