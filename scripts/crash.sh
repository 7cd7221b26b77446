#!/usr/bin/env bash
# Kills the real program in mid-flight, many times, and looks at what is left.
# The tests are found by name: Test…Crash… or Test…Kill….
. "$(dirname "$0")/lib.sh"
dirs=$(files '*_test.go' | grep -v '^test/s3/' | xargs grep -lE '^func Test[A-Za-z0-9_]*(Crash|Kill)' -- | xargs -r -n1 dirname | sort -u | sed 's#^#./#')
[ -n "$dirs" ] || fail "crash: no test found"
# shellcheck disable=SC2086 # one word for each folder
gotests crash -count=1 -timeout 10m -run 'Crash|Kill' $dirs
