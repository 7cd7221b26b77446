#!/usr/bin/env bash
# All Go tests under the race detector, which looks at everything but SQLite: its
# code is C made into Go, takes three times as long when watched, and is not ours.
. "$(dirname "$0")/lib.sh"
need_c || exit 0
if [ $# = 0 ]; then
	# shellcheck disable=SC2046 # one word for each package
	set -- $(packages)
fi
CGO_ENABLED=1 gotests race -race -gcflags='modernc.org/...=-race=false' -timeout 15m "$@"
