package monolith

import (
	"os"
	"path/filepath"
	"testing"
)

// Cases that once differed from the monolith are answered as it answers them.
func TestRecordedCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c, want, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := Replay(t.Context(), c, want); err != nil {
				t.Error(err)
			}
		})
	}
}
