// Package auth describes the auth service's database: users, failed sign-ins, the audit log.
package auth

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// User is a person who signs in.
type User struct{ ent.Schema }

// Fields of a user.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.String("email").MaxLen(254).Unique().Comment("lower case: addresses that differ in case only are one"),
		field.String("password_hash").MaxLen(72).Sensitive().Comment("BCrypt"),
		field.Enum("role").Values("ADMIN", "CLINICIAN", "BILLING", "ANALYST"),
		field.Enum("status").Values("ACTIVE", "DEACTIVATED"),
		field.Time("created_at").Immutable(),
		field.Time("last_login_at").Optional().Nillable(),
	}
}
