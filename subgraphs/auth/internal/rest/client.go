package rest

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

// maxHops is how many addresses of X-Forwarded-For are looked at.
const maxHops = 32

// Proxies says whom to believe about the client's address.
type Proxies struct {
	Networks []netip.Prefix // whose X-Forwarded-For counts
	InMemory bool           // requests made inside the process, whose peer has no address or port 0, count too
}

// ParseNetworks reads addresses and CIDR networks.
func ParseNetworks(texts []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if ip, bad := netip.ParseAddr(text); bad == nil {
			p, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		out = append(out, p)
	}
	return out, nil
}

func (p Proxies) trusted(ip netip.Addr) bool {
	return slices.ContainsFunc(p.Networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) })
}

// Middleware puts the client's address into the request's context. The route that a mux finds below stays visible to those
// above in r.Pattern.
func (p Proxies) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.WithContext(identity.WithClientAddress(r.Context(), p.client(r)))
		next.ServeHTTP(w, inner)
		r.Pattern = inner.Pattern
	})
}

// client returns the address of the nearest peer that is no trusted proxy: the connection's own, else the last in
// X-Forwarded-For, which each proxy appends to. "in-process" when there is none.
func (p Proxies) client(r *http.Request) string {
	address := "in-process"
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil && peer.Port() != 0 { // 0: no connection of a network has that port
		address = peer.Addr().Unmap().WithZone("").String()
		if !p.trusted(peer.Addr()) {
			return address
		}
	} else if !p.InMemory {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-maxHops); i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return address
		}
		address = ip.Unmap().WithZone("").String()
		if !p.trusted(ip) {
			return address
		}
	}
	return address
}
