package exec

import (
	"bytes"
	"hash/maphash"
	"slices"
	"unicode/utf8"

	"medicore.dev/medicore/gateway/federation/plan"
)

// batch is one `_entities` field of a fetch under way.
type batch struct {
	plan    *plan.Batch
	targets []target
	list    []byte  // the representations, comma separated
	uses    []int32 // by representation: the number of targets it stands for

	suffix string   // of its alias and variables, where a plan's batch is sent several times
	values [][]byte // of the plan's contexts

	document string // asks for this batch alone, see partial; "" where it is part of the fetch's document
}

func (b *batch) alias() string { return b.plan.Alias + b.suffix }

// target is an object that gets the entity with index rep.
type target struct {
	obj ref
	rep int32
}

// representer builds representation lists without duplicates.
type representer struct {
	s     *store
	seed  maphash.Seed
	first map[uint64]int32 // hash to the newest representation that has it
	reps  []rep

	// Of all batches of a run.
	targets memory[target]
	lists   memory[byte]
	uses    memory[int32]
	left    []ref
}

func (r *representer) reset() {
	r.targets.all, r.lists.all, r.uses.all = r.targets.all[:0], r.lists.all[:0], r.uses.all[:0]
}

// memory is what many slices have a part of.
type memory[T any] struct{ all []T }

// open returns an empty slice that may be appended to, until close is given what has become of it.
func (m *memory[T]) open() []T { return m.all[len(m.all):] }

func (m *memory[T]) close(part []T) []T {
	if n := len(m.all) + len(part); n <= cap(m.all) {
		m.all = m.all[:n]
	} else { // the part has moved: parts that follow, and the next run, find room in one piece
		m.all = make([]T, 0, 2*n)
	}
	return slices.Clip(part)
}

// rep is where a representation lies in the list. Representations of one hash are chained: equal hashes prove nothing.
type rep struct {
	from, to int
	same     int32 // older representation with the same hash, -1 none
}

// represent builds the representations of the objects. Those whose key or requirements are incomplete are left, which is
// valid until the next call.
func (r *representer) represent(b *plan.Batch, objs []ref) (out batch, left []ref) {
	out = batch{plan: b}
	if len(objs) == 0 {
		return out, nil
	}
	out.targets, out.list, out.uses = r.targets.open(), r.lists.open(), r.uses.open()
	left = r.left[:0]
	if r.first == nil {
		r.first = map[uint64]int32{}
	}
	clear(r.first)
	r.reps = r.reps[:0]
	for _, o := range objs {
		from := len(out.list)
		if from > 0 {
			out.list = append(out.list, ',')
		}
		start := len(out.list)
		var ok bool
		if b.Unless != nil {
			if out.list, ok = r.object(out.list, o, b.Unless); ok {
				out.list = out.list[:from]
				continue
			}
			out.list = out.list[:start]
		}
		if out.list, ok = r.object(out.list, o, b.Reps); !ok {
			out.list = out.list[:from]
			left = append(left, o)
			continue
		}
		id, isNew := r.intern(out.list, start)
		if isNew {
			out.uses = append(out.uses, 0)
		} else {
			out.list = out.list[:from]
		}
		out.uses[id]++
		out.targets = append(out.targets, target{o, id})
	}
	out.targets, out.list, out.uses, r.left = r.targets.close(out.targets), r.lists.close(out.list), r.uses.close(out.uses), left
	return out, left
}

// intern returns the number of the representation that lies at the end of list.
func (r *representer) intern(list []byte, start int) (id int32, isNew bool) {
	text := list[start:]
	hash := maphash.Bytes(r.seed, text)
	older, ok := r.first[hash]
	if !ok {
		older = -1
	}
	for at := older; at >= 0; at = r.reps[at].same {
		if bytes.Equal(list[r.reps[at].from:r.reps[at].to], text) {
			return at, false
		}
	}
	id = int32(len(r.reps))
	r.reps = append(r.reps, rep{start, len(list), older})
	r.first[hash] = id
	return id, true
}

// object writes the representation of o by the first Rep that applies to its runtime type and whose members o has.
func (r *representer) object(dst []byte, o ref, reps []plan.Rep) ([]byte, bool) {
	name := r.s.typeName(o)
	start := len(dst)
	for i := range reps {
		p := &reps[i]
		if p.Types != nil && !contains(p.Types, name) {
			continue
		}
		send := p.TypeName
		if send == "" {
			send = name
		}
		if send == "" {
			return dst, false
		}
		dst = append(dst[:start], `{"__typename":`...)
		dst = appendString(dst, send)
		var ok bool
		if dst, ok = r.members(dst, o, p.Fields, true); ok {
			return dst, true
		}
	}
	return dst, false
}

// members writes fields of o and the closing brace. comma says that a member precedes.
func (r *representer) members(dst []byte, o ref, fields []plan.RepField, comma bool) ([]byte, bool) {
	name := r.s.typeName(o)
	for i := range fields {
		f := &fields[i]
		if f.Types != nil && !contains(f.Types, name) {
			continue
		}
		v := r.s.get(o, f.Key)
		if v == missing || v == null && f.NonNull {
			return dst, false // half a key names nothing, and a resolver must not run on half its input
		}
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		dst = append(dst, '"')
		dst = append(dst, f.Name...)
		dst = append(dst, '"', ':')
		var ok bool
		if dst, ok = r.value(dst, v, f); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

func (r *representer) value(dst []byte, v ref, f *plan.RepField) ([]byte, bool) {
	switch r.s.kind(v) {
	case kindNull:
		return append(dst, "null"...), true
	case kindList:
		dst = append(dst, '[')
		for i := range r.s.len(v) {
			if i > 0 {
				dst = append(dst, ',')
			}
			var ok bool
			if dst, ok = r.value(dst, r.s.item(v, i), f); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	case kindObject:
		if f.Fields == nil {
			return dst, false
		}
		dst = append(dst, '{')
		name := r.s.typeName(v)
		typed := f.TypeName && name != ""
		if typed {
			dst = append(dst, `"__typename":`...)
			dst = appendString(dst, name)
		}
		return r.members(dst, v, f.Fields, typed)
	default:
		if f.Fields != nil {
			return dst, false
		}
		return append(dst, r.s.raw(v)...), true
	}
}

// body appends the JSON of a request that asks for the batches in part with the document.
func (r *run) body(b []byte, c *call, part span, document string) []byte {
	if batch := c.partial(part); batch != nil {
		return r.partialBody(b, c, batch, document)
	}
	f := c.fetch
	size := len(document) + len(document)/8 + 128
	for i := part.from; i < part.to; i++ {
		size += len(c.batches[i].list)
	}
	b = appendString(append(slices.Grow(b, size), `{"query":`...), document)
	if f.OperationName != "" {
		b = append(b, `,"operationName":`...)
		b = appendString(b, f.OperationName)
	}
	sep := `,"variables":{`
	variable := func(name string) {
		b = append(b, sep...)
		b = appendString(b, name)
		b = append(b, ':')
		sep = ","
	}
	for _, name := range f.Variables {
		if value, ok := r.in.Variables.Get(name); ok && (document == f.Document || mentions(document, name)) {
			variable(name)
			b = append(b, value...)
		}
	}
	for i := range c.batches[:c.whole] {
		batch := &c.batches[i]
		asked := part.has(i)
		if !asked && batch.plan.Contexts != nil {
			continue // not in the document either
		}
		variable(batch.plan.Variable + batch.suffix)
		b = append(b, '[')
		if asked {
			b = append(b, batch.list...)
		}
		b = append(b, ']')
		for n, value := range batch.values {
			variable(batch.plan.Contexts[n].Variable + batch.suffix)
			b = append(b, value...)
		}
	}
	if sep == "," {
		b = append(b, '}')
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
			dst = append(append(dst, s[from:i]...), "\ufffd"...)
		} else {
			dst = append(dst, s[from:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
