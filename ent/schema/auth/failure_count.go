package auth

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// FailureCount counts failed sign-ins of one account from one client address, or of all accounts from one address.
// All copies of the service share it.
type FailureCount struct{ ent.Schema }

// Fields of a count.
func (FailureCount) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("account").MaxLen(64).Immutable().Comment("SHA-256 of the email address tried, in hex; empty: all accounts"),
		field.String("address").MaxLen(64).Immutable().Comment("client address; of IPv6 the /64 network"),
		field.Int("failures").Default(0),
		field.Time("expires_at").Comment("from then on the count is zero again"),
	}
}

// Indexes of a count.
func (FailureCount) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account", "address").Unique(),
		index.Fields("expires_at"),
	}
}
