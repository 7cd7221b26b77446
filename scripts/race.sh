#!/usr/bin/env bash
# All Go tests under the race detector.
. "$(dirname "$0")/lib.sh"
need_c || exit 0
if [ $# = 0 ]; then
	# shellcheck disable=SC2046 # one word for each package
	set -- $(packages)
fi
CGO_ENABLED=1 gotests race -race -timeout 15m "$@"
