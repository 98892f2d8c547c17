#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --wait: until dockerd runs and its chains are complete, or the time is over.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off # the guard has a suite of its own

# waiting OPTION…: starts the program in the background; returns when it listens for changes.
waiting() {
	local tries=0
	"$DOCKFW" -f "$CONF" -b "$KIND" --format=json "$@" >"$WORK/out" 2>"$WORK/err" &
	waiter=$!
	# A socket of nfnetlink (12) that is a member of a group.
	until awk '$2 == 12 && $4 != "00000000" { found = 1 } END { exit !found }' /proc/net/netlink; do
		[ $((tries += 1)) -lt 1000 ] && kill -0 "$waiter" || return 1
		sleep 0.01
	done
}
still() { kill -0 "$waiter" 2>/dev/null; }
ends() { # STATUS
	wait "$waiter"
	local status=$?
	[ "$status" = "$1" ] || { echo "ended with $status, not $1"; cat "$WORK/out" "$WORK/err"; return 1; }
}
# Loads one table of a layout; without the other one dockerd's chains are not complete.
part() { sed -n "/^\*$1/,/^COMMIT/p" "$LAYOUTS/docker-28.5.rules" | iptables-"$KIND"-restore; }

for KIND in nft legacy; do
	clear_tables
	two_rules
	# Without any chains it would not wait for long.
	part filter
	part nat
	try "$KIND: it waits for dockerd" waiting --wait=60 --repair
	sleep 0.7
	try "$KIND: chains without dockerd are not enough" still
	dockerd
	try "$KIND: with dockerd it goes on, and repairs" ends 0
	try "$KIND: the rules are there" grep -q -- '-j REJECT' <(ipt -S DOCKER-USER)

	clear_tables
	try "$KIND: it waits for the chains" waiting --wait=60
	part filter
	sleep 0.7
	try "$KIND: those of filter are not enough" still
	part nat
	try "$KIND: with those of nat it goes on" ends 2
	try "$KIND: and finds only what is wrong" jq -e '[.findings[].id] | unique == ["rule-missing"]' "$WORK/out"
	try "$KIND: nothing to wait for" dockfw 2 --wait=60

	clear_tables
	sed -i '1i ignore = { "docker-chains-missing" }' "$CONF"
	try "$KIND: it waits for chains even if the finding is ignored" waiting --wait=60
	part filter
	sleep 0.7
	try "$KIND: until they are there" still
	part nat
	try "$KIND: and then it goes on" ends 2
	sed -i 1d "$CONF"

	clear_tables
	try "$KIND: when the time is over it goes on" dockfw 2 --wait=1 --format=json
	try "$KIND: and reports what is missing" jq -e 'any(.findings[]; .id == "docker-chains-missing")' "$WORK/out"
	end "$dockerd"
	try "$KIND: without dockerd" finds 3 'unknown docker-absent'
	try "$KIND: the same after a wait" dockfw 3 --wait=1
	# It would be killed after 20 seconds.
	try "$KIND: no long wait where there is no Docker" gives 3 timeout 20 "$DOCKFW" -f "$CONF" -b "$KIND" --wait=60
done

# dockerd starts late, and then others make harmless changes without pause.
KIND=nft
clear_tables
two_rules
dockerd
busy() {
	while still; do
		ipt -A FORWARD -s 10.1.1.1
		sleep 0.2
	done
}
try "late and busy: it waits" waiting --wait=8 --timeout=6 --repair
sleep 4
load docker-28.5
busy &
try "late and busy: it stays only as long as it has time" ends 0
wait "$!"
end "$dockerd"

# A kernel without netfilter's netlink family.
KIND=legacy
clear_tables
two_rules
load docker-28.5
unheard() {
	gives 0 env LSAN_OPTIONS=detect_leaks=0 strace -qq -e trace=socket -e inject=socket:error=EPROTONOSUPPORT:when=1 \
		-o "$WORK/trace" "$DOCKFW" -f "$CONF" -b legacy --wait=1 --repair &&
		grep 'NETLINK_NETFILTER.*INJECTED' "$WORK/trace"
}
dockerd
try "no notifications: it checks from time to time" unheard
end "$dockerd"

# More changes while it waits than its socket buffer holds.
KIND=nft
clear_tables
dockerd
try "many changes: it waits" waiting --wait=60
kill -STOP "$waiter"
{
	echo 'add table inet many'
	for number in {1..4000}; do
		echo "add chain inet many a-chain-with-a-long-name-$number"
	done
} >"$WORK/many"
for _ in 1 2 3 4 5; do nft -f "$WORK/many" && nft delete table inet many; done
kill -CONT "$waiter"
two_rules
load docker-28.5
try "many changes: it goes on" ends 2
end "$dockerd"
finish
