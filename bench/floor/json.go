package main

import (
	"bytes"
	"errors"
	"strings"
)

// document is JSON as a tree of nodes without pointers, over the text that it was read from.
type document struct {
	text  []byte
	nodes []node
	pos   int
}

// node is a value: text[start:end]. Its children, if it has any, are linked by next; 0 is none, since 0 is the root.
type node struct {
	start, end       int32
	keyStart, keyEnd int32 // of a member
	first, next      int32
}

var errJSON = errors.New("a subgraph did not answer with JSON")

// read replaces what the document held.
func (d *document) read(text []byte) error {
	d.text, d.nodes, d.pos = text, d.nodes[:0], 0
	if _, ok := d.value(); !ok {
		return errJSON
	}
	return nil
}

func (d *document) skip() byte {
	for d.pos < len(d.text) {
		switch c := d.text[d.pos]; c {
		case ' ', '\n', '\t', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

func (d *document) value() (int32, bool) {
	c := d.skip()
	n := int32(len(d.nodes))
	d.nodes = append(d.nodes, node{start: int32(d.pos)})
	var ok bool
	switch c {
	case 0:
		return 0, false
	case '"':
		ok = d.quoted()
	case '{', '[':
		ok = d.children(n, c == '{')
	default:
		for d.pos < len(d.text) && strings.IndexByte(",]} \n\t\r", d.text[d.pos]) < 0 {
			d.pos++
		}
		ok = d.pos > int(d.nodes[n].start)
	}
	d.nodes[n].end = int32(d.pos)
	return n, ok
}

// quoted passes one string.
func (d *document) quoted() bool {
	d.pos++
	for {
		i := bytes.IndexByte(d.text[d.pos:], '"')
		if i < 0 {
			return false
		}
		d.pos += i + 1
		back := 0
		for d.text[d.pos-2-back] == '\\' {
			back++
		}
		if back%2 == 0 {
			return true
		}
	}
}

func (d *document) children(parent int32, members bool) bool {
	d.pos++
	var last int32
	if c := d.skip(); c == '}' || c == ']' {
		d.pos++
		return true
	}
	for {
		var from, to int
		if members {
			if d.skip() != '"' {
				return false
			}
			from = d.pos + 1
			if !d.quoted() {
				return false
			}
			to = d.pos - 1
			if d.skip() != ':' {
				return false
			}
			d.pos++
		}
		n, ok := d.value()
		if !ok {
			return false
		}
		d.nodes[n].keyStart, d.nodes[n].keyEnd = int32(from), int32(to)
		if last == 0 {
			d.nodes[parent].first = n
		} else {
			d.nodes[last].next = n
		}
		last = n
		c := d.skip()
		d.pos++
		if c != ',' {
			return c == '}' || c == ']'
		}
	}
}

// member is the value under the key, 0 if there is none.
func (d *document) member(n int32, key string) int32 {
	for c := d.nodes[n].first; c != 0; c = d.nodes[c].next {
		if string(d.text[d.nodes[c].keyStart:d.nodes[c].keyEnd]) == key {
			return c
		}
	}
	return 0
}

// at is the value under the key in the answer's data.
func (d *document) at(key string) int32 { return d.member(d.member(0, "data"), key) }

func (d *document) raw(n int32) []byte { return d.text[d.nodes[n].start:d.nodes[n].end] }

// each calls f with every item of a list, if there is one.
func (d *document) each(n int32, f func(i int, item int32)) {
	if n == 0 {
		return
	}
	i := 0
	for c := d.nodes[n].first; c != 0; c = d.nodes[c].next {
		f(i, c)
		i++
	}
}
