// Package store keeps the auth service's data with ent in SQLite or PostgreSQL.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"entgo.io/ent/dialect"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/subgraphs/auth/internal/ent"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

//go:embed migrations
var migrations embed.FS

// Store implements identity.Store.
type Store struct {
	db     *database.DB
	client *ent.Client
}

var _ identity.Store = (*Store)(nil)

// Open opens the database and brings it to the current version.
func Open(ctx context.Context, cfg database.Config) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	db, err := database.Open(ctx, cfg, files)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, client: ent.NewClient(ent.Driver(db.Driver))}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.SQL.PingContext(ctx) }

// locks reports whether rows can be locked. SQLite cannot, and need not: its transactions run one after the other.
func (s *Store) locks() bool { return s.db.Dialect == dialect.Postgres }

// inTx runs do in a transaction, which is undone when do fails.
func (s *Store) inTx(ctx context.Context, do func(tx *ent.Tx) error) error {
	tx, err := s.client.Tx(ctx)
	if err != nil {
		return known("begin a transaction", err)
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	return known("commit", tx.Commit())
}
