#!/usr/bin/env bash
# Passes all tests: installs what they need, then lint, unit tests under the race detector, the built binary in both
# shapes, real clients, a browser, the infrastructure and the image. FULL=1 runs the long forms. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}"
work=$(mktemp -d)
artifacts=${CHECK_ARTIFACTS:-$PWD/test/artifacts}
mkdir -p "$artifacts"
platform=
stop() {
  status=$?
  [ -z "$platform" ] || kill "$platform" 2>/dev/null || true
  CHECK_DEV=$work scripts/kafka.sh stop >/dev/null 2>&1 || true
  CHECK_DEV=$work scripts/postgres.sh stop >/dev/null 2>&1 || true
  rm -rf "$work"
  [ $status = 0 ] || echo "FAILED in: ${phase:-start}" >&2
}
trap stop EXIT
began=$SECONDS
phase() { # phase NAME COMMAND...
  phase=$1
  shift
  local start=$SECONDS
  echo "=== $phase"
  "$@"
  echo "--- $phase: $((SECONDS - start)) s (in all $((SECONDS - began)) s)"
}

exports=$work/exports
install() { scripts/install.sh >"$exports"; }
phase "install" install
# shellcheck disable=SC1090
. "$exports"

servers() {
  CHECK_DEV=$work scripts/postgres.sh start >"$work/postgres.env"
  CHECK_DEV=$work scripts/kafka.sh start >"$work/kafka.env"
}
phase "start PostgreSQL and Kafka" servers
# shellcheck disable=SC1091
. "$work/postgres.env"
# shellcheck disable=SC1091
. "$work/kafka.env"

scripts_ok() { shellcheck scripts/*.sh .ci/run && scripts/no-generated-drift.sh; }
phase "scripts and generated files" scripts_ok
lint() { go vet -tags e2e ./... && "$GOLANGCI_LINT" run --build-tags e2e ./...; }
phase "vet and lint" lint
phase "unit tests under the race detector" go test -race -timeout 15m ./...
fuzz() { go run ./test/fuzzall -time "${FUZZ_TIME:-3s}" -composer 15s; }
phase "fuzz targets" fuzz
sets=2000
[ -z "${FULL:-}" ] || sets=20000
phase "our composer against others" go test -tags e2e -timeout 30m -count=1 ./test/compose -sets "$sets"
graphs=200
[ -z "${FULL:-}" ] || graphs=4000
equivalence() {
  go test -tags e2e -timeout 60m -count=1 ./test/monolith -supergraphs "$graphs" &&
    go test -tags e2e -race -timeout 30m -count=1 -run TestFederationEqualsMonolith ./test/monolith -supergraphs 10
}
phase "federation against a monolith, and other gateways" equivalence
build() { go build -o "$work/medicore" ./cmd/medicore && CGO_ENABLED=0 go build -o "$work/medicore-gateway" ./cmd/medicore-gateway; }
phase "build" build
export CHECK_BIN=$work/medicore CHECK_GATEWAY_BIN=$work/medicore-gateway
phase "the binary as one process and as five" go test -tags e2e -p 1 -timeout 10m -count=1 ./test/e2e ./test/rest
phase "every shape of the benchmark, answered by ours" go run ./bench/compare -short -medicore "$CHECK_GATEWAY_BIN"
phase "our supergraph in another gateway, others' in ours" go test -tags e2e -timeout 10m -count=1 ./test/interchange

serve() {
  env -i PATH="$PATH" HOME="$HOME" JWT_SECRET="$(head -c 48 /dev/urandom | base64 -w0)" MEDICORE_DATA="$work/data" MEDICORE_LOG_FORMAT=json \
    "$CHECK_BIN" serve 2>"$work/platform.log" &
  platform=$!
  curl -fsS --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null http://127.0.0.1:8084/ready 2>/dev/null || { cat "$work/platform.log" >&2; return 1; }
}
quiet() { ! grep -E '"panic|panic:|"level":"ERROR"' "$work/platform.log"; }
phase "start the platform" serve
clients() { CHECK_ARTIFACTS=$artifacts npm test --silent --prefix test/node; }
phase "GraphQL and browser clients" clients
phase "schemathesis over the OpenAPI documents" scripts/schemathesis.sh http://127.0.0.1:8084
phase "the platform's log shows no error and no panic" quiet
kill "$platform" && wait "$platform"
platform=

phase "web console tests" npm test --silent --prefix web/admin
phase "infrastructure" env JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1 JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=1 go test -C infra ./...
phase "image" scripts/image.sh
echo "all passed in $((SECONDS - began)) s"
