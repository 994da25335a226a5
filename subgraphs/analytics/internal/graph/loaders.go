package graph

import (
	"context"
	"time"

	"github.com/vikstrous/dataloadgen"

	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/analytics/internal/activity"
)

// loaders batch what the fields of one operation look up, so that n rows never cost n queries.
type loaders struct {
	logs    *dataloadgen.Loader[logKey, activity.Log]
	counts  *dataloadgen.Loader[string, int]
	deleted *dataloadgen.Loader[string, bool]
}

// logKey is one page of one profile's events; pages with equal arguments are read by one query.
type logKey struct {
	profile string
	page    page.Page
}

type loadersKey struct{}

const batchWait = 2 * time.Millisecond

// withLoaders gives an operation its loaders. A subscription's outlive one event, so they cache nothing there.
func withLoaders(ctx context.Context, s *activity.Service) context.Context {
	wait := dataloadgen.WithWait(batchWait)
	return context.WithValue(ctx, loadersKey{}, &loaders{
		logs: dataloadgen.NewMappedLoader(func(ctx context.Context, keys []logKey) (map[logKey]activity.Log, error) {
			return logs(ctx, s, keys)
		}, wait),
		counts: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []string) (map[string]int, error) {
			found, err := s.CountOfProfiles(ctx, ids)
			return complete(found, ids), err
		}, wait),
		deleted: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []string) (map[string]bool, error) {
			found, err := s.Deleted(ctx, ids)
			return complete(found, ids), err
		}, wait),
	})
}

func load(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

func logs(ctx context.Context, s *activity.Service, keys []logKey) (map[logKey]activity.Log, error) {
	byPage := map[page.Page][]string{}
	for _, k := range keys {
		byPage[k.page] = append(byPage[k.page], k.profile)
	}
	out := make(map[logKey]activity.Log, len(keys))
	for p, ids := range byPage {
		found, err := s.OfProfiles(ctx, ids, p)
		if err != nil {
			return nil, err
		}
		for id, l := range found {
			out[logKey{id, p}] = l
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
