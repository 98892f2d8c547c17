#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thousands of rules in one transaction, and rules of the largest possible size.
. "$(dirname "$0")/lib.sh"

iptables-nft -N BIG
iptables-nft -A BIG -j RETURN
expect 0 '^ok$' "$TOOL" many ipv4 filter BIG 5000 1
expect 0 '^ok$' "$TOOL" many ipv4 filter BIG 10000 5001
expect 0 '^ok$' "$TOOL" many ipv4 filter BIG 2000 5001
expect 0 '^ok$' "$TOOL" many ipv4 filter BIG 2000 17002
iptables-nft-save -c -t filter | sed -n 's/^\[\([0-9]*\):0\] -A BIG .*many.*/\1/p' >"$WORK/is"
{ seq 0 4999; seq 0 1999; seq 0 9999; seq 0 1999; } >"$WORK/wanted"
same "the order of 19,000 rules" "$WORK/wanted" "$WORK/is"
iptables-nft -S BIG | sed -n 17002p | grep -q -- '-j RETURN' || fail "RETURN was moved"

# If the kernel refuses several rules, the first one is reported.
iptables-nft -N WRONG
expect 1 "cannot insert rule 3 of the chain 'WRONG'.*is there a chain 'DOCKER-USER'" \
	"$TOOL" put ipv4 filter WRONG 1 '-j DROP' '-j DROP' '-j DOCKER-USER' '-j DOCKER-USER'

# The largest rule that can be listed is accepted; a larger one is refused, since it
# would hide all rules after it.
large() { local i; for i in $(seq "$1"); do printf -- '-m comment --comment c%d ' "$i"; done; }
iptables-nft -N LARGE
for n in 20 60 104; do
	expect 0 '^ok$' "$TOOL" put ipv4 filter LARGE 1 "$(large $n) -j ACCEPT" '-s 10.0.0.1/32 -j DROP'
done
[ "$(iptables-nft -S LARGE | grep -c -- '-s 10.0.0.1/32')" = 3 ] || fail "rules are hidden"
"$TOOL" dump filter >"$WORK/dump"
awk '/^ LARGE/ { on = 1; next } /^ [^ ]/ { on = 0 } on' "$WORK/dump" >"$WORK/large"
[ "$(wc -l <"$WORK/large")" = 6 ] || fail "rules are not read"
! grep opaque "$WORK/large" || fail "large rules are opaque"
expect 1 'larger than nf_tables can list; nothing was written' \
	"$TOOL" put ipv4 filter LARGE 1 "$(large 115) -j ACCEPT"

# Such a rule of another program hides the end of FORWARD: what is listed is not taken for all.
iptables-nft -A FORWARD -s 10.0.0.1 -j DROP
expect 0 '' "$TOOL" texts ipv4 filter FORWARD
read -ra options <<<"$(large 118)"
iptables-nft -I FORWARD "${options[@]}" -j ACCEPT
expect 1 '' "$TOOL" texts ipv4 filter FORWARD
