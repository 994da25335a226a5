// Package analytics describes the analytics service's database: the event log without patient data, the figures over
// it, how far each partition was applied, and dead letters.
package analytics

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Event is one applied event.
type Event struct{ ent.Schema }

// Fields of an event.
func (Event) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(120).Immutable().Comment("the event's own id; TOPIC/PARTITION/OFFSET for those of the original system"),
		field.Enum("type").Values("CREATED", "UPDATED", "DELETED").Immutable(),
		field.String("profile_id").MaxLen(64).Immutable(),
		field.Int64("at").Immutable().Comment("microseconds since 1970: ordered alike in every database"),
		field.Int("version").Optional().Nillable().Immutable(),
		field.Int32("partition").Immutable(),
		field.Int64("offset").Immutable(),
	}
}

// Indexes of an event.
func (Event) Indexes() []ent.Index {
	return []ent.Index{index.Fields("at", "id"), index.Fields("partition", "offset").Unique(), index.Fields("profile_id", "at", "id")}
}

// Applied is how far a partition has been applied.
type Applied struct{ ent.Schema }

// Fields of a position.
func (Applied) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("partition").Unique().Immutable(),
		field.Int64("next").Comment("offset of the first record not applied yet"),
	}
}

// Daily counts the events of one day, UTC.
type Daily struct{ ent.Schema }

// Fields of a day.
func (Daily) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(10).Comment("YYYY-MM-DD"),
		field.Int("created").Default(0),
		field.Int("updated").Default(0),
		field.Int("deleted").Default(0),
	}
}

// Total is one figure over all events.
type Total struct{ ent.Schema }

// Fields of a total.
func (Total) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(20).Comment("CREATED, UPDATED, DELETED: events; ACTIVE: profiles"),
		field.Int64("value").Default(0),
	}
}

// ProfileState is what is known of a profile: whether it lives.
type ProfileState struct{ ent.Schema }

// Fields of a state.
func (ProfileState) Fields() []ent.Field {
	return []ent.Field{field.String("id").MaxLen(64).Comment("the profile's id"), field.Bool("deleted")}
}

// DeadLetter is an event that could not be applied.
type DeadLetter struct{ ent.Schema }

// Fields of a dead letter.
func (DeadLetter) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(120).Immutable().Comment("TOPIC/PARTITION/OFFSET"),
		field.Int64("at").Immutable().Comment("microseconds since 1970"),
		field.String("topic").MaxLen(100).Immutable(),
		field.Int32("partition").Immutable(),
		field.Int64("offset").Immutable(),
		field.String("cause").MaxLen(200).Immutable(),
	}
}

// Indexes of a dead letter.
func (DeadLetter) Indexes() []ent.Index { return []ent.Index{index.Fields("at", "id")} }
