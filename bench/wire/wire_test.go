package wire

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAnswersOfAnyFormAreReadOverOneConnection(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 20_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		switch body.String() {
		case "chunks":
			for part := range strings.SplitSeq(long[:4000], "f") {
				_, _ = w.Write([]byte(part))
				w.(http.Flusher).Flush()
			}
		case "long":
			w.Header().Set("Content-Length", "320000")
			_, _ = w.Write([]byte(long))
		case "missing":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(r.RemoteAddr + r.Header.Get("X-More")))
		}
	}))
	defer server.Close()
	to, err := url.Parse(server.URL + "/path?q=1")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPool(to.Host, time.Minute)
	var address string
	for range 3 {
		for body, want := range map[string]string{"chunks": strings.ReplaceAll(long[:4000], "f", ""), "long": long, "missing": "", "who": address} {
			status, got, err := p.Do(t.Context(), Post(to, []byte(body), "X-More: yes"))
			if err != nil {
				t.Fatal(err)
			}
			if (status == http.StatusNotFound) != (body == "missing") {
				t.Errorf("%s: status %d", body, status)
			}
			if body == "who" {
				if !strings.HasSuffix(string(got), "yes") {
					t.Errorf("the header did not come: %s", got)
				}
				if want == "" {
					address = string(got)
					continue
				}
			}
			if string(got) != want {
				t.Errorf("%s: %d bytes came, not the %d sent", body, len(got), len(want))
			}
		}
	}
}
