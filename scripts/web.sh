#!/usr/bin/env bash
# The web client: types, tests of its parts, whether what is committed in
# webclient/dist is what its sources make, and the client in Chromium against
# the program. "ci" leaves out the files that measure how quick it is, "parts" Chromium
# altogether; "build" as argument only makes webclient/dist anew, "icons" the
# icons of webclient/public from its icon.svg; other arguments are the files of
# test/web/tests to run.
. "$(dirname "$0")/lib.sh"
need_node || exit 0

# install FOLDER: node_modules as its lock file says.
install() {
	local installed=$1/node_modules/.installed-from
	if ! cmp -s "$1/package-lock.json" "$installed"; then
		say "npm ci in $1"
		npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error
		cp "$1/package-lock.json" "$installed"
	fi
}

# need_chromium: the browser that Debian has. Its fonts decide what the pictures
# look like.
need_chromium() {
	local c
	for c in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
		if [ -n "$c" ] && command -v "$c" >/dev/null; then
			CHROMIUM=$(command -v "$c")
			export CHROMIUM
			return
		fi
	done
	if debian chromium chromium-headless-shell fonts-dejavu-core fonts-liberation || debian chromium fonts-dejavu-core fonts-liberation; then
		export CHROMIUM=/usr/bin/chromium
		return
	fi
	missing "no Chromium" "the tests of the web client need one: apt-get install chromium"
	return 1
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
install webclient

if [ "${1:-}" = icons ]; then
	need_chromium && install test/web && node test/web/icons.js
	exit
fi
if [ "${1:-}" = build ]; then
	npm run --prefix webclient --silent build
	exit
fi

# What measures this machine, which may do something else meanwhile.
measuring='budget conversation-long'

if [ $# = 0 ] || [ "$1" = parts ] || [ "$1" = ci ]; then
	say "the web client: types"
	npm run --prefix webclient --silent check || fail "web: types"

	say "the web client: tests of its parts"
	ok=0
	(cd webclient && npx --no-install vitest run --reporter=default --reporter=json --outputFile.json="$tmp/vitest.json") || ok=1
	count() { node -p "JSON.parse(require('fs').readFileSync('$tmp/vitest.json')).$1"; }
	[ -s "$tmp/vitest.json" ] || fail "web: vitest did not run"
	tally "$(count numPassedTests)" "$(count numFailedTests)" "$(count numPendingTests)"
	[ $ok = 0 ] || fail "web: parts"

	say "webclient/dist is what the sources make"
	PARLEY_DIST=$tmp/dist npm run --prefix webclient --silent build >/dev/null
	diff -rq "$tmp/dist" webclient/dist || fail "web: webclient/dist is not what its sources make; scripts/web.sh build makes it"
	first=$(grep -oE '(src|href)="[.]/[^"]+[.]js"' webclient/dist/index.html | sed -E 's#.*"[.]/(.*)"#webclient/dist/\1#' | xargs cat | gzip -9 | wc -c)
	echo "first load: $((first / 1024)) KB of script, compressed (at most 150)"
	[ "$first" -le 153600 ] || fail "web: first load is larger than 150 KB"
	tally 2 0 0
	if [ "${1:-}" = parts ]; then exit; fi
fi

need_chromium || exit 0
install test/web
say "building the program for the tests of the web client"
CGO_ENABLED=0 go build -o "$tmp/parley" ./cmd/parley
CGO_ENABLED=0 go build -o "$tmp/fakewechat" ./test/web/fakewechat
export PARLEY_BIN=$tmp/parley FAKE_WECHAT=$tmp/fakewechat

say "the web client in $("$CHROMIUM" --version 2>/dev/null || echo "$CHROMIUM")"
cd test/web || exit 1
if [ "${1:-}" = ci ]; then
	shift
	for file in tests/*.test.js; do
		name=$(basename "$file" .test.js)
		case " $measuring " in *" $name "*) ;; *) set -- "$@" "$file" ;; esac
	done
	echo "the web client, $measuring: make web" >>"$NOT_RUN"
fi
ok=0
node tests.js "$@" 2>&1 | tee "$tmp/log" || ok=1
# Each file has its sums. What failed and then passed alone counts as passed; the
# exit code knows.
count() { sed -nE "s/^ℹ $1 ([0-9]+)\$/\1/p" "$tmp/log" | awk '{n += $1} END {print n + 0}'; }
p=$(count pass) f=$(count fail) c=$(count cancelled) s=$(count skipped) t=$(count todo)
[ $ok = 1 ] || f=0 c=0
tally "${p:-0}" "$((${f:-0} + ${c:-0}))" "$((${s:-0} + ${t:-0}))"
[ $ok = 0 ] || fail "web"
[ "${p:-0}" -gt 0 ] || fail "web: no test ran"
