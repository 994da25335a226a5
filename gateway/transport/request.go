package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"medicore.dev/medicore/gateway/federation/jsontext"
	"medicore.dev/medicore/gateway/pipeline"
)

// parameters are the members of a request as JSON. One that is null counts as absent, as does an empty one.
type parameters struct {
	query, operationName, variables, extensions json.RawMessage
}

// parse reads a request from JSON. Nothing of it is kept.
func parse(body []byte) (*pipeline.Request, *malformed) {
	if !utf8.Valid(body) {
		return nil, &malformed{http.StatusBadRequest, "the body is not UTF-8"}
	}
	var p parameters
	end, ok := jsontext.Object(body, jsontext.Space(body, 0), func(name, value []byte) {
		switch string(unquoted(name)) {
		case "query":
			p.query = value
		case "operationName":
			p.operationName = value
		case "variables":
			p.variables = value
		case "extensions":
			p.extensions = value
		}
	})
	if !ok || jsontext.Space(body, end) != len(body) {
		return nil, &malformed{http.StatusBadRequest, "the body is not a JSON object with a GraphQL request"}
	}
	return p.request()
}

// request checks the types of the members, which are valid JSON.
func (p *parameters) request() (*pipeline.Request, *malformed) {
	req := &pipeline.Request{}
	switch {
	case absent(p.query):
		return nil, &malformed{http.StatusBadRequest, "the request has no query"}
	case p.query[0] != '"':
		return nil, mustBe("query", "a string")
	case !absent(p.operationName) && p.operationName[0] != '"':
		return nil, mustBe("operationName", "a string")
	case !absent(p.variables) && p.variables[0] != '{':
		return nil, mustBe("variables", "an object")
	case !absent(p.extensions) && p.extensions[0] != '{':
		return nil, mustBe("extensions", "an object")
	}
	req.Query = text(p.query)
	if !absent(p.operationName) {
		req.OperationName = text(p.operationName)
	}
	if !absent(p.variables) {
		jsontext.Object(bytes.Clone(p.variables), 0, func(name, value []byte) {
			req.Variables = append(req.Variables, pipeline.Variable{Name: string(unquoted(name)), Value: value})
		})
	}
	if !absent(p.extensions) {
		req.Incremental = asked(p.extensions)
	}
	return req, nil
}

func mustBe(name, kind string) *malformed {
	return &malformed{http.StatusBadRequest, name + " must be " + kind}
}

// asked reads from a request's extensions how it takes deferred parts, where no media type can say it.
func asked(extensions []byte) pipeline.Incremental {
	params := map[string]string{}
	jsontext.Object(extensions, 0, func(quoted, value []byte) {
		if name := string(unquoted(quoted)); (name == "deferSpec" || name == "incrementalSpec") && value[0] == '"' {
			params[strings.ToLower(name)] = text(value)
		}
	})
	parts, _ := incremental(params, pipeline.NotIncremental)
	return parts
}

// trim takes JSON's space off both ends.
func trim(b []byte) []byte { return bytes.Trim(b, " \n\r\t") }

func absent(value []byte) bool { return len(value) == 0 || string(value) == "null" }

// text is the text of a valid JSON string.
func text(raw []byte) string {
	raw = raw[1 : len(raw)-1]
	var out strings.Builder
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			if out.Len() == 0 {
				return string(raw)
			}
			out.Write(raw)
			return out.String()
		}
		if out.Len() == 0 {
			out.Grow(len(raw))
		}
		out.Write(raw[:i])
		if c := raw[i+1]; c != 'u' {
			out.WriteByte(escapes[c])
			raw = raw[i+2:]
			continue
		}
		r, _ := jsontext.Hex(raw, i)
		raw = raw[i+6:]
		if utf16.IsSurrogate(r) {
			second, _ := jsontext.Hex(raw, 0)
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				raw = raw[6:]
			}
		}
		out.WriteRune(r)
	}
}

// escapes are what is written as a backslash and one letter.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquoted is the text of a valid JSON string, in place if there are no escapes in it.
func unquoted(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return []byte(text(raw))
	}
	return raw[1 : len(raw)-1]
}
