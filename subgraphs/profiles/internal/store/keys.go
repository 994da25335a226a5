package store

import (
	"context"
	"fmt"
	"time"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent/idempotencykey"
	"medicore.dev/medicore/subgraphs/profiles/internal/ent/outboxrecord"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

func addKey(ctx context.Context, tx *ent.Tx, key *profile.Key) error {
	err := tx.IdempotencyKey.Create().SetID(key.ID).SetBodyHash(key.BodyHash).SetProfileID(key.ProfileID).SetCreatedAt(key.CreatedAt).Exec(ctx)
	if ent.IsConstraintError(err) {
		return profile.ErrKeyTaken
	}
	if err != nil {
		return fmt.Errorf("keep an idempotency key: %w", err)
	}
	return nil
}

// Key implements profile.Store.
func (s *Store) Key(ctx context.Context, id string) (*profile.Key, error) {
	row, err := s.client.IdempotencyKey.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "no such idempotency key")
	}
	if err != nil {
		return nil, fmt.Errorf("read an idempotency key: %w", err)
	}
	return &profile.Key{ID: row.ID, BodyHash: row.BodyHash, ProfileID: row.ProfileID, CreatedAt: row.CreatedAt.UTC()}, nil
}

// recordLifetime is how long a delivered record, without name and email, can be looked at.
const recordLifetime = 24 * time.Hour

// Forget removes keys and delivered records whose time is over.
func (s *Store) Forget(ctx context.Context) error {
	now := s.now()
	_, err := s.client.IdempotencyKey.Delete().
		Where(idempotencykey.CreatedAtLT(now.Add(-profile.KeyLifetime)), idempotencykey.IDNotIn(profile.SeedMarker, profile.DemoMarker)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget idempotency keys: %w", err)
	}
	if _, err := s.client.OutboxRecord.Delete().Where(outboxrecord.PublishedAtLT(now.Add(-recordLifetime))).Exec(ctx); err != nil {
		return fmt.Errorf("forget delivered records: %w", err)
	}
	return nil
}
