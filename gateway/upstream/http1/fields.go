package http1

import (
	"errors"
	"fmt"
	"strings"
)

// Field is one line of a head. The name's case is kept.
type Field struct{ Name, Value string }

// ErrField is wrapped by errors about fields that may not be sent.
var ErrField = errors.New("invalid header field")

// reserved are the names of fields that say how a message is carried, or ask for something that is not done here.
var reserved = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Connection", "Range", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade",
}

// Reserved reports whether requests cannot have a field of that name: those that need one are for another client.
func Reserved(name string) bool {
	for _, r := range reserved {
		if len(r) == len(name) && strings.EqualFold(r, name) {
			return true
		}
	}
	return false
}

// appendField appends the line of a field. It is refused if it could end before its end, or is Reserved.
func appendField(dst []byte, f Field) ([]byte, error) {
	if !isToken(f.Name) {
		return dst, fmt.Errorf("%w: name %q", ErrField, f.Name)
	}
	if !isValue(f.Value) {
		return dst, fmt.Errorf("%w: value of %q", ErrField, f.Name) // which may be a secret
	}
	if Reserved(f.Name) {
		return dst, fmt.Errorf("%w: field %q", ErrUnsupported, f.Name)
	}
	dst = append(append(dst, f.Name...), ": "...)
	return append(append(dst, strings.Trim(f.Value, " \t")...), "\r\n"...), nil
}

// tokens has the bytes that may stand in a name.
var tokens = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

func isToken[T string | []byte](s T) bool {
	for i := range len(s) {
		if !tokens[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

// isValue reports whether there is no control character but the tab in s.
func isValue[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
