package supergraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/auth"
)

// Read reads supergraph SDL of join spec 0.3, 0.4 or 0.5 as Apollo's and Guild's composers and our own write it.
func Read(sdl string) (*Supergraph, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "supergraph", Input: sdl})
	if err != nil {
		return nil, fmt.Errorf("parse supergraph: %w", err)
	}
	return ReadDocument(doc)
}

// ReadDocument is Read for a supergraph that is parsed already. It does not change the document.
func ReadDocument(doc *ast.SchemaDocument) (*Supergraph, error) {
	names, err := readFeatures(doc)
	if err != nil {
		return nil, err
	}
	sg := &Supergraph{
		possible: map[string][]string{}, inaccessible: map[string]bool{}, auth: map[string]auth.Requirement{}, labels: map[string][]string{},
		weights: map[string]int{}, sizes: map[string]*ListSize{}, setters: map[string][]string{}, contextual: map[string]bool{},
	}
	r := &reader{sg: sg, names: names, byGraph: map[string]*Subgraph{}}
	if err := r.subgraphs(doc); err != nil {
		return nil, err
	}
	for _, def := range doc.Definitions {
		if !names.owns(def.Name) {
			if err := r.definition(def); err != nil {
				return nil, fmt.Errorf("read supergraph type %s: %w", def.Name, err)
			}
		}
	}
	for _, d := range doc.Directives {
		for _, a := range d.Arguments {
			r.hidden("@"+d.Name+"."+a.Name, a.Directives)
		}
	}
	if err := r.fieldTypes(); err != nil {
		return nil, err
	}
	if sg.Schema, err = buildSchema(doc, names, nil); err != nil {
		return nil, fmt.Errorf("build supergraph schema: %w", err)
	}
	if sg.api, err = buildSchema(doc, names, sg.inaccessible); err != nil {
		return nil, fmt.Errorf("build API schema: %w", err)
	}
	for name, def := range sg.Schema.Types {
		switch def.Kind {
		case ast.Object:
			sg.possible[name] = []string{name}
		case ast.Interface, ast.Union:
			members := []string{}
			for _, m := range sg.Schema.GetPossibleTypes(def) {
				if m.Kind == ast.Object {
					members = append(members, m.Name)
				}
			}
			slices.Sort(members)
			sg.possible[name] = slices.Compact(members)
		}
	}
	r.readLabels()
	r.cost(doc)
	if err := r.auth(doc); err != nil {
		return nil, err
	}
	return sg, nil
}

type reader struct {
	sg      *Supergraph
	names   *features
	byGraph map[string]*Subgraph
}

// subgraphs reads the enum join__Graph.
func (r *reader) subgraphs(doc *ast.SchemaDocument) error {
	graphs := doc.Definitions.ForName(r.names.join + "__Graph")
	if graphs == nil || len(graphs.EnumValues) == 0 {
		return fmt.Errorf("supergraph lists no subgraph: enum %s__Graph is missing or empty", r.names.join)
	}
	for _, v := range graphs.EnumValues {
		d := v.Directives.ForName(r.names.join + "__graph")
		if d == nil {
			return fmt.Errorf("%s__Graph.%s has no @%s__graph", r.names.join, v.Name, r.names.join)
		}
		sub := &Subgraph{Name: argument(d, "name"), Graph: v.Name, URL: argument(d, "url"), Types: map[string]*Type{}}
		r.byGraph[v.Name] = sub
		r.sg.Subgraphs = append(r.sg.Subgraphs, sub)
	}
	slices.SortFunc(r.sg.Subgraphs, func(a, b *Subgraph) int { return strings.Compare(a.Name, b.Name) })
	for i, sub := range r.sg.Subgraphs {
		sub.Index = i
	}
	return nil
}

// graph returns the subgraph that a join directive names, or nil when it names none.
func (r *reader) graph(d *ast.Directive) (*Subgraph, error) {
	name := argument(d, "graph")
	if name == "" {
		return nil, nil
	}
	sub := r.byGraph[name]
	if sub == nil {
		return nil, fmt.Errorf("@%s names unknown graph %q", d.Name, name)
	}
	return sub, nil
}

func (r *reader) definition(def *ast.Definition) error {
	r.hidden(def.Name, def.Directives)
	if r.names.context != "" {
		for _, d := range def.Directives.ForNames(r.names.context) {
			name := argument(d, "name")
			r.sg.setters[name] = append(r.sg.setters[name], def.Name)
		}
	}
	var in []*Subgraph
	for _, d := range def.Directives.ForNames(r.names.join + "__type") {
		sub, err := r.graph(d)
		if err != nil {
			return err
		}
		if sub == nil {
			return fmt.Errorf("@%s without graph", d.Name)
		}
		t := sub.Types[def.Name]
		if t == nil {
			t = &Type{Name: def.Name, Kind: def.Kind, byName: map[string]*Field{}}
			sub.Types[def.Name] = t
			in = append(in, sub)
		}
		t.InterfaceObject = t.InterfaceObject || argument(d, "isInterfaceObject") == "true"
		if key := argument(d, "key"); key != "" {
			t.Keys = append(t.Keys, Key{Fields: key, Resolvable: argument(d, "resolvable") != "false", Extension: argument(d, "extension") == "true"})
		}
	}
	if len(in) == 0 && !def.BuiltIn && def.Kind != ast.Scalar {
		return fmt.Errorf("is in no subgraph: it has no @%s__type", r.names.join)
	}
	slices.SortFunc(in, func(a, b *Subgraph) int { return a.Index - b.Index })
	switch def.Kind {
	case ast.Object, ast.Interface:
		if err := r.implements(def); err != nil {
			return err
		}
	case ast.Union:
		if err := r.members(def, in); err != nil {
			return err
		}
	case ast.Enum:
		if err := r.values(def, in); err != nil {
			return err
		}
	}
	if def.Kind == ast.Object {
		for _, sub := range in {
			sub.Types[def.Name].Members = []string{def.Name}
		}
	}
	for _, f := range def.Fields {
		if err := r.field(def, f, in); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

func (r *reader) hidden(coordinate string, directives ast.DirectiveList) {
	if r.names.inaccessible != "" && directives.ForName(r.names.inaccessible) != nil {
		r.sg.inaccessible[coordinate] = true
	}
}

func (r *reader) implements(def *ast.Definition) error {
	for _, d := range def.Directives.ForNames(r.names.join + "__implements") {
		sub, err := r.graph(d)
		if err != nil {
			return err
		}
		iface := argument(d, "interface")
		if sub == nil || sub.Types[def.Name] == nil {
			return fmt.Errorf("@%s for a graph that does not declare the type", d.Name)
		}
		t := sub.Types[def.Name]
		t.Interfaces = insert(t.Interfaces, iface)
	}
	return nil
}

func (r *reader) members(def *ast.Definition, in []*Subgraph) error {
	list := def.Directives.ForNames(r.names.join + "__unionMember")
	for _, d := range list {
		sub, err := r.graph(d)
		if err != nil {
			return err
		}
		if sub == nil || sub.Types[def.Name] == nil {
			return fmt.Errorf("@%s for a graph that does not declare the union", d.Name)
		}
		sub.Types[def.Name].Members = insert(sub.Types[def.Name].Members, argument(d, "member"))
	}
	if len(list) > 0 {
		return nil
	}
	for _, sub := range in {
		for _, m := range def.Types {
			sub.Types[def.Name].Members = insert(sub.Types[def.Name].Members, m)
		}
	}
	return nil
}

func (r *reader) values(def *ast.Definition, in []*Subgraph) error {
	for _, v := range def.EnumValues {
		r.hidden(def.Name+"."+v.Name, v.Directives)
		list := v.Directives.ForNames(r.names.join + "__enumValue")
		for _, d := range list {
			sub, err := r.graph(d)
			if err != nil {
				return err
			}
			if sub == nil || sub.Types[def.Name] == nil {
				return fmt.Errorf("@%s of %s for a graph that does not declare the enum", d.Name, v.Name)
			}
			sub.Types[def.Name].Values = append(sub.Types[def.Name].Values, v.Name)
		}
		if len(list) == 0 {
			for _, sub := range in {
				sub.Types[def.Name].Values = append(sub.Types[def.Name].Values, v.Name)
			}
		}
	}
	return nil
}

func (r *reader) field(def *ast.Definition, f *ast.FieldDefinition, in []*Subgraph) error {
	r.hidden(def.Name+"."+f.Name, f.Directives)
	for _, a := range f.Arguments {
		r.hidden(def.Name+"."+f.Name+"."+a.Name, a.Directives)
	}
	joins := f.Directives.ForNames(r.names.join + "__field")
	if len(joins) == 0 {
		for _, sub := range in {
			r.addField(sub.Types[def.Name], &Field{Name: f.Name, Type: f.Type, Def: f})
		}
		return nil
	}
	for _, d := range joins {
		sub, err := r.graph(d)
		if err != nil {
			return err
		}
		if sub == nil {
			continue
		}
		t := sub.Types[def.Name]
		if t == nil {
			return fmt.Errorf("@%s for graph %s, which does not declare the type", d.Name, sub.Graph)
		}
		field, err := readField(f, d)
		if err != nil {
			return err
		}
		if len(field.Contexts) > 0 {
			r.sg.contextual[def.Name+"."+f.Name] = true
		}
		r.addField(t, field)
	}
	return nil
}

func (r *reader) addField(t *Type, f *Field) {
	if t.byName[f.Name] != nil {
		return
	}
	t.Fields = append(t.Fields, f)
	t.byName[f.Name] = f
}

func readField(f *ast.FieldDefinition, d *ast.Directive) (*Field, error) {
	out := &Field{
		Name: f.Name, Type: f.Type, Def: f,
		External: argument(d, "external") == "true",
		Requires: argument(d, "requires"),
		Provides: argument(d, "provides"),
	}
	for _, set := range []string{out.Requires, out.Provides} {
		if set == "" {
			continue
		}
		if _, err := ParseFieldSet(set); err != nil {
			return nil, err
		}
	}
	if text := argument(d, "type"); text != "" {
		t, err := parseType(text)
		if err != nil {
			return nil, err
		}
		out.Type = t
	}
	label := argument(d, "overrideLabel")
	switch {
	case label != "":
		out.Override = Override{Label: label, When: argument(d, "override") != ""}
	case argument(d, "usedOverridden") == "true":
		out.External = true
	}
	contexts := d.Arguments.ForName("contextArguments")
	if contexts == nil || contexts.Value == nil {
		return out, nil
	}
	for _, item := range contexts.Value.Children {
		c := ContextArgument{Context: raw(item.Value, "context"), Name: raw(item.Value, "name"), Selection: raw(item.Value, "selection")}
		t, err := parseType(raw(item.Value, "type"))
		if err != nil {
			return nil, err
		}
		c.Type = t
		out.Contexts = append(out.Contexts, c)
	}
	return out, nil
}

// fieldTypes finishes what needs all types: the members of interfaces, and key members of extensions, which are
// resolvable although they are marked external.
func (r *reader) fieldTypes() error {
	for _, sub := range r.sg.Subgraphs {
		for _, name := range sortedKeys(sub.Types) {
			t := sub.Types[name]
			for _, i := range t.Interfaces {
				if t.Kind != ast.Object {
					continue
				}
				if iface := sub.Types[i]; iface != nil && !iface.InterfaceObject {
					iface.Members = insert(iface.Members, name)
				}
			}
			for _, key := range t.Keys {
				set, err := ParseFieldSet(key.Fields)
				if err != nil {
					return fmt.Errorf("subgraph %s: key of %s: %w", sub.Name, name, err)
				}
				if key.Extension {
					readable(sub, t, set)
				}
			}
		}
	}
	return nil
}

// readable clears External on the members of an extension's key.
func readable(sub *Subgraph, t *Type, set ast.SelectionSet) {
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok && t != nil {
			if field := t.Field(f.Name); field != nil {
				field.External = false
				readable(sub, sub.Types[field.Type.Name()], f.SelectionSet)
			}
		}
	}
}

func insert(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found {
		return list
	}
	return slices.Insert(list, i, s)
}
