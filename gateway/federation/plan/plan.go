// Package plan decides how an operation is answered by the subgraphs of a supergraph.
//
// Input: a supergraph and a specialised operation (no conditions left in it). Output: a Plan, which is data:
// executing it is the work of package exec. Planning never does I/O and is deterministic.
package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Key is a storage key: the slot of a response object in which a value is kept while the plan runs. Keys are
// unique per (object position, field, arguments) for the life of the plan; Plan.Keys holds their printable names.
type Key int

// Plan is a query plan. It holds no condition: @skip, @include and override labels are decided before planning.
type Plan struct {
	Operation ast.Operation // query, mutation or subscription
	Keys      []string      // printable name by Key, e.g. "name" for a client field, "_id_1" for a private one
	Fetches   []*Fetch      // index = Fetch.ID; every dependency of a fetch has a lower ID
	Source    *Fetch        // subscription: the fetch that opens the event stream; not part of Fetches. nil otherwise
	Data      *Shape        // how `data` is projected from the merged response
	Parts     []*Part       // deferred parts, those that another lies in before it
	Whole     *Shape        // with Parts: how all of it together would be projected; errors are placed by it
	// Introspection lists the root fields that the gateway answers itself (__schema, __type).
	// The executor is handed their JSON by Key and projects it unchanged.
	Introspection []IntrospectionField
	Cost          Cost
}

// Part is a deferred fragment. Its fetches may run as soon as those that they depend on are merged; it is delivered at
// every place at which Data, or the part it is delivered with, says so, after its Parent there.
type Part struct {
	Label   string
	Parent  int      // index of the deferred fragment around it; -1: none
	Fetches []*Fetch // their IDs go on from those of Plan.Fetches and the parts before
	Data    *Shape   // of the objects it is delivered at; what is delivered before leads through it (ShapeField.Carried)
}

// IntrospectionField is a root field answered from the API schema.
type IntrospectionField struct {
	Key   Key
	Field *ast.Field
}

// Cost is what the plan costs: 1000 x Requests + 700 x Levels + Fields.
type Cost struct{ Requests, Levels, Fields int }

// Fetch is one request to one subgraph.
type Fetch struct {
	ID       int
	Subgraph string // subgraph name as configured, not the join__Graph value
	Level    int    // above the levels of all dependencies; fetches of one level may run at the same time
	Unit     int    // mutation: the root field it belongs to; units run strictly one after another. 0 otherwise
	Part     int    // index of the deferred part it belongs to, +1; 0: none
	Deps     []int  // IDs of the fetches whose merged results this one reads, sorted

	Kind          ast.Operation // kind of the operation sent to the subgraph
	Document      string        // GraphQL text of that operation
	OperationName string        // "" when the text is anonymous
	Variables     []string      // client variables the text uses, sorted; sent with the client's (coerced) values if provided

	Root     *Wire    // root fetch: shape of the answer's `data`; nil for an entity fetch
	RootPath Path     // root fetch that re-enters Query at a position (a field returning Query): its targets. Empty: the root
	Entities []*Batch // entity fetch: one per alias of `_entities`; nil for a root fetch
}

// Batch is one `_entities` field of a fetch: representations go out, entities come back in the same order.
type Batch struct {
	Alias    string // response key of the `_entities` field
	Variable string // name of the variable that carries the representations
	Paths    []Path // positions whose objects are the targets; equal representations are sent once
	Reps     []Rep  // tried in order; the first that fits the target's runtime type and whose members the target has is used; none: no representation
	Unless   []Rep  // targets of which one of these can be built are left out: they are named by another key
	Entity   *Wire  // shape of each entity in the answer

	// Contexts are arguments that take their values from objects above the target. There is one `_entities` field for
	// each distinct tuple of values: the first is in Fetch.Document, the others are copies of it.
	Contexts []Context
	Copy     Copy
}

// Context is an argument's value from the objects above a target.
type Context struct {
	Variable string
	Sources  []ContextSource // the first whose object has one of its types is used, nearest first; none: no representation
}

// ContextSource is where the value of a context is.
type ContextSource struct {
	Above int      // the object is this many segments of the batch's path above the target
	Types []string // runtime types of that object, sorted; nil: all
	Path  []Key    // from there to the value; lists on the way make the value a list
}

// Copy is the text by which an `_entities` field is asked again with other values. CopyMark stands where the number of
// the copy goes: behind the alias and the names of the variables.
type Copy struct {
	Definitions []string // variable definitions
	Field       string
}

// CopyMark stands for the number of a copy. No GraphQL document holds it.
const CopyMark = "\x00"

// Path leads from the root object to target objects.
type Path []Segment

// Segment steps from objects into the value at Key. Lists of any depth are entered: every object in them is reached.
type Segment struct {
	Key   Key
	Lists int      // list depth of the field, for printing ("@" each); execution enters whatever lists are there
	Types []string // runtime types of the reached objects to go on with, sorted; nil: all
}

// Rep says how the representation of one target object is built.
type Rep struct {
	Types    []string // runtime types of the target this applies to, sorted; nil: any, also unknown
	TypeName string   // `__typename` to send; "": the target's runtime type
	Fields   []RepField
}

// RepField is one member of a representation, in print order.
type RepField struct {
	Name     string     // field name in the representation (never an alias)
	Key      Key        // slot of the target (or nested object) that holds the value
	Types    []string   // runtime types of the enclosing object the member applies to, sorted; nil: all. Otherwise it is left out
	NonNull  bool       // key member: a null or missing value means no representation. A missing @requires value too; a null one is sent
	TypeName bool       // nested objects also send `__typename` when their runtime type is known
	Leaf     Leaf       // how a leaf is printed (ID as string)
	Fields   []RepField // nil: leaf. Otherwise the value is an object or a (nested) list of objects
}

// Wire says how one object level of a subgraph's answer is read: wire names to storage keys. Unknown members are skipped.
type Wire struct {
	Type     string   // the object's type in the SUPERGRAPH if it is fixed by the subgraph's schema (an object type); "" if it is told by `__typename`
	Possible []string // runtime types allowed here, sorted; nil when Type is set or nothing can be known (interface object)
	Root     bool     // a root type, which may have another name in the subgraph
	Opaque   bool     // the answer's `__typename` must be ignored (an @interfaceObject position): the runtime type stays unknown
	Fields   []WireField
	Again    []Again     // how these objects are asked for once more, where a field that failed took them along
	Spare    []WireField // members of keys of Again that are not in the document: they are asked for only where something is asked again
}

// Again is a way to ask for fields of the objects of a level by a key.
type Again struct {
	Subgraph string   // that is asked; "": the one whose answer it is
	Keys     []Rep    // how the objects are named to it by what is among the level's Fields and Spare
	On       string   // the type of which fields are selected, as the subgraph has it
	Fields   []string // names on the wire that are had so; nil: all
}

// WireField maps one member of an answer's object.
type WireField struct {
	Name  string   // response key on the wire
	Types []string // runtime types for which this entry applies, sorted; nil: all
	Key   Key      // slot it is stored in
	Field string   // field name, for messages
	Type  *ast.Type
	Leaf  Leaf
	Enum  []string // LeafEnum: the supergraph's values, sorted
	Child *Wire    // nil: leaf

	Input    bool       // other fetches depend on it
	Strict   bool       // it must not be null in some of the objects it is asked of: it takes them along when it fails
	Requires []RepField // members of the representation that this field needs beyond the key
}

// Leaf is how a leaf value is checked and printed.
type Leaf uint8

// The kinds of leaf.
const (
	LeafCustom  Leaf = iota // custom scalar: any JSON, bytes kept
	LeafString              // must be a string
	LeafID                  // string or integer, kept as string
	LeafInt                 // integral, 32 bits
	LeafFloat               // finite number
	LeafBoolean             // true or false
	LeafEnum                // one of Enum
)

// Shape says how one object level is written to the client. It never mentions a private key.
type Shape struct {
	Type    string         // the position's type in the API schema
	Classes []ShapeClass   // exactly one class applies to a runtime type; a type in no class is hidden: the object becomes null with no name leaked
	Unknown *ShapeClass    // applies when the runtime type is unknown and was not needed; nil: unknown is an error at the position
	byType  map[string]int // index of Classes by runtime type
	only    string         // the one runtime type there is; "": there are more
}

// ShapeClass is the selection for a set of runtime types, fields merged and in client order.
type ShapeClass struct {
	Types  []string // runtime types, sorted
	Fields []ShapeField
	Parts  []int // deferred parts that are delivered at these objects
}

// ShapeField writes one response member.
type ShapeField struct {
	Name      string    // response name (client alias or field name)
	Field     string    // field name
	Parent    string    // type that declares Type below: the runtime type's own definition where known
	Key       Key       // slot to read; ignored if TypeName
	TypeName  bool      // `__typename`: writes the runtime type
	Raw       bool      // introspection result: written as handed in
	Type      *ast.Type // null rules and list shape
	Leaf      Leaf
	Enum      []string // LeafEnum: the API schema's values, sorted; others become null
	Shape     *Shape   // nil: leaf
	Carried   bool     // in a part: the objects here are delivered before it, only something below is not
	Undecided bool     // what is selected here depends on a condition without a value: the object is an error
	Denied    *Denial  // the client may not read it: null, with this as the reason. nil: it may

	head string
}

// Head is what precedes the member's value in JSON: its name and a colon.
func (f *ShapeField) Head() string { return f.head }

// Denial is why a client may not read a field.
type Denial struct{ Code, Message string }

// All lists the fetches of the plan and of its deferred parts; a fetch's index is its ID.
func (p *Plan) All() []*Fetch {
	if p.Parts == nil {
		return p.Fetches
	}
	all := slices.Clone(p.Fetches)
	for _, part := range p.Parts {
		all = append(all, part.Fetches...)
	}
	return all
}

// Class returns the class that applies to the runtime type, or nil when the type is hidden from clients.
// The runtime type "" (unknown) gives Unknown.
func (s *Shape) Class(runtimeType string) *ShapeClass {
	if runtimeType == "" {
		return s.Unknown
	}
	if s.only != "" {
		if s.only == runtimeType {
			return &s.Classes[0]
		}
		return nil
	}
	if i, ok := s.byType[runtimeType]; ok {
		return &s.Classes[i]
	}
	return nil
}

// Index prepares Class and the heads of fields. The planner calls it once when the classes are final.
func (s *Shape) Index() {
	s.byType, s.only = map[string]int{}, ""
	if len(s.Classes) == 1 && len(s.Classes[0].Types) == 1 {
		s.only = s.Classes[0].Types[0]
	}
	for i, c := range s.Classes {
		for _, t := range c.Types {
			s.byType[t] = i
		}
		c.head()
	}
	if s.Unknown != nil {
		s.Unknown.head()
	}
}

func (c *ShapeClass) head() {
	for i := range c.Fields {
		c.Fields[i].head = `"` + c.Fields[i].Name + `":`
	}
}
