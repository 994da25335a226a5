package store

import (
	"context"
	stdsql "database/sql"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/applied"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/daily"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/deadletter"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/event"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/profilestate"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/total"
)

// activeTotal is the id of the total that counts profiles created and not deleted.
const activeTotal = "ACTIVE"

// snapshot is how a read that must be of one moment begins. SQLite's transactions are that by themselves.
func (s *Store) snapshot() *stdsql.TxOptions {
	if s.locks() {
		return &stdsql.TxOptions{Isolation: stdsql.LevelRepeatableRead, ReadOnly: true}
	}
	return nil
}

// Apply implements activity.Store. What makes the effect exactly once: the partition's position, locked for the
// transaction, says which records are new; an event's id, unique, says which events are.
func (s *Store) Apply(ctx context.Context, partition int32, records []activity.Record) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		next, err := s.lockPosition(ctx, tx, partition)
		if err != nil {
			return err
		}
		var events []*activity.Event
		var dead []*activity.DeadLetter
		for _, r := range records {
			switch {
			case r.Offset < next:
			case r.Event != nil:
				events = append(events, r.Event)
			case r.Dead != nil:
				dead = append(dead, r.Dead)
			}
		}
		if events, err = unknown(ctx, tx, events); err != nil {
			return err
		}
		if err := addEvents(ctx, tx, events); err != nil {
			return err
		}
		if err := addDead(ctx, tx, dead); err != nil {
			return err
		}
		if err := count(ctx, tx, events); err != nil {
			return err
		}
		if after := records[len(records)-1].Offset + 1; after > next {
			return tx.Applied.Update().Where(applied.Partition(partition)).SetNext(after).Exec(ctx)
		}
		return nil
	})
}

func (s *Store) lockPosition(ctx context.Context, tx *ent.Tx, partition int32) (int64, error) {
	err := tx.Applied.Create().SetPartition(partition).SetNext(0).OnConflictColumns(applied.FieldPartition).Ignore().Exec(ctx)
	if err != nil {
		return 0, err
	}
	q := tx.Applied.Query().Where(applied.Partition(partition))
	if s.locks() {
		q = q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return 0, err
	}
	return row.Next, nil
}

// unknown returns the events whose ids are not in the log, each once.
func unknown(ctx context.Context, tx *ent.Tx, events []*activity.Event) ([]*activity.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	have, err := tx.Event.Query().Where(event.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(have))
	for _, id := range have {
		seen[id] = true
	}
	var out []*activity.Event
	for _, e := range events {
		if !seen[e.ID] {
			seen[e.ID] = true
			out = append(out, e)
		}
	}
	return out, nil
}

func addEvents(ctx context.Context, tx *ent.Tx, events []*activity.Event) error {
	create := make([]*ent.EventCreate, len(events))
	for i, e := range events {
		create[i] = tx.Event.Create().SetID(e.ID).SetType(event.Type(e.Type)).SetProfileID(e.ProfileID).SetAt(e.At.UnixMicro()).
			SetNillableVersion(e.Version).SetPartition(e.Partition).SetOffset(e.Offset)
	}
	return tx.Event.CreateBulk(create...).Exec(ctx)
}

func addDead(ctx context.Context, tx *ent.Tx, dead []*activity.DeadLetter) error {
	if len(dead) == 0 {
		return nil
	}
	create := make([]*ent.DeadLetterCreate, len(dead))
	for i, d := range dead {
		create[i] = tx.DeadLetter.Create().SetID(d.ID).SetAt(d.At.UnixMicro()).SetTopic(d.Topic).SetPartition(d.Partition).SetOffset(d.Offset).SetCause(d.Cause)
	}
	return tx.DeadLetter.CreateBulk(create...).OnConflictColumns(deadletter.FieldID).Ignore().Exec(ctx)
}

// count changes the figures by what the events add. Rows are changed in one order everywhere, so that copies do not lock
// each other out.
func count(ctx context.Context, tx *ent.Tx, events []*activity.Event) error {
	if len(events) == 0 {
		return nil
	}
	active, err := states(ctx, tx, events)
	if err != nil {
		return err
	}
	days := map[string]*activity.Day{}
	totals := map[string]int64{activeTotal: active}
	for _, e := range events {
		key := e.At.UTC().Format(time.DateOnly)
		d := days[key]
		if d == nil {
			d = &activity.Day{}
			days[key] = d
		}
		switch e.Type {
		case activity.Created:
			d.Created++
		case activity.Updated:
			d.Updated++
		case activity.Deleted:
			d.Deleted++
		}
		totals[string(e.Type)]++
	}
	for _, key := range slices.Sorted(maps.Keys(days)) {
		d := days[key]
		err := tx.Daily.Create().SetID(key).SetCreated(d.Created).SetUpdated(d.Updated).SetDeleted(d.Deleted).
			OnConflict(sql.ConflictColumns(daily.FieldID), sql.ResolveWith(func(u *sql.UpdateSet) {
				u.Add(daily.FieldCreated, d.Created).Add(daily.FieldUpdated, d.Updated).Add(daily.FieldDeleted, d.Deleted)
			})).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(totals)) {
		n := totals[key]
		err := tx.Total.Create().SetID(key).SetValue(n).
			OnConflict(sql.ConflictColumns(total.FieldID), sql.ResolveWith(func(u *sql.UpdateSet) { u.Add(total.FieldValue, n) })).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// states brings the states of the events' profiles up to date and returns by how much the number of living ones grew.
func states(ctx context.Context, tx *ent.Tx, events []*activity.Event) (int64, error) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ProfileID
	}
	rows, err := tx.ProfileState.Query().Where(profilestate.IDIn(ids...)).All(ctx)
	if err != nil {
		return 0, err
	}
	deleted := make(map[string]bool, len(rows))
	for _, row := range rows {
		deleted[row.ID] = row.Deleted
	}
	var grew int64
	changed := map[string]bool{}
	for _, e := range events {
		gone, known := deleted[e.ProfileID]
		switch {
		case e.Type == activity.Deleted && !gone:
			if known {
				grew--
			}
			deleted[e.ProfileID], changed[e.ProfileID] = true, true
		case e.Type != activity.Deleted && !known:
			grew++
			deleted[e.ProfileID], changed[e.ProfileID] = false, true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		if err := tx.ProfileState.Create().SetID(id).SetDeleted(deleted[id]).OnConflictColumns(profilestate.FieldID).UpdateNewValues().Exec(ctx); err != nil {
			return 0, err
		}
	}
	return grew, nil
}
