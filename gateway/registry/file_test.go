package registry

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileIsToldAgainWhenItHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "schema.graphqls")
	longAgo := time.Now().Add(-time.Hour)
	write := func(text string, touched time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	look := File(path)
	for _, step := range []struct {
		what string
		do   func()
		want string // "": unchanged
	}{
		{"at first", func() { write("one", longAgo) }, "one"},
		{"left alone", func() {}, ""},
		{"touched", func() { write("one", time.Now()) }, ""},
		{"written to", func() { write("another", time.Now()) }, "another"},
		{"written to at the same moment, as long", func() {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			write("yet one", info.ModTime())
		}, "yet one"},
		{"replaced by an older one, as long", func() {
			if err := replaceFile(path, "the old"); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, longAgo, longAgo); err != nil {
				t.Fatal(err)
			}
		}, "the old"},
		{"replaced by one as long and as old", func() {
			if err := replaceFile(path, "the odd"); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, longAgo, longAgo); err != nil {
				t.Fatal(err)
			}
		}, "the odd"},
	} {
		step.do()
		got, err := look.Once(t.Context())
		if step.want == "" && !errors.Is(err, errUnchanged) || step.want != "" && (err != nil || got != step.want) {
			t.Errorf("%s: %q, %v, want %q", step.what, got, err, step.want)
		}
	}
	for what, text := range map[string]string{"empty": "", "blank": " \n"} {
		write(text, time.Now())
		if _, err := look.Once(t.Context()); err == nil || errors.Is(err, errUnchanged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
