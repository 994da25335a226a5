package generate

import (
	"fmt"
	"slices"
	"strings"
)

// decorate applies the directives that leave a valid set valid.
func (w *world) decorate() {
	for _, sub := range w.set.Subgraphs {
		for _, t := range sub.Types {
			w.decorateType(sub, t)
			for _, f := range t.Fields {
				w.decorateField(sub, t, f)
			}
		}
	}
	for _, step := range []struct {
		percent int
		do      func()
	}{
		{25, w.override},
		{30, w.interfaceObject},
		{20, w.customDirective},
		{20, w.executableDirective},
		{25, w.contexts},
	} {
		if w.r.Chance(step.percent) {
			step.do()
		}
	}
}

func (w *world) apply(sub *Subgraph, list *[]Directive, percent int, name, args string) {
	if sub.Has(name) && w.r.Chance(percent) {
		*list = append(*list, D(name, args))
	}
}

var scopes = []string{`[["a"]]`, `[["a"], ["b"]]`, `[["a", "b"]]`, `[["b", "c"], ["d"]]`, `[]`}

func (w *world) decorateType(sub *Subgraph, t *Type) {
	w.apply(sub, &t.Directives, 5, "tag", fmt.Sprintf("name: %q", pick(w.r, []string{"x", "y"})))
	switch t.Kind {
	case "scalar", "enum":
		w.apply(sub, &t.Directives, 5, "cost", fmt.Sprintf("weight: %d", w.r.IntN(5)))
		w.apply(sub, &t.Directives, 3, "authenticated", "")
	case "type":
		w.apply(sub, &t.Directives, 3, "cost", fmt.Sprintf("weight: %d", w.r.IntN(5)))
	}
	if w.r.Chance(5) {
		t.Description = "About " + t.Name + pick(w.r, []string{".", "!", " as " + sub.Name + " knows it."})
	}
}

func (w *world) decorateField(sub *Subgraph, t *Type, f *Field) {
	if f.Has("external") {
		return
	}
	d := &f.Directives
	w.apply(sub, d, 3, "tag", `name: "f"`)
	if w.r.Chance(4) {
		f.Description = pick(w.r, []string{"A field.", "A \"field\".", "Another\n  field."})
	}
	if w.r.Chance(4) && !strings.HasSuffix(f.Type, "!") && (t.Kind == "type" || t.Kind == "enum") {
		*d = append(*d, D("deprecated", pick(w.r, []string{"", `reason: "old"`, `reason: "older"`})))
	}
	if t.Kind != "type" || strings.HasPrefix(f.Name, "need") || f.Name == "id" {
		return
	}
	w.apply(sub, d, 3, "cost", fmt.Sprintf("weight: %d", w.r.IntN(9)))
	w.apply(sub, d, 3, "authenticated", "")
	w.apply(sub, d, 3, "requiresScopes", "scopes: "+pick(w.r, scopes))
	w.apply(sub, d, 3, "policy", "policies: "+pick(w.r, scopes))
	if strings.HasPrefix(f.Type, "[") {
		args := fmt.Sprintf("assumedSize: %d", w.r.IntN(50))
		for _, a := range f.Args {
			if strings.TrimSuffix(a.Type, "!") == "Int" {
				args = fmt.Sprintf("slicingArguments: [%q]", a.Name)
			}
		}
		w.apply(sub, d, 20, "listSize", args)
	}
	for _, a := range f.Args {
		w.apply(sub, &a.Directives, 5, "tag", `name: "arg"`)
		w.apply(sub, &a.Directives, 5, "cost", "weight: 2")
		if !strings.HasSuffix(a.Type, "!") {
			w.apply(sub, &a.Directives, 5, "inaccessible", "")
		}
	}
	if owned := strings.HasPrefix(f.Name, "f") && len(t.Fields) > 3; owned && len(f.Type) > 0 {
		w.apply(sub, d, 4, "inaccessible", "")
	}
}

// override moves a field to another subgraph.
func (w *world) override() {
	from := pick(w.r, w.set.Subgraphs)
	to := pick(w.r, w.others(from))
	e := pick(w.r, w.entities)
	if to == nil || !to.Has("override") || from.Type(e) == nil {
		return
	}
	t := w.need(to, e)
	for _, f := range from.Type(e).Fields {
		if strings.HasPrefix(f.Name, "f") && t.Field(f.Name) == nil && !f.Has("requires") {
			c := &Field{Name: f.Name, Type: f.Type, Args: cloneFields(f.Args)}
			args := fmt.Sprintf("from: %q", from.Name)
			if to.Minor >= 7 && w.r.Chance(40) {
				args += fmt.Sprintf(", label: %q", pick(w.r, []string{"percent(5)", "percent(0.25)", "beta"}))
			}
			c.Add("override", args)
			if f.Has("shareable") {
				c.Add("shareable", "")
			}
			t.Fields = append(t.Fields, c)
			w.need(to, f.Type)
			for _, a := range f.Args {
				w.need(to, a.Type)
			}
			return
		}
	}
}

// interfaceObject adds a field to all implementations of a keyed interface, in a subgraph that knows none of them.
func (w *world) interfaceObject() {
	for _, name := range w.interfaces {
		if !w.keyed[name] || !slices.ContainsFunc(w.set.Subgraphs, func(s *Subgraph) bool { t := s.Type(name); return t != nil && t.Has("key") }) {
			continue
		}
		for _, sub := range w.set.Subgraphs {
			known := func(member string) bool { return sub.Type(member) != nil }
			if !sub.Has("interfaceObject") || sub.Type(name) != nil || slices.ContainsFunc(w.members[name], known) {
				continue
			}
			t := &Type{Kind: "type", Name: name, Directives: []Directive{D("interfaceObject", ""), D("key", `fields: "id"`)}}
			t.Fields = []*Field{{Name: "id", Type: "ID!"}, {Name: "extra" + sub.Name, Type: w.leaf()}}
			w.need(sub, t.Fields[1].Type)
			sub.Types = append(sub.Types, t)
			if w.r.Chance(50) {
				query := w.rootType(sub, "Query")
				query.Fields = append(query.Fields, &Field{Name: "objects" + sub.Name, Type: "[" + name + "]"})
			}
			if w.r.Chance(30) {
				return
			}
		}
	}
}

// customDirective applies a directive of one's own, composed into the supergraph by some.
func (w *world) customDirective() {
	for _, sub := range w.set.Subgraphs {
		if sub.Minor == Fed1 || w.r.Chance(40) {
			continue
		}
		version := pick(w.r, []string{"v1.0", "v1.0", "v1.1"})
		sub.Schema = append(sub.Schema, fmt.Sprintf(`@link(url: "https://example.com/custom/%s", import: ["@custom"])`, version))
		sub.Directives = append(sub.Directives, "directive @custom(level: Int = 1) "+map[bool]string{true: "repeatable ", false: ""}[version == "v1.1"]+"on FIELD_DEFINITION | OBJECT")
		if sub.Has("composeDirective") && w.r.Chance(80) {
			sub.Imports = append(sub.Imports, `"@composeDirective"`)
			sub.Schema = append(sub.Schema, `@composeDirective(name: "@custom")`)
		}
		for _, t := range sub.Types {
			for _, f := range t.Fields {
				if t.Kind == "type" && !f.Has("external") && w.r.Chance(10) {
					f.Add("custom", pick(w.r, []string{"", "level: 1", "level: 2"}))
				}
			}
		}
	}
}

func (w *world) executableDirective() {
	argument := w.input("note")
	for _, sub := range w.set.Subgraphs {
		w.need(sub, argument.Type)
		text := fmt.Sprintf("note: %s", argument.Type)
		if argument.Default != "" {
			text += " = " + argument.Default
		}
		sub.Directives = append(sub.Directives, "directive @client("+text+") on FIELD | QUERY")
	}
}

// contexts passes a field of one type to an argument of a field below it.
func (w *world) contexts() {
	for _, sub := range w.set.Subgraphs {
		e := pick(w.r, w.entities)
		if !sub.Has("context") || sub.Type(e) == nil || sub.Type("Context") != nil {
			continue
		}
		outer := &Type{Kind: "type", Name: "Outer" + sub.Name, Fields: []*Field{
			{Name: "id", Type: "ID!"},
			{Name: "prop", Type: pick(w.r, []string{"String", "String!"})},
			{Name: "inner", Type: "Inner" + sub.Name},
		}}
		outer.Add("key", `fields: "id"`)
		outer.Add("context", `name: "ctx"`)
		inner := &Type{Kind: "type", Name: "Inner" + sub.Name, Fields: []*Field{
			{Name: "id", Type: "ID!"},
			{Name: "reads", Type: "Int", Args: []*Field{{Name: "given", Type: "String", Directives: []Directive{D("fromContext", `field: "$ctx { prop }"`)}}}},
		}}
		inner.Add("key", `fields: "id"`)
		sub.Types = append(sub.Types, outer, inner)
		query := w.rootType(sub, "Query")
		query.Fields = append(query.Fields, &Field{Name: "outer" + sub.Name, Type: outer.Name})
	}
}
