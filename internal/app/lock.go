package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockData takes the data folder for this process: SQLite and the embedded broker serve one copy only. The lock ends
// with the process, however it ends; the file names its holder.
func lockData(dir, holder string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		who, _ := os.ReadFile(path)
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the data folder %s is in use by %s: stop it, or choose another folder with --data", dir, strings.TrimSpace(string(who)))
		}
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the data folder's lock: %w", err), f.Close())
	}
	if _, err := fmt.Fprintf(f, "process %d (%s)\n", os.Getpid(), holder); err != nil {
		return nil, errors.Join(fmt.Errorf("write the data folder's lock: %w", err), f.Close())
	}
	return f.Close, nil
}
