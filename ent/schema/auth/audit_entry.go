package auth

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// AuditEntry is one security event. Entries are added, never changed. They name users by id only.
type AuditEntry struct{ ent.Schema }

// Fields of an entry.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("version 7: the order of ids is the order of entries"),
		field.Time("at").Immutable(),
		field.String("action").MaxLen(32).Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("who did it; null: nobody known, or the system"),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("whom it was done to"),
		field.String("client_address").MaxLen(64).Optional().Immutable(),
	}
}

// Indexes of an entry.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("at"),
		index.Fields("actor_id", "id"),
		index.Fields("subject_id", "id"),
		index.Fields("action", "id"),
	}
}
