package transport

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"medicore.dev/medicore/gateway/pipeline"
)

// parameters are the members of a request as JSON. One that is null counts as absent, as does an empty one.
type parameters struct {
	query, operationName, variables, extensions json.RawMessage
}

// parse reads a request from JSON.
func parse(body []byte) (*pipeline.Request, *malformed) {
	if !utf8.Valid(body) {
		return nil, &malformed{http.StatusBadRequest, "the body is not UTF-8"}
	}
	body = trim(body)
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return nil, &malformed{http.StatusBadRequest, "the body is not a JSON object with a GraphQL request"}
	}
	var p parameters
	for name, value := range members(body) {
		switch string(name) {
		case "query":
			p.query = value
		case "operationName":
			p.operationName = value
		case "variables":
			p.variables = value
		case "extensions":
			p.extensions = value
		}
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
		req.Variables = map[string]json.RawMessage{}
		for name, value := range members(p.variables) {
			req.Variables[string(name)] = value
		}
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
	for name, value := range members(extensions) {
		if (string(name) == "deferSpec" || string(name) == "incrementalSpec") && value[0] == '"' {
			params[strings.ToLower(string(name))] = text(value)
		}
	}
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
		c := raw[i+1]
		raw = raw[i+2:]
		if c != 'u' {
			out.WriteByte(escapes[c])
			continue
		}
		r := hex(raw)
		raw = raw[4:]
		if utf16.IsSurrogate(r) {
			second := rune(utf8.RuneError)
			if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
				second = hex(raw[2:])
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				raw = raw[6:]
			}
		}
		out.WriteRune(r)
	}
}

// escapes are what is written as a backslash and one letter.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hex reads the four hexadecimal digits that raw begins with.
func hex(raw []byte) (r rune) {
	for _, c := range raw[:4] {
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c&^0x20 - 'A' + 10 // in either case of letters
		}
		r = r<<4 | rune(c)
	}
	return r
}

// members are those of a valid JSON object without space around it, their values without space around them. A name may come
// twice: the last counts.
func members(object []byte) iter.Seq2[[]byte, json.RawMessage] {
	return func(yield func([]byte, json.RawMessage) bool) {
		for i := space(object, 1); object[i] != '}'; i = space(object, i) {
			if object[i] == ',' {
				i = space(object, i+1)
			}
			end := valueEnd(object, i)
			name := object[i+1 : end-1]
			if bytes.IndexByte(name, '\\') >= 0 {
				name = []byte(text(object[i:end]))
			}
			i = space(object, space(object, end)+1) // behind the colon
			end = valueEnd(object, i)
			if !yield(name, object[i:end:end]) {
				return
			}
			i = end
		}
	}
}

func space(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t' {
		i++
	}
	return i
}

// valueEnd is where the value that begins at i ends, in valid JSON. It must not be the last of the text, as a member never is.
func valueEnd(b []byte, i int) int {
	for depth := 0; ; {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			for strings.IndexByte(",]} \n\r\t", b[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}
