package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/cmd/internal/command"
	"medicore.dev/medicore/internal/app"
	"medicore.dev/medicore/internal/config"
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/observe"
)

// lister is the command that lists what can be set.
const lister = "medicore config"

// settings adds the configuration's flags to the command; the returned function reads the effective configuration.
func settings(cmd *cobra.Command) func() (app.Config, error) {
	defaults := app.DefaultConfig()
	config.RegisterFlags(cmd.Flags(), config.EnvPrefix, &defaults)
	cmd.Flags().String("config", "", "configuration file (default medicore.yaml if there is one; MEDICORE_CONFIG)")
	return func() (app.Config, error) {
		cfg := app.DefaultConfig()
		file := cmd.Flag("config").Value.String()
		if file == "" {
			file = os.Getenv(config.EnvPrefix + "_CONFIG")
		}
		if file == "" {
			file = config.DefaultFile("medicore.yaml")
		}
		err := config.Load(&cfg, config.Sources{Prefix: config.EnvPrefix, File: file, Env: os.Environ(), Flags: cmd.Flags(), Lister: lister})
		return cfg, err
	}
}

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the platform, or the parts that --target names",
		Args:  cobra.NoArgs,
	}
	read := settings(cmd)
	list := cmd.Flags().Bool("list-targets", false, "print what --target can name")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *list {
			cmd.Println(strings.Join(app.Targets(), "\n"))
			return nil
		}
		cfg, err := read()
		if err != nil {
			return err
		}
		log, err := observe.Logger(cmd.ErrOrStderr(), cfg.Log.Level, cfg.Log.Format)
		if err != nil {
			return err
		}
		host.PaceCollector(48 << 20) // see docs/performance.md
		return app.Run(cmd.Context(), cfg, host.Options{Log: log, Version: command.BuildVersion(version)})
	}
	return cmd
}

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration, secrets masked, and check it",
		Args:  cobra.NoArgs,
	}
	read := settings(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := read()
		if err != nil {
			return err
		}
		out, err := config.Print(config.EnvPrefix, &cfg)
		if err != nil {
			return err
		}
		cmd.Print(out)
		return cfg.Validate()
	}
	return cmd
}
