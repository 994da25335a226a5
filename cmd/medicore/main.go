// Command medicore runs the MediCore platform, or any part of it, and prints the stages of its federation engine.
package main

import (
	"context"
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
		os.Exit(1)
	}
}

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
