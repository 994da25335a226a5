package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/authn"
)

const clinic = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated", "@requiresScopes", "@shareable"])
interface Being { id: ID! name: String kin: [Being!] }
interface Owned { owner: String }
type Cat implements Being & Owned @key(fields: "id") { id: ID! name: String kin: [Being!] owner: String @requiresScopes(scopes: [["owner"]]) lives: Int }
type Dog implements Being & Owned @key(fields: "id") { id: ID! name: String kin: [Being!] owner: String chip: Int! @requiresScopes(scopes: [["chip"]]) tricks: [[Trick!]]! }
type Trick { name: String level: Int @requiresScopes(scopes: [["level"]]) must: Int! @requiresScopes(scopes: [["level"]]) }
type Vault @requiresScopes(scopes: [["vault"]]) { gold: Int }
union Any = Cat | Dog | Vault
type Query { being: Being beings: [Being!]! any: [Any] vault: Vault dog: Dog code: Code secret: Int @authenticated sure: Int! @authenticated }
enum Code @requiresScopes(scopes: [["code"]]) { A B }
type Mutation { a: Int b: Int @authenticated c: Int! @requiresScopes(scopes: [["c"]]) d: Int }
`

const registry = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requiresScopes", "@external", "@requires"])
type Dog @key(fields: "id") { id: ID! @requiresScopes(scopes: [["id"]]) breed: String }
`

// pets is what the clinic and the registry know.
func pets() *world {
	cat := object("Cat", map[string]any{"id": "1", "name": "Tom", "owner": "Ann", "lives": 9})
	dog := object("Dog", map[string]any{"id": "2", "name": "Rex", "owner": "Bob", "chip": 77, "breed": "Pug", "tricks": []any{
		[]any{object("Trick", map[string]any{"name": "sit", "level": 1, "must": 1})}, nil, []any{object("Trick", map[string]any{"name": "roll", "level": 2, "must": 2})},
	}})
	cat["kin"], dog["kin"] = []any{dog}, []any{cat}
	return &world{
		data: map[string]any{
			"being": cat, "beings": []any{cat, dog}, "any": []any{cat, dog, object("Vault", map[string]any{"gold": 1})},
			"vault": object("Vault", map[string]any{"gold": 1}), "dog": dog, "code": "A", "secret": 1, "sure": 1, "a": 1, "b": 2, "c": 3, "d": 4,
		},
		entities: map[string]map[string]any{"Dog 2": dog},
		types:    map[string][]string{"Being": {"Cat", "Dog"}, "Owned": {"Cat", "Dog"}, "Any": {"Cat", "Dog", "Vault"}},
	}
}

func TestWhatIsDeniedIsNullWithAnErrorOrTheOperationIsRefused(t *testing.T) {
	const all = "owner chip level vault code id c"
	for _, tt := range []struct {
		name, query, scopes string
		data                string
		denied              string // paths of errors
		unasked             string // what no subgraph may be asked for
	}{
		{
			"all scopes", `{ beings { name ... on Cat { owner } ... on Dog { chip breed } } code vault { gold } secret }`, all,
			`{"beings":[{"name":"Tom","owner":"Ann"},{"name":"Rex","chip":77,"breed":"Pug"}],"code":"A","vault":{"gold":1},"secret":1}`, "", "",
		},
		{"a field of one implementation", `{ beings { name ... on Cat { owner } } }`, "", `{"beings":[{"name":"Tom","owner":null},{"name":"Rex"}]}`, "beings.0.owner", "owner"},
		{"several of one type, beside its name", `{ beings { ... on Cat { owner o: owner t: __typename } ... on Dog { chip: name } } }`, "", `{"beings":[{"owner":null,"o":null,"t":"Cat"},{"chip":"Rex"}]}`, "beings.0.o beings.0.owner", "owner"},
		{"the same for one and not the other", `{ beings { ... on Cat { who: owner } ... on Dog { who: owner } } }`, "", `{"beings":[{"who":null},{"who":"Bob"}]}`, "beings.0.who", ""},
		{"through an interface that has it", `{ beings { ... on Owned { owner } } }`, "", `{"beings":[{"owner":null},{"owner":null}]}`, "beings.0.owner beings.1.owner", "owner"},
		{"a non-null field takes its object along, and the list that must not hold null", `{ beings { ... on Dog { chip } name } dog { name } }`, "", `null`, "beings.1.chip", "chip"},
		{"a non-null field below a nullable one", `{ dog { chip name } being { name } }`, "", `{"dog":null,"being":{"name":"Tom"}}`, "dog.chip", "chip"},
		{"a member of a union", `{ any { __typename ... on Vault { gold } ... on Cat { name } } }`, "", `{"any":[{"__typename":"Cat","name":"Tom"},{"__typename":"Dog"},{"__typename":"Vault","gold":null}]}`, "any.2.gold", "gold"},
		{"only what a union member denies", `{ any { ... on Vault { gold } } }`, "", `{"any":[{},{},{"gold":null}]}`, "any.2.gold", "gold"},
		{"a field that yields a type", `{ vault { gold } v: vault { __typename } }`, "", `{"vault":null,"v":null}`, "vault v", "vault"},
		{"a field that yields an enum", `{ code c: code }`, "", `{"code":null,"c":null}`, "code c", "code"},
		{"under aliases that are spelled like others", `{ name: being { id: name ... on Cat { lives: owner name: lives } } }`, "", `{"name":{"id":"Tom","lives":null,"name":9}}`, "name.lives", "owner"},
		{"in lists of lists", `{ dog { tricks { name level } } }`, "", `{"dog":{"tricks":[[{"name":"sit","level":null}],null,[{"name":"roll","level":null}]]}}`, "dog.tricks.0.0.level dog.tricks.2.0.level", "level"},
		{"non-null in lists of lists", `{ dog { tricks { must name } } }`, "", `{"dog":{"tricks":[null,null,null]}}`, "dog.tricks.0.0.must dog.tricks.2.0.must", "must"},
		{"a selection that loses everything", `{ dog { owner tricks { level } } }`, "", `{"dog":{"owner":"Bob","tricks":[[{"level":null}],null,[{"level":null}]]}}`, "dog.tricks.0.0.level dog.tricks.2.0.level", "level"},
		{"deep below interfaces, and asked twice", `{ beings { kin { name } ... on Dog { kin { id ... on Cat { owner } } } } }`, "id", `{"beings":[{"kin":[{"name":"Rex"}]},{"kin":[{"name":"Tom","id":"1","owner":null}]}]}`, "beings.1.kin.0.owner", "owner"},
		{"the key of a hop is the plan's own", `{ dog { breed } }`, "", `{"dog":{"breed":"Pug"}}`, "", ""},
		{"the same key asked by the client", `{ dog { breed i: id } }`, "", `{"dog":null}`, "dog.i", ""},
		{"__typename", `{ __typename dog { __typename t: __typename } }`, "", `{"__typename":"Query","dog":{"__typename":"Dog","t":"Dog"}}`, "", ""},
		{"a fragment that is skipped asks for nothing", `{ dog { name ... on Dog @include(if: false) { chip } } }`, "", `{"dog":{"name":"Rex"}}`, "", ""},
		{"everything", `{ code }`, "", `{"code":null}`, "code", "code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := pets()
			schemas := map[string]string{"clinic": clinic, "registry": registry}
			who := authn.Caller{Subject: "x", Scopes: strings.Fields(tt.scopes)}
			got, asked := w.answer(t, pipelineOver(t, w, Options{}, schemas), who, &Request{Query: tt.query})
			expect(t, got, tt.data, strings.Fields(tt.denied), CodeForbidden)
			if tt.unasked != "" && slices.Contains(strings.FieldsFunc(asked, func(r rune) bool { return strings.ContainsRune(" {}:\n", r) }), tt.unasked) {
				t.Errorf("%s was asked for: %s", tt.unasked, asked)
			}
			got, asked = w.answer(t, pipelineOver(t, w, Options{RejectDenied: true}, schemas), who, &Request{Query: tt.query})
			if tt.denied == "" {
				expect(t, got, tt.data, nil, "")
			} else if strings.Contains(got, `"data"`) || !strings.Contains(got, CodeForbidden) || asked != "" {
				t.Errorf("it was to be refused: %s after %s", got, asked)
			}
		})
	}
}

func expect(t *testing.T, response, data string, denied []string, code string) {
	t.Helper()
	var got struct {
		Data   json.RawMessage
		Errors []struct {
			Path       []any
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(response), &got); err != nil {
		t.Fatal(err)
	}
	if string(got.Data) != data {
		t.Errorf("got  %s\nwant %s\n%s", got.Data, data, response)
	}
	var paths []string
	for _, e := range got.Errors {
		paths = append(paths, strings.ReplaceAll(strings.Trim(fmt.Sprint(e.Path), "[]"), " ", "."))
		if e.Extensions.Code != code {
			t.Errorf("code %s, want %s", e.Extensions.Code, code)
		}
	}
	slices.Sort(paths)
	slices.Sort(denied)
	if !slices.Equal(paths, denied) {
		t.Errorf("errors at %v, want %v", paths, denied)
	}
}

func TestADeniedMutationRunsInNeitherMode(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		who         authn.Caller
		data        string
		denied      string
		ran         string
	}{
		{"some of it", `mutation { a b d }`, authn.Caller{}, `{"a":1,"b":null,"d":4}`, "b", "a d"},
		{"all of it", `mutation { b x: b }`, authn.Caller{}, `{"b":null,"x":null}`, "b x", ""},
		{"what comes after one that makes data null", `mutation { a c d }`, authn.Caller{}, `null`, "c", "a"},
		{"a caller's", `mutation { a b }`, authn.Caller{Subject: "x"}, `{"a":1,"b":2}`, "", "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := pets()
			schemas := map[string]string{"clinic": clinic}
			got, asked := w.answer(t, pipelineOver(t, w, Options{}, schemas), tt.who, &Request{Query: tt.query})
			expect(t, got, tt.data, strings.Fields(tt.denied), CodeUnauthenticated)
			var ran []string
			for _, word := range strings.FieldsFunc(asked, func(r rune) bool { return strings.ContainsRune(" {}:\n", r) }) {
				if len(word) == 1 {
					ran = append(ran, word)
				}
			}
			if strings.Join(ran, " ") != tt.ran {
				t.Errorf("%v ran, want %s: %s", ran, tt.ran, asked)
			}
			got, asked = w.answer(t, pipelineOver(t, w, Options{RejectDenied: true}, schemas), tt.who, &Request{Query: tt.query})
			if refused := asked == ""; refused != (tt.denied != "") {
				t.Errorf("refusing: %s after %q", got, asked)
			}
		})
	}
}

func TestIntrospectionIsUnaffectedByRequirements(t *testing.T) {
	w := &world{data: map[string]any{"a": 1}}
	p := pipelineOver(t, w, Options{Introspection: true}, map[string]string{"a": `
		extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated"])
		type Query @authenticated { a: Int @authenticated }`})
	got, _ := w.answer(t, p, authn.Caller{}, &Request{Query: `{ __type(name: "Query") { fields { name } } a }`})
	expect(t, got, `{"__type":{"fields":[{"name":"a"}]},"a":null}`, []string{"a"}, CodeUnauthenticated)
}
