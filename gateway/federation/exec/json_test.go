package exec

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func parseTree(t testing.TB, doc []byte, depth int) (*tree, error) {
	t.Helper()
	b := &budget{}
	b.left.Store(64 << 20)
	tr := &tree{}
	return tr, tr.parse(doc, depth, b)
}

func TestWhatIsNotJSONIsRefused(t *testing.T) {
	for _, doc := range []string{
		"", " ", "{", "[", "]", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `[1,]`, `[,1]`, `[1 2]`,
		`"a`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"a\nb\"", `nul`, `nulll`, `True`, `tru`, `01`, `-`, `1.`, `.1`, `1e`, `1e+`, `+1`,
		`0x1`, `NaN`, `{} {}`, `1 1`, `{"data":{}}<html>`, "<html>", "\ufeff{}", `{"a":1}}`, `'a'`, `{"a":/**/1}`,
	} {
		if _, err := parseTree(t, []byte(doc), 50); err == nil {
			t.Errorf("%q was taken", doc)
		}
	}
}

func TestDepthAndSizeAreBounded(t *testing.T) {
	deep := strings.Repeat("[", 60) + strings.Repeat("]", 60)
	if _, err := parseTree(t, []byte(deep), 59); err == nil {
		t.Error("too deep was taken")
	}
	if _, err := parseTree(t, []byte(deep), 60); err != nil {
		t.Error(err)
	}
	b := &budget{}
	b.left.Store(1 << 20)
	tr := &tree{}
	if err := tr.parse([]byte("["+strings.Repeat("1,", 100_000)+"1]"), 10, b); err == nil {
		t.Error("too many values were taken")
	}
	if tr.release(); b.left.Load() != 1<<20 {
		t.Errorf("the budget is %d afterwards", b.left.Load())
	}
}

func TestTheFirstOfDuplicateKeysCountsAlsoEscaped(t *testing.T) {
	tr, err := parseTree(t, []byte(`{"\u0061":1,"a":2,"__proto__":3}`), 9)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(tr.raw(tr.member(0, "a"))); got != "1" {
		t.Error(got)
	}
	if got := tr.members(0); len(got) != 2 {
		t.Error(got)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00\n",true,false,null,{}]}`, `[[],[[]],""]`, "\"\xff\"", `"\ud800"`, `{"a":1,"a":2}`, ` 0 `, `-0`,
		`"abcdefgh\"ijklmnop"`, `"12345678é"`, `{"\ud83d":1}`,
	} {
		f.Add([]byte(s))
	}
	for _, odd := range []string{"", `\"`, `\\`, `\u00e9`, "é", "\n", "\xff", `"`, "\x7f"} { // in a long string, at each place of a block
		for at := range 80 {
			f.Add([]byte(`{"a":"` + strings.Repeat("x", at) + odd + strings.Repeat("y", 80-at) + `","b":1}`))
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		tr, err := parseTree(t, doc, 1000)
		if valid := json.Valid(doc); valid != (err == nil) {
			t.Fatalf("%q: valid %v, but %v", doc, valid, err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(tr.raw(0), bytes.TrimSpace(doc)) {
			t.Fatalf("raw is %q", tr.raw(0))
		}
		dec := json.NewDecoder(bytes.NewReader(doc))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if tr.nodes[0].bad {
			return // holds text that is not valid: the value will be refused where it is used
		}
		if !utf8.Valid(doc) {
			t.Fatalf("%q is not UTF-8 and not marked", doc)
		}
		if diff := cmp.Diff(want, value(tr, 0)); diff != "" && !hasDuplicates(tr, 0) {
			t.Fatal(diff)
		}
	})
}

// value builds what encoding/json would.
func value(t *tree, n int32) any {
	switch t.nodes[n].kind {
	case kindNull:
		return nil
	case kindBool:
		return t.raw(n)[0] == 't'
	case kindNumber:
		return json.Number(t.raw(n))
	case kindString:
		return t.text(n)
	case kindList:
		list := []any{}
		for c := t.nodes[n].child; c >= 0; c = t.nodes[c].next {
			list = append(list, value(t, c))
		}
		return list
	}
	obj := map[string]any{}
	for key, c := range t.members(n) {
		obj[key] = value(t, c)
	}
	return obj
}

func hasDuplicates(t *tree, n int32) bool {
	v := t.nodes[n]
	if v.kind == kindObject && len(t.members(n)) != int(v.n) {
		return true
	}
	for c := v.child; c >= 0; c = t.nodes[c].next {
		if hasDuplicates(t, c) {
			return true
		}
	}
	return false
}
