# "make" lists the targets. What is longer than a few lines is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help check test race fuzz e2e web acme crash bench build fmt clean

help: ## this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):[^#]*## /\1|/' | awk -F'|' '{printf "  make %-6s %s\n", $$1, $$2}'

check: ## quick: gofumpt, vet, staticcheck, unit tests; about a minute once built
	@scripts/check.sh

test: ## everything, as CI does: check, race detector, fuzz, end to end, web, ACME, crash
	@scripts/test.sh

race: ## all Go tests under the race detector; PKG=./server/... for some
	@scripts/race.sh $(PKG)

fuzz: ## each fuzz target for a while; TIME=5m and NAME=FuzzX for one
	@scripts/fuzz.sh "$(or $(TIME),60s)" $(NAME)

e2e: ## published npm clients against the program (needs Node 20)
	@scripts/e2e.sh

web: ## the web client: types, parts, dist, and in Chromium; FILE=tests/x.test.js for one
	@scripts/web.sh $(FILE)

acme: ## certificates from an ACME authority in the test (pebble)
	@scripts/acme.sh

crash: ## kills the program many times and looks at what is left
	@scripts/crash.sh

bench: build ## long: measures this machine and the server, about 13 minutes; ARGS=-quick for 3
	./parley bench $(ARGS)

build: ## the program as one static file: ./parley
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o parley ./cmd/parley

fmt: ## brings the Go files into form
	@go tool -modfile=tools/go.mod gofumpt -w $$(bash -c ". scripts/lib.sh && files '*.go'")

clean: ## removes what was built here
	rm -rf parley tools/bin test/e2e/node_modules test/web/node_modules test/web/out webclient/node_modules
