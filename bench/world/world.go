package world

import (
	"fmt"
	"strconv"
	"strings"
)

// How much there is. With these the deep join answers some 90 KB about few distinct entities.
const (
	people      = 6
	products    = 1000
	topProducts = 8 // the ones that have reviews
	reviews     = 24
)

// World is the data of all subgraphs. It is read-only.
type World struct {
	people   []*person
	products []*product
}

type person struct {
	id, name, email, city string
	reviews               []*review
}

type product struct {
	upc, name, description string
	price, weight          int
	quantity, rating       int
	reviews                []*review
}

type review struct {
	id, body string
	author   *person
	product  *product
}

// New makes the data.
func New() *World {
	w := &World{}
	for i := range people {
		w.people = append(w.people, &person{
			id: strconv.Itoa(i + 1), name: fmt.Sprintf("Person Number %d", i+1), email: fmt.Sprintf("person%d@example.com", i+1), city: fmt.Sprintf("Town %d", i%3),
		})
	}
	for i := range products {
		w.products = append(w.products, &product{
			upc: fmt.Sprintf("upc-%04d", i+1), name: fmt.Sprintf("Product No. %d", i+1), price: 100 + i*37%900, weight: 10 + i*13%500, quantity: i * 7 % 11, rating: i % 6,
			description: fmt.Sprintf("%d: ", i) + strings.Repeat("It is \"good\", fits — and lasts.\n", 27),
		})
	}
	for i := range reviews {
		r := &review{id: fmt.Sprintf("review-%d", i+1), body: fmt.Sprintf("What review %d says of the product", i+1), author: w.people[i%people], product: w.products[i*5%topProducts]}
		r.author.reviews = append(r.author.reviews, r)
		r.product.reviews = append(r.product.reviews, r)
	}
	return w
}

func (w *World) person(id any) *person {
	for _, p := range w.people {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (w *World) product(upc any) *product {
	text, _ := upc.(string)
	n, err := strconv.Atoi(strings.TrimPrefix(text, "upc-"))
	if err != nil || n < 1 || n > len(w.products) || w.products[n-1].upc != text {
		return nil
	}
	return w.products[n-1]
}

// object is what a selection can be made on. The value of a field is nil, a string, an int, a bool, an object or a list
// of objects.
type object interface {
	typeName() string
	field(name string, args map[string]any) (any, error)
}

func unknown(o object, name string) error {
	return fmt.Errorf("%s.%s is not known", o.typeName(), name)
}

type query struct{ w *World }

func (query) typeName() string { return "Query" }

func (q query) field(name string, args map[string]any) (any, error) {
	switch name {
	case "people":
		return list(q.w.people), nil
	case "person":
		return orNull(q.w.person(args["id"])), nil
	case "topProducts":
		return list(q.w.products[:topProducts]), nil
	case "products":
		n, err := strconv.Atoi(fmt.Sprint(args["first"]))
		return list(q.w.products[:max(0, min(n, products))]), err
	case "_entities":
		return q.w.entities(args["representations"])
	}
	return nil, unknown(q, name)
}

type mutation struct{ w *World }

func (mutation) typeName() string { return "Mutation" }

func (m mutation) field(name string, args map[string]any) (any, error) {
	in, _ := args["review"].(map[string]any)
	if name != "addReview" {
		return nil, unknown(m, name)
	}
	author, product := m.w.person(in["author"]), m.w.product(in["product"])
	body, _ := in["body"].(string)
	if author == nil || product == nil {
		return nil, fmt.Errorf("no such author or product: %v", in)
	}
	return &review{id: "review-of-" + product.upc + "-by-" + author.id, body: body, author: author, product: product}, nil
}

func (*person) typeName() string { return "Person" }

func (p *person) field(name string, _ map[string]any) (any, error) {
	switch name {
	case "id":
		return p.id, nil
	case "name":
		return p.name, nil
	case "email":
		return p.email, nil
	case "city":
		return p.city, nil
	case "reviews":
		return list(p.reviews), nil
	}
	return nil, unknown(p, name)
}

func (*product) typeName() string { return "Product" }

func (p *product) field(name string, _ map[string]any) (any, error) {
	switch name {
	case "upc":
		return p.upc, nil
	case "name":
		return p.name, nil
	case "price":
		return p.price, nil
	case "weight":
		return p.weight, nil
	case "description":
		return p.description, nil
	case "inStock":
		return p.quantity > 0, nil
	case "quantity":
		return p.quantity, nil
	case "shippingCost":
		return shippingCost(p.price, p.weight), nil
	case "rating":
		return p.rating, nil
	case "reviews":
		return list(p.reviews), nil
	}
	return nil, unknown(p, name)
}

func shippingCost(price, weight int) int {
	if price > 800 {
		return 0
	}
	return weight / 2
}

func (*review) typeName() string { return "Review" }

func (r *review) field(name string, _ map[string]any) (any, error) {
	switch name {
	case "id":
		return r.id, nil
	case "body":
		return r.body, nil
	case "author":
		return r.author, nil
	case "product":
		return r.product, nil
	}
	return nil, unknown(r, name)
}

func list[T object](items []T) []object {
	out := make([]object, len(items))
	for i, o := range items {
		out[i] = o
	}
	return out
}

// orNull keeps a nil pointer from becoming an object.
func orNull[T any, P interface {
	*T
	object
}](p P) any {
	if p == nil {
		return nil
	}
	return p
}
