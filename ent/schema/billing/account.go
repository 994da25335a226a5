// Package billing describes the billing service's database: accounts and their ledgers. It holds no patient data beyond
// the profile's id.
package billing

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Account is the billing account of one profile.
type Account struct{ ent.Schema }

// Fields of an account.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("version 7: the order of ids is the order of opening"),
		field.String("profile_id").MaxLen(64).Unique().Immutable(),
		field.Enum("status").Values("PENDING", "ACTIVE", "SUSPENDED", "CLOSED"),
		field.String("currency").MaxLen(3).Immutable().Comment("ISO 4217"),
		field.Int64("balance").Default(0).Comment("charges minus payments in minor units; changes with the ledger, in one transaction"),
		field.Time("created_at").Immutable(),
		field.Time("closed_at").Optional().Nillable(),
	}
}

// Indexes of an account.
func (Account) Indexes() []ent.Index { return []ent.Index{index.Fields("status", "id")} }
