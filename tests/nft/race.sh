#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commits against iptables processes that write to the same table without pause,
# even into the same chain: none of their changes is lost, and none of ours.
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-150}

iptables-nft -N OURS
iptables-nft -A OURS -s 10.9.9.9/32 -j ACCEPT

writer() # N: adds rules at the head, deletes every second one
{
	local i source
	for ((i = 1; i <= ROUNDS; i++)); do
		source=10.$1.$((i / 250)).$((i % 250))
		iptables-nft -I OURS -s "$source" -j DROP
		[ $((i % 2)) = 0 ] || iptables-nft -D OURS -s "$source" -j DROP
	done
}
reader() # would see a moment in which a rule of ours is in the wrong place
{
	while [ ! -e "$WORK/done" ]; do
		iptables-nft -S OURS | tail -1 | grep -q 10.9.9.9 || echo torn >>"$WORK/torn"
	done
}
writer 1 & one=$!
writer 2 & two=$!
reader & three=$!
"$TOOL" churn ipv4 filter OURS "$ROUNDS" >"$WORK/churn" || fail "a commit failed"
wait $one || fail "a writer failed"
wait $two || fail "a writer failed"
touch "$WORK/done"
wait $three
sed 's/^/  /' "$WORK/churn"

[ ! -e "$WORK/torn" ] || fail "a reader saw a rule after the last one"
for n in 1 2; do
	[ "$(iptables-nft -S OURS | grep -c -- "-s 10.$n\.")" = $((ROUNDS / 2)) ] ||
		fail "changes of writer $n were lost or undone"
done
[ "$(iptables-nft -S OURS | wc -l)" = $((ROUNDS / 2 * 2 + 2)) ] || fail "a rule of ours was left"
