//go:build unix

package serve

import (
	"errors"
	"syscall"
)

// canPeek says that it can be seen whether a connection's client has left without reading from it.
const canPeek = true

// peek looks at what a connection can be read for. done: there is something, or the client has left.
func peek(fd uintptr) (done, left bool) {
	var b [1]byte
	for {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return false, false
		default:
			return true, n <= 0
		}
	}
}
