package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// plainProfile is a profile as the original answered it, in this order.
type plainProfile struct {
	ID          uuid.UUID    `json:"id"`
	Name        string       `json:"name"`
	Email       string       `json:"email"`
	Address     string       `json:"address"`
	DateOfBirth profile.Date `json:"dateOfBirth"`
}

func plain(p *profile.Profile) plainProfile {
	return plainProfile{p.ID, p.Name, p.Email, p.Address, p.DateOfBirth}
}

// append adds the profile in JSON.
func (p plainProfile) append(to []byte) []byte { return append(to, encode(p)...) }

// halProfile is the same with links.
type halProfile struct {
	plainProfile
	Links map[string]href `json:"_links"`
}

type href struct {
	Href      string `json:"href"`
	Templated bool   `json:"templated,omitempty"`
	Type      string `json:"type,omitempty"`
}

// encode writes HTML characters as they are, like the original.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // of our own types, which all can be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func write(w http.ResponseWriter, status int, mediaType string, v any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(encode(v))
}

// answer writes one profile.
func answer(w http.ResponseWriter, r *http.Request, status int, mediaType string, p *profile.Profile) {
	w.Header().Set("ETag", etag(p, mediaType))
	pre := prefix(r)
	w.Header().Set("Link", link(itemHref(pre, p.ID), "self")+", "+link(collectionHref(pre), "collection"))
	if mediaType == halJSON {
		write(w, status, halJSON, hal(r, p))
		return
	}
	write(w, status, plainJSON, plain(p))
}

// hal returns the profile with links to what the caller may do with it. Billing and events are served by GraphQL.
func hal(r *http.Request, p *profile.Profile) halProfile {
	pre := prefix(r)
	self := href{Href: itemHref(pre, p.ID)}
	links := map[string]href{"self": self, "collection": {Href: collectionHref(pre)}}
	caller := principal.FromContext(r.Context())
	if caller.Has(principal.ProfileWrite) {
		links["update"], links["delete"] = self, self
	}
	if caller.Has(principal.BillingRead) {
		links["billing-account"] = query(p.ID, "billingAccount{id status createdAt balance{amount currency}}")
	}
	if caller.Has(principal.AnalyticsRead) {
		links["events"] = query(p.ID, "events(first:20){edges{node{id type occurredAt}}}")
	}
	return halProfile{plain(p), links}
}

func query(id uuid.UUID, fields string) href {
	q := url.Values{"query": {`{medicalProfile(id:"` + id.String() + `"){id ` + fields + `}}`}}
	return href{Href: "/graphql?" + strings.ReplaceAll(q.Encode(), "+", "%20"), Type: "application/json"}
}

// prefixForm is what a prefix may be: path segments only, so that a reference stays on the same host.
var prefixForm = regexp.MustCompile(`^(?:/[A-Za-z0-9._~-]+)+$`)

// prefix is the path under which the gateway serves these routes.
func prefix(r *http.Request) string {
	if p := strings.TrimSuffix(r.Header.Get("X-Forwarded-Prefix"), "/"); len(p) <= 100 && prefixForm.MatchString(p) {
		return p
	}
	return "/api"
}

func collectionHref(prefix string) string { return prefix + "/medical-profiles" }

func itemHref(prefix string, id uuid.UUID) string { return collectionHref(prefix) + "/" + id.String() }

// link is one link of a Link header, RFC 8288.
func link(target, rel string) string { return "<" + target + `>; rel="` + rel + `"` }
