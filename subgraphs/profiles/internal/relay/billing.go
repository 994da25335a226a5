package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"medicore.dev/medicore/proto/billing"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// Refused is the billing service's refusal of one record; others are not concerned.
type Refused struct{ Err error }

func (e *Refused) Error() string { return "billing refused: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Refused) Unwrap() error { return e.Err }

// Client calls the billing service over gRPC.
type Client struct {
	client     billing.MedicalBillingServiceClient
	credential func() (string, error)
}

// NewClient returns a client. credential makes the bearer token of a call.
func NewClient(conn grpc.ClientConnInterface, credential func() (string, error)) *Client {
	return &Client{client: billing.NewMedicalBillingServiceClient(conn), credential: credential}
}

// Deliver implements Biller.
func (c *Client) Deliver(ctx context.Context, r profile.Record) error {
	token, err := c.credential()
	if err != nil {
		return err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	if r.Traceparent != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", r.Traceparent)
	}
	id := r.ProfileID.String()
	if r.Kind == profile.Close {
		_, err = c.client.CloseMedicalBillingAccount(ctx, &billing.CloseMedicalBillingRequest{MedicalProfileId: id})
	} else {
		_, err = c.client.CreateMedicalBillingAccount(ctx, &billing.MedicalBillingRequest{MedicalProfileId: id, Name: r.Name, Email: r.Email})
	}
	switch code := status.Code(err); {
	case err == nil, code == codes.NotFound && r.Kind == profile.Close: // nothing to close is as good as closed
		return nil
	case code == codes.InvalidArgument, code == codes.FailedPrecondition, code == codes.NotFound, code == codes.AlreadyExists, code == codes.OutOfRange:
		return &Refused{err}
	}
	return fmt.Errorf("call billing: %w", err)
}

// callBilling delivers a round's records a few at a time, and stops at the first failure of the billing service.
func (r *Relay) callBilling(ctx context.Context, records []profile.Record) outcome {
	o := outcome{putOff: map[int64]time.Duration{}}
	var mu sync.Mutex
	g, calls := errgroup.WithContext(ctx)
	g.SetLimit(billingCalls)
	for _, rec := range records {
		g.Go(func() error {
			err := calls.Err()
			if err == nil {
				one, cancel := context.WithTimeout(calls, billingTimeout)
				defer cancel()
				err = r.bill.Deliver(one, rec)
			}
			mu.Lock()
			defer mu.Unlock()
			switch refused := (*Refused)(nil); {
			case err == nil:
				o.delivered = append(o.delivered, rec.Seq)
				return nil
			case errors.As(err, &refused):
				r.log.LogAttrs(ctx, slog.LevelError, "billing refuses an account", slog.String("profile_id", rec.ProfileID.String()),
					slog.Int("attempts", rec.Attempts+1), slog.String("error", err.Error()))
				o.putOff[rec.Seq] = min(time.Second<<min(rec.Attempts, 10), 5*time.Minute)
				return nil
			}
			o.again = append(o.again, rec.Seq)
			return err
		})
	}
	o.err = g.Wait()
	return o
}

// Head implements profile.Courier.
func (r *Relay) Head() time.Duration {
	if r.opt.BillingWait <= 0 || time.Now().UnixNano() < r.coolUntil.Load() || r.Waiting(profile.Billing) {
		return 0
	}
	return r.opt.BillingWait + grace
}

// Try implements profile.Courier. The caller's going away does not end it: the records are kept already.
func (r *Relay) Try(ctx context.Context, records []profile.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opt.BillingWait)
	defer cancel()
	for _, rec := range records {
		if err := r.bill.Deliver(ctx, rec); err != nil {
			r.coolUntil.Store(time.Now().Add(coolDown).UnixNano())
			r.log.LogAttrs(ctx, slog.LevelDebug, "billing is left to the outbox", slog.String("error", err.Error()))
			return
		}
		r.mu.Lock()
		if len(r.tried) < maxTried { // what is not noted is delivered again, which does no harm
			r.tried = append(r.tried, rec.Seq)
		}
		r.mu.Unlock()
	}
	r.Wake()
}

// markTried marks what Try delivered.
func (r *Relay) markTried(ctx context.Context) error {
	r.mu.Lock()
	seqs := r.tried
	r.tried = nil
	r.mu.Unlock()
	if len(seqs) == 0 {
		return nil
	}
	return r.queue.Delivered(ctx, seqs)
}
