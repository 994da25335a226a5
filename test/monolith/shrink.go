package monolith

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/world"
)

// Shrink deletes parts of the operation, of the subgraphs and of the data, one at a time, for as long as still holds. An
// operation that is rejected leaves the subgraphs as they are, since smaller ones may have no answer indeed.
func Shrink(c *Case, operationOnly bool, still func(*Case) bool) *Case {
	for again := true; again; {
		again = false
		parts := []func(*Case, *deleter) *Case{deleteOfOperation, deleteOfSubgraphs, deleteOfData}
		if operationOnly {
			parts = parts[:1]
		}
		for _, part := range parts {
			for at := 0; ; {
				d := &deleter{at: at}
				smaller := part(c, d)
				if !d.done {
					break
				}
				if smaller != nil && still(smaller) {
					c, again = smaller, true
				} else {
					at++
				}
			}
		}
	}
	return c
}

// deleter counts parts down to the one to delete.
type deleter struct {
	at   int
	done bool
}

func (d *deleter) hit() bool {
	d.at--
	d.done = d.done || d.at == -1
	return d.at == -1
}

func cut[T any](d *deleter, list []T) []T {
	for i := range list {
		if d.hit() {
			return slices.Delete(slices.Clone(list), i, i+1)
		}
	}
	return list
}

func deleteOfOperation(c *Case, d *deleter) *Case {
	doc, err := parser.ParseQuery(&ast.Source{Input: c.Operation})
	if err != nil {
		return nil
	}
	set := func(s ast.SelectionSet) ast.SelectionSet { return d.selections(s) }
	for _, op := range doc.Operations {
		op.SelectionSet = set(op.SelectionSet)
		for _, v := range op.VariableDefinitions {
			if v.DefaultValue != nil && d.hit() {
				v.DefaultValue = nil
			}
		}
	}
	for _, f := range doc.Fragments {
		f.SelectionSet = set(f.SelectionSet)
	}
	out := *c
	if len(c.Labels) > 0 {
		out.Labels = cut(d, c.Labels)
	}
	tidy(doc)
	var b strings.Builder
	formatter.NewFormatter(&b).FormatQueryDocument(doc)
	out.Operation = b.String()
	return &out
}

func (d *deleter) selections(set ast.SelectionSet) ast.SelectionSet {
	var out ast.SelectionSet
	for _, s := range set {
		if d.hit() {
			continue
		}
		switch s := s.(type) {
		case *ast.Field:
			if s.Alias != s.Name && d.hit() {
				s.Alias = s.Name
			}
			s.Arguments, s.Directives = cut(d, s.Arguments), cut(d, s.Directives)
			for _, a := range s.Arguments {
				a.Value.Children = cut(d, a.Value.Children)
			}
			s.SelectionSet = d.selections(s.SelectionSet)
		case *ast.InlineFragment:
			if d.hit() {
				out = append(out, s.SelectionSet...)
				continue
			}
			s.Directives = cut(d, s.Directives)
			s.SelectionSet = d.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			s.Directives = cut(d, s.Directives)
		}
		out = append(out, s)
	}
	return out
}

// tidy drops fragments and variables that nothing uses.
func tidy(doc *ast.QueryDocument) {
	fragments, variables := map[string]bool{}, map[string]bool{}
	var value func(v *ast.Value)
	value = func(v *ast.Value) {
		if v.Kind == ast.Variable {
			variables[v.Raw] = true
		}
		for _, c := range v.Children {
			value(c.Value)
		}
	}
	var walk func(set ast.SelectionSet)
	directives := func(list ast.DirectiveList) {
		for _, x := range list {
			for _, a := range x.Arguments {
				value(a.Value)
			}
		}
	}
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				for _, a := range s.Arguments {
					value(a.Value)
				}
				directives(s.Directives)
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				directives(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				directives(s.Directives)
				if f := doc.Fragments.ForName(s.Name); f != nil && !fragments[s.Name] {
					fragments[s.Name] = true
					walk(f.SelectionSet)
				}
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.SelectionSet)
		op.VariableDefinitions = slices.DeleteFunc(op.VariableDefinitions, func(v *ast.VariableDefinition) bool { return !variables[v.Variable] })
	}
	doc.Fragments = slices.DeleteFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return !fragments[f.Name] })
}

func deleteOfSubgraphs(c *Case, d *deleter) *Case {
	out := *c
	out.Subgraphs = cut(d, c.Subgraphs)
	if d.done {
		return &out
	}
	out.Subgraphs = nil
	for _, s := range c.Subgraphs {
		doc, err := parser.ParseSchema(&ast.Source{Input: s.SDL})
		if err != nil {
			return nil
		}
		doc.Definitions, doc.Extensions = cut(d, doc.Definitions), cut(d, doc.Extensions)
		for _, def := range slices.Concat(doc.Definitions, doc.Extensions) {
			if def.Kind == ast.InputObject || def.Kind == ast.Enum {
				continue // they have to stay alike in all subgraphs, and so have arguments
			}
			def.Directives, def.Interfaces, def.Types = cut(d, def.Directives), cut(d, def.Interfaces), cut(d, def.Types)
			d.fields(def)
		}
		var b strings.Builder
		formatter.NewFormatter(&b).FormatSchemaDocument(doc)
		out.Subgraphs = append(out.Subgraphs, subgraph.Source{Name: s.Name, URL: s.URL, SDL: b.String()})
	}
	return &out
}

// fields deletes fields, or their directives. With a field that requires or provides others goes what that made external.
func (d *deleter) fields(def *ast.Definition) {
	for i, f := range def.Fields {
		if d.hit() {
			def.Fields = slices.Delete(def.Fields, i, i+1)
			return
		}
		if r := f.Directives.ForName("requires"); r != nil && d.hit() {
			def.Fields = slices.DeleteFunc(def.Fields, func(x *ast.FieldDefinition) bool {
				return x == f || x.Directives.ForName("external") != nil && strings.Contains(r.Arguments.ForName("fields").Value.Raw, x.Name)
			})
			return
		}
		f.Directives = cut(d, f.Directives)
	}
}

func deleteOfData(c *Case, d *deleter) *Case {
	out := *c
	w := *c.World
	w.Objects = slices.Clone(w.Objects)
	for i, o := range w.Objects {
		if len(o.Fields) > 0 && !o.Fails() && d.hit() {
			w.Objects[i].Fields = map[string]world.Value{}
		}
	}
	for i, o := range w.Objects {
		for _, name := range sortedKeys(o.Fields) {
			if _, fails := o.Fields[name].(world.Error); o.Fields[name] != nil && !fails && d.hit() {
				w.Objects[i].Fields = without(o.Fields, name)
			}
		}
	}
	if len(w.Absent) > 0 && d.hit() {
		w.Absent = nil
	}
	out.World = &w
	return &out
}

func sortedKeys(m map[string]world.Value) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func without(m map[string]world.Value, name string) map[string]world.Value {
	out := map[string]world.Value{}
	for k, v := range m {
		if k != name {
			out[k] = v
		}
	}
	return out
}
