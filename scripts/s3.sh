#!/usr/bin/env bash
# media/s3 against a real S3 gateway, which is versity/versitygw. A module of its
# own: the server does not depend on it.
. "$(dirname "$0")/lib.sh"
go -C tools build -o bin/gotest ./gotest
gotest=$PWD/tools/bin/gotest
cd test/s3 || exit 1
go vet ./...
"$gotest" -label s3 -tally "$TALLY" -- -count=1 -timeout 10m ./...
