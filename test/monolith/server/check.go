package server

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

// Check reports whether the subgraphs are consistent: each that can resolve a field knows the runtime types that the
// world has there, and where one says not null and the world has null or an error, so do the others.
func (s *Servers) Check() error {
	reachable := s.reachable()
	for _, name := range slices.Sorted(maps.Keys(s.services)) {
		service := s.services[name]
		for id, o := range s.world.Objects {
			for _, typeName := range slices.Sorted(maps.Keys(service.types)) {
				t := service.types[typeName]
				if !reachable[id] {
					continue
				}
				if t.def.Kind != ast.Object || typeName != service.local(o.Type) && (!t.interfaceObject || !slices.Contains(s.possible[typeName], o.Type)) {
					continue
				}
				x := execution{Servers: s, service: service}
				for _, key := range t.keys {
					if _, ok := x.evaluate(id, key); !ok {
						return fmt.Errorf("object %d, %s in %s: a key is not complete", id, typeName, name)
					}
				}
				for _, def := range t.def.Fields {
					d := t.fields[def.Name]
					if d == nil || d.to != nil && d.to.label == "" {
						continue
					}
					f := fitting{Servers: s, service: service, external: d.external, nullable: s.nullable(typeName, def.Name)}
					if err := f.check(o.Fields[def.Name], def.Type, 0); err != nil {
						return fmt.Errorf("object %d, %s.%s in %s: %w", id, typeName, def.Name, name, err)
					}
					if _, ok := x.evaluate(id, d.requires); !ok && len(s.world.Absent) == 0 && !fails(o.Fields[def.Name]) {
						return fmt.Errorf("object %d, %s.%s in %s: its requirement fails, it does not", id, typeName, def.Name, name)
					}
				}
			}
		}
	}
	return nil
}

func fails(v world.Value) bool {
	_, ok := v.(world.Error)
	return ok
}

// reachable tells which objects the roots lead to.
func (s *Servers) reachable() map[int]bool {
	seen := map[int]bool{}
	var visit func(v world.Value)
	visit = func(v world.Value) {
		switch v := v.(type) {
		case world.Alt:
			visit([]world.Value(v))
		case []world.Value:
			for _, x := range v {
				visit(x)
			}
		case world.Ref:
			if !seen[int(v)] {
				seen[int(v)] = true
				for _, x := range s.world.Objects[v].Fields {
					visit(x)
				}
			}
		}
	}
	visit([]world.Value{world.Ref(0), world.Ref(1)})
	return seen
}

// nullable reports whether some subgraph says that the field may be null.
func (s *Servers) nullable(typeName, name string) bool {
	for _, service := range s.services {
		if t := service.types[typeName]; t != nil {
			if def := t.def.Fields.ForName(name); def != nil && !def.Type.NonNull {
				return true
			}
		}
	}
	return false
}

// fitting compares the values of one field with what one subgraph says about it.
type fitting struct {
	*Servers
	service            *service
	external, nullable bool
}

func (f fitting) check(v world.Value, t *ast.Type, level int) error {
	switch v := v.(type) {
	case world.Alt:
		for _, x := range v {
			if err := f.check(x, t, level); err != nil {
				return err
			}
		}
	case []world.Value:
		for _, x := range v {
			if err := f.check(x, t.Elem, level+1); err != nil {
				return err
			}
		}
	case world.Ref:
		typ := f.world.Objects[v].Type
		x := execution{Servers: f.Servers, service: f.service}
		if !f.external && !f.service.types[t.Name()].interfaceObject && !x.isA(typ, t.Name()) {
			return fmt.Errorf("%s is no %s there", typ, t.Name())
		}
	case nil, world.Error:
		if level == 0 && t.NonNull && f.nullable && !f.external {
			return fmt.Errorf("%v is no %s, and may be null elsewhere", v, t)
		}
	}
	return nil
}
