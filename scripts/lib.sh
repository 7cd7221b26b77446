# Shared by the scripts of this folder; not run by itself. Each of them starts
# with:   . "$(dirname "$0")/lib.sh"
# Works in the root of the tree, whatever folder it was called from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# CI=true: what is missing fails instead of being left out.
CI=${CI:-}
# Numbers of tests that ran: "passed failed skipped" per line.
export TALLY=${TALLY:-$(mktemp)}
# What could not be run, one line each.
export NOT_RUN=${NOT_RUN:-$(mktemp)}

say() { printf '\n== %s\n' "$*"; }
fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# tally PASSED FAILED SKIPPED: adds to the sum.
tally() { echo "$1 $2 $3" >>"$TALLY"; }

# total: the sum, as one line.
total() { awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s}' "$TALLY"; }

# missing WHAT CURE: something that a step needs is not there. The step is left
# out, and the last lines say so; in CI it is an error.
missing() {
	printf '%s: %s\n' "$1" "$2" >&2
	if [ "$CI" = true ]; then
		fail "$1"
	fi
	echo "$1: $2" >>"$NOT_RUN"
}

# debian PACKAGE...: installs Debian packages where that is allowed without
# asking: in CI, as root.
debian() {
	[ "$CI" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	say "installing with apt-get: $*"
	DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# gotool NAME ARGS...: a tool as tools/go.mod pins it, built on first use.
gotool() { go tool -modfile=tools/go.mod "$@"; }

# gotests LABEL ARGS...: go test, with numbers at the end.
gotests() {
	local label=$1
	shift
	go -C tools build -o bin/gotest ./gotest
	tools/bin/gotest -label "$label" -tally "$TALLY" -- "$@"
}

# need_c: the race detector is built with a C compiler.
need_c() {
	command -v gcc >/dev/null || debian gcc libc6-dev || true
	if ! command -v gcc >/dev/null; then
		missing "no C compiler" "the race detector needs one: apt-get install gcc libc6-dev"
		return 1
	fi
}

# need_node: the end-to-end tests run published JavaScript clients.
need_node() {
	local major=0
	if command -v node >/dev/null; then
		major=$(node -p 'process.versions.node.split(".")[0]')
	fi
	if [ "$major" -lt 20 ] || ! command -v npm >/dev/null; then
		missing "no Node 20 or newer with npm" "the end-to-end tests need both; Node $major found"
		return 1
	fi
}

# packages: all Go packages but the end-to-end tests, which have a step of
# their own.
packages() { go list ./... | grep -v '/test/e2e'; }

# files PATTERN...: files of the tree, ignored ones left out, one per line. A
# tree without git (an archive) is searched as it is.
files() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@" | while read -r f; do if [ -f "$f" ]; then echo "$f"; fi; done
	else
		local p args=()
		for p; do args+=(-o -name "$p"); done
		find . -type f '(' "${args[@]:1}" ')' -not -path '*/node_modules/*' -not -path './parley-data/*' | sed 's#^[.]/##'
	fi
}
