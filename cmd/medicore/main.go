// Command medicore runs the MediCore platform, or any part of it, and prints the stages of its federation engine.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/cmd/internal/command"
	"medicore.dev/medicore/internal/app"
	"medicore.dev/medicore/internal/config"
)

// version is set when a release is built.
var version = ""

func main() { os.Exit(command.Run(root())) }

func root() *cobra.Command {
	serve := serveCommand()
	cmd := &cobra.Command{
		Use:   "medicore",
		Short: "The MediCore platform: gateway, services, and the federation engine's tools",
		Args:  cobra.NoArgs,
		RunE:  serve.RunE, // serve is the default command, with its flags
	}
	cmd.Flags().AddFlagSet(serve.Flags())
	platform := app.DefaultConfig()
	gateway := command.Gateway("gateway", command.GatewayOptions{
		Release: version, Others: config.Settings(config.EnvPrefix, &platform), Lister: lister,
	})
	cmd.AddCommand(serve, configCommand(), gateway, command.Compose(), command.Check(), command.Plan(), userCommand(),
		command.Healthcheck("the platform", "http://127.0.0.1:8084/ready"), command.Version(version))
	return cmd
}
