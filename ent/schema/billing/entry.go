package billing

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Entry is one line of an account's ledger. Entries are added, never changed.
type Entry struct{ ent.Schema }

// Fields of an entry.
func (Entry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("version 7: the order of ids is the order of entries"),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("CHARGE", "PAYMENT").Immutable(),
		field.Int64("amount").Positive().Immutable().Comment("minor units"),
		field.String("description").MaxLen(200).Immutable(),
		field.String("method").MaxLen(40).Optional().Immutable(),
		field.String("idempotency_key").MaxLen(128).Optional().Nillable().Immutable(),
		field.Time("at").Immutable(),
	}
}

// Indexes of an entry.
func (Entry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("account_id", "id"), index.Fields("account_id", "idempotency_key").Unique()}
}
