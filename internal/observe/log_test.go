package observe

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestPatientDataAndSecretsNeverReachALog(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log, err := Logger(&b, "debug", format)
		if err != nil {
			t.Fatal(err)
		}
		log.LogAttrs(t.Context(), slog.LevelInfo, "x", slog.String("email", "ann@example.com"), slog.String("Name", "Ann"), //nolint:sloglint // as a careless caller writes it
			slog.Group("profile", slog.String("address", "1 Elm Street"), slog.String("id", "42")), slog.String("password", "hunter2"))
		out := b.String()
		for _, leak := range []string{"ann@example.com", "Ann", "Elm", "hunter2"} {
			if strings.Contains(out, leak) {
				t.Errorf("%s log holds %q: %s", format, leak, out)
			}
		}
		if !strings.Contains(out, "42") {
			t.Errorf("%s log lost the id: %s", format, out)
		}
	}
}

func TestUnknownLevelAndFormatAreErrors(t *testing.T) {
	if _, err := Logger(&bytes.Buffer{}, "loud", "text"); err == nil {
		t.Error("level loud was taken")
	}
	if _, err := Logger(&bytes.Buffer{}, "info", "xml"); err == nil {
		t.Error("format xml was taken")
	}
}
