package plan

import "reflect"

// Sizes of what plans are mostly made of.
var (
	shapeFieldSize = int(reflect.TypeFor[ShapeField]().Size())
	wireFieldSize  = int(reflect.TypeFor[WireField]().Size())
	repFieldSize   = int(reflect.TypeFor[RepField]().Size())
	stringSize     = int(reflect.TypeFor[string]().Size())
)

// Weight is about how many bytes of memory the plan takes.
func (p *Plan) Weight() int {
	w := weigher{seen: map[any]bool{}}
	for _, f := range p.All() {
		w.fetch(f)
	}
	if p.Source != nil {
		w.fetch(p.Source)
	}
	w.shape(p.Data)
	w.shape(p.Whole)
	for _, part := range p.Parts {
		w.shape(part.Data)
	}
	return w.bytes
}

// weigher adds up what is not counted yet: plans share much of what they are made of.
type weigher struct {
	bytes int
	seen  map[any]bool
}

func (w *weigher) fetch(f *Fetch) {
	w.bytes += 256 + len(f.Document)
	w.wire(f.Root)
	for _, b := range f.Entities {
		w.bytes += 256 + stringSize*len(b.Copy.Definitions) + len(b.Copy.Field)
		w.reps(b.Reps)
		w.reps(b.Unless)
		w.wire(b.Entity)
		for _, p := range b.Paths {
			for _, s := range p {
				w.bytes += 64 + stringSize*len(s.Types)
			}
		}
	}
}

func (w *weigher) reps(reps []Rep) {
	for _, r := range reps {
		w.bytes += 64 + stringSize*len(r.Types)
		w.repFields(r.Fields)
	}
}

func (w *weigher) repFields(fields []RepField) {
	for _, f := range fields {
		w.bytes += repFieldSize + stringSize*len(f.Types)
		w.repFields(f.Fields)
	}
}

func (w *weigher) wire(wire *Wire) {
	if wire == nil || w.seen[wire] {
		return
	}
	w.seen[wire] = true
	w.bytes += 128 + stringSize*len(wire.Possible)
	w.bytes += wireFieldSize * len(wire.Spare)
	for i := range wire.Again {
		w.bytes += 96 + stringSize*len(wire.Again[i].Fields)
		w.reps(wire.Again[i].Keys)
	}
	for i := range wire.Fields {
		f := &wire.Fields[i]
		w.bytes += wireFieldSize
		w.repFields(f.Requires)
		w.wire(f.Child)
	}
}

func (w *weigher) shape(s *Shape) {
	if s == nil || w.seen[s] {
		return
	}
	w.seen[s] = true
	w.bytes += 128
	for i := range s.Classes {
		w.class(&s.Classes[i])
	}
	if s.Unknown != nil {
		w.class(s.Unknown)
	}
}

func (w *weigher) class(c *ShapeClass) {
	w.bytes += 64 + 4*stringSize*len(c.Types) // they are keys of an index too
	for i := range c.Fields {
		f := &c.Fields[i]
		w.bytes += shapeFieldSize + len(f.head) + stringSize*len(f.Enum)
		w.shape(f.Shape)
	}
}
