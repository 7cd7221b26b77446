#!/usr/bin/env bash
# Published clients, as they are on npm, talk through the real program. The same
# as "go test ./test/e2e", but it shows what it does, and counts the tests.
. "$(dirname "$0")/lib.sh"
need_node || exit 0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
log=$tmp/log
say "building the program for the end-to-end tests"
CGO_ENABLED=0 go build -o "$tmp/parley" ./cmd/parley
CGO_ENABLED=0 go test -c -o "$tmp/people" ./test/e2e # its TestMain makes accounts
export PARLEY_BIN=$tmp/parley PARLEY_PEOPLE=$tmp/people

cd test/e2e || exit 1
installed=node_modules/.installed-from # as e2e_test.go has it
if ! cmp -s package-lock.json "$installed"; then
	say "npm ci in test/e2e: the published clients, into test/e2e/node_modules"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cp package-lock.json "$installed"
fi

say "a published client over TLS"
if "$PARLEY_PEOPLE" -test.run '^TestSecureClient$'; then tally 1 0 0; else
	tally 0 1 0
	fail "e2e over TLS"
fi

say "a published client with RongCloud and NetEase (fakes)"
if "$PARLEY_PEOPLE" -test.run '^TestBridges$'; then tally 1 0 0; else
	tally 0 1 0
	fail "e2e with bridges"
fi

say "end-to-end tests"
ok=0
node tests.js 2>&1 | tee "$log" || ok=1
count() { sed -nE "s/^ℹ $1 ([0-9]+)\$/\1/p" "$log" | tail -1; }
p=$(count pass) f=$(count fail) c=$(count cancelled) s=$(count skipped) t=$(count todo)
# What a version can't do is not a test that was skipped.
n=$(sed -nE 's/^scenarios that do not apply to a version: ([0-9]+)$/\1/p' "$log" | tail -1)
tally "${p:-0}" "$((${f:-0} + ${c:-0}))" "$((${s:-0} + ${t:-0} - ${n:-0}))"
[ $ok = 0 ] || fail "e2e"
[ "${p:-0}" -gt 0 ] || fail "e2e: no test ran"
