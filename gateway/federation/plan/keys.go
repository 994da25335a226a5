package plan

import (
	"strconv"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// keyring hands out storage keys. A client item is stored under its response name. A private value (member of a key
// or a requirement) is stored under its field name if that name means the same wherever the client uses it, else
// under a name of its own, so no two meanings ever share a slot.
type keyring struct {
	names   []string
	byName  map[string]Key
	meaning map[string]string // response name -> field and arguments; conflict if the client uses it for several
	private map[string]Key    // field and arguments -> key
	typed   map[string]bool   // response name, field and arguments that are asked of some runtime types only
}

const conflict = "\x00"

func newKeyring(op *operation.Operation) *keyring {
	k := &keyring{byName: map[string]Key{}, meaning: map[string]string{}, private: map[string]Key{}, typed: map[string]bool{}}
	k.learn(op.Root)
	return k
}

func (k *keyring) learn(sel *operation.Selection) {
	for _, it := range sel.Items {
		m := meaning(it.Field.Name, it.Args)
		if old, ok := k.meaning[it.Name]; ok && old != m {
			m = conflict
		}
		k.meaning[it.Name] = m
		if it.Types != nil {
			k.typed[it.Name+":"+meaning(it.Field.Name, it.Args)] = true
		}
		if it.Selection != nil {
			k.learn(it.Selection)
		}
	}
}

func meaning(field, args string) string { return field + "(" + args + ")" }

func (k *keyring) named(name string) Key {
	key, ok := k.byName[name]
	if !ok {
		key = Key(len(k.names))
		k.names = append(k.names, name)
		k.byName[name] = key
	}
	return key
}

// client returns the key of a client item. What is asked of some runtime types only has a key of its own where the client
// uses the response name for other things too: an interface object is read without knowing which of them is meant.
func (k *keyring) client(it *operation.Item) Key {
	if it.TypeName() || k.meaning[it.Name] != conflict {
		return k.named(it.Name)
	}
	m := it.Name + ":" + meaning(it.Field.Name, it.Args)
	if !k.typed[m] {
		return k.named(it.Name)
	}
	key, ok := k.private[m]
	if !ok {
		key = k.fresh(it.Name)
		k.private[m] = key
	}
	return key
}

// fresh returns a key whose name nobody uses.
func (k *keyring) fresh(base string) Key {
	for n := 1; ; n++ {
		name := "_" + base + "_" + strconv.Itoa(n)
		_, byClient := k.meaning[name]
		if _, given := k.byName[name]; !byClient && !given {
			return k.named(name)
		}
	}
}

// member returns the key under which a member of a key or requirement is stored.
func (k *keyring) member(f *querygraph.FieldSel) Key {
	m := meaning(f.Name, f.Args)
	if key, ok := k.private[m]; ok {
		return key
	}
	used, taken := k.meaning[f.Name]
	var key Key
	switch {
	case used == m, !taken && f.Args == "":
		key = k.named(f.Name)
	default:
		key = k.fresh(f.Name)
	}
	k.private[m] = key
	return key
}
