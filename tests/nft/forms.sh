#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bytes that other releases of iptables, nft and others write, taken from the
# kernel as what they are; where iptables-nft reads them, it prints the same.
. "$(dirname "$0")/lib.sh"

for family in ipv4 ipv6; do
	ipt $family -N OTHER
	ipt $family -A OTHER -j RETURN
	ipt $family -N WHOLE
	ipt $family -N OPAQUE
	expect 0 '^[1-9]' "$TOOL" forms $family filter WHOLE OPAQUE
	echo "  $family: $(cat "$WORK/out") forms"
	"$TOOL" texts $family filter WHOLE >"$WORK/ours"
	# One that iptables cannot read would hide the whole table.
	ipt $family -F OPAQUE
	ipt $family -S WHOLE >"$WORK/all"
	sed 1d "$WORK/all" >"$WORK/theirs"
	sed 's/ *$//' -i "$WORK/ours" "$WORK/theirs"
	same "$family: what iptables prints" "$WORK/theirs" "$WORK/ours"
done
