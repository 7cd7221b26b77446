#!/usr/bin/env bash
# Everything: what CI runs. Each step runs whatever became of the ones before;
# the last lines say what was run, what was not, and how many tests there were.
. "$(dirname "$0")/lib.sh"
start=$SECONDS
fuzz_time=${FUZZTIME:-1s}

say "what this uses"
go version
echo "make test runs make check, all Go tests under the race detector, each fuzz target for $fuzz_time,"
echo "the published npm clients against the program, the web client in Chromium, certificates from an ACME"
echo "authority, files in an S3 gateway, and the crash test. It installs: Go modules and tools (by tools/go.mod, into Go's cache), npm"
echo "packages (into node_modules of test/e2e, test/web and webclient)"
if [ "$CI" = true ]; then echo "As CI: Debian packages that are missing too; and what is still missing is an error."; fi
gotool staticcheck -version
gotool gofumpt -version

results=() failed=()
step() {
	local name=$1 began=$SECONDS word=ok
	shift
	say "$name: $*"
	"$@" || {
		word=FAILED
		failed+=("$name")
	}
	results+=("$(printf '%-8s %-7s %4d s' "$name" $word $((SECONDS - began)))")
}
step check scripts/check.sh
step modules scripts/modules.sh
step race scripts/race.sh
step fuzz scripts/fuzz.sh "$fuzz_time"
step e2e scripts/e2e.sh
step web scripts/web.sh ci
step acme scripts/acme.sh
step s3 scripts/s3.sh
step crash scripts/crash.sh

say "make test: $((SECONDS - start)) s"
printf '%s\n' "${results[@]}"
if [ -s "$NOT_RUN" ]; then
	echo "NOT RUN:"
	sed 's/^/  /' "$NOT_RUN"
fi
total
if [ ${#failed[@]} -gt 0 ]; then
	fail "${failed[*]}"
fi
