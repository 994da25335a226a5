package analytics

// Config of the analytics service.
type Config struct {
	DatabaseURL string `koanf:"database_url" secret:"true" doc:"PostgreSQL URL; empty: SQLite in the data folder"`
}

// DefaultConfig keeps figures in SQLite.
func DefaultConfig() Config { return Config{} }

// Validate reports all that is wrong.
func (Config) Validate() error { return nil }
