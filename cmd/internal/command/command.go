// Package command holds the commands that the platform's program and the gateway's own have in common: the gateway, the
// engine's tools, and what every program answers.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// Run runs the program until it is done or told to stop, and returns its exit status.
func Run(root *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetOut(os.Stdout)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, root.Name()+":", err)
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.status
	}
	return 1
}

// exitError ends the program with a status other than 1.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// Version prints the program's version.
func Version(release string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run:   func(cmd *cobra.Command, _ []string) { cmd.Println(cmd.Root().Name(), BuildVersion(release)) },
	}
}

// BuildVersion is the release's version if there is one, else the commit that the binary was built from, as far as Go recorded it.
func BuildVersion(release string) string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return "dev " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return "dev"
}
