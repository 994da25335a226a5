package generate

import "slices"

// Shrink deletes subgraphs, types, fields, arguments, directives and all else, one at a time, for as long as still holds.
func Shrink(s *Set, still func(*Set) bool) *Set {
	for {
		smaller := shrinkOnce(s, still)
		if smaller == nil {
			return s
		}
		s = smaller
	}
}

// shrinkOnce tries every deletion once; nil means that none could be made.
func shrinkOnce(s *Set, still func(*Set) bool) *Set {
	deleted := false
	for at := 0; ; {
		c := s.Clone()
		if !deletePart(c, at) {
			break
		}
		if still(c) {
			s, deleted = c, true
		} else {
			at++
		}
	}
	if !deleted {
		return nil
	}
	return s
}

// deletePart deletes the part of that number; false means that there are not so many.
func deletePart(s *Set, at int) bool {
	d := &deleter{at: at}
	s.Subgraphs = cut(d, s.Subgraphs)
	for _, sub := range s.Subgraphs {
		sub.Types = cut(d, sub.Types)
		sub.Schema, sub.Imports, sub.Directives = cut(d, sub.Schema), cut(d, sub.Imports), cut(d, sub.Directives)
		if len(sub.Roots) > 0 && d.hit() {
			sub.Roots = nil
		}
		if len(sub.Spelling) > 0 && d.hit() {
			sub.Spelling = nil
		}
		for _, t := range sub.Types {
			t.Implements, t.Directives, t.Members = cut(d, t.Implements), cut(d, t.Directives), cut(d, t.Members)
			if t.Description != "" && d.hit() {
				t.Description = ""
			}
			d.fields(&t.Fields)
		}
	}
	return d.done
}

// deleter counts parts down to the one to delete.
type deleter struct {
	at   int
	done bool
}

func (d *deleter) hit() bool {
	d.at--
	d.done = d.done || d.at == -1
	return d.at == -1
}

func (d *deleter) fields(list *[]*Field) {
	*list = cut(d, *list)
	for _, f := range *list {
		f.Directives = cut(d, f.Directives)
		if f.Description != "" && d.hit() {
			f.Description = ""
		}
		if f.Default != "" && d.hit() {
			f.Default = ""
		}
		d.fields(&f.Args)
	}
}

func cut[T any](d *deleter, list []T) []T {
	for i := range list {
		if d.hit() {
			return slices.Delete(list, i, i+1)
		}
	}
	return list
}
