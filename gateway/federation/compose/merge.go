package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// merger holds the supergraph while it is built. Slices named sources or per subgraph are indexed like subs; nil
// means that the subgraph does not have the element.
type merger struct {
	subs   []*subgraph.Subgraph // sorted by name
	graphs []string             // values of join__Graph
	errs   Errors
	hints  []*Hint

	types map[string]*mergedType
	order []string // of types, by first appearance

	names      map[string]string // federation directive -> its name in the supergraph
	usedIn     map[string][]bool // federation directive -> the subgraphs that apply it
	composed   []*composedDirective
	directives []*ast.DirectiveDefinition // executable and composed ones
	schema     *ast.SchemaDefinition
	cacheTags  bool                    // some element has a @cacheTag
	features   []usedFeature           // that the supergraph links
	fields     map[string]*mergedField // by coordinate "T.f"
	sdl        string                  // printed, once nothing changes any more
	read       *supergraph.Supergraph  // sdl read back
	readErr    error

	none    []override // of fields without @override
	scratch struct {   // for one field or argument at a time
		own      []*ast.FieldDefinition
		types    [2][]*ast.Type
		lists    [2][]ast.DirectiveList
		defaults []*ast.Value
		texts    []string
	}
}

// mergedType is a type of the supergraph and where it comes from.
type mergedType struct {
	*ast.Definition
	sources []*subgraph.Type
	join    ast.DirectiveList // join directives; Definition.Directives holds the merged ones
}

// mergedField is a field of an object or interface of the supergraph.
type mergedField struct {
	*ast.FieldDefinition
	parent  *mergedType
	sources []*ast.FieldDefinition
	over    []override
	join    ast.DirectiveList
	copied  bool // from an interface object
}

func (f *mergedField) coordinate() string { return f.parent.Name + "." + f.Name }

// definition finds a type of the supergraph.
func (m *merger) definition(name string) *ast.Definition {
	if t := m.types[name]; t != nil {
		return t.Definition
	}
	return nil
}

func newMerger(subs []*subgraph.Subgraph) *merger {
	m := &merger{subs: subs, types: map[string]*mergedType{}, fields: map[string]*mergedField{}, schema: &ast.SchemaDefinition{}}
	m.graphs = graphValues(subs)
	n := len(subs)
	m.none, m.scratch.own, m.scratch.defaults, m.scratch.texts = make([]override, n), make([]*ast.FieldDefinition, n), make([]*ast.Value, n), make([]string, n)
	for i := range m.scratch.types {
		m.scratch.types[i], m.scratch.lists[i] = make([]*ast.Type, n), make([]ast.DirectiveList, n)
	}
	return m
}

func (m *merger) errorf(code spec.Code, format string, args ...any) *spec.Error {
	e := spec.Errorf(code, format, args...)
	m.errs = append(m.errs, e)
	return e
}

// merge builds the supergraph. Its steps depend on those before: types need their members and interfaces before
// fields can be compared, enums need to know which fields and arguments were kept.
func (m *merger) merge() {
	m.prepareDirectives()
	if len(m.errs) > 0 {
		return
	}
	m.mergeShells()
	m.mergeSchema()
	for _, name := range m.order {
		if t := m.types[name]; t.Kind == ast.Scalar {
			m.mergeTypeDirectives(t)
		}
	}
	m.each(ast.InputObject, m.mergeInput)
	m.each(ast.Interface, m.mergeComposite)
	m.each(ast.Object, m.mergeComposite)
	m.each(ast.Union, m.mergeTypeDirectives)
	m.checkInterfaceKeys()
	m.checkInterfaceObjects()
	m.mergeDirectiveDefinitions()
	uses := m.typeUses()
	m.each(ast.Enum, func(t *mergedType) { m.mergeEnum(t, uses[t.Name]) })
	m.conformDefaults()
	if q := m.types["Query"]; q == nil || len(q.Fields) == 0 {
		m.errorf(spec.CodeNoQueries, "no subgraph has a query field; add one to a type Query")
	}
	m.copyInterfaceObjectFields()
	m.checkSharing()
	m.propagateAuthorisation()
}

func (m *merger) each(kind ast.DefinitionKind, do func(*mergedType)) {
	for _, name := range m.order {
		if t := m.types[name]; t.Kind == kind {
			do(t)
		}
	}
}

// mergeShells makes the types with their kinds, interfaces and members.
func (m *merger) mergeShells() {
	for i, s := range m.subs {
		for _, t := range s.Types {
			merged := m.types[t.Name]
			if merged == nil {
				merged = &mergedType{Definition: &ast.Definition{Name: t.Name}, sources: make([]*subgraph.Type, len(m.subs))}
				m.types[t.Name] = merged
				m.order = append(m.order, t.Name)
			}
			merged.sources[i] = t
		}
	}
	for _, name := range m.order {
		t := m.types[name]
		if strings.HasPrefix(name, "join__") || strings.HasPrefix(name, "link__") {
			m.errorf(spec.CodeInvalidGraphQL, "type %q has a name that is reserved for the supergraph; give it another prefix", name).
				AtAll(m.typePlaces(t))
		}
		m.mergeKind(t)
		m.checkBase(t)
		mergeDescription(m, &t.Description, name, t.sources, func(s *subgraph.Type) string { return s.Description }, typePlace)
	}
	for _, name := range m.order {
		m.mergeMembership(m.types[name])
	}
}

// checkBase reports a type that is extended but defined nowhere.
func (m *merger) checkBase(t *mergedType) {
	for _, src := range t.sources {
		if src != nil && (!src.Extended() || isRoot(t)) {
			return
		}
	}
	for i, src := range t.sources {
		if src != nil {
			m.errorf(spec.CodeExtensionWithNoBase, "[%s] type %q is an extension, but no subgraph defines it; define it in one of them", m.subs[i].Name, t.Name).
				At(m.subs[i].Name, src.Position)
		}
	}
}

// mergeKind settles the kind of the type: that of its first source. An interface object counts as an interface.
func (m *merger) mergeKind(t *mergedType) {
	standIn := false
	same := make([]*subgraph.Type, len(t.sources))
	for i, src := range t.sources {
		if src == nil {
			continue
		}
		kind := src.Kind
		if m.subs[i].IsInterfaceObject(src) {
			kind, standIn = ast.Interface, true
		}
		if t.Kind == "" {
			t.Kind = kind
		}
		if t.Kind == kind {
			same[i] = src
		}
	}
	if !slices.Equal(same, t.sources) {
		m.errorf(spec.CodeTypeKindMismatch, "type %q is of different kinds: %s; rename it, or make it of one kind everywhere", t.Name, m.perSource(t.sources, func(i int, s *subgraph.Type) string {
			if m.subs[i].IsInterfaceObject(s) {
				return "interface object"
			}
			return strings.ReplaceAll(strings.ToLower(string(s.Kind)), "_", " ")
		})).AtAll(m.typePlaces(t))
		t.sources = same // the others cannot be merged
		return
	}
	if standIn && !slices.ContainsFunc(t.sources, func(s *subgraph.Type) bool { return s != nil && s.Kind == ast.Interface }) {
		m.errorf(spec.CodeInterfaceObjectUsage, "type %q is an interface object in every subgraph that defines it; one must define the interface", t.Name).
			AtAll(m.typePlaces(t))
	}
}

// mergeMembership merges the interfaces of a type and the members of a union, with their join directives.
func (m *merger) mergeMembership(t *mergedType) {
	for i, src := range t.sources {
		if src == nil {
			continue
		}
		for _, name := range src.Interfaces {
			if !slices.Contains(t.Interfaces, name) {
				t.Interfaces = append(t.Interfaces, name)
			}
			t.join = append(t.join, joinDirective("join__implements", graphArgument(m.graphs[i]), stringArgument("interface", name)))
		}
	}
	m.joinType(t)
	if t.Kind != ast.Union {
		return
	}
	for i, src := range t.sources {
		if src == nil {
			continue
		}
		for _, name := range src.Types {
			if !slices.Contains(t.Types, name) {
				t.Types = append(t.Types, name)
			}
			t.join = append(t.join, joinDirective("join__unionMember", graphArgument(m.graphs[i]), stringArgument("member", name)))
		}
	}
	for _, member := range t.Types {
		for i, src := range t.sources {
			if src != nil && !slices.Contains(src.Types, member) {
				m.hint(HintUnionMember, t.Name, "union %q has no member %q in subgraph %q", t.Name, member, m.subs[i].Name).at(m.subs[i].Name, src.Position)
			}
		}
	}
}

func (m *merger) mergeTypeDirectives(t *mergedType) {
	lists := make([]ast.DirectiveList, len(m.subs))
	for i, src := range t.sources {
		if src != nil {
			lists[i] = src.Directives
		}
	}
	t.Directives = m.mergeApplied(t.Name, lists)
	t.join = append(t.join, m.joinDirectives(lists)...)
}

func (m *merger) mergeSchema() {
	lists := make([]ast.DirectiveList, len(m.subs))
	for i, s := range m.subs {
		lists[i] = s.Applied
	}
	mergeDescription(m, &m.schema.Description, "schema", m.subs, func(s *subgraph.Subgraph) string { return s.Description }, func(s *subgraph.Subgraph) *ast.Position { return s.SchemaPosition })
	m.schema.Directives = m.mergeApplied("schema", lists)
}

// mergeDescription takes the most frequent description, the first of those that are equally frequent; an empty one
// only when there is no other.
func mergeDescription[T any](m *merger, into *string, coordinate string, sources []*T, description func(*T) string, place func(*T) *ast.Position) {
	texts := m.scratch.texts
	for i, s := range sources {
		if texts[i] = ""; s != nil {
			texts[i] = description(s)
		}
	}
	best, differ := "", false
	for _, text := range texts {
		if best == "" {
			best = text
		}
		differ = differ || text != "" && text != best
	}
	if *into = best; !differ {
		return
	}
	count := map[string]int{}
	for _, text := range texts {
		if text != "" {
			count[text]++
		}
	}
	for _, text := range texts {
		if text != "" && count[text] > count[best] {
			best = text
		}
	}
	*into = best
	h := m.hint(HintDescription, coordinate, "%s has different descriptions in different subgraphs; the most frequent one is used", coordinate)
	for i, s := range sources {
		if texts[i] != "" {
			h.at(m.subs[i].Name, place(s))
		}
	}
}

func (m *merger) perSource(sources []*subgraph.Type, text func(int, *subgraph.Type) string) string {
	var parts []string
	for i, s := range sources {
		if s != nil {
			parts = append(parts, text(i, s)+" in "+strconv.Quote(m.subs[i].Name))
		}
	}
	return strings.Join(parts, ", ")
}
