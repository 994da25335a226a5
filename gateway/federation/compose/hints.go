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

// The codes of hints. HintLevels gives their levels.
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

// HintLevels gives the level of every hint.
var HintLevels = map[HintCode]Level{
	HintFieldType: Info, HintArgumentType: Info, HintDefaultPresence: Warn, HintEntity: Info, HintObjectField: Debug,
	HintInterfaceField: Debug, HintInputField: Warn, HintUnionMember: Debug, HintInputEnumValue: Warn,
	HintOutputEnumValue: Debug, HintUnusedEnum: Debug, HintExecutablePresence: Warn, HintExecutableRepeatable: Warn,
	HintExecutableLocations: Warn, HintNoExecutableLocations: Warn, HintDescription: Warn, HintArgumentPresence: Warn,
	HintFromSubgraphUnknown: Warn, HintOverriddenRemovable: Info, HintOverrideRemovable: Info,
	HintOverrideMigration: Info, HintMergedArguments: Info, HintDirectiveArguments: Warn, HintDirectiveComposeInfo: Info,
	HintDirectiveComposeWarn: Warn, HintRuntimeTypes: Warn, HintUpgradedVersion: Info, HintContextualArgument: Info,
	HintOneOf: Info, HintUnanswerable: Warn,
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
	h := &Hint{Code: code, Level: HintLevels[code], Message: fmt.Sprintf(format, args...), Coordinate: coordinate}
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
