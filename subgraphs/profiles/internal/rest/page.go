package rest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

const (
	defaultSize = 20
	maxSize     = 100
	maxPage     = 100_000
)

// page is which page of a list is wanted.
type page struct {
	number, size int
	sort         string // as in the query; "": the order of creation
	order        profile.Order
}

// sorts are the properties to sort by.
var sorts = map[string]profile.OrderField{
	"name": profile.ByName, "dateOfBirth": profile.ByDateOfBirth, "registeredDate": profile.ByRegisteredDate, "createdAt": profile.ByCreatedAt,
}

// readPage reads the parameters, each "" when absent; bad says what is wrong with which.
func readPage(number, size, sort string) (p page, bad map[string]string) {
	bad = map[string]string{}
	p = page{size: defaultSize, sort: sort}
	var err error
	if number != "" {
		if p.number, err = strconv.Atoi(number); err != nil || p.number < 0 || p.number > maxPage {
			bad["page"] = "page is a number from 0 to " + strconv.Itoa(maxPage)
		}
	}
	if size != "" {
		if p.size, err = strconv.Atoi(size); err != nil || p.size < 1 || p.size > maxSize {
			bad["size"] = "size is a number from 1 to " + strconv.Itoa(maxSize)
		}
	}
	if sort != "" {
		by, direction, _ := strings.Cut(sort, ",")
		field, ok := sorts[by]
		if !ok || !slices.Contains([]string{"", "asc", "desc"}, direction) {
			bad["sort"] = "sort is one of name, dateOfBirth, registeredDate, createdAt, and may end in ,asc or ,desc"
		}
		p.order = profile.Order{Field: field, Desc: direction == "desc"}
	}
	return p, bad
}

func queryPage(q url.Values) (page, map[string]string) {
	p, bad := readPage(q.Get("page"), q.Get("size"), q.Get("sort"))
	for _, name := range []string{"page", "size", "sort"} {
		if q.Has(name) && q.Get(name) == "" {
			bad[name] = name + " is empty"
		}
	}
	return p, bad
}

// search answers a page of the profiles that a body describes: search terms can be PHI, which addresses must not hold.
func (a *API) search(w http.ResponseWriter, r *http.Request) {
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	o, ok := readObject(w, r)
	if !ok {
		return
	}
	sort, sortOK := o.text("sort")
	p, bad := readPage(o.number("page"), o.number("size"), sort)
	if !sortOK {
		bad["sort"] = "sort is a string"
	}
	var f profile.Filter
	if f.Search, ok = o.text("search"); !ok {
		bad["search"] = "search is a string"
	}
	for name, to := range map[string]*profile.Date{"bornFrom": &f.BornFrom, "bornTo": &f.BornTo, "registeredFrom": &f.RegisteredFrom, "registeredTo": &f.RegisteredTo} {
		text := o.date(name)
		if text == "" {
			continue
		}
		if *to, ok = profile.ParseDate(text); !ok {
			bad[name] = name + " is a date of the form YYYY-MM-DD"
		}
	}
	if len(bad) > 0 {
		faulthttp.JSON(w, http.StatusBadRequest, bad)
		return
	}
	a.page(w, r, mediaType, f, p, false)
}

// number returns a property that should be a number as text; "" when it is absent or null.
func (o object) number(name string) string {
	var n *json.Number
	raw, there := o[name]
	if !there {
		return ""
	}
	if err := json.Unmarshal(raw, &n); err != nil || raw[0] == '"' {
		return "none"
	}
	if n == nil {
		return ""
	}
	return n.String()
}

// halPage is a page in HAL. Only what can be fetched again by its address has links to the other pages.
type halPage struct {
	Embedded struct {
		Profiles []halProfile `json:"medicalProfiles"`
	} `json:"_embedded"`
	Links map[string]href `json:"_links"`
	Page  struct {
		Size          int `json:"size"`
		TotalElements int `json:"totalElements"`
		TotalPages    int `json:"totalPages"`
		Number        int `json:"number"`
	} `json:"page"`
}

func (a *API) page(w http.ResponseWriter, r *http.Request, mediaType string, f profile.Filter, p page, linked bool) {
	total, err := a.profiles.Count(r.Context(), f)
	if err != nil {
		a.refuse(w, r, err, http.StatusNotFound)
		return
	}
	rows, _, err := a.profiles.List(r.Context(), f, p.order, profile.Page{Limit: p.size, Offset: p.number * p.size})
	if err != nil {
		a.refuse(w, r, err, http.StatusNotFound)
		return
	}
	pages := (total + p.size - 1) / p.size
	if linked {
		w.Header().Set("Link", pageLinks(prefix(r), p, pages))
	}
	if mediaType == plainJSON {
		out := make([]plainProfile, len(rows))
		for i, row := range rows {
			out[i] = plain(row)
		}
		write(w, http.StatusOK, plainJSON, out)
		return
	}
	var out halPage
	out.Embedded.Profiles = make([]halProfile, len(rows))
	for i, row := range rows {
		out.Embedded.Profiles[i] = hal(r, row)
	}
	out.Page.Size, out.Page.TotalElements, out.Page.TotalPages, out.Page.Number = p.size, total, pages, p.number
	out.Links = map[string]href{"search": {Href: collectionHref(prefix(r)) + "/search"}}
	if linked {
		for _, rel := range pageRels(p, pages) {
			out.Links[rel.name] = href{Href: pageHref(prefix(r), p, rel.number)}
		}
		out.Links["self"] = href{Href: pageHref(prefix(r), p, p.number)}
		out.Links["find"] = href{Href: collectionHref(prefix(r)) + "/{id}", Templated: true}
	}
	write(w, http.StatusOK, halJSON, out)
}

type rel struct {
	name   string
	number int
}

// pageRels are the links of a page among so many; -1: their number is not known.
func pageRels(p page, pages int) []rel {
	rels := []rel{{"first", 0}}
	if pages < 0 {
		return rels
	}
	if p.number > 0 {
		rels = append(rels, rel{"prev", min(p.number-1, max(pages-1, 0))})
	}
	if p.number < pages-1 {
		rels = append(rels, rel{"next", p.number + 1})
	}
	return append(rels, rel{"last", max(pages-1, 0)})
}

func pageLinks(prefix string, p page, pages int) string {
	var out []string
	for _, r := range pageRels(p, pages) {
		out = append(out, link(pageHref(prefix, p, r.number), r.name))
	}
	return strings.Join(out, ", ")
}

func pageHref(prefix string, p page, number int) string {
	s := collectionHref(prefix) + "?page=" + strconv.Itoa(number) + "&size=" + strconv.Itoa(p.size)
	if p.sort != "" {
		s += "&sort=" + p.sort // checked: letters and a comma
	}
	return s
}
