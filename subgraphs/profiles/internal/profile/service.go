package profile

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Store keeps profiles, the outbox, and keys of retried requests.
type Store interface {
	// Profile returns ErrNotFound where there is none with the id.
	Profile(ctx context.Context, id uuid.UUID) (*Profile, error)
	// ByIDs returns those that there are, in no order.
	ByIDs(ctx context.Context, ids []uuid.UUID) ([]*Profile, error)
	// ByEmailKeys returns those whose EmailKey is among the keys, in no order.
	ByEmailKeys(ctx context.Context, keys []string) ([]*Profile, error)
	// List returns a page and whether there are more beyond its far end. fault.Invalid: After or Before names no profile.
	List(ctx context.Context, f Filter, o Order, p Page) (rows []*Profile, more bool, err error)
	Count(ctx context.Context, f Filter) (int, error)
	// Next returns the first profiles in the order of creation, or those after the one given.
	Next(ctx context.Context, after *Profile, limit int) ([]*Profile, error)

	// Create adds profiles, their records (whose Seq it sets) and the key, if any, in one transaction. It returns
	// ErrEmailTaken, or ErrKeyTaken where the key is there already.
	Create(ctx context.Context, key *Key, profiles []*Profile, records []Record) error
	// Update calls change with the profile, which no other transaction changes meanwhile, and keeps it as change leaves it
	// together with the records that it returns; none: nothing is kept. It returns ErrNotFound or ErrEmailTaken.
	Update(ctx context.Context, id uuid.UUID, change func(*Profile) ([]Record, error)) (*Profile, error)
	// Delete removes the profile, and its name and email from undelivered records, and keeps the records that last
	// returns. It returns ErrNotFound.
	Delete(ctx context.Context, id uuid.UUID, last func(*Profile) ([]Record, error)) (*Profile, error)
	// Key returns a fault.NotFound where there is none with the id.
	Key(ctx context.Context, id string) (*Key, error)
}

// Courier delivers the outbox's records. Neither method waits long or fails: what is not delivered now is later.
type Courier interface {
	// Wake says that there are new records.
	Wake()
	// Try delivers the records right now if that is possible within a short time. Their NextAt keeps others from it meanwhile.
	Try(ctx context.Context, records []Record)
	// Head is how long Try may take; 0: it does nothing.
	Head() time.Duration
}

// Service is the use cases. Each checks the caller's rights: fault.Unauthenticated or fault.Forbidden.
type Service struct {
	store   Store
	courier Courier
	clock   func() time.Time

	mu      sync.Mutex
	running map[string]bool // ids of the keys of requests that this process is serving
}

// NewService returns the use cases over the store. A nil clock is time.Now.
func NewService(store Store, courier Courier, clock func() time.Time) *Service {
	if clock == nil {
		clock = time.Now
	}
	return &Service{store: store, courier: courier, clock: clock, running: map[string]bool{}}
}

// now is the current time, as precise as both databases keep it.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Reveal returns nil if the caller may see more of a profile than its id and name.
func Reveal(ctx context.Context) error { return principal.Require(ctx, principal.ProfileRead) }

// RevealName returns nil if the caller may see a profile's name.
func RevealName(ctx context.Context) error { return principal.Require(ctx, principal.ProfileName) }

// Profile returns the profile with the id, or ErrNotFound. See Reveal.
func (s *Service) Profile(ctx context.Context, id uuid.UUID) (*Profile, error) {
	if err := RevealName(ctx); err != nil {
		return nil, err
	}
	return s.store.Profile(ctx, id)
}

// ByIDs returns the profiles with the ids by id; unknown ids are left out. See Reveal.
func (s *Service) ByIDs(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*Profile, error) {
	if err := RevealName(ctx); err != nil {
		return nil, err
	}
	rows, err := s.store.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]*Profile, len(rows))
	for _, p := range rows {
		out[p.ID] = p
	}
	return out, nil
}

// ByEmails returns the profiles with the addresses by EmailKey; unknown ones are left out.
func (s *Service) ByEmails(ctx context.Context, emails []string) (map[string]*Profile, error) {
	if err := Reveal(ctx); err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(emails))
	for _, e := range emails {
		if storable(e) {
			keys = append(keys, EmailKey(e))
		}
	}
	rows, err := s.store.ByEmailKeys(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*Profile, len(rows))
	for _, p := range rows {
		out[EmailKey(p.Email)] = p
	}
	return out, nil
}

// List returns a page of the profiles that the filter lets through, and whether there are more beyond its far end.
func (s *Service) List(ctx context.Context, f Filter, o Order, p Page) ([]*Profile, bool, error) {
	if err := Reveal(ctx); err != nil {
		return nil, false, err
	}
	if err := f.check(); err != nil {
		return nil, false, err
	}
	return s.store.List(ctx, f, o, p)
}

// Count counts the profiles that the filter lets through.
func (s *Service) Count(ctx context.Context, f Filter) (int, error) {
	if err := Reveal(ctx); err != nil {
		return 0, err
	}
	if err := f.check(); err != nil {
		return 0, err
	}
	return s.store.Count(ctx, f)
}

// streamBatch is how many profiles a stream holds in memory.
const streamBatch = 500

// All yields all profiles in the order of creation, in batches, so that memory stays constant however many there are. Those
// created meanwhile come last. An error ends it.
func (s *Service) All(ctx context.Context) iter.Seq2[[]*Profile, error] {
	return func(yield func([]*Profile, error) bool) {
		if err := Reveal(ctx); err != nil {
			yield(nil, err)
			return
		}
		var last *Profile
		for {
			rows, err := s.store.Next(ctx, last, streamBatch)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(rows) > 0 && !yield(rows, nil) || len(rows) < streamBatch {
				return
			}
			last = rows[len(rows)-1]
		}
	}
}

// Create adds a profile. With a key (see checkKey) a retry with the same input answers the profile that the first made.
// It returns fault.Invalid with the fields, ErrEmailTaken, ErrKeyReused, or ErrKeyRunning.
func (s *Service) Create(ctx context.Context, in Input, key string) (*Profile, error) {
	if err := principal.Require(ctx, principal.ProfileWrite); err != nil {
		return nil, err
	}
	p, err := in.forCreate(s.now())
	if err != nil {
		return nil, err
	}
	if key != "" {
		return s.createOnce(ctx, p, in.hash(), key)
	}
	if err := s.create(ctx, p, nil); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *Service) create(ctx context.Context, p *Profile, key *Key) error {
	now := s.now()
	p.ID = uuid.Must(uuid.NewV7())
	p.CreatedAt, p.UpdatedAt, p.Version = now, now, 1
	if key != nil {
		key.ProfileID = p.ID
	}
	out := records(ctx, p, now, Created, Open)
	head := s.courier.Head()
	out[1].NextAt = now.Add(head)
	if err := s.store.Create(ctx, key, []*Profile{p}, out); err != nil {
		return err
	}
	s.courier.Wake()
	if head > 0 {
		s.courier.Try(ctx, out[1:])
	}
	return nil
}

// Update replaces the profile's data but for its registered date. With version > 0 it returns ErrVersion where the stored
// one differs; otherwise fault.Invalid with the fields, ErrNotFound, or ErrEmailTaken.
func (s *Service) Update(ctx context.Context, id uuid.UUID, in Input, version int) (*Profile, error) {
	if err := principal.Require(ctx, principal.ProfileWrite); err != nil {
		return nil, err
	}
	now := s.now()
	data, err := in.forUpdate(now)
	if err != nil {
		return nil, err
	}
	p, err := s.store.Update(ctx, id, func(p *Profile) ([]Record, error) {
		if version > 0 && p.Version != version {
			return nil, ErrVersion
		}
		if data.DateOfBirth > p.RegisteredDate {
			return nil, complaints{fieldDateOfBirth: "Date of Birth cannot be after the registered date"}.err()
		}
		before := *p
		p.Name, p.Email, p.Address, p.DateOfBirth = data.Name, data.Email, data.Address, data.DateOfBirth
		if *p == before {
			return nil, nil
		}
		p.Version++
		p.UpdatedAt = now
		return records(ctx, p, now, Updated), nil
	})
	if err != nil {
		return nil, err
	}
	s.courier.Wake()
	return p, nil
}

// Delete removes the profile, closes its billing account through the outbox, and returns the profile as it was. version
// is as with Update. It returns ErrNotFound or ErrVersion.
func (s *Service) Delete(ctx context.Context, id uuid.UUID, version int) (*Profile, error) {
	if err := principal.Require(ctx, principal.ProfileWrite); err != nil {
		return nil, err
	}
	now := s.now()
	p, err := s.store.Delete(ctx, id, func(p *Profile) ([]Record, error) {
		if version > 0 && p.Version != version {
			return nil, ErrVersion
		}
		last := *p
		last.Version++
		return records(ctx, &last, now, Deleted, Close), nil
	})
	if err != nil {
		return nil, err
	}
	s.courier.Wake()
	return p, nil
}

// seed adds profiles once in the life of the store; the marker says which.
func (s *Service) seed(ctx context.Context, marker string, profiles []*Profile) error {
	var out []Record
	now := s.now()
	for _, p := range profiles {
		p.UpdatedAt, p.Version = p.CreatedAt, 1
		rs := records(ctx, p, p.CreatedAt, Created, Open)
		for i := range rs {
			rs[i].NextAt = now
		}
		out = append(out, rs...)
	}
	err := s.store.Create(ctx, &Key{ID: marker, CreatedAt: now}, profiles, out)
	if fault.CodeOf(err) == fault.Conflict { // it has been done, perhaps by another copy just now
		return nil
	}
	if err != nil {
		return fmt.Errorf("add the profiles of %s: %w", marker, err)
	}
	s.courier.Wake()
	return nil
}
