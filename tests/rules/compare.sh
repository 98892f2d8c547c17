#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Gives every rule of the lists in this folder to the installed iptables and to
# spec-tool, and compares what each accepts and how it lists it.
#
#   compare.sh SPEC-TOOL [BACKEND...]
#
# BACKEND is nft or legacy; both if none is given. Rules that iptables itself accepts
# and the kernel then refuses (a missing module, a table in which the rule is not
# allowed) do not count. Needs root. Exit status: 0 only known differences, 1 other
# differences, 3 the comparison failed, 77 skipped.
set -u

here=$(dirname "$(readlink -f "$0")")

# A network namespace of its own, so that no table of the host is touched.
if [ -z "${COMPARE_NAMESPACE-}" ]; then
	[ $# -ge 1 ] || { echo "usage: $0 SPEC-TOOL [BACKEND...]" >&2; exit 3; }
	[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
	COMPARE_NAMESPACE=1 exec unshare -n -- "$0" "$@"
fi

tool=$1
shift
[ $# -gt 0 ] || set -- nft legacy
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
export XTABLES_LOCKFILE=$work/lock
declare -A count=()
differences=0

is_known() # BACKEND RULE
{
	grep -qxF -e "$1"$'\t'"$2" -e any$'\t'"$2" "$here/known.differences"
}

# Prints the result of iptables for a rule in spec-tool's format: "ok" and the listed
# rules, "refused", or "kernel" if the kernel refused it.
ask_iptables() # COMMAND RULE
{
	local result
	printf '*filter\n:TEST - [0:0]\n:USER - [0:0]\n-A TEST %s\nCOMMIT\n' "$2" >"$work/input"
	"$1-restore" <"$work/input" >/dev/null 2>&1
	result=$?
	case $result in
	0) "$1" -S TEST 2>/dev/null | sed -n 's/^-A TEST *//p' | tr '\n' '\t' | sed 's/^/ok\t/; s/\t$//' ;;
	2) echo refused ;;
	*) echo kernel ;;
	esac
	"$1" -F TEST >/dev/null 2>&1
}

compare() # FAMILY BACKEND LIST
{
	local command=iptables-$2 rule ours theirs kind
	[ "$1" = 4 ] || command=ip6tables-$2
	grep -v -e '^#' -e '^$' "$3" >"$work/rules"
	"$tool" "-$1" -c USER -c TEST <"$work/rules" >"$work/ours" || exit 3
	while IFS= read -r rule <&3 && IFS= read -r ours <&4; do
		theirs=$(ask_iptables "$command" "$rule")
		case $ours in
		ok*) ;;
		*) ours=refused$'\t'${ours#*$'\t'} ;;
		esac
		kind=different
		case $theirs in
		kernel) kind=kernel ;;
		"${ours%%$'\t'*}") kind=refused ;;
		"$ours") kind=accepted ;;
		*) is_known "$2" "$rule" && kind=known ;;
		esac
		count[$kind]=$((${count[$kind]-0} + 1))
		[ $kind != different ] && continue
		differences=$((differences + 1))
		printf 'IPv%s %s: %s\n  iptables: %s\n  ours:     %s\n' "$1" "$2" "$rule" \
			"$theirs" "$ours"
	done 3<"$work/rules" 4<"$work/ours"
}

for backend; do
	for family in 4 6; do
		compare "$family" "$backend" "$here/any.rules"
		compare "$family" "$backend" "$here/ipv$family.rules"
	done
done
for kind in accepted refused kernel known different; do
	printf '%s %s\n' "${count[$kind]-0}" "$kind"
done
[ "$differences" = 0 ]
