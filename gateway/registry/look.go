package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/upstream"
)

// Look is a way to get a schema again and again. The zero value is none.
type Look struct {
	ask    func(ctx context.Context) (string, error) // SDL, never empty, or errUnchanged; for one goroutine
	remote bool                                      // a server tells it, which may not run yet
}

// Once gets the schema.
func (l Look) Once(ctx context.Context) (string, error) { return l.ask(ctx) }

// errUnchanged is the answer of a look that knows, without the schema, that it is that of the last time.
var errUnchanged = errors.New("the schema has not changed")

// Bounds of a look.
const (
	maxSDL      = 8 << 20          // bytes of a subgraph's schema
	maxSuper    = 32 << 20         // bytes of a supergraph
	lookTimeout = 10 * time.Second // of any look
	fileEvery   = 500 * time.Millisecond
)

var question = []byte(`{"query":"{ _service { sdl } }"}`)

// Ask asks a running subgraph by name through the gateway's own client, with a token if credential gives one.
func Ask(fetcher exec.Fetcher, name string, credential func() (string, error)) Look {
	return Look{remote: true, ask: func(ctx context.Context) (string, error) {
		if credential != nil {
			tok, err := credential()
			if err != nil {
				return "", err
			}
			ctx = upstream.WithHeader(ctx, http.Header{"Authorization": {"Bearer " + tok}})
		}
		resp, err := fetcher.Fetch(ctx, &exec.Request{Subgraph: name, Kind: ast.Query, Body: question})
		if err != nil {
			return "", fmt.Errorf("ask the subgraph for its schema: %w", reason(ctx, err))
		}
		sdl, err := schemaIn(resp.Body)
		if err != nil {
			return "", fmt.Errorf("ask the subgraph for its schema: %w", err)
		}
		return sdl, nil
	}}
}

// Introspect asks the subgraph at an address, sending the header with the question. It follows no redirect, so that the
// header reaches no other server.
func Introspect(transport http.RoundTripper, address string, header http.Header) Look {
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	where := plainURL(address)
	return Look{remote: true, ask: func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(question))
		if err != nil {
			return "", errors.New("the URL of the subgraph is not one")
		}
		req.Header = header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("Content-Type", "application/json")
		if req.Header.Get("Accept") == "" {
			req.Header.Set("Accept", "application/json")
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("ask %s for its schema: %w: is the subgraph running, and is this its URL?", where, reason(ctx, err))
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := readAnswer(ctx, resp, 2*maxSDL)
		if err != nil {
			return "", fmt.Errorf("ask %s for its schema: %w", where, err)
		}
		sdl, err := schemaIn(body)
		switch status := resp.StatusCode; {
		case err == nil && status < 300:
			return sdl, nil
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			return "", fmt.Errorf("ask %s for its schema: it answered %s: give it a credential (introspection_headers)", where, resp.Status)
		case status >= 300 && status < 400:
			return "", fmt.Errorf("ask %s for its schema: it answered %s, a redirect: give the URL that answers", where, resp.Status)
		case err == nil || status >= 300 && errors.Is(err, errNotGraphQL):
			return "", fmt.Errorf("ask %s for its schema: it answered %s", where, resp.Status)
		case errors.Is(err, errNotGraphQL):
			kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
			return "", fmt.Errorf("ask %s for its schema: it answered %s with %q instead of GraphQL: is this its GraphQL endpoint?", where, resp.Status, kind)
		}
		return "", fmt.Errorf("ask %s for its schema: %w", where, err)
	}}
}

// Download gets a supergraph by HTTP, and asks later only whether it has changed when the server gave an ETag.
func Download(transport http.RoundTripper, address string) Look {
	client := &http.Client{Transport: transport}
	where, etag := plainURL(address), ""
	return Look{remote: true, ask: func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return "", errors.New("the URL of the supergraph is not one")
		}
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("get the supergraph from %s: %w: is the server running, and is this the URL?", where, reason(ctx, err))
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode == http.StatusNotModified && etag != "" {
			return "", errUnchanged
		}
		if resp.StatusCode != http.StatusOK {
			return "", fmt.Errorf("get the supergraph from %s: it answered %s", where, resp.Status)
		}
		body, err := readAnswer(ctx, resp, maxSuper)
		if err != nil {
			return "", fmt.Errorf("get the supergraph from %s: %w", where, err)
		}
		if len(bytes.TrimSpace(body)) == 0 {
			return "", fmt.Errorf("get the supergraph from %s: the answer is empty", where)
		}
		etag = resp.Header.Get("ETag")
		return string(body), nil
	}}
}

func readAnswer(ctx context.Context, resp *http.Response, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", reason(ctx, err))
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("the answer is larger than %d MiB", limit>>20)
	}
	return body, nil
}

// reason leaves out of a client's error the URL, which may hold a credential.
func reason(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("no complete answer in time")
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// plainURL is the address without credentials and query.
func plainURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address given"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

var errNotGraphQL = errors.New("the answer is no GraphQL response")

// schemaIn takes the schema out of a GraphQL response.
func schemaIn(body []byte) (string, error) {
	var out struct {
		Data struct {
			Service struct {
				SDL string `json:"sdl"`
			} `json:"_service"`
		} `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return "", errNotGraphQL
	}
	sdl := out.Data.Service.SDL
	switch {
	case len(sdl) > maxSDL:
		return "", fmt.Errorf("its schema is larger than %d MiB", maxSDL>>20)
	case len(bytes.TrimSpace([]byte(sdl))) > 0:
		return sdl, nil
	case len(out.Errors) > 0:
		return "", fmt.Errorf("it does not tell its schema: %.200q: is it a federation subgraph, which answers { _service { sdl } }?", out.Errors[0].Message)
	}
	return "", errors.New("it does not tell its schema: is it a federation subgraph, which answers { _service { sdl } }?")
}
