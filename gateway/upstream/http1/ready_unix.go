//go:build unix

package http1

import (
	"errors"
	"io"
	"syscall"
)

// canReadNow says that a connection can be read without waiting.
const canReadNow = true

// readNow reads what is there. again says that there is nothing yet.
func readNow(fd uintptr, p []byte) (n int, again bool, err error) {
	for {
		n, err = syscall.Read(int(fd), p)
		switch {
		case err == nil && n > 0:
			return n, false, nil
		case err == nil:
			return 0, false, io.EOF
		case errors.Is(err, syscall.EAGAIN):
			return 0, true, nil
		case !errors.Is(err, syscall.EINTR):
			return 0, false, err
		}
	}
}
