#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules as other releases of iptables, nft and other programs write them are decoded
# correctly; if iptables-nft can read them, it prints the same.
. "$(dirname "$0")/lib.sh"

for family in ipv4 ipv6; do
	ipt $family -N OTHER
	ipt $family -A OTHER -j RETURN
	ipt $family -N WHOLE
	ipt $family -N OPAQUE
	expect 0 '^[1-9]' "$TOOL" forms $family filter WHOLE OPAQUE
	echo "  $family: $(cat "$WORK/out") forms"
	"$TOOL" texts $family filter WHOLE >"$WORK/ours"
	# A rule that iptables cannot read would hide the whole table.
	ipt $family -F OPAQUE
	ipt $family -S WHOLE >"$WORK/all"
	sed 1d "$WORK/all" >"$WORK/theirs"
	sed 's/ *$//' -i "$WORK/ours" "$WORK/theirs"
	same "$family: what iptables prints" "$WORK/theirs" "$WORK/ours"
done
