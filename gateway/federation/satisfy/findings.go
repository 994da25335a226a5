package satisfy

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Findings of a check. What is empty is in order.
type Findings struct {
	Problems []*Problem
	// Overlooked are problems that the reference composer does not see; see confirm.
	Overlooked []*Problem
	Notes      []*Note
	Exceeded   bool // the check was given up, since the number of ways through the subgraphs is too large
}

// Kind tells what is wrong.
type Kind uint8

// The kinds of problem.
const (
	Unsatisfiable Kind = iota // no subgraph answers the last step of the operation
	RuntimeTypes              // a shared field cannot have the same value in all subgraphs that resolve it
	Mutation                  // each subgraph that could run a mutation's field fails in one of Parts
)

// Problem is an operation that cannot be answered.
type Problem struct {
	Kind       Kind
	Coordinate string    // "Type.field", or "Type" where a type condition is at fault
	Operation  string    // the shortest one, with the subgraphs that it visits; "" for Mutation
	Reasons    []Reason  // by subgraph
	Fixes      []string  // what would help
	Runtime    []Runtime // of RuntimeTypes
	Parts      []*Problem

	on string // the type condition at fault
}

// Reason is why a subgraph that holds the object does not answer.
type Reason struct {
	Subgraph string
	Text     string
}

// Runtime are the object types that a field may have in subgraphs, sorted.
type Runtime struct {
	Subgraphs []string
	Types     []string
}

// Note is an observation that does no harm: a shared field whose runtime types differ, but have some in common.
type Note struct {
	Coordinate string
	Operation  string
	Runtime    []Runtime
	Common     []string
}

// compareRuntimeTypes compares the runtime types that a shared field of an abstract type may have in the subgraphs that
// resolve it: they must be able to resolve it alike.
func (w *walker) compareRuntimeTypes(st *state) {
	coordinate := st.before.typ.Name + "." + st.step.field.Name
	abstract := 0
	for _, p := range st.positions {
		if !p.at.object() {
			abstract++
		}
	}
	if abstract < 2 || !w.shared(st.before.typ.Name, st.step.field.Name) {
		return
	}
	var all []string
	for _, def := range sorted(w.api.GetPossibleTypes(st.typ)) {
		all = append(all, def.Name)
	}
	common, none := all, true
	var per []Runtime
	for _, p := range st.positions {
		types := slices.Clone(p.at.runtime)
		if len(types) == 1 && !slices.Contains(all, types[0]) {
			continue // an interface object stands for any
		}
		none = none && len(types) == 0
		common = slices.DeleteFunc(slices.Clone(common), func(t string) bool { return !slices.Contains(types, t) })
		i := slices.IndexFunc(per, func(r Runtime) bool { return slices.Equal(r.Types, types) })
		switch {
		case i < 0:
			per = append(per, Runtime{[]string{p.at.sub.Name}, types})
		case !slices.Contains(per[i].Subgraphs, p.at.sub.Name):
			per[i].Subgraphs = append(per[i].Subgraphs, p.at.sub.Name)
		}
	}
	if none || len(per) < 2 && len(common) > 0 {
		return
	}
	if len(common) == 0 {
		if w.once("runtime types of " + coordinate) {
			w.problems = append(w.problems, &Problem{Kind: RuntimeTypes, Coordinate: coordinate, Operation: st.operation(w.api), Runtime: per})
		}
		return
	}
	if w.once("differing runtime types of " + coordinate) {
		w.found.Notes = append(w.found.Notes, &Note{coordinate, st.operation(w.api), per, common})
	}
}

// once reports whether it is called with the text for the first time.
func (w *walker) once(what string) bool {
	if w.seen[what] {
		return false
	}
	w.seen[what] = true
	return true
}

// shared reports whether several subgraphs resolve the field of an object type.
func (w *walker) shared(typeName, field string) bool {
	if w.graph.sg.Schema.Types[typeName].Kind != ast.Object {
		return false
	}
	n := 0
	for _, sub := range w.graph.sg.Subgraphs {
		if t := sub.Types[typeName]; t != nil && t.Field(field) != nil && !t.Field(field).External {
			n++
		}
	}
	return n > 1
}
