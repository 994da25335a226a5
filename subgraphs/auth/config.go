package auth

import (
	"errors"
	"fmt"
	"runtime"

	"medicore.dev/medicore/subgraphs/auth/internal/rest"
)

// Config of the auth service.
type Config struct {
	DatabaseURL       string   `koanf:"database_url" secret:"true" doc:"PostgreSQL URL; empty: SQLite in the data folder"`
	TrustedProxies    []string `koanf:"trusted_proxies" doc:"addresses or networks (CIDR) whose X-Forwarded-For names the client, such as the gateway's"`
	BcryptCost        int      `koanf:"bcrypt_cost" doc:"cost of new password hashes; below 12 for tests only"`
	BcryptParallel    int      `koanf:"bcrypt_parallel" doc:"passwords checked at a time; 0: one for each processor"`
	AdminEmail        string   `koanf:"admin_email" env:"MEDICORE_ADMIN_EMAIL" doc:"email address of an administrator to create when there is no user at all"`
	AdminPasswordFile string   `koanf:"admin_password_file" env:"MEDICORE_ADMIN_PASSWORD_FILE" doc:"file with that administrator's password"`
}

// DefaultConfig keeps users in SQLite and trusts no proxy.
func DefaultConfig() Config { return Config{BcryptCost: 12} }

// Validate reports all that is wrong.
func (c Config) Validate() error {
	var errs []error
	if _, err := rest.ParseNetworks(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies: %w", err))
	}
	if c.BcryptCost < 4 || c.BcryptCost > 16 {
		errs = append(errs, fmt.Errorf("bcrypt_cost: %d is not from 4 to 16", c.BcryptCost))
	}
	if c.BcryptParallel < 0 {
		errs = append(errs, fmt.Errorf("bcrypt_parallel: %d is negative", c.BcryptParallel))
	}
	if (c.AdminEmail == "") != (c.AdminPasswordFile == "") {
		errs = append(errs, errors.New("admin_email and admin_password_file: set both or none"))
	}
	return errors.Join(errs...)
}

func (c Config) parallel() int {
	if c.BcryptParallel == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return c.BcryptParallel
}
