// Package kafka is the platform's door to Kafka: a producer that waits for its acknowledgements, a group consumer whose
// start offsets its caller decides, a reader without a group, and topics. It is the only importer of
// confluent-kafka-go, so cgo stays here.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	ck "github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// The platform's topics and its consumer group; the first and the last are wire contracts.
const (
	TopicProfiles    = "medical-profile"
	TopicDeadLetters = "medical-profile.DLT"
	TopicUpdates     = "medical-analytics-updates"
	GroupAnalytics   = "medical-analytics-service"
)

// Header is one header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Record is a message in a topic. Partition, Offset and Time are set by the broker; a producer leaves them alone.
type Record struct {
	Topic     string
	Key       []byte
	Value     []byte
	Headers   []Header
	Partition int32
	Offset    int64
	Time      time.Time
}

// Header returns the value of the first header with the key, nil if there is none.
func (r *Record) Header(key string) []byte {
	for _, h := range r.Headers {
		if h.Key == key {
			return h.Value
		}
	}
	return nil
}

// Partition is one partition of a topic.
type Partition struct {
	Topic string
	ID    int32
}

// Config says how the brokers are reached.
type Config struct {
	Brokers       []string `koanf:"brokers" env:"KAFKA_BROKERS" doc:"host:port of Kafka brokers; empty with target all: an embedded broker"`
	Protocol      string   `koanf:"protocol" doc:"plaintext, ssl, sasl_plaintext or sasl_ssl"`
	SASLMechanism string   `koanf:"sasl_mechanism" doc:"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, with a sasl protocol"`
	SASLUser      string   `koanf:"sasl_user" doc:"user name for SASL"`
	SASLPassword  string   `koanf:"sasl_password" secret:"true" doc:"password for SASL"`
	CAFile        string   `koanf:"ca_file" doc:"certificates to trust with an ssl protocol; empty: the system's"`
	Partitions    int      `koanf:"partitions" doc:"partitions of a topic that has to be created"`
	Replication   int      `koanf:"replication" doc:"copies of a topic that has to be created"`
}

// DefaultConfig is the embedded broker's.
func DefaultConfig() Config { return Config{Protocol: "plaintext", Partitions: 4, Replication: 1} }

// Validate reports all that is wrong.
func (c Config) Validate() error {
	var errs []error
	switch c.Protocol {
	case "plaintext", "ssl":
	case "sasl_plaintext", "sasl_ssl":
		if c.SASLMechanism == "" || c.SASLUser == "" || c.SASLPassword == "" {
			errs = append(errs, fmt.Errorf("protocol %s needs sasl_mechanism, sasl_user and sasl_password", c.Protocol))
		}
	default:
		errs = append(errs, fmt.Errorf("protocol: %q is not plaintext, ssl, sasl_plaintext or sasl_ssl", c.Protocol))
	}
	if c.Partitions < 1 || c.Replication < 1 {
		errs = append(errs, errors.New("partitions and replication must be at least 1"))
	}
	return errors.Join(errs...)
}

// client is what producers, consumers and admin clients have in common.
func (c Config) client(more ck.ConfigMap) *ck.ConfigMap {
	m := ck.ConfigMap{
		"bootstrap.servers":        strings.Join(c.Brokers, ","),
		"client.id":                "medicore",
		"security.protocol":        c.Protocol,
		"enable.metrics.push":      false,
		"log.connection.close":     false,
		"go.logs.channel.enable":   true,
		"reconnect.backoff.max.ms": 2000,
		"socket.keepalive.enable":  true,
	}
	if strings.HasPrefix(c.Protocol, "sasl") {
		m["sasl.mechanisms"], m["sasl.username"], m["sasl.password"] = c.SASLMechanism, c.SASLUser, c.SASLPassword
	}
	if c.CAFile != "" {
		m["ssl.ca.location"] = c.CAFile
	}
	maps.Copy(m, more)
	return &m
}

// follow passes librdkafka's own log on; it never holds a record's content. It ends when the channel closes.
func follow(logs <-chan ck.LogEvent, log *slog.Logger) {
	for e := range logs {
		level := slog.LevelDebug
		if e.Level <= 3 {
			level = slog.LevelWarn
		}
		log.LogAttrs(context.Background(), level, "kafka client", slog.String("tag", e.Tag), slog.String("detail", e.Message)) //nolint:forbidigo // librdkafka logs outside any request
	}
}

func toRecord(m *ck.Message) Record {
	r := Record{Key: m.Key, Value: m.Value, Partition: m.TopicPartition.Partition, Offset: int64(m.TopicPartition.Offset), Time: m.Timestamp}
	if m.TopicPartition.Topic != nil {
		r.Topic = *m.TopicPartition.Topic
	}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, Header{h.Key, h.Value})
	}
	return r
}
