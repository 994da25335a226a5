package module

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options of Run.
type Options struct {
	Ready func()                   // called once when every module has started; may be nil
	Drain func()                   // called once when stopping begins, before anything stops; may be nil
	Grace time.Duration            // how long stopping may take in all; 0 means 20s
	Event func(name, state string) // told "started" and "stopped" of each module; may be nil
}

// Run starts the targets and all they need in order, runs them until ctx ends or one fails, then stops them in reverse
// order. It returns the failure, if any; what could not be stopped in time is part of the error.
func (s *Set) Run(ctx context.Context, opt Options, targets ...string) error {
	order, err := s.Order(targets...)
	if err != nil {
		return err
	}
	if opt.Grace == 0 {
		opt.Grace = 20 * time.Second
	}
	tell := func(name, state string) {
		if opt.Event != nil {
			opt.Event(name, state)
		}
	}
	var started []string
	mods := map[string]Module{}
	stop := func() error {
		if opt.Drain != nil {
			opt.Drain()
		}
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), opt.Grace) // ctx has ended: stopping needs time of its own
		defer cancel()
		var errs []error
		for _, s := range slices.Backward(started) {
			if err := mods[s].Stop(stopCtx); err != nil {
				errs = append(errs, fmt.Errorf("stop %s: %w", s, err))
			}
			tell(s, "stopped")
		}
		return errors.Join(errs...)
	}
	for _, name := range order {
		build := s.entries[name].build
		if build == nil {
			continue
		}
		m, err := build()
		if err == nil {
			mods[name] = m
			err = m.Start(ctx)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", name, err), stop())
		}
		started = append(started, name)
		tell(name, "started")
	}
	if opt.Ready != nil {
		opt.Ready()
	}
	// The modules' work goes on while the first ones stop: each ends with its own Stop, or here with the rest.
	runCtx, cancelRun := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelRun()
	group, groupCtx := errgroup.WithContext(runCtx)
	for _, name := range started {
		group.Go(func() error {
			if err := mods[name].Run(groupCtx); err != nil && groupCtx.Err() == nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	select {
	case <-ctx.Done():
	case <-groupCtx.Done():
	}
	stopErr := stop()
	cancelRun()
	return errors.Join(group.Wait(), stopErr)
}
