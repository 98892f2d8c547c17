#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other releases of Debian, in root file systems under the kernel of this machine:
# the suites that depend on the release run there, and rules that the iptables of each
# release has written are read by the program of this machine.
#
#   run.sh [-r "RELEASE…"] [-w "RELEASE…"] BUILD-FOLDER [SUITE…]
#
#	-r	releases in which the suites run (trixie testing)
#	-w	releases whose iptables writes rules (bookworm trixie testing)
#	DOCKFW_RELEASE_CACHE  (/var/tmp/dockfw-releases) root file systems
#
# Prints a line for each suite and release, and a sum at the end. Needs root.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
CACHE=${DOCKFW_RELEASE_CACHE:-/var/tmp/dockfw-releases}
RELEASES="trixie testing" WRITERS="bookworm trixie testing"
while getopts r:w: option; do
	case $option in
	r) RELEASES=$OPTARG ;;
	w) WRITERS=$OPTARG ;;
	*) sed -n '4,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || { sed -n '4,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
BUILD=$(realpath "$1") || exit 2
shift
# What depends on the release's libraries and commands. The walk is the program's own.
[ $# -gt 0 ] || set -- tests/rules/nft.sh tests/nft/*.sh tests/legacy/*.sh tests/config/capture.sh \
	tests/netns/{broken,confined,findings,libraries,reports}.sh \
	tests/docs/{commands,configuration,manpages,options}.sh \
	build/unit/{spec_rules,config_read,capture_text,nft_decode,match_forms,netlink}
SUITES=() programs=()
for suite; do
	[[ $suite == */lib.sh ]] || SUITES+=("$suite")
	[[ $suite != build/* ]] || programs+=("$suite")
done

# shellcheck source=tests/host/roots.sh
. "$top/tests/host/roots.sh"
words() { sed -n "/^$1=/,/\"\$/p" "$top/tests/setup.sh" | sed -e "s/^$1=\"//" -e 's/"$//' | tr -s ' \t\n' ','; }
# shellcheck disable=SC2317 # root_build calls it
root_packages() # RELEASE
{
	case " $RELEASES " in
	*" $1 "*) echo "binutils,$(words debian_build)$(words debian_test)" | sed 's/,$//' ;;
	*) echo iptables ;;
	esac
}

[ "$(id -u)" = 0 ] || { echo "Bail out! they need root" >&2; exit 1; }
mkdir -p "$CACHE" && RUN=$(mktemp -d "$CACHE/run.XXXXXX") || exit 1
trap 'rm -rf "$RUN"' EXIT
passed=0 failed=0 skipped=0
verdict() { # WORD WHAT
	case $1 in
	ok) passed=$((passed + 1)) && echo "ok - $2" ;;
	*) failed=$((failed + 1)) && echo "not ok - $2" ;;
	esac
}

# ---- the suites in a release ----

suites() # RELEASE
{
	local tree=$RUN/tree-$1 line numbers
	mkdir "$tree"
	git -C "$top" -c safe.directory='*' ls-files -co --exclude-standard -z |
		tar -C "$top" -c --null --ignore-failed-read -T - | tar -C "$tree" -x --no-same-owner || return 1
	# What the release does not have is skipped there.
	# shellcheck disable=SC2016 # expanded by the inner shell
	"$top/tests/releases/inside.sh" "$RUN/root-$1" "$(root_path "$1")" "$tree" \
		sh -c 'programs=$1; shift; make -j$(nproc) test-tools $programs && exec tests/run.sh build "$@"' sh \
		"${programs[*]}" "${SUITES[@]}" \
		>"$RUN/log" 2>&1 </dev/null
	grep -vE '^  (CC|LD|GEN)' "$RUN/log" | sed "s/^/$1: /"
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$RUN/log" | tail -n 1)
	read -ra numbers <<<"${line//[!0-9]/ }"
	passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-0}))
	skipped=$((skipped + ${numbers[2]:-0}))
	[ -n "$line" ] || verdict not "$1: the suites ended without a count"
	rm -rf "$tree"
}

# ---- rules written in one release, read here ----

written() # RELEASE
{
	local dir=$RUN/written-$1 word=ok
	mkdir "$dir"
	unshare --net "$top/tests/releases/read.sh" "$(root_path "$1")" "$dir" "$BUILD" >"$dir/log" 2>&1 || word=not
	sed "s/^/  $1: /" "$dir/log"
	verdict $word "rules that Debian $1 has written are read"
}

for release in $RELEASES $WRITERS; do
	[ -d "$(root_path "$release")" ] || root_build "$release" || verdict not "$release: no root file system"
done
for release in $WRITERS; do
	[ ! -d "$(root_path "$release")" ] || written "$release"
done
for release in $RELEASES; do
	[ ! -d "$(root_path "$release")" ] || suites "$release"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
