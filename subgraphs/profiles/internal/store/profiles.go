package store

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent/outboxrecord"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent/predicate"
	entprofile "medicore.dev/medicore/subgraphs/profiles/internal/ent/profile"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

func toProfile(row *ent.Profile) *profile.Profile {
	return &profile.Profile{
		ID: row.ID, Name: row.Name, Email: row.Email, Address: row.Address,
		DateOfBirth: profile.DateOf(row.DateOfBirth), RegisteredDate: profile.DateOf(row.RegisteredDate),
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(), Version: row.Version,
	}
}

func toProfiles(rows []*ent.Profile) []*profile.Profile {
	out := make([]*profile.Profile, len(rows))
	for i, row := range rows {
		out[i] = toProfile(row)
	}
	return out
}

// known names the failures that the domain knows; doing is what was being done.
func known(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ent.IsNotFound(err):
		return profile.ErrNotFound
	case ent.IsConstraintError(err): // its text quotes the row, so it is not passed on
		return profile.ErrEmailTaken
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Profile implements profile.Store.
func (s *Store) Profile(ctx context.Context, id uuid.UUID) (*profile.Profile, error) {
	row, err := s.client.Profile.Get(ctx, id)
	if err != nil {
		return nil, known("get a profile", err)
	}
	return toProfile(row), nil
}

// ByIDs implements profile.Store.
func (s *Store) ByIDs(ctx context.Context, ids []uuid.UUID) ([]*profile.Profile, error) {
	var out []*profile.Profile
	err := inBatches(ids, func(ids []uuid.UUID) error {
		rows, err := s.client.Profile.Query().Where(entprofile.IDIn(ids...)).All(ctx)
		out = append(out, toProfiles(rows)...)
		return known("get profiles", err)
	})
	return out, err
}

// ByEmailKeys implements profile.Store.
func (s *Store) ByEmailKeys(ctx context.Context, keys []string) ([]*profile.Profile, error) {
	var out []*profile.Profile
	err := inBatches(keys, func(keys []string) error {
		rows, err := s.client.Profile.Query().Where(entprofile.EmailKeyIn(keys...)).All(ctx)
		out = append(out, toProfiles(rows)...)
		return known("find profiles", err)
	})
	return out, err
}

func filter(f profile.Filter) []predicate.Profile {
	var where []predicate.Profile
	if f.Search != "" {
		where = append(where, entprofile.Or(entprofile.NameContainsFold(f.Search), entprofile.EmailContainsFold(f.Search)))
	}
	if f.BornFrom != "" {
		where = append(where, entprofile.DateOfBirthGTE(f.BornFrom.Time()))
	}
	if f.BornTo != "" {
		where = append(where, entprofile.DateOfBirthLTE(f.BornTo.Time()))
	}
	if f.RegisteredFrom != "" {
		where = append(where, entprofile.RegisteredDateGTE(f.RegisteredFrom.Time()))
	}
	if f.RegisteredTo != "" {
		where = append(where, entprofile.RegisteredDateLTE(f.RegisteredTo.Time()))
	}
	return where
}

// column returns the order's column and its value in a row.
func column(o profile.Order) (string, func(*profile.Profile) any) {
	switch o.Field {
	case profile.ByName:
		return entprofile.FieldName, func(p *profile.Profile) any { return p.Name }
	case profile.ByDateOfBirth:
		return entprofile.FieldDateOfBirth, func(p *profile.Profile) any { return p.DateOfBirth.Time() }
	case profile.ByRegisteredDate:
		return entprofile.FieldRegisteredDate, func(p *profile.Profile) any { return p.RegisteredDate.Time() }
	}
	return entprofile.FieldCreatedAt, func(p *profile.Profile) any { return p.CreatedAt }
}

// beyond lets through what comes after the place in an order, or before it.
func beyond(col string, value any, id uuid.UUID, ascending bool) predicate.Profile {
	return func(s *sql.Selector) {
		cols := []string{s.C(col), s.C(entprofile.FieldID)}
		if ascending {
			s.Where(sql.CompositeGT(cols, value, id))
		} else {
			s.Where(sql.CompositeLT(cols, value, id))
		}
	}
}

func ordered(col string, desc bool) []entprofile.OrderOption {
	term := sql.OrderAsc()
	if desc {
		term = sql.OrderDesc()
	}
	return []entprofile.OrderOption{sql.OrderByField(col, term).ToFunc(), sql.OrderByField(entprofile.FieldID, term).ToFunc()}
}

// List implements profile.Store.
func (s *Store) List(ctx context.Context, f profile.Filter, o profile.Order, p profile.Page) ([]*profile.Profile, bool, error) {
	col, value := column(o)
	where := filter(f)
	for _, end := range []struct {
		id    uuid.UUID
		after bool
	}{{p.After, true}, {p.Before, false}} {
		if end.id == uuid.Nil {
			continue
		}
		at, err := s.Profile(ctx, end.id)
		if fault.CodeOf(err) == fault.NotFound {
			return nil, false, fault.New(fault.Invalid, "the cursor's profile does not exist any more: start again without a cursor")
		}
		if err != nil {
			return nil, false, err
		}
		where = append(where, beyond(col, value(at), at.ID, end.after != o.Desc))
	}
	rows, err := s.client.Profile.Query().Where(where...).Order(ordered(col, o.Desc != p.Last)...).Offset(p.Offset).Limit(p.Limit + 1).All(ctx)
	if err != nil {
		return nil, false, known("list profiles", err)
	}
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	if p.Last {
		slices.Reverse(rows)
	}
	return toProfiles(rows), more, nil
}

// Count implements profile.Store.
func (s *Store) Count(ctx context.Context, f profile.Filter) (int, error) {
	n, err := s.client.Profile.Query().Where(filter(f)...).Count(ctx)
	return n, known("count profiles", err)
}

// Next implements profile.Store.
func (s *Store) Next(ctx context.Context, after *profile.Profile, limit int) ([]*profile.Profile, error) {
	q := s.client.Profile.Query().Order(ordered(entprofile.FieldCreatedAt, false)...).Limit(limit)
	if after != nil {
		q = q.Where(beyond(entprofile.FieldCreatedAt, after.CreatedAt, after.ID, true))
	}
	rows, err := q.All(ctx)
	return toProfiles(rows), known("list profiles", err)
}

// Create implements profile.Store. The key goes in first: there a concurrent request with the same key waits for this one.
func (s *Store) Create(ctx context.Context, key *profile.Key, profiles []*profile.Profile, records []profile.Record) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		if key != nil {
			if err := addKey(ctx, tx, key); err != nil {
				return err
			}
		}
		err := inBatches(profiles, func(ps []*profile.Profile) error {
			rows := make([]*ent.ProfileCreate, len(ps))
			for i, p := range ps {
				rows[i] = tx.Profile.Create().SetID(p.ID).SetName(p.Name).SetEmail(p.Email).SetEmailKey(profile.EmailKey(p.Email)).
					SetAddress(p.Address).SetDateOfBirth(p.DateOfBirth.Time()).SetRegisteredDate(p.RegisteredDate.Time()).
					SetCreatedAt(p.CreatedAt).SetUpdatedAt(p.UpdatedAt).SetVersion(p.Version)
			}
			return known("insert profiles", tx.Profile.CreateBulk(rows...).Exec(ctx))
		})
		if err != nil {
			return err
		}
		return addRecords(ctx, tx, records)
	})
}

// locked returns the profile, which no other transaction changes until this one ends.
func (s *Store) locked(ctx context.Context, tx *ent.Tx, id uuid.UUID) (*profile.Profile, error) {
	q := tx.Profile.Query().Where(entprofile.ID(id))
	if s.locks() {
		q = q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return nil, known("get a profile", err)
	}
	return toProfile(row), nil
}

// Update implements profile.Store.
func (s *Store) Update(ctx context.Context, id uuid.UUID, change func(*profile.Profile) ([]profile.Record, error)) (*profile.Profile, error) {
	var p *profile.Profile
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		var err error
		if p, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		records, err := change(p)
		if err != nil || len(records) == 0 {
			return err
		}
		err = tx.Profile.UpdateOneID(id).SetName(p.Name).SetEmail(p.Email).SetEmailKey(profile.EmailKey(p.Email)).SetAddress(p.Address).
			SetDateOfBirth(p.DateOfBirth.Time()).SetUpdatedAt(p.UpdatedAt).SetVersion(p.Version).Exec(ctx)
		if err != nil {
			return known("change a profile", err)
		}
		return addRecords(ctx, tx, records)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Delete implements profile.Store.
func (s *Store) Delete(ctx context.Context, id uuid.UUID, last func(*profile.Profile) ([]profile.Record, error)) (*profile.Profile, error) {
	var p *profile.Profile
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		var err error
		if p, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		records, err := last(p)
		if err != nil {
			return err
		}
		if err := tx.Profile.DeleteOneID(id).Exec(ctx); err != nil {
			return known("delete a profile", err)
		}
		err = tx.OutboxRecord.Update().Where(outboxrecord.ProfileID(id), outboxrecord.PublishedAtIsNil()).SetName("").SetEmail("").Exec(ctx)
		if err != nil {
			return known("empty a deleted profile's records", err)
		}
		return addRecords(ctx, tx, records)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}
