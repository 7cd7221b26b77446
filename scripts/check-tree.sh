#!/usr/bin/env bash
# Fails if a file names something of the machine it was written on: folders of
# work machines and home folders of root, or the hosts from which this machine
# takes its packages. The hosts are read from the settings of go, npm and apt,
# so that no list of them stands here.
. "$(dirname "$0")/lib.sh"

hosts() {
	{
		go env GOPROXY GOSUMDB | tr ',|' '\n'
		if command -v npm >/dev/null; then npm config get registry 2>/dev/null; fi
		cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^ *#' | grep -oE 'https?://[^ ]+' || true
	} | sed -E 's#^[a-z+]+://##; s#^[^@/]*@##; s#[/: ].*$##' | grep -F . | sort -u
}

patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
{
	printf '%s\n' '/work/(main|shared|[.]library)' '(^|[^A-Za-z0-9_.~])/ro[o]t/' '/home/(runner|ci|user)/'
	hosts | sed 's/[.]/[.]/g'
	echo '"resolved": *"http' # package-lock.json made without omit-lockfile-registry-resolved
} >"$patterns"

found=$(files '*' | tr '\n' '\0' | xargs -0 grep -nIEH -f "$patterns" -- 2>/dev/null | cut -c1-200 || true)
if [ -n "$found" ]; then
	printf '%s\n' "$found"
	fail "these lines name a work machine or a package host"
fi
