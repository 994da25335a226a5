package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"medicore.dev/medicore/bench/world"
)

// startSubgraphs runs the subgraphs and composes their supergraph.
func (b *bench) startSubgraphs(ctx context.Context) (err error) {
	read, write := io.Pipe()
	b.subgraphs, err = start(ctx, "subgraphs", b.work, nil, b.machine.on(b.loadCore, []string{filepath.Join(b.work, "subgraphs")}), write)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = write.Close() })
	go func() {
		<-b.subgraphs.done
		_ = write.Close()
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &b.places)
	}
	if err != nil {
		b.subgraphs.stop()
		return fmt.Errorf("the subgraphs did not say where they are: %w: %s", err, b.subgraphs.last())
	}
	sdl, err := world.Compose(b.places)
	if err != nil {
		return err
	}
	b.sdl = filepath.Join(b.work, "supergraph.graphql")
	return os.WriteFile(b.sdl, []byte(sdl), 0o600)
}

// delay makes the shape's slow subgraphs slow and all others fast.
func (b *bench) delay(ctx context.Context, shape *world.Shape) error {
	for _, name := range world.Subgraphs {
		form := url.Values{"subgraph": {name}, "of": {shape.Slow[name].String()}}
		if _, err := get(ctx, http.MethodPost, b.places["control"]+"/latency?"+form.Encode()); err != nil {
			return err
		}
	}
	return nil
}

// requests is how many requests the subgraphs have had.
func (b *bench) requests(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := get(ctx, http.MethodGet, b.places["control"]+"/requests")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}
