// Command medicore runs the MediCore platform, or any part of it, and prints the stages of its federation engine.
package main

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

// version is set when a release is built.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "medicore:", err)
		status := 1
		if e, ok := errors.AsType[*exitError](err); ok {
			status = e.status
		}
		os.Exit(status)
	}
}

// exitError ends the program with a status other than 1.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func root() *cobra.Command {
	serve := serveCommand()
	cmd := &cobra.Command{
		Use:           "medicore",
		Short:         "The MediCore platform: gateway, services, and the federation engine's tools",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          serve.RunE, // serve is the default command, with its flags
	}
	cmd.SetOut(os.Stdout)
	cmd.Flags().AddFlagSet(serve.Flags())
	cmd.AddCommand(serve, configCommand(), gatewayCommand(), composeCommand(), checkCommand(), planCommand(), userCommand(), healthcheckCommand(), versionCommand())
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run:   func(cmd *cobra.Command, _ []string) { cmd.Println("medicore", buildVersion()) },
	}
}

// buildVersion is the release's version, else the commit that the binary was built from, as far as Go recorded it.
func buildVersion() string {
	if version != "" {
		return version
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
