// Package jsontext finds where JSON's parts begin and end (RFC 8259), in place: nothing is copied or decoded.
package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is how deeply Value and Object may be nested, as for encoding/json.
const MaxDepth = 10_000

// Space returns where the space that may be at i ends.
func Space(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// Value returns where the value that begins at i ends. Without one, end is where the mistake is seen.
func Value(b []byte, i int) (end int, ok bool) { return value(b, i, MaxDepth) }

func value(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		end, _, _, ok = String(b, i)
		return end, ok
	case '{':
		return object(b, i, depth-1, nil)
	case '[':
		return list(b, i, depth-1)
	case 'n':
		return Word(b, i, "null")
	case 't':
		return Word(b, i, "true")
	case 'f':
		return Word(b, i, "false")
	}
	return Number(b, i)
}

// Word returns where the word that must be at i ends.
func Word(b []byte, i int, word string) (end int, ok bool) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, false
	}
	return i + len(word), true
}

// Number returns where the number that begins at i ends.
func Number(b []byte, i int) (end int, ok bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = digits(b, i); !ok {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i, true
}

func digits(b []byte, i int) (end int, ok bool) {
	from := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i, i > from
}

func list(b []byte, i, depth int) (end int, ok bool) {
	if depth < 0 {
		return i, false
	}
	if i = Space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		if i, ok = value(b, i, depth); !ok {
			return i, false
		}
		if i = Space(b, i); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = Space(b, i+1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// Object returns where the object that begins at i ends, and tells of each member on the way: its name as a string with its
// quotes, and its value. Both are parts of b, and valid, though what follows may not be.
func Object(b []byte, i int, member func(name, value []byte)) (end int, ok bool) {
	if i >= len(b) || b[i] != '{' {
		return i, false
	}
	return object(b, i, MaxDepth-1, member)
}

func object(b []byte, i, depth int, member func(name, value []byte)) (end int, ok bool) {
	if depth < 0 {
		return i, false
	}
	if i = Space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		name := i
		if i, _, _, ok = String(b, i); !ok {
			return i, false
		}
		nameEnd := i
		if i = Space(b, i); i >= len(b) || b[i] != ':' {
			return i, false
		}
		from := Space(b, i+1)
		if i, ok = value(b, from, depth); !ok {
			return i, false
		}
		if member != nil {
			member(b[name:nameEnd:nameEnd], b[from:i:i])
		}
		if i = Space(b, i); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = Space(b, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// String returns where the string that begins at i, with its quote, ends. escaped: there are escapes in it; bad: its text
// cannot be told, since it is not UTF-8 or has half a surrogate pair.
func String(b []byte, i int) (end int, escaped, bad, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false, false, false
	}
	i++
	start, wide := i, uint64(0)
	for {
		if i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^low*'"', w^low*'\\'
			// The lowest bit that is set is of the first byte that is a quote, a backslash or a control character.
			stop := ((w-low*0x20)&^w | (quote-low)&^quote | (slash-low)&^slash) & high
			if stop == 0 {
				wide |= w
				i += 8
				continue
			}
			n := bits.TrailingZeros64(stop) &^ 7
			wide |= w & (1<<n - 1)
			i += n / 8
		} else if i >= len(b) {
			return i, escaped, bad, false
		}
		switch c := b[i]; {
		case c == '"':
			if wide&high != 0 && !utf8.Valid(b[start:i]) {
				bad = true
			}
			return i + 1, escaped, bad, true
		case c == '\\':
			escaped = true
			var lone bool
			if i, lone, ok = escape(b, i); !ok {
				return i, escaped, bad, false
			}
			bad = bad || lone
		case c < 0x20:
			return i, escaped, bad, false
		default: // near the end of the text
			wide |= uint64(c)
			i++
		}
	}
}

// escape returns where the escape sequence at i ends; lone: it is a surrogate without its other half.
func escape(b []byte, i int) (end int, lone, ok bool) {
	if i+1 >= len(b) {
		return i, false, false
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, false, true
	case 'u':
		r, ok := Hex(b, i)
		if !ok {
			return i, false, false
		}
		switch {
		case r < 0xD800 || r > 0xDFFF:
			return i + 6, false, true
		case r < 0xDC00:
			if r, ok = Hex(b, i+6); ok && 0xDC00 <= r && r <= 0xDFFF {
				return i + 12, false, true
			}
		}
		return i + 6, true, true
	}
	return i, false, false
}

// Hex reads the \uXXXX at i.
func Hex(b []byte, i int) (r rune, ok bool) {
	if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
		return 0, false
	}
	for _, c := range b[i+2 : i+6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
