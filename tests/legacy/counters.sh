#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A commit keeps the counters of everything that it does not touch, including
# policies, and gives inserted rules the counters of the edit.
. "$(dirname "$0")/lib.sh"
need_legacy

ip link set lo up
iptables-legacy-restore -c <<EOF
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [7:700]
:OUTPUT ACCEPT [0:0]
:MINE - [0:0]
[1:10] -A MINE -s 10.0.0.1/32
[2:20] -A MINE -s 10.0.0.2/32 -j DROP
[3:30] -A MINE -s 10.0.0.3/32 -m limit --limit 1/hour -j RETURN
[18446744073709551615:9223372036854775808] -A MINE -s 10.0.0.4/32 -j ACCEPT
-A INPUT -d 127.0.0.1/32 -p udp -m udp --dport 9
COMMIT
EOF
for _ in 1 2 3; do packet; done

listing() { iptables-legacy-save -c -t filter | grep -v '^#'; }
listing >"$WORK/before"
grep -q '^\[3:' "$WORK/before" || fail "no packets were counted"
grep -q '^:OUTPUT ACCEPT \[[1-9]' "$WORK/before" || fail "no policy counted"

expect 0 '^ok$' "$TOOL" swap ipv4 filter MINE 3
listing >"$WORK/after"
grep -- '-A MINE' "$WORK/after" | head -1 | grep -q '^\[3:30\].*10.0.0.3' ||
	fail "the moved rule lost its place or counters"
sort "$WORK/before" >"$WORK/a"
sort "$WORK/after" >"$WORK/b"
same "the listing, but for the order," "$WORK/a" "$WORK/b"

# And counting goes on.
packet
listing | grep -q '^\[4:' || fail "the untouched rule no longer counts"
