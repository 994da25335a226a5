package fieldset

import (
	"regexp"
	"strings"
)

var contextReference = regexp.MustCompile(`^\s*\$([A-Za-z_][A-Za-z0-9_]*)([^A-Za-z0-9_][\s\S]*)$`)

// SplitContext splits the `field:` of a @fromContext, e.g. "$user { id }", into the name of the context and the text
// of the selection, which keeps its leading space. ok is false when it is not of that form.
func SplitContext(text string) (name, selection string, ok bool) {
	m := contextReference.FindStringSubmatch(text)
	if m == nil || strings.TrimSpace(m[2]) == "" {
		return "", "", false
	}
	return m[1], m[2], true
}
