package store

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"medicore.dev/medicore/subgraphs/profiles/internal/ent"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent/outboxrecord"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// addRecords keeps the records in their order and sets their Seq.
func addRecords(ctx context.Context, tx *ent.Tx, records []profile.Record) error {
	return inBatches(records, func(rs []profile.Record) error {
		rows := make([]*ent.OutboxRecordCreate, len(rs))
		for i, r := range rs {
			rows[i] = tx.OutboxRecord.Create().SetEventID(r.ID).SetQueue(outboxrecord.Queue(r.Kind.Queue())).SetKind(outboxrecord.Kind(r.Kind)).
				SetProfileID(r.ProfileID).SetVersion(r.Version).SetName(r.Name).SetEmail(r.Email).SetTraceparent(r.Traceparent).
				SetCreatedAt(r.At).SetNextAt(r.NextAt)
		}
		made, err := tx.OutboxRecord.CreateBulk(rows...).Save(ctx)
		if err != nil {
			return fmt.Errorf("insert outbox records: %w", err)
		}
		for i, row := range made {
			rs[i].Seq = row.ID
		}
		return nil
	})
}

// Claim takes up to limit records that are due, in their order and of each profile only the first that is undelivered, and
// keeps them from other claims for the time of hold.
func (s *Store) Claim(ctx context.Context, queue profile.Queue, limit int, hold time.Duration) ([]profile.Record, error) {
	var out []profile.Record
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		now := s.now()
		q := tx.OutboxRecord.Query().
			Where(outboxrecord.QueueEQ(outboxrecord.Queue(queue)), outboxrecord.PublishedAtIsNil(), outboxrecord.NextAtLTE(now), firstOfProfile).
			Order(outboxrecord.ByID()).Limit(limit)
		if s.locks() {
			q = q.ForUpdate(sql.WithLockAction(sql.SkipLocked))
		}
		rows, err := q.All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		out = make([]profile.Record, len(rows))
		for i, row := range rows {
			ids[i], out[i] = row.ID, toRecord(row)
		}
		return tx.OutboxRecord.Update().Where(outboxrecord.IDIn(ids...)).SetNextAt(now.Add(hold)).Exec(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("claim outbox records: %w", err)
	}
	return out, nil
}

// firstOfProfile lets through records before which no other of the same profile and queue is undelivered.
func firstOfProfile(s *sql.Selector) {
	t := sql.Table(outboxrecord.Table).As("earlier")
	s.Where(sql.NotExists(sql.Select(t.C(outboxrecord.FieldID)).From(t).Where(sql.And(
		sql.ColumnsEQ(t.C(outboxrecord.FieldProfileID), s.C(outboxrecord.FieldProfileID)),
		sql.ColumnsEQ(t.C(outboxrecord.FieldQueue), s.C(outboxrecord.FieldQueue)),
		sql.IsNull(t.C(outboxrecord.FieldPublishedAt)),
		sql.ColumnsLT(t.C(outboxrecord.FieldID), s.C(outboxrecord.FieldID)),
	))))
}

func toRecord(row *ent.OutboxRecord) profile.Record {
	return profile.Record{
		Seq: row.ID, ID: row.EventID, Kind: profile.Kind(row.Kind), ProfileID: row.ProfileID, Version: row.Version, Name: row.Name, Email: row.Email,
		Traceparent: row.Traceparent, At: row.CreatedAt.UTC(), NextAt: row.NextAt.UTC(), Attempts: row.Attempts,
	}
}

// Hold keeps claimed records from other claims for the time of hold from now.
func (s *Store) Hold(ctx context.Context, seqs []int64, hold time.Duration) error {
	return inBatches(seqs, func(seqs []int64) error {
		err := s.client.OutboxRecord.Update().Where(outboxrecord.IDIn(seqs...), outboxrecord.PublishedAtIsNil()).SetNextAt(s.now().Add(hold)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("hold outbox records: %w", err)
		}
		return nil
	})
}

// release ends all claims: whoever held them is gone.
func (s *Store) release(ctx context.Context) error {
	now := s.now()
	err := s.client.OutboxRecord.Update().Where(outboxrecord.PublishedAtIsNil(), outboxrecord.NextAtGT(now)).SetNextAt(now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("release outbox records: %w", err)
	}
	return nil
}

// Delivered marks records as delivered and empties their names and email addresses.
func (s *Store) Delivered(ctx context.Context, seqs []int64) error {
	return inBatches(seqs, func(seqs []int64) error {
		err := s.client.OutboxRecord.Update().Where(outboxrecord.IDIn(seqs...), outboxrecord.PublishedAtIsNil()).
			SetPublishedAt(s.now()).SetName("").SetEmail("").Exec(ctx)
		if err != nil {
			return fmt.Errorf("mark outbox records as delivered: %w", err)
		}
		return nil
	})
}

// Postpone gives claimed records back, to be claimed again after the wait, and counts the attempt.
func (s *Store) Postpone(ctx context.Context, seqs []int64, wait time.Duration) error {
	return inBatches(seqs, func(seqs []int64) error {
		err := s.client.OutboxRecord.Update().Where(outboxrecord.IDIn(seqs...), outboxrecord.PublishedAtIsNil()).
			SetNextAt(s.now().Add(wait)).AddAttempts(1).Exec(ctx)
		if err != nil {
			return fmt.Errorf("postpone outbox records: %w", err)
		}
		return nil
	})
}

// Waiting counts the undelivered records of a queue.
func (s *Store) Waiting(ctx context.Context, queue profile.Queue) (int, error) {
	n, err := s.client.OutboxRecord.Query().Where(outboxrecord.QueueEQ(outboxrecord.Queue(queue)), outboxrecord.PublishedAtIsNil()).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count outbox records: %w", err)
	}
	return n, nil
}
