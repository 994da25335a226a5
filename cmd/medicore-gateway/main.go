// Command medicore-gateway runs the federation gateway alone, over anybody's subgraphs. It is the command "gateway" of medicore
// as a program of its own, without the platform's services, and has the engine's tools too.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/cmd/internal/command"
)

// version is set when a release is built.
var version = ""

func main() { os.Exit(command.Run(root())) }

func root() *cobra.Command {
	cmd := command.Gateway("medicore-gateway", command.GatewayOptions{Release: version, Lister: "medicore-gateway --help"})
	cmd.Long = `Run the federation gateway over anybody's subgraphs.

What a dotted flag sets, an environment variable sets too: MEDICORE_GATEWAY_MAX_DEPTH is --gateway.max-depth.
JWT_SECRET is the base64 of the secret that tokens are signed with (HS256); without it no token is looked at.`
	cmd.AddCommand(command.Compose(), command.Check(), command.Plan(), command.Healthcheck("the gateway", "http://127.0.0.1:4000/ready"), command.Version(version))
	return cmd
}
