package spec

const joinFieldArguments = "graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean"

// joinElements are the join definitions under the names that a supergraph gives them, except for the enum join__Graph
// which lists the subgraphs.
var joinElements = []element{
	{v(0, 3), "directive @join__graph(name: String!, url: String!) on ENUM_VALUE"},
	{v(0, 3), "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR"},
	{v(0, 3), "directive @join__field(" + joinFieldArguments + ") repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"},
	{v(0, 3), "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE"},
	{v(0, 3), "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION"},
	{v(0, 3), "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE"},
	{v(0, 3), "scalar join__FieldSet"},
	{v(0, 4), "directive @join__field(" + joinFieldArguments + ", overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"},
	{v(0, 4), "directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"},
	{v(0, 4), "scalar join__DirectiveArguments"},
	{v(0, 5), "directive @join__field(" + joinFieldArguments + ", overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"},
	{v(0, 5), "scalar join__FieldValue"},
	{v(0, 5), "input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }"},
}

// JoinVersion is the join version that a supergraph of subgraphs up to the given federation version uses.
func JoinVersion(federation Version) Version {
	switch {
	case federation.AtLeast(v(2, 8)):
		return v(0, 5)
	case federation.AtLeast(v(2, 7)):
		return v(0, 4)
	default:
		return v(0, 3)
	}
}
