package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profiled runs f while profiles of our gateway are taken, which begin with it and end a little before it does.
func (b *bench) profiled(ctx context.Context, name string, f func() error) error {
	if err := os.MkdirAll(b.profile, 0o755); err != nil { //nolint:gosec // profiles are no secret
		return err
	}
	seconds := max(1, int(b.measured/time.Second))
	failed := make(chan error)
	take := func(kind string) {
		text, err := get(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", b.operations, kind, seconds))
		if err == nil {
			err = os.WriteFile(filepath.Join(b.profile, name+"."+kind+".pprof"), text, 0o600)
		}
		failed <- err
	}
	go take("profile")
	go take("allocs")
	return errors.Join(f(), <-failed, <-failed)
}
