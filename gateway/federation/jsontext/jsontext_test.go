package jsontext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDepthIsThatOfEncodingJSON(t *testing.T) {
	for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
		for _, depth := range []int{MaxDepth, MaxDepth + 1} {
			doc := []byte(strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth))
			if _, ok := Value(doc, 0); ok != json.Valid(doc) || ok != (depth == MaxDepth) {
				t.Errorf("%d times %s: %v", depth, pair[0], ok)
			}
		}
	}
}

func TestMembersAreToldOfInTurn(t *testing.T) {
	var got []string
	tell := func(name, value []byte) { got = append(got, string(name)+"="+string(value)) }
	doc := []byte(` {"a" : [1, {"b":2}] ,"\u0061":"x\"}", "a":null}, more`)
	if end, ok := Object(doc, 1, tell); !ok || string(doc[end:]) != ", more" {
		t.Errorf("ends at %d: %v", end, ok)
	}
	if diff := cmp.Diff([]string{`"a"=[1, {"b":2}]`, `"\u0061"="x\"}"`, `"a"=null`}, got); diff != "" {
		t.Error(diff)
	}
	for _, none := range []string{"", "[]", `"a"`, "{", `{"a":1`, `{"a":1,}`, `{a:1}`} {
		if _, ok := Object([]byte(none), 0, tell); ok {
			t.Errorf("%q is an object", none)
		}
	}
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00\n",true,false,null,{}]}`, `[[],[[]],""]`, "\"\xff\"", `"\ud800"`, `{"a":1,"a":2}`, ` 0 `, `-0`,
		`"abcdefgh\"ijklmnop"`, `"12345678é"`, `{"\ud83d":1}`, `-`, `1.`, `01`, `1e+`, `nul`, `{"a" 1}`, `[1,]`, `"a`, `"\u12g4"`, `"\x"`,
	} {
		f.Add([]byte(s))
	}
	for _, odd := range []string{"", `\"`, `\\`, `\u00e9`, "é", "\n", "\xff", `"`, "\x7f"} { // in a long string, at each place of a block
		for at := range 80 {
			f.Add([]byte(`{"a":"` + strings.Repeat("x", at) + odd + strings.Repeat("y", 80-at) + `","b":1}`))
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		from := Space(doc, 0)
		end, ok := Value(doc, from)
		if valid := json.Valid(doc); valid != (ok && Space(doc, end) == len(doc)) {
			t.Fatalf("%q: valid %v, but it is a value until %d of %d: %v", doc, valid, end, len(doc), ok)
		}
		if !ok {
			return
		}
		var first json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(doc)).Decode(&first); err != nil || string(first) != string(doc[from:end]) {
			t.Fatalf("%q: the first value is %q, not %q: %v", doc, first, doc[from:end], err)
		}
		switch doc[from] {
		case '{':
			var want, got map[string]json.RawMessage
			if err := json.Unmarshal(first, &want); err != nil {
				t.Fatal(err)
			}
			got = map[string]json.RawMessage{}
			if until, ok := Object(doc, from, func(name, value []byte) {
				var text string
				if err := json.Unmarshal(name, &text); err != nil {
					t.Fatal(err)
				}
				got[text] = value
			}); !ok || until != end {
				t.Fatalf("%q: as an object it ends at %d, not %d: %v", doc, until, end, ok)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
		case '"':
			_, escaped, bad, _ := String(doc, from)
			var text string
			if err := json.Unmarshal(first, &text); err != nil {
				t.Fatal(err)
			}
			if !escaped && !bad && text != string(first[1:len(first)-1]) || !bad && !utf8.Valid(first) || escaped != bytes.ContainsRune(first, '\\') {
				t.Fatalf("%q: escaped %v, bad %v, but its text is %q", doc, escaped, bad, text)
			}
		}
	})
}
