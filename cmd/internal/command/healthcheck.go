package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Healthcheck asks what runs whether it is ready, at the URL unless told otherwise.
func Healthcheck(what, ready string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Succeed if " + what + " answers that it is ready (for containers without a shell)",
		Args:  cobra.NoArgs,
	}
	url := cmd.Flags().String("url", ready, "what to ask")
	timeout := cmd.Flags().Duration("timeout", 2*time.Second, "how long to wait")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		client := http.Client{Timeout: *timeout}
		req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, *url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if resp.StatusCode != http.StatusOK {
			return errors.Join(fmt.Errorf("%s answered %s: %s", *url, resp.Status, strings.TrimSpace(string(body))), err)
		}
		return err
	}
	return cmd
}
