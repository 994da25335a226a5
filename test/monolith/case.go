package monolith

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/world"
)

// Case is one operation over one supergraph.
type Case struct {
	Subgraphs []subgraph.Source
	Schema    string // what clients see of it, in one
	World     *world.World
	Operation string
	Variables map[string]any
	Labels    []string // override labels that are on
}

// Answer is what an operation gives.
type Answer struct {
	Data   any      `json:"data"`
	Errors []string `json:"errors"`          // paths of errors, see paths
	Calls  []string `json:"calls,omitempty"` // mutation fields in the order in which they ran

	Used map[string]bool `json:"-"` // features that only the oracle tells
}

// Format writes a case as txtar.
func (c *Case) Format(comment string, answer *Answer) ([]byte, error) {
	ar := &txtar.Archive{Comment: []byte(strings.TrimSpace(comment) + "\n\n")}
	add := func(name, text string) {
		ar.Files = append(ar.Files, txtar.File{Name: name, Data: []byte(strings.TrimSpace(text) + "\n")})
	}
	for _, s := range c.Subgraphs {
		add(s.Name+".graphqls", s.SDL)
	}
	add("schema.graphql", c.Schema)
	var objects []string
	for _, o := range c.World.Objects {
		line, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		objects = append(objects, string(line))
	}
	absent, err := json.Marshal(c.World.Absent)
	if err != nil {
		return nil, err
	}
	contexts, err := json.Marshal(c.World.Contexts)
	if err != nil {
		return nil, err
	}
	add("world.json", "{\"absent\":"+string(absent)+",\"contexts\":"+string(contexts)+",\"objects\":[\n"+strings.Join(objects, ",\n")+"\n]}")
	add("operation.graphql", c.Operation)
	if len(c.Variables) > 0 {
		vars, err := json.Marshal(c.Variables)
		if err != nil {
			return nil, err
		}
		add("variables.json", string(vars))
	}
	if len(c.Labels) > 0 {
		add("labels", strings.Join(c.Labels, "\n"))
	}
	if answer != nil {
		want, err := json.MarshalIndent(answer, "", "  ")
		if err != nil {
			return nil, err
		}
		add("answer.json", string(want))
	}
	return txtar.Format(ar), nil
}

// Parse reads a case and the answer recorded with it.
func Parse(data []byte) (*Case, *Answer, error) {
	c, answer := &Case{World: &world.World{}, Variables: map[string]any{}}, &Answer{}
	for _, f := range txtar.Parse(data).Files {
		var err error
		switch f.Name {
		case "schema.graphql":
			c.Schema = string(f.Data)
		case "world.json":
			err = json.Unmarshal(f.Data, c.World)
		case "operation.graphql":
			c.Operation = string(f.Data)
		case "variables.json":
			err = json.Unmarshal(f.Data, &c.Variables)
		case "labels":
			c.Labels = strings.Fields(string(f.Data))
		case "answer.json":
			err = json.Unmarshal(f.Data, answer)
		default:
			name, ok := strings.CutSuffix(f.Name, ".graphqls")
			if !ok {
				err = fmt.Errorf("unknown file")
			}
			c.Subgraphs = append(c.Subgraphs, subgraph.Source{Name: name, URL: "http://" + name, SDL: string(f.Data)})
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return c, answer, nil
}
