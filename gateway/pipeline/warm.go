package pipeline

import (
	"context"
	"reflect"
	"strings"
)

// warmed is the number of plans that are made before a supergraph is in force: those used last over the one before it.
const warmed = 200

// warm plans over to what was planned over from. What cannot be asked of the new supergraph is left out, and so is what the
// new one requires other rights for.
func (p *Pipeline) warm(to, from *engine) {
	keys := from.plans.Keys() // from the one used longest ago
	for _, key := range keys[max(0, len(keys)-warmed):] {
		old, ok := from.plans.Peek(key)
		if !ok {
			continue
		}
		was := key.asked.key
		doc, ok := to.documents.Get(was.op.text)
		if !ok {
			doc, _ = p.load(to, was.op.text, true)
		}
		if doc.failed != nil {
			continue
		}
		op, f := doc.operation(to, was.op.name, p.opt.Limits)
		if f != nil {
			continue
		}
		var vars variables
		for i, name := range was.op.conditions {
			if was.bits[i] != '-' {
				vars.list = append(vars.list, variable{name: name, value: was.bits[i] == '1'})
			}
		}
		ask, f := to.ask(op, vars, strings.Fields(was.labels), was.parts)
		if f == nil && reflect.DeepEqual(ask.needs, key.asked.needs) {
			to.plan(context.Background(), ask, old.by) //nolint:forbidigo // no request waits for it
		}
	}
}
