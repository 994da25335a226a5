// Package observe makes the process visible without showing whose data it handles: a structured logger that drops
// patient data and secrets, and the metrics registry.
package observe

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// private are attribute keys whose values never reach a log, in snake_case.
var private = map[string]bool{
	"name": true, "email": true, "address": true, "date_of_birth": true, "dob": true, "dateofbirth": true, "sub": true, "subject": true,
	"password": true, "token": true, "authorization": true, "cookie": true, "secret": true, "jwt_secret": true,
	"query": true, "query_string": true, "raw_query": true, "variables": true, "body": true, "payload": true,
}

// LogConfig says how the process logs, always to standard error.
type LogConfig struct {
	Level  string `koanf:"level" doc:"debug, info, warn or error"`
	Format string `koanf:"format" doc:"text or json"`
}

// DefaultLog tells what changed, as text.
func DefaultLog() LogConfig { return LogConfig{Level: "info", Format: "text"} }

// Logger returns a logger that writes to w. level is debug, info, warn or error; format is text or json.
func Logger(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	opts := &slog.HandlerOptions{Level: l, ReplaceAttr: redact}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log format %q: use text or json", format)
}

func redact(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.MessageKey || a.Key == slog.LevelKey || a.Key == slog.TimeKey) {
		return a
	}
	if private[strings.ToLower(a.Key)] {
		return slog.String(a.Key, "[redacted]")
	}
	return a
}
