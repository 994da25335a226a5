package store

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"medicore.dev/medicore/subgraphs/auth/internal/ent"
	"medicore.dev/medicore/subgraphs/auth/internal/ent/auditentry"
	"medicore.dev/medicore/subgraphs/auth/internal/ent/predicate"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

func addEntries(ctx context.Context, tx *ent.Tx, entries ...identity.AuditEntry) error {
	rows := make([]*ent.AuditEntryCreate, len(entries))
	for i, e := range entries {
		rows[i] = tx.AuditEntry.Create().SetID(e.ID).SetAt(e.At).SetAction(string(e.Action)).
			SetNillableActorID(e.ActorID).SetNillableSubjectID(e.SubjectID).SetClientAddress(e.ClientAddress)
	}
	return known("write the audit log", tx.AuditEntry.CreateBulk(rows...).Exec(ctx))
}

func auditFilter(f identity.AuditFilter) []predicate.AuditEntry {
	var where []predicate.AuditEntry
	if f.Action != "" {
		where = append(where, auditentry.Action(string(f.Action)))
	}
	if f.ActorID != nil {
		where = append(where, auditentry.ActorID(*f.ActorID))
	}
	if f.SubjectID != nil {
		where = append(where, auditentry.SubjectID(*f.SubjectID))
	}
	if f.From != nil {
		where = append(where, auditentry.AtGTE(f.From.UTC()))
	}
	if f.To != nil {
		where = append(where, auditentry.AtLT(f.To.UTC()))
	}
	return where
}

// ListEntries implements identity.AuditLog.
func (s *Store) ListEntries(ctx context.Context, f identity.AuditFilter, p identity.Page) ([]identity.AuditEntry, bool, error) {
	where := auditFilter(f)
	if p.After != uuid.Nil {
		where = append(where, auditentry.IDLT(p.After))
	}
	if p.Before != uuid.Nil {
		where = append(where, auditentry.IDGT(p.Before))
	}
	order := auditentry.ByID(sql.OrderDesc())
	if p.Last {
		order = auditentry.ByID()
	}
	rows, err := s.client.AuditEntry.Query().Where(where...).Order(order).Limit(p.Limit + 1).All(ctx)
	if err != nil {
		return nil, false, known("list audit entries", err)
	}
	rows, more := stretch(rows, p)
	out := make([]identity.AuditEntry, len(rows))
	for i, row := range rows {
		out[i] = identity.AuditEntry{
			ID: row.ID, At: row.At.UTC(), Action: identity.Action(row.Action),
			ActorID: row.ActorID, SubjectID: row.SubjectID, ClientAddress: row.ClientAddress,
		}
	}
	return out, more, nil
}

// CountEntries implements identity.AuditLog.
func (s *Store) CountEntries(ctx context.Context, f identity.AuditFilter) (int, error) {
	n, err := s.client.AuditEntry.Query().Where(auditFilter(f)...).Count(ctx)
	return n, known("count audit entries", err)
}
