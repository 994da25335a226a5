package spec

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Version is the version of a linked specification.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("v%d.%d", v.Major, v.Minor) }

// Less reports whether v comes before w.
func (v Version) Less(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// AtLeast reports whether v is w or later.
func (v Version) AtLeast(w Version) bool { return !v.Less(w) }

// URL is the parsed `url:` of a @link.
type URL struct {
	Identity string // without version, query, fragment and credentials
	Name     string // last path segment before the version
	Version  Version
}

func (u URL) String() string { return u.Identity + "/" + u.Version.String() }

var versionSegment = regexp.MustCompile(`^v(\d{1,9})\.(\d{1,9})$`)

// ParseURL reads the URL of a specification, e.g. "https://specs.apollo.dev/federation/v2.7".
func ParseURL(text string) (URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return URL{}, fmt.Errorf("invalid URL %q for a linked specification", text)
	}
	segments := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	m := versionSegment.FindStringSubmatch(segments[len(segments)-1])
	if m == nil {
		return URL{}, fmt.Errorf("the URL %q of a linked specification must end with a version such as v1.0", text)
	}
	segments = segments[:len(segments)-1]
	if len(segments) == 0 || segments[len(segments)-1] == "" {
		return URL{}, fmt.Errorf("the URL %q of a linked specification lacks a name before its version", text)
	}
	major, _ := strconv.Atoi(m[1]) // at most nine digits, so it cannot fail
	minor, _ := strconv.Atoi(m[2])
	return URL{
		Identity: u.Scheme + "://" + u.Host + "/" + strings.Join(segments, "/"),
		Name:     segments[len(segments)-1],
		Version:  Version{major, minor},
	}, nil
}
