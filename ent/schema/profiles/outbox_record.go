package profiles

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// OutboxRecord is a message to another part of the platform, kept in the transaction that made it necessary and delivered
// afterwards. Name and email are emptied once it is delivered, and when the profile is deleted.
type OutboxRecord struct{ ent.Schema }

// Fields of a record.
func (OutboxRecord) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable().Comment("the order of delivery within a queue and profile"),
		field.UUID("event_id", uuid.UUID{}).Immutable().Unique(),
		field.Enum("queue").Values("EVENTS", "BILLING").Immutable(),
		field.Enum("kind").Values("CREATED", "UPDATED", "DELETED", "OPEN", "CLOSE").Immutable(),
		field.UUID("profile_id", uuid.UUID{}).Immutable(),
		field.Int("version").Immutable().Comment("of the profile after the change"),
		field.String("name").MaxLen(400).Default(""),
		field.String("email").MaxLen(254).Default(""),
		field.String("traceparent").MaxLen(64).Default("").Immutable().Comment("W3C trace context of the request"),
		field.Time("created_at").Immutable(),
		field.Time("next_at").Comment("not before this: a claim moves it ahead, so that a claim whose holder died ends"),
		field.Int("attempts").Default(0),
		field.Time("published_at").Optional().Nillable(),
	}
}

// Indexes of a record.
func (OutboxRecord) Indexes() []ent.Index {
	pending := entsql.IndexWhere("published_at IS NULL")
	return []ent.Index{
		index.Fields("queue", "id").Annotations(pending),
		index.Fields("profile_id", "queue", "id").Annotations(pending),
		index.Fields("published_at"),
	}
}
