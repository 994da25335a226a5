// Package embedded runs a broker that speaks the Kafka protocol inside the process, with its log on disk: for
// development, demonstration and tests, so that nothing has to be installed. Production uses a real cluster.
package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options of a broker.
type Options struct {
	Dir  string // folder of the log; made if missing
	Port int    // loopback port; 0: the one used before in Dir if it is free, else any free one
}

// Broker is a running broker.
type Broker struct{ cluster *kfake.Cluster }

// Start starts a broker on a loopback port with what Dir holds. Records, offsets and groups survive a restart and the
// end of the process at any moment; a power loss may cost the last of them.
func Start(opt Options) (*Broker, error) {
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the broker's folder: %w", err)
	}
	memo := filepath.Join(opt.Dir, "port")
	port := opt.Port
	if port == 0 {
		port = remembered(memo)
	}
	c, err := start(opt.Dir, port)
	if err != nil && opt.Port == 0 && port != 0 {
		c, err = start(opt.Dir, 0) // somebody else has it now
	}
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker: %w", err)
	}
	b := &Broker{c}
	_, last, _ := strings.Cut(b.Addrs()[0], ":")
	if err := os.WriteFile(memo, []byte(last), 0o600); err != nil {
		b.Close()
		return nil, fmt.Errorf("remember the broker's port: %w", err)
	}
	return b, nil
}

func start(dir string, port int) (*kfake.Cluster, error) {
	return kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DefaultNumPartitions(4), kfake.DataDir(filepath.Join(dir, "log")))
}

func remembered(memo string) int {
	b, err := os.ReadFile(memo)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || port < 1 || port > 65535 {
		return 0
	}
	return port
}

// Addrs returns host:port of the broker.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close stops the broker; its log stays.
func (b *Broker) Close() { b.cluster.Close() }
