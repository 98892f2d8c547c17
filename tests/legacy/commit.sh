#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a commit reports when it fails: other writers, wrong edits, kernel errors.
. "$(dirname "$0")/lib.sh"
need_legacy
# A writer that does not take the lock.
rude() { echo "XTABLES_LOCKFILE=/dev/null $*"; }
count() { grep -c -- "$1" || true; }

iptables-legacy -A FORWARD -s 10.0.0.1 -j ACCEPT
ip6tables-legacy -A FORWARD -s 2001:db8::1 -j ACCEPT

expect 0 '^changed$' "$TOOL" between ipv4 filter \
	"$(rude iptables-legacy -A FORWARD -s 10.0.0.2 -j ACCEPT)"
[ "$(iptables-legacy -S FORWARD | count between0)" = 0 ] || fail "another writer's change was overwritten"
[ "$(iptables-legacy -S FORWARD | count 10.0.0.2)" = 1 ] || fail "another writer's change is lost"

# IPv4 has been written when IPv6 turns out to have changed.
expect 3 "; written: ipv4 'filter'" "$TOOL" both filter \
	"$(rude ip6tables-legacy -A FORWARD -s 2001:db8::2 -j ACCEPT)"
grep -q "ipv6 table 'filter'" "$WORK/out" || fail "the failed table is not named"
! grep -q 'nothing was written' "$WORK/out" || fail "it says that nothing was written"
[ "$(iptables-legacy -S FORWARD | count between0)" = 1 ] || fail "ipv4 was not written"
[ "$(ip6tables-legacy -S FORWARD | count between0)" = 0 ] || fail "ipv6 was written"
expect 0 '^ok$' "$TOOL" both filter true
[ "$(ip6tables-legacy -S FORWARD | count between0)" = 1 ] || fail "ipv6 was not written"

iptables-legacy -N OTHER
iptables-legacy -S >"$WORK/before"
expect 3 'different one; nothing was written' "$TOOL" delete ipv4 filter FORWARD 3 4
expect 3 'no rule with that number; nothing was written' "$TOOL" delete ipv4 filter FORWARD 9 1
expect 3 'no rule with that number; nothing was written' "$TOOL" delete ipv4 filter FORWARD 0 1
expect 3 'too long; nothing was written' \
	"$TOOL" copy ipv4 filter FORWARD A234567890123456789012345678X
expect 3 "loop; nothing was written" "$TOOL" loop ipv4 filter
expect 3 'File exists; nothing was written' "$TOOL" copy ipv4 filter FORWARD OTHER
same "the table after refused edits" "$WORK/before" <(iptables-legacy -S)

# A chain with the name of a target would be jumped to instead of that target.
iptables-legacy -N FROM
iptables-legacy -A FROM -j REJECT
expect 0 "^ok$" "$TOOL" copy ipv4 filter OTHER REJECT
expect 3 'name of a chain; nothing was written' "$TOOL" copy ipv4 filter FROM TO
iptables-legacy -X REJECT
expect 0 '^ok$' "$TOOL" copy ipv4 filter FROM TO

command -v strace >/dev/null || { echo "  no strace: the other cases are left out"; exit 0; }
failing() # SYSCALL ERRNO WHICH COMMAND…: that call of the command fails
{
	local call=$1 error=$2 which=$3
	shift 3
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null \
		-e "inject=$call:error=$error:when=$which" "$@"
}
iptables-legacy -S >"$WORK/before"
# The first call tries the new rules, the second replaces the table.
for which in 1 2; do
	expect 3 'Operation not permitted; run as root.*; nothing was written' \
		failing setsockopt EPERM $which "$TOOL" between ipv4 filter true
done
expect 3 'Invalid argument; dmesg may say more; nothing was written' \
	failing setsockopt EINVAL 1+ "$TOOL" between ipv4 filter true
expect 3 'Invalid argument.*dmesg; nothing was written' \
	failing setsockopt EINVAL 2 "$TOOL" between ipv4 filter true
expect 3 'Cannot allocate memory; nothing was written' \
	failing setsockopt ENOMEM 1+ "$TOOL" between ipv4 filter true
expect 3 'Operation not permitted; run as root' failing getsockopt EPERM 1 "$TOOL" dump filter
expect 3 'this kernel has no such table' failing getsockopt ENOENT 1 "$TOOL" dump filter
expect 3 "run 'modprobe ip_tables', or use --backend=nft" failing getsockopt ENOPROTOOPT 1 "$TOOL" dump filter
same "the table after failed commits" "$WORK/before" <(iptables-legacy -S)
# A module that is not loaded yet is loaded if a table is needed.
expect 0 '^ok$' failing getsockopt ENOPROTOOPT 1 "$TOOL" between ipv4 mangle true
# The third call restores the counters: by then the rules are in force.
expect 3 'was written, but its counters are lost: Cannot allocate' \
	failing setsockopt ENOMEM 3 "$TOOL" between ipv4 filter true
[ "$(iptables-legacy -S FORWARD | count between0)" = 3 ] || fail "the rules were not written"
# A shortage passes, whichever of the first two calls it hits.
for error in ENOMEM ENOBUFS EINTR; do
	for which in 1 2; do
		expect 0 '^ok$' failing setsockopt $error $which "$TOOL" between ipv4 filter true
	done
done
[ "$(iptables-legacy -S FORWARD | count between0)" = 9 ] || fail "the rules were not written once each"
