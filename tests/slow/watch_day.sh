#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch in fast motion: each event is repaired, and memory does not grow. EVENTS (35) and
# TRANSACTIONS (100000) by other programs; a day has some 100 of the ones and, with kube-proxy,
# a million of the others.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

EVENTS=${EVENTS:-35} TRANSACTIONS=${TRANSACTIONS:-100000}
# KiB that the allocator may keep besides.
SLACK=512

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$watch/status"; }
# The same transactions in parts, between the events.
others() { "$BUILD/tools/nft-storm" inet other many $((TRANSACTIONS / EVENTS)); }
happens() { # NUMBER
	case $(($1 % 7)) in
	0) ipt -F DOCKER-USER ;;
	1) load reload-debian-12 ;;
	2) ipt -I FORWARD -j ACCEPT ;;
	3) ipt -D FORWARD -j DOCKER-USER ;;
	4) sed -i "s/203.0.113.[0-9]*/203.0.113.$(($1 % 200 + 1))/" "$CONF" ;;
	5) kill -HUP "$watch" ;;
	6) ipt -F && ipt -X DOCKER-USER ;;
	esac
}
day() { # EVENTS
	local event
	for ((event = 1; event <= $1; event++)); do
		others || return 1
		happens "$event" || { echo "event $event failed"; return 1; }
		until_true holds || { echo "after event $event"; return 1; }
		ipt -D FORWARD -j ACCEPT 2>/dev/null
		# Otherwise it is contested, and the next repair is later.
		[ $((event % 3)) != 0 ] || sleep 1.2
	done
}
flat() {
	local now
	now=$(memory)
	echo "resident: $before KiB, then $now KiB"
	[ "$now" -le $((before + SLACK)) ]
}

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-26 && two_rules
nft "add table inet other; add chain inet other many"
try "the watch starts" watch
try "the first events" day 14
before=$(memory)
try "$EVENTS events among $TRANSACTIONS transactions" day "$EVENTS"
try "memory is flat" flat
echo "# $(flat)"
try "the watch ends" stop
finish
