package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of processor time in /proc, which is the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// machine is where it is measured.
type machine struct {
	loadCore, gatewayCore int
	pinned                bool
}

// newMachine pins if it can: with taskset, on the two cores.
func newMachine(loadCore, gatewayCore int) *machine {
	_, err := exec.LookPath("taskset")
	return &machine{loadCore, gatewayCore, err == nil && runtime.NumCPU() > max(loadCore, gatewayCore)}
}

// on returns the command line that runs the program on the core.
func (m *machine) on(core int, argv []string) []string {
	if !m.pinned {
		return argv
	}
	return append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
}

// pinSelf moves this process to the load's core.
func (m *machine) pinSelf(ctx context.Context) error {
	if !m.pinned {
		return nil
	}
	if out, err := exec.CommandContext(ctx, "taskset", "-acp", strconv.Itoa(m.loadCore), strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
		return fmt.Errorf("taskset: %w: %s", err, out)
	}
	runtime.GOMAXPROCS(1)
	return nil
}

func (m *machine) describe() string {
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	where := "nothing is pinned: taskset or a second core is missing"
	if m.pinned {
		where = fmt.Sprintf("load generator and subgraphs on core %d, the gateway on core %d", m.loadCore, m.gatewayCore)
	}
	return fmt.Sprintf("%s, %d cores; %s", model, runtime.NumCPU(), where)
}

// busy is the processor time that all processes of the machine have used, and what the hypervisor took. Soft interrupts,
// which deliver what is sent over loopback, are counted for no process and not here.
func busy() time.Duration {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := bytes.Cut(text, []byte("\n"))
	var sum time.Duration
	for i, f := range bytes.Fields(line) {
		// cpu user nice system idle iowait irq softirq steal
		if i == 1 || i == 2 || i == 3 || i == 8 {
			n, _ := strconv.ParseInt(string(f), 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// own is the processor time of this process.
func own() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
