package transport

import (
	"context"
	"net/http"
	"time"

	"medicore.dev/medicore/gateway/pipeline"
)

// Parts of a multipart response. The boundary that ends a part is sent with it, so that clients need not wait for the
// next to know that it is whole.
const (
	firstBoundary = "\r\n---"
	partHead      = "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
	nextBoundary  = "\r\n---"
	lastBoundary  = "--\r\n"
)

// multipart answers an operation with deferred parts: the first result, then each part as it is ready. spec is the
// parameter by which the client asked for the form of the parts.
//
// GraphQL over HTTP, "Incremental Delivery" (rfcs/IncrementalDelivery.md).
func (h *Handler) multipart(ctx context.Context, w http.ResponseWriter, op pipeline.Operation, spec string) {
	results := op.Increments(ctx)
	defer results.Close()
	head := w.Header()
	kind := mediaMixed + `; boundary="-"`
	if spec != "" {
		kind += "; " + spec
	}
	head.Set("Content-Type", kind)
	head.Set("Cache-Control", "no-cache, no-transform")
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := &sse{w: w, control: http.NewResponseController(w)}
	defer func() { _ = out.control.SetWriteDeadline(time.Time{}) }()
	boundary := firstBoundary
	for {
		body, err := results.Next(ctx)
		if err != nil {
			break
		}
		part := append([]byte(boundary+partHead), body...)
		if out.write(append(part, nextBoundary...)) != nil {
			return
		}
		boundary = ""
	}
	if ctx.Err() == nil {
		_ = out.write([]byte(lastBoundary))
	}
}
