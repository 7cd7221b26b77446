#!/usr/bin/env bash
# go.mod and go.sum are what the code needs, no more and no less.
. "$(dirname "$0")/lib.sh"
for dir in . tools test/acme test/s3; do
	go -C "$dir" mod tidy -diff || fail "run go mod tidy in $dir"
done
