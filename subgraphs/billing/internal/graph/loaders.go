package graph

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
)

// loaders batch what the fields of one request look up, so that n rows never cost n queries.
type loaders struct {
	byID      *dataloadgen.Loader[uuid.UUID, *account.Account] // nil where there is none
	byProfile *dataloadgen.Loader[string, *account.Account]    // nil where there is none
	ledgers   *dataloadgen.Loader[ledgerKey, account.Ledger]
	counts    *dataloadgen.Loader[uuid.UUID, int]
}

// ledgerKey is one page of one account's ledger; pages with equal arguments are read by one query.
type ledgerKey struct {
	account uuid.UUID
	page    page.Page
}

type loadersKey struct{}

const batchWait = 2 * time.Millisecond

func withLoaders(s *account.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := dataloadgen.WithWait(batchWait)
		l := &loaders{
			byID: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*account.Account, error) {
				found, err := s.ByID(ctx, ids)
				return complete(found, ids), err
			}, wait),
			byProfile: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []string) (map[string]*account.Account, error) {
				found, err := s.ByProfile(ctx, ids)
				return complete(found, ids), err
			}, wait),
			ledgers: dataloadgen.NewMappedLoader(func(ctx context.Context, keys []ledgerKey) (map[ledgerKey]account.Ledger, error) {
				return ledgers(ctx, s, keys)
			}, wait),
			counts: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int, error) {
				found, err := s.LedgerCounts(ctx, ids)
				return complete(found, ids), err
			}, wait),
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loadersKey{}, l)))
	})
}

func load(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

func ledgers(ctx context.Context, s *account.Service, keys []ledgerKey) (map[ledgerKey]account.Ledger, error) {
	byPage := map[page.Page][]uuid.UUID{}
	for _, k := range keys {
		byPage[k.page] = append(byPage[k.page], k.account)
	}
	out := make(map[ledgerKey]account.Ledger, len(keys))
	for p, ids := range byPage {
		found, err := s.Ledgers(ctx, ids, p)
		if err != nil {
			return nil, err
		}
		for id, l := range found {
			out[ledgerKey{id, p}] = l
		}
	}
	return out, nil
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
