package app

import (
	"context"
	"net"

	"google.golang.org/grpc/test/bufconn"
)

// memoryListener is a gRPC listener inside the process: the same server, credentials and errors as over the network.
func memoryListener() (*bufconn.Listener, func(context.Context, string) (net.Conn, error)) {
	l := bufconn.Listen(1 << 20)
	return l, func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }
}
