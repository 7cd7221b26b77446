#!/usr/bin/env bash
# The quick check: form, vet, staticcheck, unit tests (the test of the import
# directions is one of them), and that all this leaves the tree as it was.
. "$(dirname "$0")/lib.sh"

# tree: all that git can see of the tree, as one line.
tree() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		{ git status --porcelain -uall && git diff HEAD; } | git hash-object --stdin
	else
		echo unknown
	fi
}

before=$(tree)
bad=()

say "form (gofumpt)"
unformed=$(files '*.go' | xargs go tool -modfile=tools/go.mod gofumpt -l)
if [ -n "$unformed" ]; then
	printf 'make fmt brings these into form:\n%s\n' "$unformed"
	bad+=(form)
fi

say "the tree (scripts/check-tree.sh)"
scripts/check-tree.sh || bad+=(tree)

say "go vet"
go vet ./... || bad+=(vet)
go -C tools vet ./... || bad+=(vet)

say "staticcheck"
gotool staticcheck ./... || bad+=(staticcheck)

say "unit tests"
# shellcheck disable=SC2046 # one word for each package
gotests unit -timeout 5m $(packages) || bad+=(unit)

if [ "$before" != "$(tree)" ]; then
	echo "the check changed the tree:" && git status --short
	bad+=(changed)
fi
if [ ${#bad[@]} -gt 0 ]; then
	fail "check: ${bad[*]}"
fi
echo "check: ok"
