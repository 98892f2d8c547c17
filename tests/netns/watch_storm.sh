#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch while other programs write to nf_tables without a pause: it is reported, looks are
# few, and nothing is missed.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

WRITES=20000
storm() { "$BUILD/tools/nft-storm" "$@"; }
# What the watch has counted, as it was at its last look.
count() { sed -n "s/^dockfw_watch_$1_total //p" "$WORK/prom"; }
counts() {
	: >"$WORK/prom"
	"$DOCKFW" -f "$CONF" -b nft --watch --format=prometheus -o "$WORK/prom" >>"$WORK/events" 2>"$WORK/err" &
	watch=$!
	until_true holds
}
# More transactions than before were counted, and everything is right.
counted() { [ "$(count transactions)" -ge "$1" ] && holds; }
# look MOST CHAIN…: a storm there, and then a flush, which is repaired after at most so many looks.
look() {
	local most=$1 before=$(($(count transactions) + WRITES)) looks
	looks=$(count looks)
	shift
	storm "$@" "$WRITES" || return
	ipt -F DOCKER-USER
	until_true counted "$before" || return
	looks=$(($(count looks) - looks))
	echo "$looks looks"
	[ "$looks" -ge 1 ] && [ "$looks" -le "$most" ]
}
overrun() {
	kill -STOP "$watch"
	storm inet other many $((5 * WRITES)) && ipt -F DOCKER-USER
	kill -CONT "$watch"
	no_events
	until_true holds
}

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-28.5 && two_rules
nft "add table inet other; add chain inet other many; add chain ip filter OTHERS"
try "the watch starts" watch
storm inet other many $WRITES >"$WORK/rate" || exit 1
try "a storm is reported, with its writer" event '.event == "storm" and .writes >= 200 and .culprit.name == "nft-storm"'
try "more announcements than it has room for" overrun
try "are repaired without knowing who wrote" event '.event == "repaired" and .culprit == null'
again() { jq -es '[.[] | select(.event == "storm")] == []' "$WORK/events"; }
try "the storm is reported once" again
try "the watch ends" stop

try "one that counts" counts
try "a storm in another table causes no look" look 5 inet other many
try "nor one in another chain of filter" look 5 ip filter OTHERS
try "one in a chain that matters causes few" look $((WRITES / 50)) ip filter DOCKER-USER
try "it is counted" test "$(count storms)" = 1
try "and ends as well" stop

# ---- interfaces, which a configuration names: their changes are announced by the thousand ----
write_conf <<-'END'
	outside = { "ens3" }
	publish "80/tcp" { allow = { "203.0.113.123" } }
END
ip link add churn0 type bridge
links_churn() {
	local n
	for ((n = 0; n < WRITES / 8; n++)); do
		echo "link set churn$((n % 2)) name churn$(((n + 1) % 2))"
	done | ip -batch -
}
few_looks() {
	local looks
	looks=$(count looks)
	links_churn && ip link set ens3 name wan0 || return
	until_true sees_missing && ip link set wan0 name ens3 && until_true holds || return
	ipt -F DOCKER-USER
	until_true holds || return
	looks=$(($(count looks) - looks))
	echo "$looks looks"
	[ "$looks" -ge 3 ] && [ "$looks" -le 50 ]
}
sees_missing() { grep -q "no interface 'ens3'" "$WORK/events"; }
try "one that names an interface" counts
try "thousands of changes of interfaces cause few looks, and the last one is seen" few_looks
try "that one ends" stop
finish
