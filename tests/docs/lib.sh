# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the documents, which runs in the top folder. BUILD is
# the build folder (build). Prints a line "ok …" or "not ok …" for each fact; the exit
# status is 0 if all hold.

set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-$PWD/build}
DOCKFW=${DOCKFW:-$BUILD/dockfw-check}
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
failed=0

ok() { echo "ok - $1"; }

not_ok() { echo "not ok - $1"; failed=1; }

[ -x "$DOCKFW" ] || { not_ok "$DOCKFW is built"; exit 1; }

# Passes if the command succeeds; shows its output if it fails.
holds() # NAME COMMAND…
{
	local name=$1
	shift
	if "$@" >"$WORK/out" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/#     /' "$WORK/out"
	fi
}

refuses() # NAME COMMAND…
{
	local name=$1
	shift
	if "$@" >"$WORK/out" 2>&1; then
		not_ok "$name"
	else
		ok "$name"
	fi
}

# Two files hold the same set of lines. A list of fewer than LEAST lines was not found
# where it was expected, so it does not pass.
same_set() # NAME LEAST A B
{
	local name=$1 least=$2 a=$3 b=$4
	sort -u "$a" >"$WORK/a"
	sort -u "$b" >"$WORK/b"
	if [ "$(wc -l <"$WORK/a")" -lt "$least" ]; then
		not_ok "$name: only $(wc -l <"$WORK/a") were found in the program"
	elif diff "$WORK/a" "$WORK/b" >"$WORK/diff"; then
		ok "$name: $(wc -l <"$WORK/a")"
	else
		not_ok "$name ('<' is only in the first, '>' only in the second)"
		grep '^[<>]' "$WORK/diff" | sed 's/^/#     /'
	fi
}

# Every line of A is also in B.
subset() # NAME LEAST A B
{
	local name=$1 least=$2 a=$3 b=$4
	sort -u "$a" >"$WORK/a"
	sort -u "$b" >"$WORK/b"
	if [ "$(wc -l <"$WORK/a")" -lt "$least" ]; then
		not_ok "$name: only $(wc -l <"$WORK/a") were found"
	elif [ -z "$(comm -23 "$WORK/a" "$WORK/b")" ]; then
		ok "$name: $(wc -l <"$WORK/a")"
	else
		not_ok "$name"
		comm -23 "$WORK/a" "$WORK/b" | sed 's/^/#     /'
	fi
}

# Prints a section of a man page's source, by its title.
section() # FILE TITLE
{
	awk -v title="$2" '/^\.Sh / { inside = $0 == ".Sh " title } inside' "$1"
}

# The pages for readers, in Markdown.
# shellcheck disable=SC2034 # for the tests
pages=(README.md README.ja.md CHANGELOG.md SECURITY.md HACKING.md doc/*.md)

# Writes the blocks of some pages in a language to files $WORK/NAME.N.
blocks() # LANGUAGE NAME PAGE…
{
	awk -v open="^ *\`\`\`$1\$" -v to="$WORK/$2." '
		$0 ~ open { n++; inside = 1; next }
		/^ *```/ { inside = 0 }
		inside { print >(to n) }' "${@:3}"
}

finish() { exit "$failed"; }
