package differential

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// Verdicts of a composer.
const (
	OK    = "OK"    // a supergraph
	ERR   = "ERR"   // errors with codes
	THROW = "THROW" // an exception
	HUNG  = "HUNG"  // no answer in time
)

// Hint is a hint's code and the element it is about.
type Hint struct {
	Code       string `json:"code"`
	Coordinate string `json:"coordinate"`
	Level      string `json:"level"` // only of the reference's
}

// Answer is what a composer says about a set of subgraphs.
type Answer struct {
	Verdict    string   `json:"verdict"`
	Codes      []string `json:"codes"` // of errors; sorted, each once
	Messages   []string `json:"messages"`
	Hints      []Hint   `json:"hints"`
	Supergraph string   `json:"supergraph"`
	API        string   `json:"api"`
}

// patienceGuild is how long the second opinion is waited for.
const patienceGuild = 3 * time.Second

// Worker is a Node process with the two other composers. It answers one question at a time and is started anew when it
// hangs or dies. It is not for concurrent use.
type Worker struct {
	dir      string
	patience time.Duration // how long the reference may take for one set
	cmd      *exec.Cmd
	in       io.WriteCloser
	answers  chan []byte
	next     int
}

// NewWorker returns a worker that runs worker.mjs of the folder. Close ends it.
func NewWorker(dir string) *Worker { return &Worker{dir: dir, patience: 30 * time.Second} }

func (w *Worker) start() error {
	if _, err := os.Stat(filepath.Join(w.dir, "node_modules")); err != nil {
		return fmt.Errorf("the composers are not installed: run npm ci --prefix test/compose/node: %w", err)
	}
	w.cmd = exec.Command("node", "--stack-size=2000", "worker.mjs")
	w.cmd.Dir, w.cmd.Stderr = w.dir, os.Stderr
	w.cmd.Env = append(os.Environ(), "NODE_ENV=production")
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := w.cmd.Start(); err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	w.in, w.answers = in, make(chan []byte, 1)
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
	}(w.answers)
	return nil
}

// Close ends the process.
func (w *Worker) Close() {
	if w.cmd == nil {
		return
	}
	_ = w.in.Close()
	_ = w.cmd.Process.Kill()
	for alive := true; alive; _, alive = <-w.answers { // until the reader has ended
	}
	_ = w.cmd.Wait()
	w.cmd = nil
}

type question struct {
	ID         int              `json:"id"`
	Subgraphs  []sourceQuestion `json:"subgraphs,omitempty"`
	Supergraph string           `json:"supergraph,omitempty"`
}

type sourceQuestion struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	SDL  string `json:"sdl"`
}

type reply struct {
	ID            int
	Apollo, Guild Answer
	MS, CPUMS     float64 // of the reference
}

func questionOf(sources []subgraph.Source) question {
	q := question{}
	for _, s := range sources {
		q.Subgraphs = append(q.Subgraphs, sourceQuestion(s))
	}
	return q
}

// Compose asks both composers for the subgraphs' supergraph.
func (w *Worker) Compose(ctx context.Context, sources []subgraph.Source) (apollo, guild Answer, err error) {
	first, err := w.ask(ctx, questionOf(sources))
	if err != nil || first.Apollo.Verdict == HUNG {
		return first.Apollo, first.Apollo, err
	}
	second, err := w.answer(ctx, patienceGuild)
	return first.Apollo, second.Guild, err
}

// Read asks whether Apollo's tools read the supergraph.
func (w *Worker) Read(ctx context.Context, sdl string) (Answer, error) {
	r, err := w.ask(ctx, question{Supergraph: sdl})
	return r.Apollo, err
}

func (w *Worker) ask(ctx context.Context, q question) (reply, error) {
	if w.cmd == nil {
		if err := w.start(); err != nil {
			return reply{}, err
		}
	}
	w.next++
	q.ID = w.next
	line, err := json.Marshal(q)
	if err != nil {
		return reply{}, err
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		w.Close()
		return reply{}, fmt.Errorf("write to node: %w", err)
	}
	return w.answer(ctx, w.patience)
}

// answer waits for one answer to the question asked last. When there is none the process is ended.
func (w *Worker) answer(ctx context.Context, within time.Duration) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	why := "the process ended"
	select {
	case line, alive := <-w.answers:
		if alive {
			var r reply
			if err := json.Unmarshal(line, &r); err != nil || r.ID != w.next {
				return r, fmt.Errorf("node answered %.200q to question %d: %w", line, w.next, err)
			}
			return r, nil
		}
	case <-ctx.Done():
		why = "no answer in time"
	}
	w.Close()
	none := Answer{Verdict: HUNG, Messages: []string{why}}
	return reply{Apollo: none, Guild: none}, nil
}
