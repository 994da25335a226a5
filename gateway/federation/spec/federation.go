package spec

const (
	anyElement = "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
	authorised = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
)

const (
	tagSDL            = "directive @tag(name: String!) repeatable on " + anyElement
	tagOnSchemaSDL    = tagSDL + " | SCHEMA"
	inaccessibleSDL   = "directive @inaccessible on " + anyElement
	authenticatedSDL  = "directive @authenticated on " + authorised
	requiresScopesSDL = "directive @requiresScopes(scopes: [[Scope!]!]!) on " + authorised
	policySDL         = "directive @policy(policies: [[Policy!]!]!) on " + authorised
	contextSDL        = "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION"
	fromContextSDL    = "directive @fromContext(field: ContextFieldValue) on ARGUMENT_DEFINITION"
	costSDL           = "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"
	listSizeSDL       = "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION"
)

// federationElements are the definitions of the federation specification in order of their version.
var federationElements = []element{
	{v(2, 0), "scalar FieldSet"},
	{v(2, 0), "directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"},
	{v(2, 0), "directive @requires(fields: FieldSet!) on FIELD_DEFINITION"},
	{v(2, 0), "directive @provides(fields: FieldSet!) on FIELD_DEFINITION"},
	{v(2, 0), "directive @external(reason: String) on OBJECT | FIELD_DEFINITION"},
	{v(2, 0), tagSDL},
	{v(2, 0), "directive @extends on OBJECT | INTERFACE"},
	{v(2, 0), "directive @shareable on OBJECT | FIELD_DEFINITION"},
	{v(2, 0), inaccessibleSDL},
	{v(2, 0), "directive @override(from: String!) on FIELD_DEFINITION"},
	{v(2, 1), "directive @composeDirective(name: String) repeatable on SCHEMA"},
	{v(2, 2), "directive @shareable repeatable on OBJECT | FIELD_DEFINITION"},
	{v(2, 3), "directive @interfaceObject on OBJECT"},
	{v(2, 3), tagOnSchemaSDL},
	{v(2, 5), authenticatedSDL},
	{v(2, 5), requiresScopesSDL},
	{v(2, 5), "scalar Scope"},
	{v(2, 6), policySDL},
	{v(2, 6), "scalar Policy"},
	{v(2, 7), "directive @override(from: String!, label: String) on FIELD_DEFINITION"},
	{v(2, 8), contextSDL},
	{v(2, 8), fromContextSDL},
	{v(2, 8), "scalar ContextFieldValue"},
	{v(2, 9), costSDL},
	{v(2, 9), listSizeSDL},
	{v(2, 12), "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION"},
}

// Fed1Directives are the directives that a Federation 1 schema knows without a link.
var Fed1Directives = []string{"key", "requires", "provides", "external", "tag", "extends"}

// UpgradeVersion is the federation version that a Federation 1 schema is upgraded to.
var UpgradeVersion = v(2, 4)

// Features are the known specifications. The order of those that a supergraph may link is the order of their links.
var Features = []*Feature{
	{Identity: Link, Name: "link", Versions: versions(1, 0, 0), elements: linkElements},
	{Identity: Core, Name: "core", Versions: versions(0, 1, 2), elements: coreElements},
	{Identity: Join, Name: "join", Versions: versions(0, 3, 5), Purpose: "EXECUTION", elements: joinElements},
	{Identity: Federation, Name: "federation", Versions: versions(2, 0, 14), elements: federationElements},
	{Identity: Tag, Name: "tag", Versions: versions(0, 1, 3), Since: v(2, 0), elements: []element{
		{v(0, 1), tagSDL},
		{v(0, 3), tagOnSchemaSDL},
	}},
	{Identity: Inaccessible, Name: "inaccessible", Versions: versions(0, 1, 2), Since: v(2, 0), Purpose: "SECURITY", elements: []element{
		{v(0, 1), "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION"},
		{v(0, 2), inaccessibleSDL},
	}},
	{Identity: Authenticated, Name: "authenticated", Versions: versions(0, 1, 1), Since: v(2, 5), Purpose: "SECURITY", elements: []element{
		{v(0, 1), authenticatedSDL},
	}},
	{Identity: RequiresScopes, Name: "requiresScopes", Versions: versions(0, 1, 1), Purpose: "SECURITY", elements: []element{
		{v(0, 1), requiresScopesSDL},
		{v(0, 1), "scalar Scope"},
	}},
	{Identity: Policy, Name: "policy", Versions: versions(0, 1, 1), Purpose: "SECURITY", elements: []element{
		{v(0, 1), policySDL},
		{v(0, 1), "scalar Policy"},
	}},
	{Identity: Context, Name: "context", Versions: versions(0, 1, 1), Since: v(2, 8), Purpose: "SECURITY", elements: []element{
		{v(0, 1), contextSDL},
		{v(0, 1), fromContextSDL},
		{v(0, 1), "scalar ContextFieldValue"},
	}},
	{Identity: Cost, Name: "cost", Versions: versions(0, 1, 1), Since: v(2, 9), elements: []element{
		{v(0, 1), costSDL},
		{v(0, 1), listSizeSDL},
	}},
	{Identity: CacheTag, Name: "cacheTag", Versions: versions(0, 1, 1), Since: v(2, 12), Purpose: "EXECUTION", elements: []element{
		{v(0, 1), "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION"},
	}},
}
