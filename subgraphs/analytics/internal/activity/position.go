package activity

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"medicore.dev/medicore/internal/fault"
)

// Position is a place in the log: for each partition the offset of the first record beyond it. A partition that is
// missing is at its beginning. A single number would skip what other copies commit out of order.
type Position map[int32]int64

// maxPartitions bounds what a cursor may name.
const maxPartitions = 4096

// CursorExpired is the code of a cursor that cannot be gone on from.
const CursorExpired fault.Code = "CURSOR_EXPIRED"

// Cursor writes the position as an opaque text.
func (p Position) Cursor() string {
	var b strings.Builder
	b.WriteString("1")
	for _, part := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, ",%d=%d", part, p[part])
	}
	return base64.RawURLEncoding.EncodeToString([]byte(b.String()))
}

// ParseCursor reads a cursor; what is none is CursorExpired.
func ParseCursor(cursor string) (Position, error) {
	bad := fault.New(CursorExpired, "the cursor cannot be gone on from: start without one")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	parts := strings.Split(string(b), ",")
	if parts[0] != "1" || len(parts) > maxPartitions {
		return nil, bad
	}
	p := Position{}
	for _, s := range parts[1:] {
		id, next, ok := strings.Cut(s, "=")
		i, err1 := strconv.ParseInt(id, 10, 32)
		n, err2 := strconv.ParseInt(next, 10, 64)
		if !ok || err1 != nil || err2 != nil || i < 0 || n < 0 {
			return nil, bad
		}
		p[int32(i)] = n
	}
	return p, nil
}

// Behind returns how many records lie between p and q, and whether p is nowhere beyond q.
func (p Position) Behind(q Position) (records int64, ok bool) {
	for part, next := range p {
		if next > q[part] {
			return 0, false
		}
	}
	for part, next := range q {
		records += next - p[part]
	}
	return records, true
}
