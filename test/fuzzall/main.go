// Command fuzzall runs every fuzz target of the module, one after another, each for -time.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

var target = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)

// foundNothing is how Go 1.26 at times ends a run whose time is up, and which has found nothing (golang/go#75804). What is found
// stands there in its place.
var foundNothing = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \(\S+\)\n {4}context deadline exceeded\nFAIL$`)

// composerPackages read what services write: their schemas, and the field sets in these.
var composerPackages = []string{"./gateway/federation/fieldset", "./gateway/federation/subgraph", "./gateway/federation/compose"}

func main() {
	log.SetFlags(0)
	each := flag.Duration("time", 10*time.Second, "how long each target runs")
	composer := flag.Duration("composer", 0, "how long those of the composer run, if that is longer")
	flag.Parse()
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "infra" || d.Name() == "tools" || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllSubmatch(text, -1) {
			found++
			name, pkg := string(m[1]), "./"+filepath.ToSlash(filepath.Dir(path))
			fmt.Printf("%s %s\n", pkg, name)
			length := *each
			if slices.Contains(composerPackages, pkg) {
				length = max(length, *composer)
			}
			fuzz := func() ([]byte, error) {
				return exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", length.String(), pkg).CombinedOutput()
			}
			out, err := fuzz()
			if err != nil && foundNothing.Match(out) {
				out, err = fuzz()
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w\n%s", pkg, name, err, out)
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if found == 0 {
		log.Fatal("no fuzz target found: run this in the repository's root")
	}
}
