package profile

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Markers of what has been added to a store; they are kept for good.
const (
	SeedMarker = "seed"
	DemoMarker = "demo"
)

// seeds are the well-known profiles, in their order.
var seeds = []Profile{
	{
		ID: uuid.MustParse("1e7f74fa-3db9-4c30-b612-1d1234567890"), Name: "Alice Johnson", Email: "alice@example.com",
		Address: "123 Elm Street", DateOfBirth: "1990-05-20", RegisteredDate: "2024-06-01",
	},
	{
		ID: uuid.MustParse("2b9f64ab-7cda-49ab-a111-2e9876543210"), Name: "Bob Smith", Email: "bob@example.com",
		Address: "456 Maple Avenue", DateOfBirth: "1985-12-15", RegisteredDate: "2024-06-02",
	},
	{
		ID: uuid.MustParse("3c3e7f11-13ab-4781-8e22-3f6789012345"), Name: "Carol Lee", Email: "carol@example.com",
		Address: "789 Oak Lane", DateOfBirth: "1992-08-30", RegisteredDate: "2024-06-03",
	},
}

// opening is the time of day at which seeded profiles are registered.
const opening = 9 * time.Hour

// Seed adds the well-known profiles to a store that has none and never had them.
func (s *Service) Seed(ctx context.Context) error {
	n, err := s.store.Count(ctx, Filter{})
	if err != nil || n > 0 {
		return err
	}
	profiles := make([]*Profile, len(seeds))
	for i, p := range seeds {
		p.CreatedAt = p.RegisteredDate.Time().Add(opening)
		profiles[i] = &p
	}
	return s.seed(ctx, SeedMarker, profiles)
}

// SeedDemo adds invented profiles to a store that has only the well-known ones.
func (s *Service) SeedDemo(ctx context.Context) error {
	n, err := s.store.Count(ctx, Filter{})
	if err != nil || n > len(seeds) {
		return err
	}
	return s.seed(ctx, DemoMarker, invent(demoProfiles, s.now()))
}
