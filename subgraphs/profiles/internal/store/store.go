// Package store keeps the profiles service's data with ent in SQLite or PostgreSQL.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"entgo.io/ent/dialect"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

//go:embed migrations
var migrations embed.FS

// Store implements profile.Store and relay.Queue.
type Store struct {
	db     *database.DB
	client *ent.Client
	clock  func() time.Time
}

var _ profile.Store = (*Store)(nil)

// Open opens the database and brings it to the current version. A nil clock is time.Now.
func Open(ctx context.Context, cfg database.Config, clock func() time.Time) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	db, err := database.Open(ctx, cfg, files)
	if err != nil {
		return nil, err
	}
	if clock == nil {
		clock = time.Now
	}
	s := &Store{db: db, client: ent.NewClient(ent.Driver(db.Driver)), clock: clock}
	if !s.locks() { // one process at a time has the file, and this is it now
		if err := s.release(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.SQL.PingContext(ctx) }

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// locks reports whether rows can be locked. SQLite cannot, and need not: its transactions run one after the other.
func (s *Store) locks() bool { return s.db.Dialect == dialect.Postgres }

// inTx runs do in a transaction, which is undone when do fails.
func (s *Store) inTx(ctx context.Context, do func(tx *ent.Tx) error) error {
	tx, err := s.client.Tx(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// batch is how many rows one statement takes at most, well within both databases' limits of parameters.
const batch = 1000

// inBatches calls do with at most batch items at a time.
func inBatches[T any](items []T, do func([]T) error) error {
	for len(items) > 0 {
		n := min(batch, len(items))
		if err := do(items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}
