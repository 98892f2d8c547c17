# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the nf_tables backend: runs the test again in a
# network namespace of its own, with its own folder, $WORK. BUILD is where the
# programs were built (build). Exit: 0 pass, 77 skipped.

set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
TOOL=${BUILD:-$HERE/../../build}/tools/nft-backend

skip() { echo "skipped: $1"; exit 77; }

if [ -z "${NFT_TEST_WORK:-}" ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -x "$TOOL" ] || skip "$TOOL is not built"
	for command in iptables-nft ip6tables-nft unshare; do
		command -v "$command" >/dev/null || skip "no $command"
	done
	NFT_TEST_WORK=$(mktemp -d)
	trap 'rm -rf "$NFT_TEST_WORK"' EXIT
	export NFT_TEST_WORK
	export XTABLES_LOCKFILE=$NFT_TEST_WORK/xtables.lock
	if unshare -n bash "$0"; then exit 0; else exit $?; fi
fi
WORK=$NFT_TEST_WORK
iptables-nft -S >/dev/null 2>&1 || skip "this kernel has no nf_tables"

fail() { echo "FAILED: $1" >&2; exit 1; }

# The command gives that status, and prints the pattern on either stream.
expect() # STATUS PATTERN COMMAND…
{
	local status=0 wanted=$1 pattern=$2
	shift 2
	"$@" >"$WORK/out" 2>&1 || status=$?
	if [ "$status" != "$wanted" ] ||
		{ [ -n "$pattern" ] && ! grep -q -e "$pattern" "$WORK/out"; }; then
		sed 's/^/  /' "$WORK/out" >&2
		fail "'${*:1:6}' gave $status, not $wanted with '$pattern'"
	fi
}

same() # WHAT A B: the texts of two files
{
	diff "$2" "$3" >&2 || fail "$1 differs"
}

# iptables of a family: ipt ipv4 -A …
ipt()
{
	local family=$1
	shift
	case $family in
	ipv4) iptables-nft "$@" ;;
	ipv6) ip6tables-nft "$@" ;;
	esac
}

ipt_path() # FAMILY
{
	case $1 in
	ipv4) command -v iptables-nft ;;
	ipv6) command -v ip6tables-nft ;;
	esac
}
