package standalone

import (
	"encoding/json"
	"fmt"
	"testing"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/internal/token"
)

func TestWhatARoleStandsForAtTheGateway(t *testing.T) {
	for _, tt := range []struct{ claims, want string }{
		{`{"sub":"a","role":"ADMIN"}`, "true admin:true service:false user:admin:true []"},
		{`{"sub":"a","role":"ANALYST","rules":["p"],"scope":"user:admin"}`, "true admin:false service:false user:admin:false [p]"},
		{`{"sub":"service:gateway","role":"SERVICE"}`, "true admin:false service:true user:admin:false []"},
		{`{"sub":"a","role":"VIEWER"}`, "false admin:false service:false user:admin:false []"},
		{`{"sub":"a"}`, "false admin:false service:false user:admin:false []"},
	} {
		var c token.Claims
		if err := json.Unmarshal([]byte(tt.claims), &c); err != nil {
			t.Fatal(err)
		}
		who, ok := IdentifyOwn("rules")(&c)
		if got := fmt.Sprintf("%v admin:%v service:%v user:admin:%v %v", ok, who.Admin, who.Service, who.Has("user:admin"), who.Policies); got != tt.want || who.Subject != c.Subject {
			t.Errorf("%s: got %s, want %s", tt.claims, got, tt.want)
		}
	}
}

func TestWhatTokensGrantAtAGatewayAlone(t *testing.T) {
	for _, tt := range []struct{ claims, want string }{
		{`{"sub":"a"}`, "true admin:false [] []"},
		{`{"sub":"a","scope":"x y","role":"VIEWER","rules":"p"}`, "true admin:false [x y] [p]"},
		{`{"sub":"a","scope":"ops"}`, "true admin:true [ops] []"},
		{`{"sub":"a","role":"ANALYST","scopes":["x"]}`, "true admin:false [x analytics:read] []"},
		{`{"sub":"a","role":"BILLING"}`, "true admin:false [profile:name billing:read billing:write] []"},
	} {
		var c token.Claims
		if err := json.Unmarshal([]byte(tt.claims), &c); err != nil {
			t.Fatal(err)
		}
		who, ok := identifyAnybody(gateway.Auth{ScopeClaims: []string{"scope", "scopes"}, PolicyClaim: "rules", AdminScope: "ops"})(&c)
		if got := fmt.Sprintf("%v admin:%v %v %v", ok, who.Admin, who.Scopes, who.Policies); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.claims, got, tt.want)
		}
	}
}
