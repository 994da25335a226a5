//go:build !unix

package http1

// canReadNow says that a connection can be read without waiting.
const canReadNow = false

// readNow is not there: connections are written and read by net.Conn's methods.
func readNow(uintptr, []byte) (n int, again bool, err error) { return 0, false, nil }
