#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commits against iptables processes that write to the same table without
# pause: none of their changes is lost or undone, and none of ours.
. "$(dirname "$0")/lib.sh"
need_legacy
ROUNDS=${ROUNDS:-150}

for n in 1 2; do iptables-legacy -N "THEIRS$n"; done
iptables-legacy -N OURS
iptables-legacy -A OURS -s 10.9.9.9/32 -j ACCEPT

writer() # N: adds rules, deletes every second one
{
	local i source
	for ((i = 1; i <= ROUNDS; i++)); do
		source=10.$1.$((i / 250)).$((i % 250))
		iptables-legacy -w -A "THEIRS$1" -s "$source" -j DROP
		[ $((i % 2)) = 0 ] || iptables-legacy -w -D "THEIRS$1" -s "$source" -j DROP
	done
}
writer 1 & one=$!
writer 2 & two=$!
"$TOOL" churn ipv4 filter OURS "$ROUNDS" >"$WORK/churn" || fail "a commit failed"
wait $one || fail "a writer failed"
wait $two || fail "a writer failed"
sed 's/^/  /' "$WORK/churn"

for n in 1 2; do
	[ "$(iptables-legacy -S "THEIRS$n" | grep -c '^-A')" = $((ROUNDS / 2)) ] ||
		fail "changes in THEIRS$n were lost or undone"
done
[ "$(iptables-legacy -S OURS)" = "-N OURS
-A OURS -s 10.9.9.9/32 -j ACCEPT" ] || fail "OURS is not as it was"
