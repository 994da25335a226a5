// Command compare measures federation gateways against each other over the same subgraphs: ours, other people's where they
// are installed, and the floor. It writes a table of what they did and fails if any of them gave a wrong answer.
// bench/README.md says what is measured and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"medicore.dev/medicore/bench/world"
)

// settings are what can be set.
type settings struct {
	rounds      int
	measured    time.Duration // each round
	warm        time.Duration // before each round, thrown away
	shapes      []string
	gateways    []string // by prefix; none: all
	connections []int    // of the deep join; the other shapes have base
	medicore    string   // our program; "": it is built
	before      string   // another build of ours, to compare with; "": none
	root        string   // of the project
	out         string   // file for the table
	profile     string   // folder for profiles of ours
	loadCore    int
	gatewayCore int
}

// base is the number of connections of every shape.
const base = 50

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	short := flags.Bool("short", false, "one round of 1 s, only ours: shows that every shape is answered right")
	flags.IntVar(&s.rounds, "rounds", 5, "rounds, in each of which every gateway has its turn")
	flags.DurationVar(&s.measured, "time", 3*time.Second, "of a turn")
	flags.DurationVar(&s.warm, "warm", time.Second, "before each turn, thrown away")
	shapes := flags.String("shapes", "", "of these only, e.g. deep,wide")
	gateways := flags.String("gateways", "", "only those whose names begin with one of these, e.g. ours,hive-router or 'ours none'")
	connections := flags.String("connections", "1,16,50,200", "of the deep join; the other shapes have "+strconv.Itoa(base))
	flags.StringVar(&s.medicore, "medicore", "", "our program, medicore-gateway or medicore; without it the former is built")
	flags.StringVar(&s.before, "before", "", "another build of either, e.g. from before a change, that takes part as \"before\", with each of its ways to share")
	flags.StringVar(&s.root, "root", ".", "folder of the project")
	flags.StringVar(&s.out, "out", "", "file that the table is written to as well")
	flags.StringVar(&s.profile, "profile", "", "folder for processor and allocation profiles of the first of ours, taken in a turn after the last round")
	flags.IntVar(&s.loadCore, "load-core", 0, "core of the load generator and the subgraphs")
	flags.IntVar(&s.gatewayCore, "gateway-core", 1, "core of the gateways")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if *short {
		s.rounds, s.measured, s.warm, *connections, *gateways = 1, time.Second, 200*time.Millisecond, strconv.Itoa(base), "ours"
	}
	if s.rounds < 1 || s.measured <= 0 || s.warm <= 0 || s.measured > time.Hour {
		return nil, errors.New("-rounds, -time and -warm must be positive, -time at most an hour")
	}
	for _, program := range []*string{&s.medicore, &s.before} { // they run in another folder
		if *program != "" {
			abs, err := filepath.Abs(*program)
			if err != nil {
				return nil, err
			}
			*program = abs
		}
	}
	s.shapes, s.gateways = items(*shapes), items(*gateways)
	for _, text := range items(*connections) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return nil, fmt.Errorf("-connections: %q is not between 1 and 1000", text)
		}
		s.connections = append(s.connections, n)
	}
	return s, nil
}

func items(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return s == "" })
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = compare(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// compare measures every cell and writes the table.
func compare(ctx context.Context, s *settings) (err error) {
	work, err := os.MkdirTemp("", "medicore-bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	b := &bench{settings: s, work: work, machine: newMachine(s.loadCore, s.gatewayCore)}
	if err := b.build(ctx); err != nil {
		return err
	}
	if err := b.startSubgraphs(ctx); err != nil {
		return err
	}
	defer b.subgraphs.stop()
	if err := b.machine.pinSelf(ctx); err != nil {
		return err
	}
	out := io.Writer(os.Stdout)
	if s.out != "" {
		file, err := os.Create(s.out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = io.MultiWriter(out, file)
	}
	contenders, absent := b.contenders(ctx)
	t := &table{out: out}
	t.head(b, contenders, absent)
	for _, shape := range world.Shapes() {
		if len(s.shapes) > 0 && !slices.Contains(s.shapes, shape.Name) {
			continue
		}
		connections := []int{base}
		if shape.Name == "deep" {
			connections = s.connections
		}
		for _, n := range connections {
			c, err := b.measure(ctx, cell{shape: shape, connections: n}, contenders)
			if err != nil {
				return err
			}
			t.cell(c)
		}
	}
	return t.foot()
}

// bench is what all measurements share.
type bench struct {
	*settings
	work       string // folder for what is made meanwhile
	machine    *machine
	subgraphs  *process
	places     map[string]string // URLs of the subgraphs, and of "control"
	sdl        string            // file with the supergraph
	operations string            // host:port where our gateway, if it is to be profiled, serves profiles
}

// build makes the programs that run beside this one.
func (b *bench) build(ctx context.Context) error {
	programs := map[string]string{"subgraphs": "./bench/subgraphs", "floor": "./bench/floor"}
	if b.medicore == "" {
		programs["medicore-gateway"] = "./cmd/medicore-gateway"
		b.medicore = filepath.Join(b.work, "medicore-gateway")
	}
	for name, pkg := range programs {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(b.work, name), pkg)
		cmd.Dir, cmd.Stderr = b.root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the image has it
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", pkg, err)
		}
	}
	return nil
}
