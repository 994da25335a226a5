package compose

import "medicore.dev/medicore/gateway/federation/spec"

// Error is one finding that prevents composition. Its codes are documented in spec.Codes.
type Error = spec.Error

// Errors are all findings of the stage that failed, sorted by place. Compose returns no other error type.
type Errors = spec.Errors

// Location is a place in the SDL of a subgraph.
type Location = spec.Location
