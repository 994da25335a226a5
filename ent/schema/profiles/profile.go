// Package profiles describes the profiles service's database: profiles, the outbox, keys of retried requests.
package profiles

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// date makes a column of calendar dates where the database has such a type.
var date = map[string]string{dialect.Postgres: "date"}

// Profile is a patient's medical profile.
type Profile struct{ ent.Schema }

// Fields of a profile.
func (Profile) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.String("name").MaxLen(400).Comment("at most 100 UTF-16 units"),
		field.String("email").MaxLen(254).Comment("as it was given"),
		field.String("email_key").MaxLen(512).Unique().Comment("lower case: addresses that differ in case only are one"),
		field.String("address").MaxLen(1020).Comment("at most 255 UTF-16 units"),
		field.Time("date_of_birth").SchemaType(date),
		field.Time("registered_date").SchemaType(date).Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("updated_at"),
		field.Int("version").Positive(),
	}
}

// Indexes of a profile: one for each order in which they are listed.
func (Profile) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("created_at", "id"),
		index.Fields("name", "id"),
		index.Fields("date_of_birth", "id"),
		index.Fields("registered_date", "id"),
	}
}
