package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"medicore.dev/medicore/internal/app"
	"medicore.dev/medicore/internal/principal"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage users in the auth service's store"}
	cmd.AddCommand(userCreateCommand(), userUnlockCommand())
	return cmd
}

func userCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create --email ADDRESS --role ROLE",
		Short: "Create a user; the password is read from standard input or --password-file",
		Args:  cobra.NoArgs,
	}
	read := settings(cmd)
	email := cmd.Flags().String("email", "", "email address, the sign-in name")
	role := cmd.Flags().String("role", "", "ADMIN, CLINICIAN, BILLING or ANALYST")
	file := cmd.Flags().String("password-file", "", "file whose first line is the password; - or empty: standard input")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *email == "" || !principal.Role(*role).Valid() {
			return fmt.Errorf("--email and --role (one of %v) are needed", principal.Roles())
		}
		password, err := firstLine(cmd.InOrStdin(), *file)
		if err != nil {
			return err
		}
		cfg, err := read()
		if err != nil {
			return err
		}
		id, err := app.CreateUser(cmd.Context(), cfg, *email, password, principal.Role(*role))
		if err != nil {
			return err
		}
		cmd.Println("created user", id)
		return nil
	}
	return cmd
}

func userUnlockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unlock --email ADDRESS",
		Short: "Let a user sign in again who is locked out after too many failures",
		Args:  cobra.NoArgs,
	}
	read := settings(cmd)
	email := cmd.Flags().String("email", "", "the user's email address")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *email == "" {
			return errors.New("--email is needed")
		}
		cfg, err := read()
		if err != nil {
			return err
		}
		return app.UnlockUser(cmd.Context(), cfg, *email)
	}
	return cmd
}

func firstLine(stdin io.Reader, file string) (string, error) {
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer func() { _ = f.Close() }()
		stdin = f
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("no password was given on standard input or in --password-file")
	}
	return line, nil
}
