package monolith

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/test/monolith/world"
)

// patience is how long the oracle may take for one answer.
const patience = 20 * time.Second

// Oracle is a Node process in which graphql-js executes operations on one schema with all the data. It answers one
// question at a time and is not for concurrent use.
type Oracle struct {
	dir        string
	script     string
	restarting bool
	load       question // the last one that loaded a schema, for a new process
	cmd        *exec.Cmd
	in         io.WriteCloser
	answers    chan []byte
	next       int
}

// NewOracle starts the worker in the folder. Close ends it.
func NewOracle(dir string) (*Oracle, error) { return newWorker(dir, "worker.mjs") }

func newWorker(dir, script string) (*Oracle, error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, fmt.Errorf("its packages are not installed: run npm ci --prefix in %s: %w", dir, err)
	}
	o := &Oracle{dir: dir, script: script}
	return o, o.start()
}

func (o *Oracle) start() error {
	o.cmd, o.answers = exec.Command("node", o.script), make(chan []byte, 1)
	o.cmd.Dir, o.cmd.Stderr = o.dir, os.Stderr
	o.cmd.Env = append(os.Environ(), "NODE_ENV=production")
	in, err := o.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := o.cmd.Start(); err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	o.in = in
	go func(answers chan<- []byte) {
		defer close(answers)
		lines := bufio.NewReaderSize(out, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			answers <- line
		}
	}(o.answers)
	return nil
}

// restart replaces a process that hangs or died.
func (o *Oracle) restart() error {
	if o.restarting {
		return errors.New("it does not start again")
	}
	o.restarting = true
	defer func() { o.restarting = false }()
	o.Close()
	if err := o.start(); err != nil {
		return err
	}
	if o.load.Schema == "" && o.load.Supergraph == "" {
		return nil
	}
	_, err := o.ask(o.load)
	return err
}

// Close ends the process.
func (o *Oracle) Close() {
	_ = o.in.Close()
	_ = o.cmd.Process.Kill()
	for alive := true; alive; _, alive = <-o.answers { // until the reader has ended
	}
	_ = o.cmd.Wait()
}

type question struct {
	ID     int    `json:"id"`
	Schema string `json:"schema,omitempty"`
	// Of peers.mjs: a supergraph to load, or the gateway that is to answer.
	Supergraph string `json:"supergraph,omitempty"`
	Gateway    string `json:"gateway,omitempty"`

	World     *world.World   `json:"world,omitempty"`
	Operation string         `json:"operation,omitempty"`
	Variables map[string]any `json:"variables,omitempty"`
}

type reply struct {
	ID      int
	Data    any
	Errors  [][]any
	Calls   []string
	Invalid []string
	Touched []string // features

	// Of peers.mjs.
	Unloaded map[string]string
	Failed   string
	Cost     *plan.Cost // of the plan
	Plan     string
	Fetches  []struct{ Subgraph, Document string }
}

// Load makes the schema and the data those of the questions that follow.
func (o *Oracle) Load(schema string, w *world.World) error {
	o.load = question{Schema: schema, World: w}
	_, err := o.ask(o.load)
	return err
}

// Execute answers an operation. It must be valid.
func (o *Oracle) Execute(operation string, variables map[string]any) (*Answer, error) {
	r, err := o.ask(question{Operation: operation, Variables: variables})
	if err != nil {
		return nil, err
	}
	a := &Answer{Data: r.Data, Errors: paths(r.Data, r.Errors), Calls: r.Calls, Used: map[string]bool{}}
	for _, name := range r.Touched {
		a.Used[name] = true
	}
	return a, nil
}

func (o *Oracle) ask(q question) (reply, error) {
	o.next++
	q.ID = o.next
	line, err := json.Marshal(q)
	if err != nil {
		return reply{}, err
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		return reply{}, fmt.Errorf("write to node: %w", err)
	}
	select {
	case line, alive := <-o.answers:
		var r reply
		if !alive {
			return r, errors.Join(errors.New("node ended"), o.restart())
		}
		if err := json.Unmarshal(line, &r); err != nil || r.ID != q.ID {
			return r, fmt.Errorf("node answered %.200q to question %d: %w", line, q.ID, err)
		}
		if len(r.Invalid) > 0 {
			return r, fmt.Errorf("graphql-js refuses this: %s", strings.Join(r.Invalid, "; "))
		}
		return r, nil
	case <-time.After(patience):
		return reply{}, errors.Join(errors.New("node did not answer in time"), o.restart())
	}
}
