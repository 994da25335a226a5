// Package storetest gives tests empty databases of every kind there is.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"medicore.dev/medicore/internal/database"
)

// OnEach runs the test on SQLite, and on PostgreSQL where TEST_POSTGRES_URL names one in which databases may be made.
func OnEach(t *testing.T, test func(t *testing.T, cfg database.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, database.Config{File: filepath.Join(t.TempDir(), "auth.db")}) })
	if base := os.Getenv("TEST_POSTGRES_URL"); base != "" {
		t.Run("postgres", func(t *testing.T) { test(t, database.Config{URL: newDatabase(t, base)}) })
	}
}

// newDatabase makes an empty PostgreSQL database, dropped when the test ends.
func newDatabase(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL is no URL")
	}
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("auth_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	u.Path = "/" + name
	return u.String()
}
