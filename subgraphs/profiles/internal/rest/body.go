package rest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// object is a JSON object whose values are read later. Names are exact; of equal ones the last counts.
type object map[string]json.RawMessage

// readObject reads the request's body. When ok is false, it is none that can be read and has been answered.
func readObject(w http.ResponseWriter, r *http.Request) (o object, ok bool) {
	if !isJSON(r.Header.Get("Content-Type")) {
		w.Header().Set("Accept", plainJSON)
		faulthttp.Error(w, http.StatusUnsupportedMediaType, r.URL.Path, "")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
			status = http.StatusRequestEntityTooLarge
		}
		faulthttp.Error(w, status, r.URL.Path, "")
		return nil, false
	}
	if !utf8.Valid(body) || json.Unmarshal(body, &o) != nil || o == nil {
		faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, "")
		return nil, false
	}
	return o, true
}

// text returns a property that is a string; "" when it is absent or null.
func (o object) text(name string) (s string, ok bool) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return "", true
	}
	if raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// readInput reads a profile's data. A text of a wrong type is an unreadable body, a date of a wrong type a complaint about
// its field.
func readInput(w http.ResponseWriter, r *http.Request, create bool) (in profile.Input, ok bool) {
	o, ok := readObject(w, r)
	if !ok {
		return in, false
	}
	for name, to := range map[string]*string{"name": &in.Name, "email": &in.Email, "address": &in.Address} {
		if *to, ok = o.text(name); !ok {
			faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, name+" is not a string")
			return in, false
		}
	}
	in.DateOfBirth = o.date("dateOfBirth")
	if create {
		in.RegisteredDate = o.date("registeredDate")
	}
	return in, true
}

// date returns a property that should be a date; what is no string is returned as it stands, which is no date.
func (o object) date(name string) string {
	s, ok := o.text(name)
	if !ok {
		return string(o[name])
	}
	return s
}
