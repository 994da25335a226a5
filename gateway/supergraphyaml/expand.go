package supergraphyaml

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Lookup gives the value of an environment variable, and whether it is set.
type Lookup func(name string) (value string, ok bool)

// expandAll expands every value of the document, not its keys.
func expandAll(n *yaml.Node, lookup Lookup) error {
	var errs []error
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag != "!!str" || !strings.Contains(n.Value, "$") {
			return nil
		}
		v, err := expand(n.Value, lookup)
		if err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		n.Value = v
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			errs = append(errs, expandAll(n.Content[i], lookup))
		}
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			errs = append(errs, expandAll(c, lookup))
		}
	}
	return errors.Join(errs...)
}

// expand replaces ${env.NAME}, ${env.NAME:-default} and ${file.PATH} in a value. A default stands for a variable that is
// not set or empty. $$ is one dollar sign; what is none of these stays.
func expand(s string, lookup Lookup) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		inner, after, closed := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteString("$")
			s = rest[1:]
			continue
		case !strings.HasPrefix(rest, "{") || !closed:
			out.WriteString("$")
			s = rest
			continue
		}
		v, err := variable(inner, lookup)
		if err != nil {
			return "", err
		}
		out.WriteString(v)
		s = after
	}
}

func variable(inner string, lookup Lookup) (string, error) {
	key, byDefault, hasDefault := strings.Cut(inner, ":-")
	if path, ok := strings.CutPrefix(key, "file."); ok {
		text, err := os.ReadFile(path)
		switch {
		case err == nil:
			return string(text), nil
		case hasDefault:
			return byDefault, nil
		}
		return "", fmt.Errorf("${%s}: %w", key, err)
	}
	name, ok := strings.CutPrefix(key, "env.")
	if !ok {
		return "", fmt.Errorf("${%s}: only ${env.NAME} and ${file.PATH} are expanded; write $$ for a dollar sign", key)
	}
	v, set := lookup(name)
	switch {
	case hasDefault && v == "":
		return byDefault, nil
	case !set:
		return "", fmt.Errorf("the environment variable %s is not set: set it, or give a default, ${env.%s:-default}", name, name)
	}
	return v, nil
}
