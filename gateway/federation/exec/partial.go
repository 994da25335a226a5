package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	queryparser "github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/plan"
)

// partial makes batches for objects of which an input of some fields is missing: the fetch's other fields must not be
// lost with them, but no resolver may run on half its input. Each distinct set of fields that can be asked for becomes
// a request of its own. That happens only where something failed before, so it need not be quick.
func (r *representer) partial(f *plan.Fetch, b *plan.Batch, objs []ref) []batch {
	if len(objs) == 0 || !slices.ContainsFunc(b.Entity.Fields, func(f plan.WireField) bool { return len(f.Requires) > 0 }) {
		return nil
	}
	var out []batch
	at := map[string]int{}      // of the batch, by what is lost
	known := map[string]int32{} // number of a representation in its batch, by what is lost and its text
	for _, o := range objs {
		rep, lost, ok := r.incomplete(o, b)
		if !ok {
			continue
		}
		group := fmt.Sprint(lost)
		i, ok := at[group]
		if !ok {
			p := *b
			entity := *b.Entity
			entity.Fields = slices.DeleteFunc(slices.Clone(entity.Fields), func(f plan.WireField) bool { return slices.Contains(lost, f.Key) })
			p.Entity = &entity
			document, err := reduced(f.Document, b, lost)
			if err != nil {
				return out // the planner wrote it, so this cannot be
			}
			i = len(out)
			at[group] = i
			out = append(out, batch{plan: &p, document: document})
		}
		id, ok := known[group+rep]
		if !ok {
			id = int32(len(out[i].uses))
			known[group+rep] = id
			if id > 0 {
				out[i].list = append(out[i].list, ',')
			}
			out[i].list = append(out[i].list, rep...)
			out[i].uses = append(out[i].uses, 0)
		}
		out[i].uses[id]++
		out[i].targets = append(out[i].targets, target{o, id})
	}
	return out
}

// incomplete writes the representation of an object without the inputs that are missing. lost are the fields that need
// them. ok is false when the key is incomplete or nothing is left to ask for.
func (r *representer) incomplete(o ref, b *plan.Batch) (rep string, lost []plan.Key, ok bool) {
	name := r.s.typeName(o)
	for i := range b.Reps {
		p := &b.Reps[i]
		send := p.TypeName
		if send == "" {
			send = name
		}
		if p.Types != nil && !contains(p.Types, name) || send == "" {
			continue
		}
		left := false
		var needed []plan.RepField
		for j := range b.Entity.Fields {
			f := &b.Entity.Fields[j]
			switch {
			case f.Types != nil && name != "" && !contains(f.Types, name):
			case !r.has(o, f.Requires):
				lost = append(lost, f.Key)
			default:
				left = true
				needed = append(needed, f.Requires...)
			}
		}
		var fields []plan.RepField
		for _, f := range p.Fields {
			if f.NonNull {
				fields = append(fields, f)
			} else {
				fields = append(fields, narrowed([]plan.RepField{f}, needed)...)
			}
		}
		text, ok := r.members(appendString([]byte(`{"__typename":`), send), o, fields, true)
		return string(text), lost, ok && left
	}
	return "", nil, false
}

// has reports whether the members can be written.
func (r *representer) has(o ref, fields []plan.RepField) bool {
	_, ok := r.members(nil, o, fields, false)
	return ok
}

// narrowed lists those of the members that are needed, and of what they hold only what is.
func narrowed(fields, needed []plan.RepField) []plan.RepField {
	out := []plan.RepField{}
	for _, f := range fields {
		any := false
		var below []plan.RepField
		for _, n := range needed {
			if n.Key == f.Key && n.Name == f.Name {
				any = true
				below = append(below, n.Fields...)
			}
		}
		if !any {
			continue
		}
		if f.Fields != nil {
			f.Fields = narrowed(f.Fields, below)
		}
		out = append(out, f)
	}
	return out
}

// reduced is the document less all other `_entities` fields and less the fields that are lost.
func reduced(document string, b *plan.Batch, lost []plan.Key) (string, error) {
	doc, err := queryparser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		return "", fmt.Errorf("parse the document of a fetch: %w", err)
	}
	gone := func(s ast.Selection) bool {
		f, ok := s.(*ast.Field)
		return ok && slices.ContainsFunc(b.Entity.Fields, func(w plan.WireField) bool { return w.Name == f.Alias && slices.Contains(lost, w.Key) })
	}
	op := doc.Operations[0]
	op.SelectionSet = slices.DeleteFunc(op.SelectionSet, func(s ast.Selection) bool { return s.(*ast.Field).Alias != b.Alias })
	for _, s := range op.SelectionSet {
		field := s.(*ast.Field)
		for _, t := range field.SelectionSet {
			if on, ok := t.(*ast.InlineFragment); ok {
				if on.SelectionSet = slices.DeleteFunc(on.SelectionSet, gone); len(on.SelectionSet) == 0 {
					on.SelectionSet = ast.SelectionSet{&ast.Field{Name: "__typename", Alias: "__typename"}}
				}
			}
		}
	}
	return printed(doc), nil
}

// variables notes the variables used in a selection set.
func variables(set ast.SelectionSet, used map[string]bool) {
	var value func(v *ast.Value)
	value = func(v *ast.Value) {
		if v.Kind == ast.Variable {
			used[v.Raw] = true
		}
		for _, c := range v.Children {
			value(c.Value)
		}
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			for _, a := range s.Arguments {
				value(a.Value)
			}
			variables(s.SelectionSet, used)
		case *ast.InlineFragment:
			variables(s.SelectionSet, used)
		}
	}
}

// partial returns the batch that the part consists of if that has a document of its own.
func (c *call) partial(part span) *batch {
	if part.from < c.whole || part.from == len(c.batches) {
		return nil
	}
	return &c.batches[part.from]
}

// mentions reports whether a document has the variable.
func mentions(document, name string) bool {
	for rest, ok := document, true; ok; {
		if _, rest, ok = strings.Cut(rest, "$"+name); ok && (rest == "" || !nameByte(rest[0])) {
			return true
		}
	}
	return false
}

func nameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// partialBody assembles the request for a partial batch.
func (r *run) partialBody(body []byte, c *call, b *batch, document string) []byte {
	body = append(appendString(append(body, `{"query":`...), document), `,"variables":{`...)
	body = append(append(append(appendString(body, b.plan.Variable), ':', '['), b.list...), ']')
	for _, name := range c.fetch.Variables {
		if value, ok := r.in.Variables.Get(name); ok && mentions(document, name) {
			body = append(append(appendString(append(body, ','), name), ':'), value...)
		}
	}
	return append(body, '}', '}')
}
