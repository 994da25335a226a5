package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// The plan's requests. Those with representations end in the middle of the list.
var (
	peopleRoot    = request(`{people{id name email}}`)
	catalogueRoot = request(`{topProducts{upc name price weight}}`)
	reviewsOf     = entities(`query($p:[_Any!]!,$q:[_Any!]!){p:_entities(representations:$p){...on Person{reviews{id body product{upc reviews{id body author{id reviews{id body product{upc}}}}}}}}q:_entities(representations:$q){...on Product{reviews{id body author{id reviews{id body product{upc}}}}}}}`)
	catalogueOf   = entities(`query($p:[_Any!]!){_entities(representations:$p){...on Product{name price weight}}}`)
	peopleOf      = entities(`query($p:[_Any!]!){_entities(representations:$p){...on Person{name email}}}`)
	stockOf       = entities(`query($p:[_Any!]!){_entities(representations:$p){...on Product{inStock shippingCost}}}`)
)

func request(query string) string {
	text, _ := json.Marshal(query)
	return `{"query":` + string(text) + `}`
}

func entities(query string) string {
	text, _ := json.Marshal(query)
	return `{"query":` + string(text) + `,"variables":{"p":[`
}

// fetch asks a subgraph.
type fetch func(ctx context.Context, subgraph string, body []byte) ([]byte, error)

// entity is one person or product: its fields as they are written wherever it is met.
type entity struct {
	key           []byte
	price, weight []byte // of a product that is known
	fields        []byte
}

// kind is the entities of one type, in the order in which they were met.
type kind struct {
	list  []*entity
	byKey map[string]*entity
}

func (k *kind) reset() {
	k.list = k.list[:0]
	if k.byKey == nil {
		k.byKey = map[string]*entity{}
	}
	clear(k.byKey)
}

func (k *kind) add(key []byte) *entity {
	if e := k.byKey[string(key)]; e != nil {
		return e
	}
	e := &entity{key: key}
	k.list = append(k.list, e)
	k.byKey[string(key)] = e
	return e
}

// execution is one execution of the plan.
type execution struct {
	fetch fetch
	// the answers, in the order in which they come
	peopleRoot, catalogueRoot, reviews, products, authors, stock document
	// what is known of the lists of the root, and of what reviews lead to
	people, top, met, goods kind
}

var executions = sync.Pool{New: func() any { return &execution{} }}

// answer carries out the plan of the deep join.
func answer(ctx context.Context, f fetch) ([]byte, error) {
	r, _ := executions.Get().(*execution)
	defer executions.Put(r)
	r.fetch = f
	for _, k := range []*kind{&r.people, &r.top, &r.met, &r.goods} {
		k.reset()
	}
	for _, level := range []func(context.Context) error{r.fetchRoots, r.fetchReviews, r.fetchEntities, r.fetchStock} {
		if err := level(ctx); err != nil {
			return nil, err
		}
	}
	return r.write(), nil
}

// both runs one function beside the other.
func both(ctx context.Context, a, b func(ctx context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a(ctx) })
	return errors.Join(b(ctx), g.Wait())
}

// ask reads the answer into d.
func (r *execution) ask(ctx context.Context, d *document, subgraph string, body []byte) error {
	text, err := r.fetch(ctx, subgraph, body)
	if err != nil {
		return err
	}
	if err := d.read(text); err != nil {
		return err
	}
	if d.member(0, "errors") != 0 || d.member(0, "data") == 0 {
		return fmt.Errorf("%s answered with errors", subgraph)
	}
	return nil
}

func (r *execution) fetchRoots(ctx context.Context) error {
	return both(ctx,
		func(ctx context.Context) error { return r.ask(ctx, &r.peopleRoot, "people", []byte(peopleRoot)) },
		func(ctx context.Context) error {
			return r.ask(ctx, &r.catalogueRoot, "catalogue", []byte(catalogueRoot))
		})
}

func (r *execution) fetchReviews(ctx context.Context) error {
	p, c := &r.peopleRoot, &r.catalogueRoot
	p.each(p.at("people"), func(_ int, n int32) { r.people.add(p.raw(p.member(n, "id"))).person(p, n) })
	c.each(c.at("topProducts"), func(_ int, n int32) { r.top.add(c.raw(c.member(n, "upc"))).product(c, n) })
	body := represent([]byte(reviewsOf), `{"__typename":"Person","id":`, r.people.list)
	body = represent(append(body, `],"q":[`...), `{"__typename":"Product","upc":`, r.top.list)
	return r.ask(ctx, &r.reviews, "reviews", append(body, "]}}"...))
}

// person takes what belongs to a person besides the key.
func (e *entity) person(d *document, n int32) {
	e.fields = append(append(e.fields, `"id":`...), e.key...)
	e.fields = append(append(e.fields, `,"name":`...), d.raw(d.member(n, "name"))...)
	e.fields = append(append(e.fields, `,"email":`...), d.raw(d.member(n, "email"))...)
}

// product takes what the catalogue knows of a product besides the key.
func (e *entity) product(d *document, n int32) {
	e.price, e.weight = d.raw(d.member(n, "price")), d.raw(d.member(n, "weight"))
	e.fields = append(append(e.fields, `"upc":`...), e.key...)
	e.fields = append(append(e.fields, `,"name":`...), d.raw(d.member(n, "name"))...)
	e.fields = append(append(e.fields, `,"price":`...), e.price...)
	e.fields = append(append(e.fields, `,"weight":`...), e.weight...)
}

// represent appends the representations of the entities, each of which begins with start, up to the key's value.
func represent(dst []byte, start string, list []*entity) []byte {
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, start...), e.key...)
		if e.price != nil {
			dst = append(append(dst, `,"price":`...), e.price...)
			dst = append(append(dst, `,"weight":`...), e.weight...)
		}
		dst = append(dst, '}')
	}
	return dst
}

// fetchEntities asks for the people and products that the reviews lead to. That these are among those of the root's lists
// is chance, which an engine cannot know.
func (r *execution) fetchEntities(ctx context.Context) error {
	d := &r.reviews
	for _, alias := range []string{"p", "q"} {
		d.each(d.at(alias), func(_ int, n int32) { r.meet(d.member(n, "reviews")) })
	}
	return both(ctx,
		func(ctx context.Context) error {
			body := represent([]byte(catalogueOf), `{"__typename":"Product","upc":`, r.goods.list)
			return r.ask(ctx, &r.products, "catalogue", append(body, "]}}"...))
		},
		func(ctx context.Context) error {
			body := represent([]byte(peopleOf), `{"__typename":"Person","id":`, r.met.list)
			return r.ask(ctx, &r.authors, "people", append(body, "]}}"...))
		})
}

// meet notes whom and what a list of reviews leads to.
func (r *execution) meet(list int32) {
	d := &r.reviews
	d.each(list, func(_ int, n int32) {
		if p := d.member(n, "product"); p != 0 {
			r.goods.add(d.raw(d.member(p, "upc")))
			r.meet(d.member(p, "reviews"))
		}
		if a := d.member(n, "author"); a != 0 {
			r.met.add(d.raw(d.member(a, "id")))
			r.meet(d.member(a, "reviews"))
		}
	})
}

func (r *execution) fetchStock(ctx context.Context) error {
	r.products.each(r.products.at("_entities"), func(i int, n int32) { r.goods.list[i].product(&r.products, n) })
	r.authors.each(r.authors.at("_entities"), func(i int, n int32) { r.met.list[i].person(&r.authors, n) })
	asked := slices.Clone(r.top.list)
	for _, e := range r.goods.list {
		if r.top.byKey[string(e.key)] == nil {
			asked = append(asked, e)
		}
	}
	body := represent([]byte(stockOf), `{"__typename":"Product","upc":`, asked)
	if err := r.ask(ctx, &r.stock, "stock", append(body, "]}}"...)); err != nil {
		return err
	}
	r.stock.each(r.stock.at("_entities"), func(i int, n int32) {
		for _, k := range []*kind{&r.top, &r.goods} {
			if e := k.byKey[string(asked[i].key)]; e != nil {
				e.fields = append(append(e.fields, `,"inStock":`...), r.stock.raw(r.stock.member(n, "inStock"))...)
				e.fields = append(append(e.fields, `,"shippingCost":`...), r.stock.raw(r.stock.member(n, "shippingCost"))...)
			}
		}
	})
	return nil
}

func (r *execution) write() []byte {
	d := &r.reviews
	dst := append(make([]byte, 0, 96<<10), `{"data":{"people":[`...)
	d.each(d.at("p"), func(i int, n int32) { dst = r.writeOf(dst, i, r.people.list[i], d.member(n, "reviews")) })
	dst = append(dst, `],"topProducts":[`...)
	d.each(d.at("q"), func(i int, n int32) { dst = r.writeOf(dst, i, r.top.list[i], d.member(n, "reviews")) })
	return append(dst, "]}}"...)
}

// writeOf writes the i-th entity of a list with its reviews, if it has been asked for them.
func (r *execution) writeOf(dst []byte, i int, e *entity, reviews int32) []byte {
	d := &r.reviews
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '{'), e.fields...)
	if reviews != 0 {
		dst = append(dst, `,"reviews":[`...)
		d.each(reviews, func(i int, n int32) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, `{"id":`...), d.raw(d.member(n, "id"))...)
			dst = append(append(dst, `,"body":`...), d.raw(d.member(n, "body"))...)
			if p := d.member(n, "product"); p != 0 {
				dst = r.writeOf(append(dst, `,"product":`...), 0, r.goods.byKey[string(d.raw(d.member(p, "upc")))], d.member(p, "reviews"))
			}
			if a := d.member(n, "author"); a != 0 {
				dst = r.writeOf(append(dst, `,"author":`...), 0, r.met.byKey[string(d.raw(d.member(a, "id")))], d.member(a, "reviews"))
			}
			dst = append(dst, '}')
		})
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
