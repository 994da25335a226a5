package plan

import (
	"maps"
	"slices"
	"strconv"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// keyring hands out storage keys. A client item is stored under its response name if the client means the same by it
// everywhere, a private value (member of a key or a requirement) under its field name if the client means nothing else
// by that. What remains has names of its own, so no two meanings ever share a slot.
type keyring struct {
	names   []string
	byName  map[string]Key
	meaning map[string]string // response name -> field and arguments; conflict if the client uses it for several
	private map[string]Key    // field and arguments -> key
	aliased map[string]Key    // response name, field and arguments -> key, where the name has several meanings
	apart   map[string]bool   // field and arguments that are read apart from what the client asks under that name
}

const conflict = "\x00"

func newKeyring(g *querygraph.Graph, op *operation.Operation) *keyring {
	k := &keyring{byName: map[string]Key{}, meaning: map[string]string{}, private: map[string]Key{}, aliased: map[string]Key{}, apart: map[string]bool{}}
	k.meaning["__typename"] = "__typename" // requests ask for it under its name, so no other field may have that
	k.learn(op.Root)
	k.setApart(g, op.Root)
	return k
}

// before returns the keyring as it was when it had given out so many keys.
func (k *keyring) before(named int) *keyring {
	later := func(_ string, key Key) bool { return int(key) >= named }
	out := &keyring{
		names: slices.Clone(k.names[:named]), byName: maps.Clone(k.byName), meaning: k.meaning, private: maps.Clone(k.private),
		aliased: maps.Clone(k.aliased), apart: k.apart,
	}
	maps.DeleteFunc(out.byName, later)
	maps.DeleteFunc(out.private, later)
	maps.DeleteFunc(out.aliased, later)
	return out
}

func (k *keyring) learn(sel *operation.Selection) {
	for _, it := range sel.Items {
		m := meaning(it.Field.Name, it.Args)
		if old, ok := k.meaning[it.Name]; ok && old != m {
			m = conflict
		}
		k.meaning[it.Name] = m
		if it.Selection != nil {
			k.learn(it.Selection)
		}
	}
}

func meaning(field, args string) string {
	if args == "" {
		return field
	}
	return field + "(" + args + ")"
}

func (k *keyring) named(name string) Key {
	key, ok := k.byName[name]
	if !ok {
		key = Key(len(k.names))
		k.names = append(k.names, name)
		k.byName[name] = key
	}
	return key
}

// client returns the key of a client item. Where the client uses the response name for several things each has a key of
// its own: the field of that name the one that a member of it has, so that they share it.
func (k *keyring) client(it *operation.Item) Key {
	if it.TypeName() || k.meaning[it.Name] != conflict {
		return k.named(it.Name)
	}
	if it.Name == it.Field.Name && (len(k.apart) == 0 || !k.apart[meaning(it.Field.Name, it.Args)]) {
		return k.field(it.Field.Name, it.Args)
	}
	m := it.Name + ":" + meaning(it.Field.Name, it.Args)
	key, ok := k.aliased[m]
	if !ok {
		key = k.fresh(it.Name)
		k.aliased[m] = key
	}
	return key
}

// fresh returns a key whose name nobody uses.
func (k *keyring) fresh(base string) Key { return k.named(k.unused(base)) }

// unused returns a name that nobody uses.
func (k *keyring) unused(base string) string {
	for n := 1; ; n++ {
		name := "_" + base + "_" + strconv.Itoa(n)
		_, byClient := k.meaning[name]
		if _, given := k.byName[name]; !byClient && !given {
			return name
		}
	}
}

// member returns the key under which a member of a key or requirement is stored.
func (k *keyring) member(f *querygraph.FieldSel) Key { return k.field(f.Name, f.Args) }

// field returns the key of a field that is stored under its own name, or one like it where that means something else.
func (k *keyring) field(name, args string) Key {
	m := meaning(name, args)
	if key, ok := k.private[m]; ok {
		return key
	}
	used, taken := k.meaning[name]
	var key Key
	switch {
	case !k.apart[m] && (used == m || args == "" && (!taken || used == conflict)):
		key = k.named(name)
	default:
		key = k.fresh(name)
	}
	k.private[m] = key
	return key
}

// inputs tells, by key, what was read as a member of a key, a requirement or a context.
func (k *keyring) inputs() []bool {
	out := make([]bool, len(k.names))
	for _, key := range k.private {
		out[key] = true
	}
	return out
}
