// Package database opens a service's own database, SQLite or PostgreSQL, and brings it to the current version.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

// Config says where a database is.
type Config struct {
	URL      string // PostgreSQL connection URL; "" means SQLite
	File     string // SQLite file, used when URL is ""
	MaxConns int    // open connections at most; 0 means 20 (PostgreSQL) or 8 (SQLite)
}

// DB is an open database. Driver is what an ent client is made with.
type DB struct {
	SQL     *sql.DB
	Dialect string // dialect.SQLite or dialect.Postgres
	Driver  *entsql.Driver
}

// Open opens the database, waiting up to 60 s for a PostgreSQL that does not answer yet, and applies the migrations that
// it lacks from migrations (folders sqlite3/ and postgres/ with files named VERSION_NAME.sql, applied in name order, each
// in a transaction; a PostgreSQL advisory lock lets one of several starting copies do it).
func Open(ctx context.Context, cfg Config, migrations fs.FS) (*DB, error) {
	db := &DB{Dialect: dialect.SQLite}
	var err error
	if cfg.URL != "" {
		db.Dialect = dialect.Postgres
		db.SQL, err = sql.Open("pgx", cfg.URL)
	} else {
		if err := os.MkdirAll(filepath.Dir(cfg.File), 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
		db.SQL, err = sql.Open("sqlite", "file:"+cfg.File+"?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(NORMAL)&_txlock=immediate&_time_format=sqlite")
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", errors.Unwrap(err)) // the outer text may quote the URL
	}
	max := cfg.MaxConns
	if max == 0 {
		max = 20
		if db.Dialect == dialect.SQLite {
			max = 8
		}
	}
	db.SQL.SetMaxOpenConns(max)
	db.SQL.SetMaxIdleConns(max)
	db.Driver = entsql.OpenDB(db.Dialect, db.SQL)
	if err := db.wait(ctx); err != nil {
		_ = db.SQL.Close()
		return nil, err
	}
	if err := db.migrate(ctx, migrations); err != nil {
		_ = db.SQL.Close()
		return nil, err
	}
	return db, nil
}

// Close closes all connections.
func (db *DB) Close() error { return db.SQL.Close() }

func (db *DB) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.SQL.PingContext(ctx)
		if err == nil || db.Dialect == dialect.SQLite {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the database does not answer: %w", err)
		case <-tick.C:
		}
	}
}

func (db *DB) migrate(ctx context.Context, migrations fs.FS) error {
	dir := db.Dialect
	files, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name() < files[j].Name() })
	conn, err := db.SQL.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if db.Dialect == dialect.Postgres {
		lock := lockID("medicore/migrate")
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		defer func() {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock)
		}()
	}
	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_versions (version VARCHAR(255) PRIMARY KEY, applied_at VARCHAR(40) NOT NULL)"); err != nil {
		return fmt.Errorf("make the version table: %w", err)
	}
	done, err := versions(ctx, conn)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range files {
		version, ok := strings.CutSuffix(f.Name(), ".sql")
		if !ok {
			continue
		}
		known[version] = true
		if done[version] {
			continue
		}
		text, err := fs.ReadFile(migrations, path.Join(dir, f.Name()))
		if err != nil {
			return fmt.Errorf("read migration %s: %w", version, err)
		}
		if err := db.apply(ctx, conn, version, string(text)); err != nil {
			return err
		}
	}
	for v := range done {
		if !known[v] {
			return fmt.Errorf("the database has version %s, which this program does not know: it was used by a newer one", v)
		}
	}
	return nil
}

func versions(ctx context.Context, conn *sql.Conn) (map[string]bool, error) {
	rows, err := conn.QueryContext(ctx, "SELECT version FROM schema_versions")
	if err != nil {
		return nil, fmt.Errorf("read the database's version: %w", err)
	}
	defer func() { _ = rows.Close() }()
	done := map[string]bool{}
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("read the database's version: %w", err)
		}
		done[v] = true
	}
	return done, rows.Err()
}

func (db *DB) apply(ctx context.Context, conn *sql.Conn, version, text string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migration %s: %w", version, err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("migration %s: %w", version, err)
	}
	insert := "INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)"
	if db.Dialect == dialect.Postgres {
		insert = "INSERT INTO schema_versions (version, applied_at) VALUES ($1, $2)"
	}
	if _, err := tx.ExecContext(ctx, insert, version, time.Now().UTC().Format(time.RFC3339)); err != nil {
		return fmt.Errorf("migration %s: %w", version, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("migration %s: %w", version, err)
	}
	return nil
}

func lockID(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return int64(h.Sum64() >> 1)
}
