# The index of what can be done; the logic is in scripts/ and Go programs.
.DEFAULT_GOAL := help
.PHONY: help run build gen web test lint e2e bench microbench fuzz check full

help: ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
run: ## run everything on embedded defaults
	go run ./cmd/medicore
build: ## bin/medicore, and bin/medicore-gateway: the gateway alone
	go build -o bin/medicore ./cmd/medicore
	CGO_ENABLED=0 go build -o bin/medicore-gateway ./cmd/medicore-gateway
gen: ## generated Go: ent clients, gqlgen servers, protobuf, docs, the embedded supergraph
	go generate ./...
web: ## the console and GraphiQL, into web/admin/dist
	npm ci --prefix web/admin && npm run build --prefix web/admin && touch web/admin/dist/.gitkeep
test: ## unit tests (TEST_POSTGRES_URL adds PostgreSQL)
	go test ./...
lint: ## vet and golangci-lint
	go vet -tags e2e ./... && go tool -modfile=tools/go.mod golangci-lint run --build-tags e2e ./...
e2e: ## the built binary in both shapes; starts PostgreSQL and Kafka
	scripts/e2e.sh
fuzz: ## every fuzz target for ten minutes
	go run ./test/fuzzall -time 10m
bench: ## our gateway, others and the floor over the same subgraphs (bench/README.md); BENCH="-short" for one look
	go run ./bench/compare $(BENCH)
microbench: SHELL := bash -o pipefail
microbench: ## benchmarks of the parts, six times each, summed up by benchstat
	go test -run '^$$' -bench . -benchmem -count 6 ./gateway/... | go tool -modfile=tools/go.mod benchstat /dev/stdin
check: ## install what is needed and pass all tests, as CI does
	scripts/check.sh
full: ## check in its long forms
	FULL=1 FUZZ_TIME=10m SCHEMATHESIS_EXAMPLES=300 scripts/check.sh
