package compose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// Level says how much a hint matters.
type Level string

// The levels, most important first.
const (
	Warn  Level = "WARN"
	Info  Level = "INFO"
	Debug Level = "DEBUG"
)

// HintCode names a kind of hint; it is public and never changes its meaning.
type HintCode string

// The codes of hints. Hints documents them.
const (
	HintFieldType             HintCode = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE"
	HintArgumentType          HintCode = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE"
	HintDefaultPresence       HintCode = "INCONSISTENT_DEFAULT_VALUE_PRESENCE"
	HintEntity                HintCode = "INCONSISTENT_ENTITY"
	HintObjectField           HintCode = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD"
	HintInterfaceField        HintCode = "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD"
	HintInputField            HintCode = "INCONSISTENT_INPUT_OBJECT_FIELD"
	HintUnionMember           HintCode = "INCONSISTENT_UNION_MEMBER"
	HintInputEnumValue        HintCode = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM"
	HintOutputEnumValue       HintCode = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM"
	HintUnusedEnum            HintCode = "UNUSED_ENUM_TYPE"
	HintExecutablePresence    HintCode = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE"
	HintExecutableRepeatable  HintCode = "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE"
	HintExecutableLocations   HintCode = "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS"
	HintNoExecutableLocations HintCode = "NO_EXECUTABLE_DIRECTIVE_INTERSECTION"
	HintDescription           HintCode = "INCONSISTENT_DESCRIPTION"
	HintArgumentPresence      HintCode = "INCONSISTENT_ARGUMENT_PRESENCE"
	HintFromSubgraphUnknown   HintCode = "FROM_SUBGRAPH_DOES_NOT_EXIST"
	HintOverriddenRemovable   HintCode = "OVERRIDDEN_FIELD_CAN_BE_REMOVED"
	HintOverrideRemovable     HintCode = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED"
	HintOverrideMigration     HintCode = "OVERRIDE_MIGRATION_IN_PROGRESS"
	HintMergedArguments       HintCode = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
	HintDirectiveArguments    HintCode = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
	HintDirectiveComposeInfo  HintCode = "DIRECTIVE_COMPOSITION_INFO"
	HintDirectiveComposeWarn  HintCode = "DIRECTIVE_COMPOSITION_WARN"
	HintRuntimeTypes          HintCode = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"
	HintUpgradedVersion       HintCode = "IMPLICITLY_UPGRADED_FEDERATION_VERSION"
	HintContextualArgument    HintCode = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
	HintOneOf                 HintCode = "INCONSISTENT_ONE_OF"
	HintUnanswerable          HintCode = "UNANSWERABLE_OPERATION"
)

// Hints says of every code how much it matters and what it reports.
var Hints = map[HintCode]struct {
	Level   Level
	Meaning string
}{
	HintFieldType:             {Info, "a field or input field has different but compatible types"},
	HintArgumentType:          {Info, "an argument has different but compatible types"},
	HintDefaultPresence:       {Warn, "a default value is left out, since only some subgraphs have it"},
	HintEntity:                {Info, "a type has a @key in some subgraphs only"},
	HintObjectField:           {Debug, "a type without keys lacks a field in some subgraphs"},
	HintInterfaceField:        {Debug, "an interface without keys lacks a field in some subgraphs"},
	HintInputField:            {Warn, "an input field is left out, since only some subgraphs have it"},
	HintUnionMember:           {Debug, "a union lacks a member in some subgraphs"},
	HintInputEnumValue:        {Warn, "a value of an enum used for input is left out, since only some subgraphs have it"},
	HintOutputEnumValue:       {Debug, "an enum used for output lacks a value in some subgraphs"},
	HintUnusedEnum:            {Debug, "an enum is used by nothing"},
	HintExecutablePresence:    {Warn, "a directive for operations is left out, since only some subgraphs define it"},
	HintExecutableRepeatable:  {Warn, "a directive for operations is repeatable in some subgraphs only, so not in the supergraph"},
	HintExecutableLocations:   {Warn, "a directive for operations has different locations, of which the common ones are kept"},
	HintNoExecutableLocations: {Warn, "a directive for operations is left out, since its locations have nothing in common"},
	HintDescription:           {Warn, "an element has different descriptions"},
	HintArgumentPresence:      {Warn, "an optional argument is left out, since only some subgraphs have it"},
	HintFromSubgraphUnknown:   {Warn, "a field is overridden from a subgraph that does not exist"},
	HintOverriddenRemovable:   {Info, "a field is overridden, so its old subgraph can do without it"},
	HintOverrideRemovable:     {Info, "an @override does nothing"},
	HintOverrideMigration:     {Info, "a field is overridden for some requests only"},
	HintMergedArguments:       {Info, "a directive is applied with different arguments, which are merged"},
	HintDirectiveArguments:    {Warn, "a directive is applied with different arguments, of which the most frequent are used"},
	HintDirectiveComposeInfo:  {Info, "a directive need not be composed, or is linked in different major versions"},
	HintDirectiveComposeWarn:  {Warn, "a composed directive has another name in a subgraph that does not compose it"},
	HintRuntimeTypes:          {Warn, "a shared field has runtime types that not all of its subgraphs know"},
	HintUpgradedVersion:       {Info, "a linked specification needs a later version of federation, which is assumed"},
	HintContextualArgument:    {Info, "an optional argument is contextual in some subgraphs only"},
	HintOneOf:                 {Info, "an input type is @oneOf in some subgraphs only, so it is in the supergraph"},
	HintUnanswerable:          {Warn, "an operation can be written that the subgraphs cannot answer, which the reference composer does not see; it fails when it is asked"},
}

// Hint is an observation that does not prevent composition.
type Hint struct {
	Code       HintCode
	Level      Level
	Message    string
	Coordinate string // of the element in the supergraph, e.g. "T.f(a:)"; "" when it is about none
	Locations  []Location
}

func (m *merger) hint(code HintCode, coordinate, format string, args ...any) *Hint {
	h := &Hint{Code: code, Level: Hints[code].Level, Message: fmt.Sprintf(format, args...), Coordinate: coordinate}
	m.hints = append(m.hints, h)
	return h
}

func (h *Hint) at(subgraph string, pos *ast.Position) {
	h.Locations = (&spec.Error{Locations: h.Locations}).At(subgraph, pos).Locations
}

// sortedHints returns the hints by level, coordinate, code and message.
func sortedHints(list []*Hint) []Hint {
	rank := map[Level]int{Warn: 0, Info: 1, Debug: 2}
	out := make([]Hint, len(list))
	for i, h := range list {
		out[i] = *h
	}
	slices.SortStableFunc(out, func(a, b Hint) int {
		return cmp.Or(cmp.Compare(rank[a.Level], rank[b.Level]), cmp.Compare(a.Coordinate, b.Coordinate),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return out
}
