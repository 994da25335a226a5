package app

import (
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/module"
)

// The targets: what a process can be asked to run.
const (
	All       = "all"
	Gateway   = "gateway"
	Auth      = "auth"
	Profiles  = "profiles"
	Billing   = "billing"
	Analytics = "analytics"
)

// Targets lists them, All first.
func Targets() []string { return []string{All, Gateway, Auth, Profiles, Billing, Analytics} }

// table says what there is and what starts before what. A service that another only calls when both happen to run here
// is started first too (billing before profiles, all before the gateway), so that calls stay inside the process.
func (p *process) table() *module.Set {
	var s module.Set
	with := func(deps ...string) (here []string) {
		for _, d := range deps {
			if d == data || d == broker || p.cfg.Runs(d) {
				here = append(here, d)
			}
		}
		return here
	}
	s.Add(data, p.buildData)
	s.Add(broker, p.buildBroker, data)
	s.Add(Auth, p.buildAuth, data)
	s.Add(Billing, p.buildBilling, data)
	s.Add(Profiles, p.buildProfiles, with(data, broker, Billing)...)
	s.Add(Analytics, p.buildAnalytics, data, broker)
	s.Add(Gateway, p.buildGateway, with(data, Auth, Profiles, Billing, Analytics)...)
	s.Add(All, nil, Auth, Profiles, Billing, Analytics, Gateway)
	s.Add(ops, p.buildOps)
	return &s
}

// Parts that no one asks for by name.
const (
	data   = "data"
	broker = "broker"
	ops    = host.OpsName
)
