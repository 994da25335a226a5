#!/usr/bin/env bash
# Starts PostgreSQL and Kafka, runs the end-to-end tests, stops both.
set -euo pipefail
cd "$(dirname "$0")/.."
trap 'scripts/kafka.sh stop; scripts/postgres.sh stop' EXIT
eval "$(scripts/postgres.sh start)"
eval "$(scripts/kafka.sh start)"
go test -tags e2e -p 1 -timeout 10m -count=1 "$@" ./test/e2e ./test/rest
