# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the ip_tables backend: runs the test again in a
# network namespace of its own, with its own lock file and folder, $WORK.
# BUILD is where the programs were built (build). Exit: 0 pass, 77 skipped.

set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
TOOL=${BUILD:-$HERE/../../build}/tools/legacy-backend

skip() { echo "skipped: $1"; exit 77; }

if [ -z "${LEGACY_TEST_WORK:-}" ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -x "$TOOL" ] || skip "$TOOL is not built"
	for command in iptables-legacy ip6tables-legacy unshare flock python3 ps; do
		command -v "$command" >/dev/null || skip "no $command"
	done
	LEGACY_TEST_WORK=$(mktemp -d)
	trap 'rm -rf "$LEGACY_TEST_WORK"' EXIT
	export LEGACY_TEST_WORK
	export XTABLES_LOCKFILE=$LEGACY_TEST_WORK/xtables.lock
	if unshare -n bash "$0"; then exit 0; else exit $?; fi
fi
WORK=$LEGACY_TEST_WORK

# A kernel may have no legacy tables; this registers one, in the namespace alone.
need_legacy() {
	iptables-legacy -t raw -S >/dev/null 2>&1 || skip "this kernel has no ip_tables"
}

fail() { echo "FAILED: $1" >&2; exit 1; }

# What the command prints, on either stream, has to have the pattern.
expect() # STATUS PATTERN COMMAND…
{
	local status=0 wanted=$1 pattern=$2
	shift 2
	"$@" >"$WORK/out" 2>&1 || status=$?
	if [ "$status" != "$wanted" ] ||
		{ [ -n "$pattern" ] && ! grep -q -e "$pattern" "$WORK/out"; }; then
		sed 's/^/  /' "$WORK/out" >&2
		fail "'$*' gave $status, not $wanted with '$pattern'"
	fi
}

same() # WHAT A B: the texts of two files
{
	diff "$2" "$3" >&2 || fail "$1 differs"
}

# One packet over loopback.
packet() { echo x >/dev/udp/127.0.0.1/9; }
