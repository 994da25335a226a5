package graph

import (
	"encoding/base64"
	"testing"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
)

func TestCursorsOfOtherListsAreRefused(t *testing.T) {
	id := uuid.New()
	c := cursor(usersList, id)
	if got, err := readCursor(usersList, &c); got != id || err != nil {
		t.Errorf("its own cursor gives %s, %v", got, err)
	}
	if _, err := readCursor(auditList, &c); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("another list's cursor: %v", err)
	}
}

func FuzzReadCursor(f *testing.F) {
	f.Add(cursor(usersList, uuid.New()))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("user:")))
	f.Add("")
	f.Fuzz(func(t *testing.T, c string) {
		id, err := readCursor(usersList, &c)
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", c, err)
		}
		if err == nil && id == uuid.Nil {
			t.Errorf("%q names no row", c)
		}
	})
}
