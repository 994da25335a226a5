package profiles

import (
	"errors"
	"fmt"
	"time"
)

// Config of the profiles service.
type Config struct {
	DatabaseURL string        `koanf:"database_url" secret:"true" doc:"PostgreSQL URL; empty: SQLite in the data folder"`
	EventsPHI   string        `koanf:"events_phi" doc:"full or none: whether events carry name and email address, as consumers of the original expect"`
	BillingWait time.Duration `koanf:"billing_wait" doc:"how long a create may wait for its billing account; its success never depends on it"`
}

// DefaultConfig keeps profiles in SQLite.
func DefaultConfig() Config { return Config{EventsPHI: "full", BillingWait: 250 * time.Millisecond} }

// Validate reports all that is wrong.
func (c Config) Validate() error {
	var errs []error
	if c.EventsPHI != "full" && c.EventsPHI != "none" {
		errs = append(errs, fmt.Errorf("events_phi: %q is not full or none", c.EventsPHI))
	}
	if c.BillingWait < 0 || c.BillingWait > 5*time.Second {
		errs = append(errs, errors.New("billing_wait: must be from 0 to 5s"))
	}
	return errors.Join(errs...)
}
