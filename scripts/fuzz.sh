#!/usr/bin/env bash
# Runs every fuzz target of the tree for a while: scripts/fuzz.sh [TIME [NAME]].
# Targets are found, not listed. An input that fails is kept by go test in the
# package's testdata/fuzz; commit it with the correction.
. "$(dirname "$0")/lib.sh"
time=${1:-5s}
only=${2:-}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The engine of Go sometimes takes the end of its own time for a failure and
# says so in these words, without an input (go.dev/issue/75804, mended in Go 1.27). Only that
# is tried again.
fuzz() {
	local try
	for try in 1 2 3; do
		if go test -run xxx -fuzz "^$1\$" -fuzztime "$time" -fuzzminimizetime 10x "./$2" >"$log" 2>&1; then
			tail -n 2 "$log"
			return 0
		fi
		if grep -q 'Failing input written' "$log" || ! grep -qx ' *context deadline exceeded' "$log"; then break; fi
		echo "fuzz: ended by its own clock without a failing input, once more ($try)"
	done
	cat "$log"
	return 1
}

dirs=$(files '*_test.go' | xargs grep -lE '^func Fuzz[A-Za-z0-9_]*\(' -- | xargs -n1 dirname | sort -u)
[ -n "$dirs" ] || fail "no fuzz target found"
ran=0 bad=()
for dir in $dirs; do
	names=$(go test -list '^Fuzz' "./$dir" | grep '^Fuzz') || fail "fuzz: the tests in $dir don't build"
	for name in $names; do
		if [ -n "$only" ] && [ "$name" != "$only" ]; then continue; fi
		say "fuzz $dir $name for $time"
		ran=$((ran + 1))
		if fuzz "$name" "$dir"; then
			tally 1 0 0
		else
			tally 0 1 0
			bad+=("$dir:$name")
		fi
	done
done
[ $ran -gt 0 ] || fail "fuzz: there is no target $only"
echo "fuzz: $((ran - ${#bad[@]})) passed, ${#bad[@]} failed"
[ ${#bad[@]} -eq 0 ] || fail "fuzz: ${bad[*]}"
