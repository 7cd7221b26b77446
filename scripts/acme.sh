#!/usr/bin/env bash
# The program gets certificates from an ACME authority in the test, which is
# letsencrypt/pebble. A module of its own: the server does not depend on it.
. "$(dirname "$0")/lib.sh"
go -C tools build -o bin/gotest ./gotest
gotest=$PWD/tools/bin/gotest
cd test/acme || exit 1
go vet ./...
"$gotest" -label acme -tally "$TALLY" -- -count=1 -timeout 5m ./...
