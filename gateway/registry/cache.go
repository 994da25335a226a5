package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The kept supergraph is its SDL below one line of comment, which tells what it was made for and the sum of the SDL: a
// file that was made for other subgraphs, or not written to its end, is not used.
const cacheHead = "# The last good supergraph, kept by medicore."

func (r *Registry) cacheLine(sdl string) string {
	sum := sha256.Sum256([]byte(sdl))
	return fmt.Sprintf("%s for=%s sha256=%s\n", cacheHead, r.madeFor(), hex.EncodeToString(sum[:]))
}

// madeFor tells apart sets of subgraphs, or supergraphs that are followed.
func (r *Registry) madeFor() string {
	names := []string{"follow " + r.opt.FollowFrom}
	if len(r.opt.Sources) > 0 {
		names = nil
		for _, s := range r.opt.Sources {
			names = append(names, fmt.Sprintf("%q at %q", s.Name, s.URL))
		}
		slices.Sort(names)
	}
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(sum[:8])
}

// readCache returns the kept supergraph, or "" if there is none.
func (r *Registry) readCache() (string, error) {
	if r.opt.Cache == "" {
		return "", nil
	}
	text, err := os.ReadFile(r.opt.Cache)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	head, sdl, _ := strings.Cut(string(text), "\n")
	switch {
	case !strings.HasPrefix(head, cacheHead):
		return "", fmt.Errorf("%s is not a file that was kept here", r.opt.Cache)
	case !strings.Contains(head, " for="+r.madeFor()+" "):
		return "", fmt.Errorf("%s was kept for other subgraphs", r.opt.Cache)
	case head+"\n" != r.cacheLine(sdl):
		return "", fmt.Errorf("%s is damaged", r.opt.Cache)
	}
	return sdl, nil
}

// keep writes the supergraph to the cache, unless it is there; without one the next start looks for the schemas again.
func (r *Registry) keep(ctx context.Context, sdl string) {
	if r.opt.Cache == "" {
		return
	}
	if kept, err := r.readCache(); err == nil && kept == sdl {
		return
	}
	if err := replaceFile(r.opt.Cache, r.cacheLine(sdl)+sdl); err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "the supergraph was not kept", slog.String("error", err.Error()))
	}
}

// replaceFile writes a file that is there whole or not at all, whatever happens meanwhile.
func replaceFile(path, text string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
