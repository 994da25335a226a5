package graph

import (
	"context"
	"strconv"

	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
	"medicore.dev/medicore/subgraphs/analytics/internal/store"
)

// The kinds of lists, as their cursors name them.
const (
	eventsList = "event"
	deadList   = "dead"
)

// ProfileEvent is an event as the schema shows it.
type ProfileEvent activity.Event

// IsEntity marks what other subgraphs refer to.
func (*ProfileEvent) IsEntity() {}

// ProfileEventConnection is a page of events. TotalCount is counted only when asked for.
type ProfileEventConnection struct {
	Edges    []*ProfileEventEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all events of the list.
func (c *ProfileEventConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// DeadLetterConnection is a page of dead letters. TotalCount is counted only when asked for.
type DeadLetterConnection struct {
	Edges    []*DeadLetterEdge
	PageInfo *PageInfo
	count    func(ctx context.Context) (int, error)
}

// TotalCount counts all dead letters.
func (c *DeadLetterConnection) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

func eventConnection(l activity.Log, p page.Page, count func(context.Context) (int, error)) *ProfileEventConnection {
	c := &ProfileEventConnection{Edges: make([]*ProfileEventEdge, len(l.Events)), count: count}
	for i, e := range l.Events {
		c.Edges[i] = &ProfileEventEdge{Cursor: page.Cursor(eventsList, store.Key(e.At, e.ID)), Node: (*ProfileEvent)(e)}
	}
	c.PageInfo = pageInfo(p, l.More, c.Edges, func(e *ProfileEventEdge) string { return e.Cursor })
	return c
}

func deadConnection(rows []*activity.DeadLetter, more bool, p page.Page, count func(context.Context) (int, error)) *DeadLetterConnection {
	c := &DeadLetterConnection{Edges: make([]*DeadLetterEdge, len(rows)), count: count}
	for i, d := range rows {
		c.Edges[i] = &DeadLetterEdge{Cursor: page.Cursor(deadList, store.Key(d.At, d.ID)), Node: &DeadLetter{
			ID: d.ID, At: d.At, Topic: d.Topic, Partition: int(d.Partition), Offset: strconv.FormatInt(d.Offset, 10), Cause: d.Cause,
		}}
	}
	c.PageInfo = pageInfo(p, more, c.Edges, func(e *DeadLetterEdge) string { return e.Cursor })
	return c
}

func pageInfo[E any](p page.Page, more bool, edges []E, cursor func(E) string) *PageInfo {
	info := &PageInfo{}
	info.HasNextPage, info.HasPreviousPage = p.Neighbours(more)
	if len(edges) > 0 {
		first, last := cursor(edges[0]), cursor(edges[len(edges)-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

func toSummary(s *activity.Summary) *AnalyticsSummary {
	out := &AnalyticsSummary{Cursor: s.Position.Cursor(), At: s.At, TotalEvents: int(s.Total()), ActiveProfiles: int(s.Active)}
	for _, t := range activity.Types() {
		out.ByType = append(out.ByType, &EventTypeCount{Type: t, Count: int(s.ByType[t])})
	}
	return out
}

// ProfileEventMessage is a pushed event, or the error that ends the subscription: asking anything of it answers that.
type ProfileEventMessage struct {
	message activity.Message
	err     error
}

// Cursor is the position after the event.
func (m *ProfileEventMessage) Cursor() (string, error) { return m.message.Position.Cursor(), m.err }

// Event is the event.
func (m *ProfileEventMessage) Event() (*ProfileEvent, error) {
	return (*ProfileEvent)(m.message.Event), m.err
}
