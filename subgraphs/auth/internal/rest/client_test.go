package rest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestClientAddress(t *testing.T) {
	networks, err := ParseNetworks([]string{"10.0.0.0/8", "2001:db8::1"})
	if err != nil {
		t.Fatal(err)
	}
	p := Proxies{Networks: networks}
	inMemory := Proxies{InMemory: true}
	for name, c := range map[string]struct {
		proxies   Proxies
		peer      string
		forwarded []string
		want      string
	}{
		"a peer that is no proxy":             {p, "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		"a proxy":                             {p, "10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy by its IPv4 in IPv6":         {p, "[::ffff:10.1.2.3]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy that says nothing":           {p, "10.1.2.3:1", nil, "10.1.2.3"},
		"the last that is no proxy":           {p, "10.1.2.3:1", []string{"198.51.100.1, 198.51.100.2", "10.9.9.9"}, "198.51.100.2"},
		"only proxies":                        {p, "10.1.2.3:1", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		"no address":                          {p, "10.1.2.3:1", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		"an IPv6 proxy, a zone":               {p, "[2001:db8::1]:1", []string{"fe80::1%eth0"}, "fe80::1"},
		"in memory, trusted":                  {inMemory, "", []string{"198.51.100.1"}, "198.51.100.1"},
		"in memory, trusted, without address": {inMemory, "in-process", nil, "in-process"},
		"in memory, trusted, port 0":          {inMemory, "127.0.0.1:0", []string{"198.51.100.1"}, "198.51.100.1"},
		"in memory, not trusted, port 0":      {p, "127.0.0.1:0", []string{"198.51.100.1"}, "in-process"},
		"in memory, not trusted":              {p, "", []string{"198.51.100.1"}, "in-process"},
		"a network peer beside in-memory":     {inMemory, "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := c.proxies.client(r); got != c.want {
				t.Errorf("client %q, want %q", got, c.want)
			}
		})
	}
	if _, err := ParseNetworks([]string{"example.com"}); err == nil {
		t.Error("a name passes as a network")
	}
}

func TestAccepts(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                true,
		"*/*":                             true,
		"application/*":                   true,
		"application/json;charset=UTF-8":  true,
		"text/html, application/json":     true,
		"text/html, */*;q=0.1":            true,
		"application/xml":                 false,
		"application/json;q=0":            false,
		"text/html, application/json;q=0": false,
		"nonsense":                        false,
	} {
		if got := accepts([]string{accept}, "application/json"); got != want {
			t.Errorf("accepts(%q) = %v, want %v", accept, got, want)
		}
	}
	if !accepts(nil, "application/json") {
		t.Error("without a header nothing is accepted")
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.1.2.3:1", "198.51.100.1, 10.0.0.1")
	f.Add("", "fe80::1%zone")
	networks, err := ParseNetworks([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		if got := (Proxies{networks, true}).client(r); got == "" || len(got) > 64 {
			t.Errorf("client %q", got)
		}
	})
}
