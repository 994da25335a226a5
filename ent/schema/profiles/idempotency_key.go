package profiles

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// IdempotencyKey remembers what a request with a key did, so that a retry does not do it again.
type IdempotencyKey struct{ ent.Schema }

// Fields of a key.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(64).Immutable().Comment("SHA-256 of caller, operation and key, in hex"),
		field.String("body_hash").MaxLen(64).Immutable().Comment("SHA-256 of the input, in hex"),
		field.UUID("profile_id", uuid.UUID{}).Immutable().Comment("what the request made"),
		field.Time("created_at").Immutable(),
	}
}

// Indexes of a key.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("created_at")}
}
