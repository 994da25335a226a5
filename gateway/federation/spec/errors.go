package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Code names a kind of composition error; it is public and never changes its meaning.
type Code string

// The codes of composition errors. Codes documents them.
const (
	CodeInvalidGraphQL                    Code = "INVALID_GRAPHQL"
	CodeDirectiveDefinitionInvalid        Code = "DIRECTIVE_DEFINITION_INVALID"
	CodeTypeDefinitionInvalid             Code = "TYPE_DEFINITION_INVALID"
	CodeUnsupportedLinkedFeature          Code = "UNSUPPORTED_LINKED_FEATURE"
	CodeUnknownFederationLinkVersion      Code = "UNKNOWN_FEDERATION_LINK_VERSION"
	CodeUnknownLinkVersion                Code = "UNKNOWN_LINK_VERSION"
	CodeInvalidLinkDirectiveUsage         Code = "INVALID_LINK_DIRECTIVE_USAGE"
	CodeInvalidLinkIdentifier             Code = "INVALID_LINK_IDENTIFIER"
	CodeLinkImportNameMismatch            Code = "LINK_IMPORT_NAME_MISMATCH"
	CodeInvalidSubgraphName               Code = "INVALID_SUBGRAPH_NAME"
	CodeNoQueries                         Code = "NO_QUERIES"
	CodeRootQueryUsed                     Code = "ROOT_QUERY_USED"
	CodeRootMutationUsed                  Code = "ROOT_MUTATION_USED"
	CodeRootSubscriptionUsed              Code = "ROOT_SUBSCRIPTION_USED"
	CodeExtensionWithNoBase               Code = "EXTENSION_WITH_NO_BASE"
	CodeKeyInvalidFields                  Code = "KEY_INVALID_FIELDS"
	CodeKeyInvalidFieldsType              Code = "KEY_INVALID_FIELDS_TYPE"
	CodeKeyDirectiveInFieldsArg           Code = "KEY_DIRECTIVE_IN_FIELDS_ARG"
	CodeKeyFieldsHasArgs                  Code = "KEY_FIELDS_HAS_ARGS"
	CodeKeyFieldsSelectInvalidType        Code = "KEY_FIELDS_SELECT_INVALID_TYPE"
	CodeKeyUnsupportedOnInterface         Code = "KEY_UNSUPPORTED_ON_INTERFACE"
	CodeProvidesInvalidFields             Code = "PROVIDES_INVALID_FIELDS"
	CodeProvidesInvalidFieldsType         Code = "PROVIDES_INVALID_FIELDS_TYPE"
	CodeProvidesDirectiveInFieldsArg      Code = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG"
	CodeProvidesFieldsHasArgs             Code = "PROVIDES_FIELDS_HAS_ARGS"
	CodeProvidesFieldsMissingExternal     Code = "PROVIDES_FIELDS_MISSING_EXTERNAL"
	CodeProvidesUnsupportedOnInterface    Code = "PROVIDES_UNSUPPORTED_ON_INTERFACE"
	CodeProvidesOnNonObjectField          Code = "PROVIDES_ON_NON_OBJECT_FIELD"
	CodeRequiresInvalidFields             Code = "REQUIRES_INVALID_FIELDS"
	CodeRequiresInvalidFieldsType         Code = "REQUIRES_INVALID_FIELDS_TYPE"
	CodeRequiresDirectiveInFieldsArg      Code = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG"
	CodeRequiresFieldsMissingExternal     Code = "REQUIRES_FIELDS_MISSING_EXTERNAL"
	CodeRequiresUnsupportedOnInterface    Code = "REQUIRES_UNSUPPORTED_ON_INTERFACE"
	CodeExternalUnused                    Code = "EXTERNAL_UNUSED"
	CodeExternalOnInterface               Code = "EXTERNAL_ON_INTERFACE"
	CodeExternalCollision                 Code = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE"
	CodeExternalTypeMismatch              Code = "EXTERNAL_TYPE_MISMATCH"
	CodeExternalArgumentMissing           Code = "EXTERNAL_ARGUMENT_MISSING"
	CodeExternalArgumentTypeMismatch      Code = "EXTERNAL_ARGUMENT_TYPE_MISMATCH"
	CodeExternalArgumentDefaultMismatch   Code = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH"
	CodeExternalMissingOnBase             Code = "EXTERNAL_MISSING_ON_BASE"
	CodeTypeWithOnlyUnusedExternal        Code = "TYPE_WITH_ONLY_UNUSED_EXTERNAL"
	CodeMergedDirectiveOnExternal         Code = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"
	CodeFieldTypeMismatch                 Code = "FIELD_TYPE_MISMATCH"
	CodeFieldArgumentTypeMismatch         Code = "FIELD_ARGUMENT_TYPE_MISMATCH"
	CodeInputFieldDefaultMismatch         Code = "INPUT_FIELD_DEFAULT_MISMATCH"
	CodeFieldArgumentDefaultMismatch      Code = "FIELD_ARGUMENT_DEFAULT_MISMATCH"
	CodeTypeKindMismatch                  Code = "TYPE_KIND_MISMATCH"
	CodeInvalidFieldSharing               Code = "INVALID_FIELD_SHARING"
	CodeInvalidShareableUsage             Code = "INVALID_SHAREABLE_USAGE"
	CodeRequiredArgumentMissing           Code = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"
	CodeRequiredInputFieldMissing         Code = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"
	CodeEmptyMergedInputType              Code = "EMPTY_MERGED_INPUT_TYPE"
	CodeEmptyMergedEnumType               Code = "EMPTY_MERGED_ENUM_TYPE"
	CodeEnumValueMismatch                 Code = "ENUM_VALUE_MISMATCH"
	CodeInterfaceFieldNoImplem            Code = "INTERFACE_FIELD_NO_IMPLEM"
	CodeInterfaceObjectUsage              Code = "INTERFACE_OBJECT_USAGE_ERROR"
	CodeInterfaceKeyNotOnImplementation   Code = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION"
	CodeInterfaceKeyMissingImplementation Code = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"
	CodeOverrideFromSelf                  Code = "OVERRIDE_FROM_SELF_ERROR"
	CodeOverrideSourceHasOverride         Code = "OVERRIDE_SOURCE_HAS_OVERRIDE"
	CodeOverrideCollision                 Code = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
	CodeOverrideOnInterface               Code = "OVERRIDE_ON_INTERFACE"
	CodeOverrideLabelInvalid              Code = "OVERRIDE_LABEL_INVALID"
	CodeReferencedInaccessible            Code = "REFERENCED_INACCESSIBLE"
	CodeDefaultValueUsesInaccessible      Code = "DEFAULT_VALUE_USES_INACCESSIBLE"
	CodeQueryRootTypeInaccessible         Code = "QUERY_ROOT_TYPE_INACCESSIBLE"
	CodeRequiredInaccessible              Code = "REQUIRED_INACCESSIBLE"
	CodeDisallowedInaccessible            Code = "DISALLOWED_INACCESSIBLE"
	CodeImplementedByInaccessible         Code = "IMPLEMENTED_BY_INACCESSIBLE"
	CodeOnlyInaccessibleChildren          Code = "ONLY_INACCESSIBLE_CHILDREN"
	CodeDirectiveComposition              Code = "DIRECTIVE_COMPOSITION_ERROR"
	CodeSatisfiability                    Code = "SATISFIABILITY_ERROR"
	CodeShareableRuntimeTypes             Code = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"
	CodeMaxPathsExceeded                  Code = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"
	CodeContextNotSet                     Code = "CONTEXT_NOT_SET"
	CodeContextNameInvalid                Code = "CONTEXT_NAME_INVALID"
	CodeNoContextInSelection              Code = "NO_CONTEXT_IN_SELECTION"
	CodeContextInvalidSelection           Code = "CONTEXT_INVALID_SELECTION"
	CodeContextNoResolvableKey            Code = "CONTEXT_NO_RESOLVABLE_KEY"
	CodeContextualArgument                Code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
	CodeCostOnInterfaceField              Code = "COST_APPLIED_TO_INTERFACE_FIELD"
	CodeListSizeNonList                   Code = "LIST_SIZE_APPLIED_TO_NON_LIST"
	CodeListSizeAssumedSize               Code = "LIST_SIZE_INVALID_ASSUMED_SIZE"
	CodeListSizeSlicingArgument           Code = "LIST_SIZE_INVALID_SLICING_ARGUMENT"
	CodeListSizeSizedField                Code = "LIST_SIZE_INVALID_SIZED_FIELD"
	CodeAuthOnInterface                   Code = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"
	CodeMissingTransitiveAuth             Code = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS"
)

// Codes says of every code what it reports.
var Codes = map[Code]string{
	CodeInvalidGraphQL:                    "a schema breaks a rule of the GraphQL specification",
	CodeDirectiveDefinitionInvalid:        "a subgraph redefines a known directive incompatibly",
	CodeTypeDefinitionInvalid:             "a subgraph redefines a known type incompatibly",
	CodeUnsupportedLinkedFeature:          "a link names a feature that cannot be handled",
	CodeUnknownFederationLinkVersion:      "the linked version of federation is not known",
	CodeUnknownLinkVersion:                "the linked version of the link specification is not known",
	CodeInvalidLinkDirectiveUsage:         "@link is used with wrong arguments or clashing names",
	CodeInvalidLinkIdentifier:             "the URL of a @link is malformed",
	CodeLinkImportNameMismatch:            "a merged directive has different names in different subgraphs",
	CodeInvalidSubgraphName:               "the name of a subgraph is not allowed",
	CodeNoQueries:                         "no subgraph has a query field",
	CodeRootQueryUsed:                     "a type that is not the query root is named Query",
	CodeRootMutationUsed:                  "a type that is not the mutation root is named Mutation",
	CodeRootSubscriptionUsed:              "a type that is not the subscription root is named Subscription",
	CodeExtensionWithNoBase:               "a type is extended but defined nowhere",
	CodeKeyInvalidFields:                  "the fields of a @key are malformed or do not exist",
	CodeKeyInvalidFieldsType:              "the fields of a @key are not a string",
	CodeKeyDirectiveInFieldsArg:           "a directive is applied in the fields of a @key",
	CodeKeyFieldsHasArgs:                  "a @key selects a field with arguments",
	CodeKeyFieldsSelectInvalidType:        "a @key selects a field of interface or union type",
	CodeKeyUnsupportedOnInterface:         "a @key is on an interface under a version that does not allow it",
	CodeProvidesInvalidFields:             "the fields of a @provides are malformed or do not exist",
	CodeProvidesInvalidFieldsType:         "the fields of a @provides are not a string",
	CodeProvidesDirectiveInFieldsArg:      "a directive is applied in the fields of a @provides",
	CodeProvidesFieldsHasArgs:             "a @provides selects a field with arguments",
	CodeProvidesFieldsMissingExternal:     "a provided field is not external",
	CodeProvidesUnsupportedOnInterface:    "a @provides is on an interface field",
	CodeProvidesOnNonObjectField:          "a @provides is on a field without selections",
	CodeRequiresInvalidFields:             "the fields of a @requires are malformed or do not exist",
	CodeRequiresInvalidFieldsType:         "the fields of a @requires are not a string",
	CodeRequiresDirectiveInFieldsArg:      "a directive is applied in the fields of a @requires",
	CodeRequiresFieldsMissingExternal:     "a required field is not external",
	CodeRequiresUnsupportedOnInterface:    "a @requires is on an interface field",
	CodeExternalUnused:                    "an external field is used by nothing",
	CodeExternalOnInterface:               "an interface field is external",
	CodeExternalCollision:                 "@external stands beside a directive it excludes",
	CodeExternalTypeMismatch:              "an external field has another type than its owner's",
	CodeExternalArgumentMissing:           "an external field lacks an argument of its owner's",
	CodeExternalArgumentTypeMismatch:      "an argument of an external field has another type than its owner's",
	CodeExternalArgumentDefaultMismatch:   "an argument of an external field has another default than its owner's",
	CodeExternalMissingOnBase:             "a field is external wherever it is declared",
	CodeTypeWithOnlyUnusedExternal:        "a Federation 1 type has nothing but unused external fields",
	CodeMergedDirectiveOnExternal:         "a directive that is merged is on an external field",
	CodeFieldTypeMismatch:                 "a field has incompatible types",
	CodeFieldArgumentTypeMismatch:         "an argument has incompatible types",
	CodeInputFieldDefaultMismatch:         "an input field has different defaults",
	CodeFieldArgumentDefaultMismatch:      "an argument has different defaults",
	CodeTypeKindMismatch:                  "one name stands for types of different kinds",
	CodeInvalidFieldSharing:               "a field is resolved by several subgraphs without being shareable in all",
	CodeInvalidShareableUsage:             "@shareable stands where it is not allowed",
	CodeRequiredArgumentMissing:           "an argument is mandatory in one subgraph and absent in another",
	CodeRequiredInputFieldMissing:         "an input field is mandatory in one subgraph and absent in another",
	CodeEmptyMergedInputType:              "the subgraphs share no field of an input type",
	CodeEmptyMergedEnumType:               "the subgraphs share no value of an enum used for input",
	CodeEnumValueMismatch:                 "an enum used for input and output differs between subgraphs",
	CodeInterfaceFieldNoImplem:            "a type lacks a field of an interface it implements",
	CodeInterfaceObjectUsage:              "@interfaceObject is used wrongly",
	CodeInterfaceKeyNotOnImplementation:   "a @key of an interface is missing on an implementation",
	CodeInterfaceKeyMissingImplementation: "a subgraph resolves an interface by key but lacks one of its implementations",
	CodeOverrideFromSelf:                  "a field is overridden from its own subgraph",
	CodeOverrideSourceHasOverride:         "the source of an override overrides the field itself",
	CodeOverrideCollision:                 "@override meets a directive it excludes",
	CodeOverrideOnInterface:               "an interface field is overridden",
	CodeOverrideLabelInvalid:              "the label of an override is malformed",
	CodeReferencedInaccessible:            "a visible element refers to a hidden one",
	CodeDefaultValueUsesInaccessible:      "a visible default value uses a hidden element",
	CodeQueryRootTypeInaccessible:         "the query root type is hidden",
	CodeRequiredInaccessible:              "a mandatory argument or input field is hidden",
	CodeDisallowedInaccessible:            "an element that may not be hidden is",
	CodeImplementedByInaccessible:         "a visible interface element is implemented by a hidden one",
	CodeOnlyInaccessibleChildren:          "everything in a visible type is hidden",
	CodeDirectiveComposition:              "@composeDirective is used wrongly",
	CodeSatisfiability:                    "an operation can be written that the subgraphs cannot answer",
	CodeShareableRuntimeTypes:             "a shareable field has different runtime types in different subgraphs",
	CodeMaxPathsExceeded:                  "the check of satisfiability gave up",
	CodeContextNotSet:                     "a context is read that is never set",
	CodeContextNameInvalid:                "the name of a context is malformed",
	CodeNoContextInSelection:              "a context selection names no context",
	CodeContextInvalidSelection:           "a context selection selects not exactly one field",
	CodeContextNoResolvableKey:            "a type that reads a context has no resolvable key",
	CodeContextualArgument:                "a mandatory argument is contextual in some subgraphs only",
	CodeCostOnInterfaceField:              "@cost is on an interface field",
	CodeListSizeNonList:                   "@listSize is on something that is not a list",
	CodeListSizeAssumedSize:               "the assumed size of a @listSize is negative",
	CodeListSizeSlicingArgument:           "a slicing argument of a @listSize is absent or not an integer",
	CodeListSizeSizedField:                "a sized field of a @listSize does not exist",
	CodeAuthOnInterface:                   "an authorisation directive is on an interface",
	CodeMissingTransitiveAuth:             "a field lacks the authorisation demanded by what it reads",
}

// Location is a place in the SDL of a subgraph.
type Location struct {
	Subgraph     string
	Line, Column int // from 1
}

// Error is one finding of composition. By itself it is no Go error: composition fails with Errors.
type Error struct {
	Code      Code
	Message   string
	Locations []Location // sorted by subgraph, line, column; empty when no SDL element is at fault
}

func (e *Error) String() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error without a location.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At adds the place of an element of a subgraph; a nil position is ignored.
func (e *Error) At(subgraph string, pos *ast.Position) *Error {
	if pos != nil && pos.Line > 0 && (pos.Src == nil || !pos.Src.BuiltIn) {
		e.Locations = append(e.Locations, Location{subgraph, pos.Line, pos.Column})
	}
	return e
}

// AtAll adds places.
func (e *Error) AtAll(list []Location) *Error {
	e.Locations = append(e.Locations, list...)
	return e
}

// Errors are all findings of the stage that failed.
type Errors []*Error

func (list Errors) Error() string {
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = e.String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders the locations of each error, and the errors by first location, code and message.
func (list Errors) Sort() {
	for _, e := range list {
		slices.SortFunc(e.Locations, compareLocations)
		e.Locations = slices.Compact(e.Locations)
	}
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(
			slices.CompareFunc(a.Locations, b.Locations, compareLocations),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

func compareLocations(a, b Location) int {
	return cmp.Or(cmp.Compare(a.Subgraph, b.Subgraph), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
