package billing

import "errors"

// Config of the billing service.
type Config struct {
	DatabaseURL           string `koanf:"database_url" secret:"true" doc:"PostgreSQL URL; empty: SQLite in the data folder"`
	Currency              string `koanf:"currency" doc:"ISO 4217 code of new accounts"`
	AllowPlaintextClients bool   `koanf:"allow_plaintext_clients" doc:"take gRPC calls without a credential from anywhere, as the original's client sends them"`
	Reflection            bool   `koanf:"reflection" doc:"gRPC reflection on other than loopback addresses too"`
}

// DefaultConfig keeps accounts in SQLite and in euros.
func DefaultConfig() Config { return Config{Currency: "EUR"} }

// Validate reports all that is wrong.
func (c Config) Validate() error {
	if len(c.Currency) != 3 {
		return errors.New("currency: must be an ISO 4217 code such as EUR")
	}
	return nil
}
