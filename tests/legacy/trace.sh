#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A read registers no table, and neither does a repair with nothing to do; a write
# registers the table that it needs.
. "$(dirname "$0")/lib.sh"

names() { cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true; }

[ -z "$(names)" ] || fail "a new namespace has tables"
expect 0 '' "$TOOL" dump filter
[ ! -s "$WORK/out" ] || fail "tables were printed, but there are none"
expect 0 '^ok$' "$TOOL" idle
expect 0 'nft\|legacy' "$TOOL" detect
[ -z "$(names)" ] || fail "reading registered $(names)"

need_legacy
ip6tables-legacy -t nat -S >/dev/null
before=$(names)
expect 0 '' "$TOOL" dump filter
[ ! -s "$WORK/out" ] || fail "a table that is not registered was read"
expect 0 '^ipv6 nat' "$TOOL" dump nat
[ "$(names)" = "$before" ] || fail "reading registered $(names)"

expect 0 '^ok$' "$TOOL" between ipv4 filter true
iptables-legacy -S FORWARD | grep -q -- '-i between0 -j DROP' || fail "the rule is not there"
[ "$(grep -c . /proc/net/ip6_tables_names)" = 1 ] || fail "the other family was registered too"

# A table that another process created and filled meanwhile is not the one that was read.
expect 0 '^changed$' "$TOOL" between ipv6 filter \
	'XTABLES_LOCKFILE=/dev/null ip6tables-legacy -A INPUT -j ACCEPT'
