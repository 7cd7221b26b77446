#!/usr/bin/env bash
# Published clients, as they are on npm, talk through the real program.
. "$(dirname "$0")/lib.sh"
need_node || exit 0

say "building the program for the end-to-end tests"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
CGO_ENABLED=0 go build -o "$bin/parley" ./cmd/parley
export PARLEY_BIN=$bin/parley

cd test/e2e || exit 1
if [ "$CI" = true ] || [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	say "npm ci in test/e2e: the published clients, into test/e2e/node_modules"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

say "end-to-end tests"
log=$bin/log
ok=0
npm test --silent 2>&1 | tee "$log" || ok=1
count() { sed -nE "s/^(#|ℹ) $1 ([0-9]+)\$/\2/p" "$log" | tail -1; }
p=$(count pass) f=$(count fail) c=$(count cancelled) s=$(count skipped) t=$(count todo)
tally "${p:-0}" "$((${f:-0} + ${c:-0}))" "$((${s:-0} + ${t:-0}))"
[ "${p:-0}" -gt 0 ] || fail "e2e: no test ran"
[ $ok = 0 ] || fail "e2e"
