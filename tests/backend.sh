# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by tests/nft/lib.sh and tests/legacy/lib.sh: runs the test again in a
# network namespace of its own, with its own lock file and its own folder, $WORK.
# BUILD is the folder of the built programs (build), TOOL the name of the backend's
# tool, NEEDED the commands that must be installed. Exit status: 0 pass, 77 skipped.

set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
TOOL=${BUILD:-$HERE/../../build}/tools/$TOOL

skip() { echo "skipped: $1"; exit 77; }

if [ -z "${BACKEND_TEST_WORK:-}" ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -x "$TOOL" ] || skip "$TOOL is not built"
	for command in unshare "${NEEDED[@]}"; do
		command -v "$command" >/dev/null || skip "no $command"
	done
	BACKEND_TEST_WORK=$(mktemp -d)
	trap 'rm -rf "$BACKEND_TEST_WORK"' EXIT
	export BACKEND_TEST_WORK
	export XTABLES_LOCKFILE=$BACKEND_TEST_WORK/xtables.lock
	if unshare -n bash "$0"; then exit 0; else exit $?; fi
fi
WORK=$BACKEND_TEST_WORK

fail() { echo "FAILED: $1" >&2; exit 1; }

# The command exits with STATUS, and a line on either stream matches PATTERN.
expect() # STATUS PATTERN COMMAND…
{
	local status=0 wanted=$1 pattern=$2
	shift 2
	"$@" >"$WORK/out" 2>&1 || status=$?
	if [ "$status" != "$wanted" ] ||
		{ [ -n "$pattern" ] && ! grep -q -e "$pattern" "$WORK/out"; }; then
		sed 's/^/  /' "$WORK/out" >&2
		fail "'${*:1:6}' exited with $status, not $wanted with '$pattern'"
	fi
}

same() # WHAT A B: two files have the same text
{
	diff "$2" "$3" >&2 || fail "$1 differs"
}
