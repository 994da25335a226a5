package exec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// planText reads a plan written by hand, so that a case can show a plan beside the answers and the response:
//
//	possible Node A B                 runtime types of an abstract type
//	opaque Media                      an interface object: runtime type unknown
//	enum Colour RED BLUE
//	fetch 0 accounts level=0 deps= unit=0 kind=query vars=a,b
//	root Query{me:User{id:ID!}}       name or name=key, optionally |A|B for types, then the type
//	at me                             RootPath
//	entity e0 users|me<User>.friend   alias and paths; <A,B> are the segment's types
//	rep User{id! dim{w h}}            TypeName or *, optionally [A,B]; ! is NonNull, name=key, |A for types, ^ sends __typename
//	out User{name:String price:Int<{weight=_w}}       < and what the field requires, as in rep
//	source events                     as fetch, opens the stream
//	data Query{me:User{name:String!}} response name or name=key; __typename is written plain
type planText struct {
	t        testing.TB
	plan     *plan.Plan
	keys     map[string]plan.Key
	possible map[string][]string
	opaque   map[string]bool
	enums    map[string][]string
	toks     []string
}

func parsePlan(t testing.TB, text string) *plan.Plan {
	t.Helper()
	p := &planText{
		t: t, plan: &plan.Plan{Operation: ast.Query}, keys: map[string]plan.Key{}, possible: map[string][]string{},
		opaque: map[string]bool{}, enums: map[string][]string{},
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		p.line(word, strings.TrimSpace(rest))
	}
	return p.plan
}

func (p *planText) line(word, rest string) {
	args := strings.Fields(rest)
	last := p.plan.Source
	if n := len(p.plan.Fetches); n > 0 {
		last = p.plan.Fetches[n-1]
	}
	switch word {
	case "operation":
		p.plan.Operation = ast.Operation(rest)
	case "possible":
		p.possible[args[0]] = slices.Sorted(slices.Values(args[1:]))
	case "opaque":
		p.opaque[rest] = true
	case "enum":
		p.enums[args[0]] = slices.Sorted(slices.Values(args[1:]))
	case "source":
		p.plan.Source = &plan.Fetch{ID: -1, Subgraph: rest, Kind: ast.Subscription, Document: "source"}
	case "fetch":
		p.plan.Fetches = append(p.plan.Fetches, p.fetch(args))
	case "root":
		last.Root = p.wire(p.open(rest))
	case "at":
		last.RootPath = p.path(rest)
	case "entity":
		b := &plan.Batch{Alias: args[0], Variable: args[0]}
		for path := range strings.SplitSeq(args[1], "|") {
			b.Paths = append(b.Paths, p.path(path))
		}
		last.Entities = append(last.Entities, b)
	case "rep":
		b := last.Entities[len(last.Entities)-1]
		b.Reps = append(b.Reps, p.rep(rest))
	case "out":
		last.Entities[len(last.Entities)-1].Entity = p.wire(p.open(rest))
	case "data":
		p.plan.Data = p.shape(p.open(rest))
	default:
		p.t.Fatalf("unknown plan line %q", word)
	}
}

func (p *planText) fetch(args []string) *plan.Fetch {
	id, _ := strconv.Atoi(args[0])
	f := &plan.Fetch{ID: id, Subgraph: args[1], Kind: ast.Query, Document: "fetch " + args[0]}
	for _, opt := range args[2:] {
		name, value, _ := strings.Cut(opt, "=")
		switch name {
		case "level":
			f.Level, _ = strconv.Atoi(value)
		case "unit":
			f.Unit, _ = strconv.Atoi(value)
		case "kind":
			f.Kind = ast.Operation(value)
		case "vars":
			f.Variables = strings.Split(value, ",")
		case "deps":
			for d := range strings.SplitSeq(value, ",") {
				n, _ := strconv.Atoi(d)
				f.Deps = append(f.Deps, n)
			}
		default:
			p.t.Fatalf("unknown fetch option %q", opt)
		}
	}
	return f
}

func (p *planText) key(name string) plan.Key {
	k, ok := p.keys[name]
	if !ok {
		k = plan.Key(len(p.plan.Keys))
		p.keys[name] = k
		p.plan.Keys = append(p.plan.Keys, name)
	}
	return k
}

func (p *planText) path(text string) plan.Path {
	var path plan.Path
	for s := range strings.SplitSeq(text, ".") {
		name, types, guarded := strings.Cut(strings.TrimSuffix(s, ">"), "<")
		seg := plan.Segment{Key: p.key(name)}
		if guarded {
			seg.Types = slices.Sorted(strings.SplitSeq(types, ","))
		}
		path = append(path, seg)
	}
	return path
}

// open tokenises a selection and returns the name before its brace.
func (p *planText) open(text string) string {
	p.toks = nil
	word := ""
	flush := func() {
		if word != "" {
			p.toks = append(p.toks, word)
		}
		word = ""
	}
	for _, c := range text {
		switch c {
		case ' ':
			flush()
		case '{', '}', ':', '=', '|', '!', '[', ']', '^', ',', '<':
			flush()
			p.toks = append(p.toks, string(c))
		default:
			word += string(c)
		}
	}
	flush()
	return p.next()
}

func (p *planText) peek() string {
	if len(p.toks) == 0 {
		return ""
	}
	return p.toks[0]
}

func (p *planText) next() string {
	if len(p.toks) == 0 {
		p.t.Fatal("plan text ends too early")
	}
	tok := p.toks[0]
	p.toks = p.toks[1:]
	return tok
}

func (p *planText) accept(tok string) bool {
	if p.peek() == tok {
		p.next()
		return true
	}
	return false
}

func (p *planText) expect(tok string) {
	if got := p.next(); got != tok {
		p.t.Fatalf("plan text: %q instead of %q before %v", got, tok, p.toks)
	}
}

// head reads name[=key][|A|B].
func (p *planText) head() (name, key string, types []string) {
	name = p.next()
	key = name
	if p.accept("=") {
		key = p.next()
	}
	for p.accept("|") {
		types = append(types, p.next())
	}
	slices.Sort(types)
	return name, key, types
}

func (p *planText) typ() *ast.Type {
	t := &ast.Type{}
	if p.accept("[") {
		t.Elem = p.typ()
		p.expect("]")
	} else {
		t.NamedType = p.next()
	}
	t.NonNull = p.accept("!")
	return t
}

func (p *planText) leaf(name string) plan.Leaf {
	if p.enums[name] != nil {
		return plan.LeafEnum
	}
	return map[string]plan.Leaf{
		"String": plan.LeafString, "ID": plan.LeafID, "Int": plan.LeafInt, "Float": plan.LeafFloat, "Boolean": plan.LeafBoolean,
	}[name]
}

func (p *planText) wire(name string) *plan.Wire {
	w := &plan.Wire{Type: name}
	switch {
	case p.opaque[name]:
		w.Type, w.Opaque = "", true
	case p.possible[name] != nil:
		w.Type, w.Possible = "", p.possible[name]
	}
	p.expect("{")
	for !p.accept("}") {
		name, key, types := p.head()
		p.expect(":")
		f := plan.WireField{Name: name, Types: types, Key: p.key(key), Field: name, Type: p.typ()}
		f.Leaf, f.Enum = p.leaf(f.Type.Name()), p.enums[f.Type.Name()]
		if p.peek() == "{" {
			f.Child = p.wire(f.Type.Name())
		}
		if p.accept("<") {
			f.Requires = p.repFields()
		}
		w.Fields = append(w.Fields, f)
	}
	return w
}

func (p *planText) rep(text string) plan.Rep {
	r := plan.Rep{TypeName: p.open(text)}
	if r.TypeName == "*" {
		r.TypeName = ""
	}
	if p.accept("[") {
		for !p.accept("]") {
			if t := p.next(); t != "," {
				r.Types = append(r.Types, t)
			}
		}
		slices.Sort(r.Types)
	}
	r.Fields = p.repFields()
	return r
}

func (p *planText) repFields() []plan.RepField {
	p.expect("{")
	fields := []plan.RepField{}
	for !p.accept("}") {
		name, key, types := p.head()
		f := plan.RepField{Name: name, Key: p.key(key), Types: types, NonNull: p.accept("!"), TypeName: p.accept("^")}
		if p.peek() == "{" {
			f.Fields = p.repFields()
		}
		fields = append(fields, f)
	}
	return fields
}

func (p *planText) shape(name string) *plan.Shape {
	s := &plan.Shape{Type: name}
	runtime := p.possible[name]
	if runtime == nil {
		runtime = []string{name}
	}
	for _, t := range runtime {
		s.Classes = append(s.Classes, plan.ShapeClass{Types: []string{t}})
	}
	if p.opaque[name] {
		s.Unknown = &plan.ShapeClass{}
	}
	p.expect("{")
	for !p.accept("}") {
		response, key, types := p.head()
		if response == "__typename" || key == "__typename" {
			f := plan.ShapeField{Name: response, Field: "__typename", Parent: name, TypeName: true, Type: ast.NonNullNamedType("String", nil)}
			p.place(s, types, f)
			continue
		}
		p.expect(":")
		f := plan.ShapeField{Name: response, Field: response, Parent: name, Key: p.key(key), Type: p.typ()}
		f.Leaf, f.Enum = p.leaf(f.Type.Name()), p.enums[f.Type.Name()]
		if p.peek() == "{" {
			f.Shape = p.shape(f.Type.Name())
		}
		p.place(s, types, f)
	}
	s.Index()
	return s
}

func (p *planText) place(s *plan.Shape, types []string, f plan.ShapeField) {
	for i := range s.Classes {
		if c := &s.Classes[i]; types == nil || slices.Contains(types, c.Types[0]) {
			c.Fields = append(c.Fields, f)
		}
	}
	if s.Unknown != nil && types == nil {
		s.Unknown.Fields = append(s.Unknown.Fields, f)
	}
}

func TestPlanTextIsRead(t *testing.T) {
	p := parsePlan(t, "possible Node A B\nfetch 0 x level=0\nroot Query{n=no|A:[Node!]{id:ID!}}\ndata Query{n:[Node!]{id|A:ID!}}")
	if got := fmt.Sprint(p.Fetches[0].Root.Fields[0].Type, len(p.Data.Classes[0].Fields[0].Shape.Classes)); got != "[Node!] 2" {
		t.Error(got)
	}
}
