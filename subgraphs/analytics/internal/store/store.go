// Package store keeps analytics' data with ent in SQLite or PostgreSQL.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/daily"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/deadletter"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/event"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/predicate"
	"medicore.dev/medicore/subgraphs/analytics/internal/ent/profilestate"
)

//go:embed migrations
var migrations embed.FS

// Store implements activity.Store.
type Store struct {
	db     *database.DB
	client *ent.Client
}

var _ activity.Store = (*Store)(nil)

// Open opens the database and brings it to the current version.
func Open(ctx context.Context, cfg database.Config) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	db, err := database.Open(ctx, cfg, files)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, client: ent.NewClient(ent.Driver(db.Driver))}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.SQL.PingContext(ctx) }

func (s *Store) locks() bool { return s.db.Dialect == dialect.Postgres }

// unavailable wraps a database's failure: it may not last, and is for the log.
func unavailable(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Code: fault.Unavailable, Message: "the analytics database does not answer, try again", Err: fmt.Errorf("%s: %w", doing, err)}
}

// inTx runs do in a transaction, which is undone when do fails.
func (s *Store) inTx(ctx context.Context, do func(tx *ent.Tx) error) error {
	tx, err := s.client.Tx(ctx)
	if err != nil {
		return unavailable("begin a transaction", err)
	}
	if err := do(tx); err != nil {
		return errors.Join(unavailable("apply", err), tx.Rollback())
	}
	return unavailable("commit", tx.Commit())
}

func toEvent(row *ent.Event) *activity.Event {
	return &activity.Event{
		ID: row.ID, Type: activity.Type(row.Type), ProfileID: row.ProfileID, At: time.UnixMicro(row.At).UTC(),
		Version: row.Version, Partition: row.Partition, Offset: row.Offset,
	}
}

func toEvents(rows []*ent.Event) []*activity.Event {
	out := make([]*activity.Event, len(rows))
	for i, row := range rows {
		out[i] = toEvent(row)
	}
	return out
}

// Position implements activity.Store.
func (s *Store) Position(ctx context.Context) (activity.Position, error) {
	return position(ctx, s.client)
}

func position(ctx context.Context, c *ent.Client) (activity.Position, error) {
	rows, err := c.Applied.Query().All(ctx)
	if err != nil {
		return nil, unavailable("read positions", err)
	}
	p := make(activity.Position, len(rows))
	for _, row := range rows {
		p[row.Partition] = row.Next
	}
	return p, nil
}

// Between implements activity.Store.
func (s *Store) Between(ctx context.Context, partition int32, from, to int64, limit int) ([]*activity.Event, error) {
	rows, err := s.client.Event.Query().Where(event.Partition(partition), event.OffsetGTE(from), event.OffsetLT(to)).
		Order(event.ByOffset()).Limit(limit).All(ctx)
	return toEvents(rows), unavailable("read events of a partition", err)
}

// Summary implements activity.Store: position and figures are of one moment.
func (s *Store) Summary(ctx context.Context) (*activity.Summary, error) {
	tx, err := s.client.BeginTx(ctx, s.snapshot())
	if err != nil {
		return nil, unavailable("begin a snapshot", err)
	}
	defer func() { _ = tx.Rollback() }()
	out := &activity.Summary{At: time.Now().UTC(), ByType: map[activity.Type]int64{}}
	if out.Position, err = position(ctx, tx.Client()); err != nil {
		return nil, err
	}
	rows, err := tx.Total.Query().All(ctx)
	if err != nil {
		return nil, unavailable("read totals", err)
	}
	for _, row := range rows {
		if row.ID == activeTotal {
			out.Active = row.Value
		} else {
			out.ByType[activity.Type(row.ID)] = row.Value
		}
	}
	return out, nil
}

// Days implements activity.Store.
func (s *Store) Days(ctx context.Context, from, to time.Time) (map[string]activity.Day, error) {
	rows, err := s.client.Daily.Query().Where(daily.IDGTE(from.Format(time.DateOnly)), daily.IDLTE(to.Format(time.DateOnly))).All(ctx)
	out := make(map[string]activity.Day, len(rows))
	for _, row := range rows {
		out[row.ID] = activity.Day{Created: row.Created, Updated: row.Updated, Deleted: row.Deleted}
	}
	return out, unavailable("read days", err)
}

func where(f activity.Filter) []predicate.Event {
	var out []predicate.Event
	if len(f.Types) > 0 {
		types := make([]event.Type, len(f.Types))
		for i, t := range f.Types {
			types[i] = event.Type(t)
		}
		out = append(out, event.TypeIn(types...))
	}
	if f.ProfileID != "" {
		out = append(out, event.ProfileID(f.ProfileID))
	}
	if f.From != nil {
		out = append(out, event.AtGTE(f.From.UnixMicro()))
	}
	if f.To != nil {
		out = append(out, event.AtLTE(f.To.UnixMicro()))
	}
	return out
}

// Key is the key of a row in a cursor: lists are in the order of time, then id.
func Key(at time.Time, id string) string {
	return strconv.FormatInt(at.UnixMicro(), 10) + "/" + id
}

// cut limits a list in descending order of (at, id) to what lies after and before a page's keys.
func cut(p page.Page, at, id string) (func(*sql.Selector), error) {
	type end struct {
		at int64
		id string
	}
	read := func(key string) (*end, error) {
		if key == "" {
			return nil, nil
		}
		t, rowID, ok := strings.Cut(key, "/")
		micros, err := strconv.ParseInt(t, 10, 64)
		if !ok || err != nil {
			return nil, fault.New(fault.Invalid, "the cursor was not made by this list")
		}
		return &end{micros, rowID}, nil
	}
	after, err := read(p.After)
	if err != nil {
		return nil, err
	}
	before, err := read(p.Before)
	if err != nil {
		return nil, err
	}
	return func(q *sql.Selector) {
		if after != nil { // newest first: after means older
			q.Where(sql.Or(sql.LT(q.C(at), after.at), sql.And(sql.EQ(q.C(at), after.at), sql.LT(q.C(id), after.id))))
		}
		if before != nil {
			q.Where(sql.Or(sql.GT(q.C(at), before.at), sql.And(sql.EQ(q.C(at), before.at), sql.GT(q.C(id), before.id))))
		}
	}, nil
}

func order(p page.Page, at, id string) func(*sql.Selector) {
	return func(q *sql.Selector) {
		if p.Last {
			q.OrderBy(q.C(at), q.C(id))
		} else {
			q.OrderBy(sql.Desc(q.C(at)), sql.Desc(q.C(id)))
		}
	}
}

// Events implements activity.Store.
func (s *Store) Events(ctx context.Context, f activity.Filter, p page.Page) (activity.Log, error) {
	limit, err := cut(p, event.FieldAt, event.FieldID)
	if err != nil {
		return activity.Log{}, err
	}
	rows, err := s.client.Event.Query().Where(where(f)...).Where(limit).Order(order(p, event.FieldAt, event.FieldID)).Limit(p.Limit + 1).All(ctx)
	if err != nil {
		return activity.Log{}, unavailable("list events", err)
	}
	events, more := page.Cut(p, toEvents(rows))
	return activity.Log{Events: events, More: more}, nil
}

// Count implements activity.Store.
func (s *Store) Count(ctx context.Context, f activity.Filter) (int, error) {
	n, err := s.client.Event.Query().Where(where(f)...).Count(ctx)
	return n, unavailable("count events", err)
}

// ByID implements activity.Store.
func (s *Store) ByID(ctx context.Context, ids []string) (map[string]*activity.Event, error) {
	rows, err := s.client.Event.Query().Where(event.IDIn(ids...)).All(ctx)
	out := make(map[string]*activity.Event, len(rows))
	for _, row := range rows {
		out[row.ID] = toEvent(row)
	}
	return out, unavailable("get events", err)
}

// OfProfiles implements activity.Store: one query for any number of profiles.
func (s *Store) OfProfiles(ctx context.Context, profiles []string, p page.Page) (map[string]activity.Log, error) {
	limit, err := cut(p, event.FieldAt, event.FieldID)
	if err != nil {
		return nil, err
	}
	rows, err := s.client.Event.Query().Modify(func(q *sql.Selector) {
		t := sql.Table(event.Table)
		rank := sql.RowNumber().PartitionBy(t.C(event.FieldProfileID))
		if p.Last {
			rank = rank.OrderBy(t.C(event.FieldAt), t.C(event.FieldID))
		} else {
			rank = rank.OrderBy(sql.Desc(t.C(event.FieldAt)), sql.Desc(t.C(event.FieldID)))
		}
		ids := make([]any, len(profiles))
		for i, id := range profiles {
			ids[i] = id
		}
		ranked := sql.Dialect(q.Dialect()).Select(t.C(event.FieldID)).AppendSelectExprAs(rank, "place").From(t).Where(sql.In(t.C(event.FieldProfileID), ids...))
		limit(ranked)
		ranked.As("ranked")
		q.Join(ranked).On(q.C(event.FieldID), ranked.C(event.FieldID)).Where(sql.LTE(ranked.C("place"), p.Limit+1))
		order(p, event.FieldAt, event.FieldID)(q)
	}).All(ctx)
	if err != nil {
		return nil, unavailable("list events of profiles", err)
	}
	lists := map[string][]*activity.Event{}
	for _, row := range rows {
		lists[row.ProfileID] = append(lists[row.ProfileID], toEvent(row))
	}
	out := make(map[string]activity.Log, len(profiles))
	for _, id := range profiles {
		events, more := page.Cut(p, lists[id])
		out[id] = activity.Log{Events: events, More: more}
	}
	return out, nil
}

// CountOfProfiles implements activity.Store.
func (s *Store) CountOfProfiles(ctx context.Context, profiles []string) (map[string]int, error) {
	var rows []struct {
		ProfileID string `json:"profile_id"`
		Count     int    `json:"count"`
	}
	err := s.client.Event.Query().Where(event.ProfileIDIn(profiles...)).GroupBy(event.FieldProfileID).Aggregate(ent.Count()).Scan(ctx, &rows)
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.ProfileID] = r.Count
	}
	return out, unavailable("count events of profiles", err)
}

// Deleted implements activity.Store.
func (s *Store) Deleted(ctx context.Context, profiles []string) (map[string]bool, error) {
	ids, err := s.client.ProfileState.Query().Where(profilestate.IDIn(profiles...), profilestate.Deleted(true)).IDs(ctx)
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, unavailable("read states of profiles", err)
}

// DeadLetters implements activity.Store.
func (s *Store) DeadLetters(ctx context.Context, p page.Page) ([]*activity.DeadLetter, bool, error) {
	limit, err := cut(p, deadletter.FieldAt, deadletter.FieldID)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.client.DeadLetter.Query().Where(limit).Order(order(p, deadletter.FieldAt, deadletter.FieldID)).Limit(p.Limit + 1).All(ctx)
	if err != nil {
		return nil, false, unavailable("list dead letters", err)
	}
	rows, more := page.Cut(p, rows)
	out := make([]*activity.DeadLetter, len(rows))
	for i, row := range rows {
		out[i] = &activity.DeadLetter{ID: row.ID, At: time.UnixMicro(row.At).UTC(), Topic: row.Topic, Partition: row.Partition, Offset: row.Offset, Cause: row.Cause}
	}
	return out, more, nil
}

// CountDeadLetters implements activity.Store.
func (s *Store) CountDeadLetters(ctx context.Context) (int, error) {
	n, err := s.client.DeadLetter.Query().Count(ctx)
	return n, unavailable("count dead letters", err)
}
