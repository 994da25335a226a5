package pipeline

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"medicore.dev/medicore/gateway/federation/operation"
)

// document is a parsed and validated document, or why it is not.
type document struct {
	text   string
	kept   bool // it has come before
	doc    *ast.QueryDocument
	failed *Failure
	weight int // in bytes, if it is kept

	mu  sync.Mutex
	ops map[string]*prepared // by the name asked for
}

// prepared is one operation of a document, and what every request for it shares.
type prepared struct {
	text, name string // of the document, and of the operation as it was asked for
	kept       bool   // with its document
	definition *ast.OperationDefinition
	conditions []string // variables that @skip, @include and @defer depend on
	labels     []string // override labels that can matter to it
	weight     int      // of the document
	prepared   *operation.Prepared
}

// document parses and validates the text, once for each text that is kept: those that have come before.
func (p *Pipeline) document(e *engine, text string) (*document, *Failure) {
	if have, ok := e.documents.Get(text); ok {
		return have, have.failed
	}
	return p.load(e, text, p.seen.again(text))
}

func (p *Pipeline) load(e *engine, text string, keep bool) (*document, *Failure) {
	d := &document{text: text, kept: keep, ops: map[string]*prepared{}}
	d.doc, d.failed = p.parse(e.sg.API(), text)
	if keep {
		d.weight = documentWeight(text, p.opt.Limits.Tokens)
		e.documents.Add(text, d, d.weight)
	}
	return d, d.failed
}

func (p *Pipeline) parse(schema *ast.Schema, text string) (*ast.QueryDocument, *Failure) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, p.opt.Limits.Tokens)
	if err != nil {
		errs := list(err)
		if strings.HasPrefix(errs[0].Message, "exceeded ") { // the parser's limits; it has no other name for them
			return nil, fail(http.StatusBadRequest, CodeLimit, "the document is too large: %s", errs[0].Message)
		}
		return nil, coded(errs, CodeParse)
	}
	if f := p.opt.Limits.check(doc); f != nil {
		return nil, f
	}
	if errs := validate(schema, doc, p.rules); len(errs) > 0 {
		return nil, coded(errs, CodeValidation)
	}
	if f := checkOverlap(schema, doc); f != nil {
		return nil, f
	}
	if f := checkLabels(doc); f != nil {
		return nil, f
	}
	if !p.opt.Introspection {
		if f := asksSchema(doc); f != nil {
			return nil, f
		}
	}
	return doc, nil
}

// checks are the rules that documents are validated by, sorted by name. That fields can be merged is left to checkOverlap.
func checks(suggestions bool) []validator.Rule {
	checks := rules.NewDefaultRules()
	checks.RemoveRule(rules.OverlappingFieldsCanBeMergedRule.Name)
	checks.AddRule(literalRule.Name, literalRule.RuleFunc)
	if !suggestions {
		for _, r := range []validator.Rule{rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions, rules.KnownTypeNamesRuleWithoutSuggestions, rules.ValuesOfCorrectTypeRuleWithoutSuggestions} {
			checks.RemoveRule(withSuggestions(r.Name))
			checks.AddRule(r.Name, r.RuleFunc)
		}
	}
	var out []validator.Rule
	inner := checks.GetInner()
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		out = append(out, validator.Rule{Name: name, RuleFunc: inner[name]})
	}
	return out
}

// maxErrors is how many errors of a document are told.
const maxErrors = 100

// validate is validator.ValidateWithRules, which sorts the rules anew for every document and tells of any number of errors.
func validate(schema *ast.Schema, doc *ast.QueryDocument, rules []validator.Rule) (errs gqlerror.List) {
	observers := &validator.Events{}
	for _, r := range rules {
		r.RuleFunc(observers, func(options ...validator.ErrorOption) {
			if len(errs) >= maxErrors {
				return
			}
			err := &gqlerror.Error{Rule: r.Name}
			for _, o := range options {
				o(err)
			}
			errs = append(errs, err)
		})
	}
	validator.Walk(schema, doc, observers)
	return errs
}

// withSuggestions is the name of the rule that the one without suggestions replaces.
func withSuggestions(name string) string {
	const suffix = "WithoutSuggestions"
	if len(name) > len(suffix) && name[len(name)-len(suffix):] == suffix {
		return name[:len(name)-len(suffix)]
	}
	return name
}

// list turns a parser's error into a list.
func list(err error) gqlerror.List {
	var one *gqlerror.Error
	var many gqlerror.List
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return gqlerror.List{one}
	}
	return gqlerror.List{gqlerror.Errorf("%s", err)}
}

// asksSchema refuses __schema and __type anywhere in the document's operations.
func asksSchema(doc *ast.QueryDocument) *Failure {
	var found bool
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				found = found || s.Name == "__schema" || s.Name == "__type"
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				walk(s.SelectionSet)
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		walk(f.SelectionSet)
	}
	if found {
		return fail(http.StatusBadRequest, CodeIntrospection, "introspection is not available")
	}
	return nil
}

// operation picks the operation of the document that the request names.
func (d *document) operation(e *engine, name string, limits Limits) (*prepared, *Failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if have := d.ops[name]; have != nil {
		return have, nil
	}
	p, err := operation.Prepare(e.sg.API(), d.doc, name, operation.Limits{Selections: limits.Selections, Depth: limits.Depth})
	switch {
	case errors.Is(err, operation.ErrTooLarge):
		return nil, fail(http.StatusBadRequest, CodeLimit, "%s", err)
	case err != nil:
		return nil, fail(http.StatusBadRequest, CodeOperation, "%s", err)
	}
	out := &prepared{text: d.text, name: name, kept: d.kept, definition: p.Definition(), conditions: p.Conditions(), labels: labels(e.sg, d.doc, p.Definition()), weight: d.weight, prepared: p}
	d.ops[name] = out
	return out, nil
}
