package analytics

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/kafka/embedded"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	pb "medicore.dev/medicore/proto/events"
)

var tokens = func() *token.Authority {
	a, err := token.NewAuthority(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)), "")
	if err != nil {
		panic(err)
	}
	return a
}()

func bearer(t *testing.T, role principal.Role) string {
	t.Helper()
	tok, _, err := tokens.Sign(principal.Principal{Subject: "x@example.com", Role: role}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + tok
}

// fixture is a service on an embedded broker, and a producer beside it.
type fixture struct {
	*Service
	server   *httptest.Server
	producer *kafka.Producer
	stop     func()
}

// databases runs the test on SQLite and, where TEST_POSTGRES_URL names a server, on PostgreSQL. start may be called
// again: it starts the service anew on the same database and broker.
func databases(t *testing.T, test func(t *testing.T, start func() *fixture)) {
	run := func(name, dsn string) {
		t.Run(name, func(t *testing.T) {
			broker, err := embedded.Start(embedded.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(broker.Close)
			cfg := kafka.DefaultConfig()
			cfg.Brokers = broker.Addrs()
			data := t.TempDir()
			test(t, func() *fixture { return start(t, Config{DatabaseURL: dsn}, cfg, data) })
		})
	}
	run("sqlite", "")
	if base := os.Getenv("TEST_POSTGRES_URL"); base != "" {
		run("postgres", scratch(t, base))
	}
}

func start(t *testing.T, cfg Config, brokers kafka.Config, data string) *fixture {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := New(t.Context(), cfg, Deps{Log: log, Tokens: tokens, Data: data, Kafka: brokers})
	if err != nil {
		t.Fatal(err)
	}
	p, err := kafka.NewProducer(brokers, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	f := &fixture{Service: s, server: httptest.NewServer(s.Handler()), producer: p}
	stopped := false
	f.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		f.server.CloseClientConnections()
		f.server.Close()
		p.Close()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(f.stop)
	f.eventually(t, "topics are there", func() bool { return s.topics.Load() })
	return f
}

func scratch(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL does not parse")
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("analytics_test_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close()
	})
	u.Path = "/" + name
	return u.String()
}

func (f *fixture) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not after 30 s: %s", what)
		}
	}
}

var day = time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)

func event(id, profile, kind string) kafka.Record {
	m := &pb.MedicalProfileEvent{MedicalProfileId: profile, Name: "Ann Secret", Email: "ann@secret.example", EventType: "MEDICAL_PROFILE_" + kind}
	if id != "" {
		m.EventId, m.OccurredAt, m.Version = id, timestamppb.New(day), 1
	}
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return kafka.Record{Topic: kafka.TopicProfiles, Key: []byte(profile), Value: b}
}

func (f *fixture) publish(t *testing.T, records ...kafka.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := f.producer.Publish(ctx, records); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) query(t *testing.T, auth, q string, into any) string {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"query": q})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+"/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", auth)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var a struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	if len(a.Errors) > 0 {
		return a.Errors[0].Extensions.Code
	}
	if into != nil {
		if err := json.Unmarshal(a.Data, into); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

type figures struct {
	AnalyticsSummary struct {
		TotalEvents, ActiveProfiles int
		ByType                      []struct {
			Type  string
			Count int
		}
	}
	EventsPerDay []struct{ Created, Updated, Deleted int }
	DeadLetters  struct{ TotalCount int }
}

func (f *fixture) figures(t *testing.T) figures {
	t.Helper()
	var out figures
	if code := f.query(t, bearer(t, principal.Admin), `{ analyticsSummary { totalEvents activeProfiles byType { type count } } eventsPerDay(from: "2024-05-31", to: "2024-05-31") { created updated deleted } deadLetters { totalCount } }`, &out); code != "" {
		t.Fatal(code)
	}
	return out
}

func TestEveryEventCountsOnceWhateverComesTwice(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		var all []kafka.Record
		for i := range 50 {
			p := fmt.Sprintf("p%d", i)
			all = append(all, event(p+"-1", p, "CREATED"))
			if i%2 == 0 {
				all = append(all, event(p+"-2", p, "UPDATED"))
			}
			if i%5 == 0 {
				all = append(all, event(p+"-3", p, "DELETED"))
			}
		}
		f.publish(t, all...)
		f.publish(t, all[:40]...) // a relay that did not see the acknowledgement
		f.publish(t, event("", "old", "CREATED"))
		f.publish(t, kafka.Record{Topic: kafka.TopicProfiles, Key: []byte("p1"), Value: []byte{0xff}}, event("x", "", "CREATED"), event("y", "p1", "SHOUTED"), event("last", "p1", "UPDATED"))
		f.eventually(t, "all is applied", func() bool {
			g := f.figures(t)
			return g.AnalyticsSummary.TotalEvents == 87 && g.DeadLetters.TotalCount == 3
		})

		check := func(g figures) {
			t.Helper()
			s := g.AnalyticsSummary
			if s.TotalEvents != 87 || s.ActiveProfiles != 41 || g.DeadLetters.TotalCount != 3 {
				t.Errorf("summary %+v, %d dead letters", s, g.DeadLetters.TotalCount)
			}
			if d := g.EventsPerDay[0]; d.Created != 50 || d.Updated != 26 || d.Deleted != 10 { // the original's event is of today
				t.Errorf("day %+v", d)
			}
		}
		check(f.figures(t))
		f.stop()
		f = start() // reads on from where the store says
		f.publish(t, event("after", "p1", "UPDATED"))
		f.eventually(t, "the event after the restart is applied", func() bool { return f.figures(t).AnalyticsSummary.TotalEvents == 88 })
	})
}

func TestNoPatientDataIsStored(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		f.publish(t, event("e1", "p1", "CREATED"))
		f.eventually(t, "the event is applied", func() bool { return f.figures(t).AnalyticsSummary.TotalEvents == 1 })
		files, err := os.ReadDir(f.deps.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(f.deps.Data + "/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte("Secret")) || bytes.Contains(b, []byte("secret.example")) {
				t.Errorf("%s holds patient data", file.Name())
			}
		}
	})
}

// subscribe follows a subscription by server-sent events.
func (f *fixture) subscribe(t *testing.T, auth, q string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	body, _ := json.Marshal(map[string]any{"query": q})
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, f.server.URL+"/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", auth)
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan string, 1000)
	go func() {
		defer close(out)
		defer func() { _ = resp.Body.Close() }()
		s := bufio.NewScanner(resp.Body)
		for s.Scan() {
			if data, ok := strings.CutPrefix(s.Text(), "data:"); ok && strings.TrimSpace(data) != "" {
				out <- strings.TrimSpace(data)
			}
		}
	}()
	return out
}

type pushed struct {
	Data *struct {
		ProfileEvents struct {
			Cursor string
			Event  struct {
				ID      string
				Profile *struct{ ID string }
			}
		}
	}
	Errors []struct{ Extensions struct{ Code string } }
}

func next(t *testing.T, ch <-chan string) pushed {
	t.Helper()
	select {
	case s, ok := <-ch:
		if !ok {
			t.Fatal("the subscription ended")
		}
		var p pushed
		if err := json.Unmarshal([]byte(s), &p); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return p
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was pushed in 20 s")
	}
	panic("unreachable")
}

func TestACursorLeavesNoGapAndNoDoubleWhileEventsArrive(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		auth := bearer(t, principal.Analyst)
		const q = `subscription { profileEvents%s { cursor event { id profile { id } } } }`
		live := f.subscribe(t, auth, fmt.Sprintf(q, ""))
		f.eventually(t, "the subscriber is there", func() bool { return f.feed.Subscribers() == 1 })
		publishing := make(chan struct{})
		go func() {
			defer close(publishing)
			for i := range 100 {
				f.publish(t, event(fmt.Sprintf("e%03d", i), fmt.Sprintf("p%d", i%7), "CREATED"))
			}
		}()
		seen := map[string]bool{}
		var cursor string
		for range 30 {
			p := next(t, live)
			seen[p.Data.ProfileEvents.Event.ID] = true
			cursor = p.Data.ProfileEvents.Cursor
		}
		again := f.subscribe(t, auth, fmt.Sprintf(q, `(after: "`+cursor+`")`))
		for len(seen) < 100 {
			p := next(t, again)
			id := p.Data.ProfileEvents.Event.ID
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			if p.Data.ProfileEvents.Event.Profile == nil {
				t.Errorf("%s has no profile", id)
			}
			seen[id] = true
		}
		<-publishing
	})
}

func TestWhatCannotBeFollowed(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		for _, tt := range []struct{ name, auth, q, want string }{
			{"a cursor that is none", bearer(t, principal.Analyst), `subscription { profileEvents(after: "x") { cursor } }`, "CURSOR_EXPIRED"},
			{"a cursor beyond the log", bearer(t, principal.Analyst), `subscription { profileEvents(after: "` + base64.RawURLEncoding.EncodeToString([]byte("1,0=99")) + `") { cursor } }`, "CURSOR_EXPIRED"},
			{"by nobody", "", `subscription { profileEvents { cursor } }`, "UNAUTHENTICATED"},
			{"by billing", bearer(t, principal.Billing), `subscription { analyticsSummary { cursor } }`, "FORBIDDEN"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				p := next(t, f.subscribe(t, tt.auth, tt.q))
				if len(p.Errors) != 1 || p.Errors[0].Extensions.Code != tt.want {
					t.Errorf("got %+v, want %s", p.Errors, tt.want)
				}
			})
		}
		for _, tt := range []struct{ name, auth, want string }{{"nobody", "", "UNAUTHENTICATED"}, {"a clinician", bearer(t, principal.Clinician), "FORBIDDEN"}, {"an analyst", bearer(t, principal.Analyst), ""}} {
			t.Run(tt.name+" through _entities", func(t *testing.T) {
				if got := f.query(t, tt.auth, `{ _entities(representations: [{__typename: "MedicalProfile", id: "p1"}]) { ... on MedicalProfile { events { totalCount } } } }`, nil); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		}
		if got := f.query(t, bearer(t, principal.Analyst), `{ deadLetters { totalCount } }`, nil); got != "FORBIDDEN" {
			t.Errorf("an analyst read dead letters: %q", got)
		}
	})
}

func TestTheSummaryIsPushedAfterAChange(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		ch := f.subscribe(t, bearer(t, principal.Analyst), `subscription { analyticsSummary { totalEvents } }`)
		total := func() string {
			select {
			case s := <-ch:
				return s
			case <-time.After(20 * time.Second):
				t.Fatal("nothing was pushed in 20 s")
			}
			return ""
		}
		if s := total(); !strings.Contains(s, `"totalEvents":0`) {
			t.Errorf("the snapshot is %s", s)
		}
		f.publish(t, event("e1", "p1", "CREATED"))
		if s := total(); !strings.Contains(s, `"totalEvents":1`) {
			t.Errorf("after the event came %s", s)
		}
	})
}

func TestEventsOfManyProfilesComeInOneAnswer(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		var reps []string
		for i := range 20 {
			p := fmt.Sprintf("p%02d", i)
			f.publish(t, event(p+"a", p, "CREATED"), event(p+"b", p, "UPDATED"), event(p+"c", p, "UPDATED"))
			reps = append(reps, fmt.Sprintf(`{__typename: "MedicalProfile", id: %q}`, p))
		}
		f.eventually(t, "all is applied", func() bool { return f.figures(t).AnalyticsSummary.TotalEvents == 60 })
		var got struct {
			Entities []struct {
				Events struct {
					TotalCount int
					PageInfo   struct{ HasNextPage bool }
					Edges      []struct{ Node struct{ ID string } }
				}
			} `json:"_entities"`
		}
		q := `{ _entities(representations: [` + strings.Join(reps, ",") + `]) { ... on MedicalProfile { events(first: 2) { totalCount pageInfo { hasNextPage } edges { node { id } } } } } }`
		if code := f.query(t, bearer(t, principal.Admin), q, &got); code != "" {
			t.Fatal(code)
		}
		for i, e := range got.Entities {
			if want := fmt.Sprintf("p%02dc", i); e.Events.TotalCount != 3 || !e.Events.PageInfo.HasNextPage || len(e.Events.Edges) != 2 || e.Events.Edges[0].Node.ID != want {
				t.Errorf("events of profile %d are %+v, want the newest first", i, e.Events)
			}
		}
	})
}
