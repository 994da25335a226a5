package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"medicore.dev/medicore/gateway/federation/jsontext"
)

// kind is the kind of a JSON value.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindList
	kindObject
	kindCustom // a custom scalar's value, bytes kept; only in the store
)

// tnode is one value of a parsed document. Offsets are into the document.
type tnode struct {
	kind       kind
	escaped    bool // a string with escapes
	keyEscaped bool
	bad        bool   // holds invalid UTF-8 or a lone surrogate, here or below: the value must not be used
	off, end   uint32 // raw bytes, quotes included
	koff, kend uint32 // member: key without quotes
	child      int32  // first element or member, -1 none
	next       int32  // next sibling, -1 none
	n          int32  // elements or members
}

const tnodeSize = 32

// tree is a parsed JSON document: nodes link by index, strings stay escaped, numbers stay text.
type tree struct {
	doc    []byte
	nodes  []tnode
	budget *budget
	paid   int
	free   []map[string]int32 // for members
}

var (
	errTooDeep  = errors.New("JSON is nested too deeply")
	errTooLarge = errors.New("answer is too large")
)

// budget is the memory one request may still use, shared by the goroutines that parse its answers.
type budget struct{ left atomic.Int64 }

func (b *budget) take(n int) bool { return b.left.Add(-int64(n)) >= 0 }
func (b *budget) give(n int)      { b.left.Add(int64(n)) }

type parser struct {
	t     *tree
	b     []byte
	depth int // levels that may still open
}

// parse reads doc, which must be exactly one JSON value (RFC 8259). Root is node 0.
func (t *tree) parse(doc []byte, maxDepth int, b *budget) error {
	t.doc, t.nodes, t.budget, t.paid = doc, t.nodes[:0], b, 0
	if int64(len(doc)) > 1<<31 {
		return errTooLarge
	}
	p := parser{t: t, b: doc, depth: maxDepth}
	_, i, err := p.value(jsontext.Space(p.b, 0))
	if err != nil {
		return err
	}
	if i = jsontext.Space(p.b, i); i != len(doc) {
		return syntaxError(i)
	}
	return nil
}

// release returns what the tree took from the budget.
func (t *tree) release() {
	if t.budget != nil {
		t.budget.give(t.paid)
	}
	t.doc, t.budget, t.paid, t.free = nil, nil, 0, nil
	if cap(t.nodes) > 1<<16 {
		t.nodes = nil
	}
}

func syntaxError(i int) error { return fmt.Errorf("invalid JSON at byte %d", i) }

// value parses the value that starts at i and returns its node and the offset behind it.
func (p *parser) value(i int) (int32, int, error) {
	if i >= len(p.b) {
		return 0, i, syntaxError(i)
	}
	id := int32(len(p.t.nodes))
	if len(p.t.nodes)*tnodeSize >= p.t.paid {
		const step = 1024 * tnodeSize
		p.t.paid += step
		if !p.t.budget.take(step) {
			return 0, i, errTooLarge
		}
	}
	p.t.nodes = append(p.t.nodes, tnode{off: uint32(i), child: -1, next: -1})
	var end int
	var err error
	ok := true
	switch p.b[i] {
	case '"':
		n := &p.t.nodes[id]
		n.kind = kindString
		end, n.escaped, n.bad, ok = jsontext.String(p.b, i)
	case '{':
		end, err = p.object(id, i)
	case '[':
		end, err = p.list(id, i)
	case 'n':
		end, ok = jsontext.Word(p.b, i, "null")
	case 't':
		p.t.nodes[id].kind = kindBool
		end, ok = jsontext.Word(p.b, i, "true")
	case 'f':
		p.t.nodes[id].kind = kindBool
		end, ok = jsontext.Word(p.b, i, "false")
	default:
		p.t.nodes[id].kind = kindNumber
		end, ok = jsontext.Number(p.b, i)
	}
	if p.t.nodes[id].end = uint32(end); !ok {
		err = syntaxError(end)
	}
	return id, end, err
}

func (p *parser) list(id int32, i int) (int, error) {
	p.t.nodes[id].kind = kindList
	if p.depth--; p.depth < 0 {
		return i, errTooDeep
	}
	defer func() { p.depth++ }()
	if i = jsontext.Space(p.b, i+1); i < len(p.b) && p.b[i] == ']' {
		return i + 1, nil
	}
	last := int32(-1)
	for {
		c, end, err := p.value(i)
		if err != nil {
			return end, err
		}
		p.link(id, &last, c)
		if i = jsontext.Space(p.b, end); i >= len(p.b) {
			return i, syntaxError(i)
		}
		switch p.b[i] {
		case ',':
			i = jsontext.Space(p.b, i+1)
		case ']':
			return i + 1, nil
		default:
			return i, syntaxError(i)
		}
	}
}

func (p *parser) object(id int32, i int) (int, error) {
	p.t.nodes[id].kind = kindObject
	if p.depth--; p.depth < 0 {
		return i, errTooDeep
	}
	defer func() { p.depth++ }()
	if i = jsontext.Space(p.b, i+1); i < len(p.b) && p.b[i] == '}' {
		return i + 1, nil
	}
	last := int32(-1)
	for {
		koff := i + 1
		kend, escaped, bad, ok := jsontext.String(p.b, i)
		if !ok {
			return kend, syntaxError(kend)
		}
		if i = jsontext.Space(p.b, kend); i >= len(p.b) || p.b[i] != ':' {
			return i, syntaxError(i)
		}
		c, end, err := p.value(jsontext.Space(p.b, i+1))
		if err != nil {
			return end, err
		}
		n := &p.t.nodes[c]
		n.koff, n.kend, n.keyEscaped = uint32(koff), uint32(kend-1), escaped
		if bad {
			p.t.nodes[id].bad = true
			n.keyEscaped = true
		}
		p.link(id, &last, c)
		if i = jsontext.Space(p.b, end); i >= len(p.b) {
			return i, syntaxError(i)
		}
		switch p.b[i] {
		case ',':
			i = jsontext.Space(p.b, i+1)
		case '}':
			return i + 1, nil
		default:
			return i, syntaxError(i)
		}
	}
}

func (p *parser) link(parent int32, last *int32, c int32) {
	if *last < 0 {
		p.t.nodes[parent].child = c
	} else {
		p.t.nodes[*last].next = c
	}
	*last = c
	n := &p.t.nodes[parent]
	n.n++
	n.bad = n.bad || p.t.nodes[c].bad
}

// raw returns the bytes of a value.
func (t *tree) raw(n int32) []byte { return t.doc[t.nodes[n].off:t.nodes[n].end] }

// text returns the unescaped text of a string; "" for any other value.
func (t *tree) text(n int32) string {
	if v := &t.nodes[n]; v.kind != kindString {
		return ""
	} else if !v.escaped && !v.bad {
		return string(t.doc[v.off+1 : v.end-1])
	}
	return unquote(t.raw(n))
}

// unquote returns the text of a valid JSON string with its quotes; invalid UTF-8 and lone surrogates become U+FFFD.
func unquote(raw []byte) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}

// keyIs reports whether member n is called name.
func (t *tree) keyIs(n int32, name string) bool {
	v := &t.nodes[n]
	if !v.keyEscaped {
		return string(t.doc[v.koff:v.kend]) == name
	}
	return unquote(t.doc[v.koff-1:v.kend+1]) == name
}

// member returns the first member of object o called name, or -1.
func (t *tree) member(o int32, name string) int32 {
	for c := t.nodes[o].child; c >= 0; c = t.nodes[c].next {
		if t.keyIs(c, name) {
			return c
		}
	}
	return -1
}
