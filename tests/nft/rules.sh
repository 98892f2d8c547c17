#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every rule that iptables-nft accepts is decoded completely, equals its own text, and
# is written as a rule that iptables-nft prints and finds as its own.
. "$(dirname "$0")/lib.sh"

for family in ipv4 ipv6; do
	ipt $family -N OTHER
	ipt $family -A OTHER -j RETURN
	ipt $family -N FROM
	refused=0 number=0
	: >"$WORK/texts"
	while IFS= read -r rule; do
		printf '*filter\n-A FROM %s\nCOMMIT\n' "$rule" >"$WORK/rule"
		# A kernel need not have every extension.
		case $family in ipv4) r=iptables-nft-restore ;; *) r=ip6tables-nft-restore ;; esac
		if $r --noflush "$WORK/rule" >/dev/null 2>&1; then
			printf '%s\n' "$rule" >>"$WORK/texts"
		else
			echo "  $family: not in this kernel: $rule"
			refused=$((refused + 1))
		fi
	done <"$HERE/rules.$family"
	loaded=$(ipt $family -S FROM | grep -c '^-A')
	[ $((loaded + refused)) = "$(wc -l <"$HERE/rules.$family")" ] || fail "$family: rules lost"
	[ "$loaded" -ge 40 ] || fail "$family: only $loaded rules could be loaded"

	"$TOOL" dump filter >"$WORK/dump"
	! grep opaque "$WORK/dump" || fail "$family: opaque rules"

	# Each rule equals its own text.
	while IFS= read -r rule; do
		number=$((number + 1))
		text=${rule#-c * * }
		expect 0 '^[1-9]' "$TOOL" has $family filter FROM "$text"
	done <"$WORK/texts"

	expect 0 '^ok$' "$TOOL" copy $family filter FROM TO
	case $family in ipv4) s=iptables-nft-save ;; *) s=ip6tables-nft-save ;; esac
	$s -c -t filter >"$WORK/save"
	sed -n 's/ -A FROM\>/ -A TO/p' "$WORK/save" >"$WORK/from"
	grep ' -A TO\>' "$WORK/save" >"$WORK/to"
	same "$family: the copy" "$WORK/from" "$WORK/to"

	# The same from the texts, as a repair does it; -S prints the same.
	ipt $family -N PUT
	mapfile -t texts < <(sed 's/^-c [0-9]* [0-9]* //' "$WORK/texts")
	expect 0 '^ok$' "$TOOL" put $family filter PUT 1 "${texts[@]}"
	ipt $family -S FROM | sed -n 's/^-A FROM//p' >"$WORK/from"
	ipt $family -S PUT | sed -n 's/^-A PUT//p' >"$WORK/put"
	same "$family: the rules written from text" "$WORK/from" "$WORK/put"

	# iptables finds them if it finds its own. Those that it finds are tried together.
	for chain in TO PUT; do echo '*filter' >"$WORK/check.$chain"; done
	for rule in "${texts[@]}"; do
		if xargs "$(ipt_path $family)" -C FROM <<<"$rule" 2>/dev/null; then
			for chain in TO PUT; do echo "-C $chain $rule" >>"$WORK/check.$chain"; done
			continue
		fi
		echo "  $family: iptables does not find its own: $rule"
		for chain in TO PUT; do
			! xargs "$(ipt_path $family)" -C $chain <<<"$rule" 2>/dev/null ||
				fail "$family: -C finds in $chain: $rule"
		done
	done
	for chain in TO PUT; do
		echo COMMIT >>"$WORK/check.$chain"
		# shellcheck disable=SC2086 # a command and its option
		expect 0 '' $r --noflush "$WORK/check.$chain"
	done

	# What was written is read as the same rules.
	"$TOOL" dump filter >"$WORK/dump"
	for chain in FROM TO; do
		awk -v family=$family -v chain=$chain '
			/^[^ ]/ { here = $1 == family }
			/^ [^ ]/ { there = $1 == chain }
			/^  / && here && there' "$WORK/dump" >"$WORK/$chain"
	done
	same "$family: the bytes of the copy" "$WORK/FROM" "$WORK/TO"
	echo "  $family: $loaded rules"
done
