package graph

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

// loaders batch what the fields of one request look up, so that n rows never cost n queries.
type loaders struct {
	users *dataloadgen.Loader[uuid.UUID, *identity.User]  // nil where there is none
	locks *dataloadgen.Loader[*identity.User, *time.Time] // nil where there is none
}

type loadersKey struct{}

const batchWait = 2 * time.Millisecond

func withLoaders(s *identity.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := &loaders{
			users: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*identity.User, error) {
				found, err := s.ByID(ctx, ids)
				return complete(found, ids), err
			}, dataloadgen.WithWait(batchWait)),
			locks: dataloadgen.NewMappedLoader(func(ctx context.Context, users []*identity.User) (map[*identity.User]*time.Time, error) {
				ends, err := s.LockedUntil(ctx, users)
				out := make(map[*identity.User]*time.Time, len(users))
				for _, u := range users {
					if end, ok := ends[u.ID]; ok {
						out[u] = &end
					}
				}
				return complete(out, users), err
			}, dataloadgen.WithWait(batchWait)),
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loadersKey{}, l)))
	})
}

// complete adds the zero value where a key found nothing: to a loader a missing key is an error.
func complete[K comparable, V any](found map[K]V, keys []K) map[K]V {
	if found == nil {
		return nil
	}
	for _, k := range keys {
		if _, ok := found[k]; !ok {
			var none V
			found[k] = none
		}
	}
	return found
}

func loadUser(ctx context.Context, id *uuid.UUID) (*User, error) {
	if id == nil {
		return nil, nil
	}
	return user(ctx.Value(loadersKey{}).(*loaders).users.Load(ctx, *id))
}

func loadLock(ctx context.Context, u *identity.User) (*time.Time, error) {
	return ctx.Value(loadersKey{}).(*loaders).locks.Load(ctx, u)
}
