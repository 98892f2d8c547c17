#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every rule that iptables-legacy accepts is decoded completely, and written as the
# same rule, with its counters.
. "$(dirname "$0")/lib.sh"
need_legacy

for family in ipv4 ipv6; do
	iptables="iptables-legacy"
	[ $family = ipv4 ] || iptables="ip6tables-legacy"
	$iptables -N OTHER
	$iptables -A OTHER -j RETURN
	$iptables -N FROM
	refused=0
	while IFS= read -r rule; do
		printf '*filter\n-A FROM %s\nCOMMIT\n' "$rule" >"$WORK/rule"
		# A kernel need not have every extension.
		if ! $iptables-restore --noflush "$WORK/rule" >/dev/null 2>&1; then
			echo "  $family: not in this kernel: $rule"
			refused=$((refused + 1))
		fi
	done <"$HERE/rules.$family"
	loaded=$($iptables -S FROM 2>/dev/null | grep -c '^-A')
	[ $((loaded + refused)) = "$(wc -l <"$HERE/rules.$family")" ] || fail "$family: rules lost"
	[ "$loaded" -ge 40 ] || fail "$family: only $loaded rules could be loaded"

	"$TOOL" dump filter >"$WORK/dump"
	! grep opaque "$WORK/dump" || fail "$family: opaque rules"

	expect 0 '^ok$' "$TOOL" copy $family filter FROM TO
	$iptables-save -c -t filter 2>/dev/null >"$WORK/save"
	sed -n 's/ -A FROM\>/ -A TO/p' "$WORK/save" >"$WORK/from"
	grep ' -A TO\>' "$WORK/save" >"$WORK/to"
	[ "$(wc -l <"$WORK/to")" = "$loaded" ] || fail "$family: not every rule was copied"
	same "$family: the copy" "$WORK/from" "$WORK/to"

	# The same bytes as well, as far as the kernel shows them.
	"$TOOL" dump filter >"$WORK/dump"
	for chain in FROM TO; do
		awk -v family=$family -v chain=$chain '
			/^[^ ]/ { here = $1 == family }
			/^ [^ ]/ { there = $1 == chain }
			/^  / && here && there' "$WORK/dump" >"$WORK/$chain"
	done
	[ "$(wc -l <"$WORK/FROM")" = "$loaded" ] || fail "$family: not every rule was shown"
	same "$family: the bytes of the copy" "$WORK/FROM" "$WORK/TO"
	echo "  $family: $loaded rules"
done
