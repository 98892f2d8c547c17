#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "fib saddr . iif oif" in IPv6, which firewalld's IPv6_rpfilter uses: for each source, the
# kernel says in a set whether it finds a way back, and a trace must agree, or not know.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

KIND=nft
# The third one is routed elsewhere, the fourth nowhere unless there is a default route.
sources="2001:db8:113::7 2001:db8:51::7 2001:db8:2::7 2001:4860::1 fd00:17::7 fe80::7 fe80:1::7 fc00::1 2001:db8:51::10 2001:db8:51::"

# Sends a packet to UDP port 80 of the host from each source, whatever is routed there.
send() { # NAMESPACE
	# shellcheck disable=SC2086 # a list
	ip netns exec "$1" python3 -c '
import socket, sys
for source in sys.argv[1:]:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, 78, 1) # IPV6_FREEBIND
    s.bind((source, 0, 0, socket.if_nametoindex("eth0") if source.startswith("fe80") else 0))
    s.sendto(b"x", ("2001:db8:51::10", 80))
' $sources
}
in_set() { sed -n "/set $1 /,/}\$/p" "$WORK/judge" | grep -q "$2 . \"$3\""; }
judged() { # NUMBER: of answers that a trace does not know
	local source in wanted unknown=0 bad=0
	nft -f - <<-'END'
	table inet judge {
		set seen { type ipv6_addr . ifname; flags dynamic; size 99; }
		set lost { type ipv6_addr . ifname; flags dynamic; size 99; }
		chain before {
			type filter hook prerouting priority -400;
			udp dport 80 add @seen { ip6 saddr . iifname }
			udp dport 80 fib saddr . mark . iif oif missing add @lost { ip6 saddr . iifname }
		}
	}
	END
	send outsider && send inner && sleep 0.5
	nft list table inet judge >"$WORK/judge" && nft delete table inet judge
	nft add table inet fence && nft add chain inet fence in '{ type filter hook prerouting priority 10; }' &&
		nft add rule inet fence in fib saddr . mark . iif oif missing drop
	for in in ens3 ens4; do
		for source in $sources; do
			in_set seen "$source" "$in" || { echo "$source in $in: not seen"; bad=1; }
			wanted=local
			! in_set lost "$source" "$in" || wanted=dropped
			"$DOCKFW" -f "$CONF" -b nft --trace "from $source in $in to 2001:db8:51::10 udp 80" >"$WORK/out" 2>&1
			case $(sed -n 's/^verdict: //p' "$WORK/out") in
			"$wanted"*) ;;
			local* | dropped*) echo "$source in $in: $wanted"; cat "$WORK/out"; bad=1 ;;
			*) unknown=$((unknown + 1)); echo "$source in $in: unknown, $wanted"; cat "$WORK/out" ;;
			esac
		done
	done
	nft delete table inet fence
	[ "$bad" = 0 ] && [ "$unknown" = "$1" ]
}

hosts_up && bridge ens4 192.0.2.1/24 2001:db8:2::1/64 &&
	join inner ens4 192.0.2.77/24 2001:db8:2::77/64 192.0.2.1 2001:db8:2::1 || exit 1
near=$(ip -6 -o address show dev ens3 scope link | sed 's|.* \(fe80[^/]*\)/.*|\1|')
sources="$sources $near"
# So that they know the neighbour.
{ refused outsider 2001:db8:51::10 1 && refused inner 2001:db8:51::10 1; } >/dev/null 2>&1 || exit 1
load docker-26 && load docker-26.ipv6 ip6tables
write_conf <<-'END'
outside = { "ens3", "ens4" }
unlisted = "host-firewall"
END
try "without a default route" judged 0
# As firewalld has it: "host-firewall" needs to know all of it.
nft -f - <<-'END'
	table inet fence {
		chain before {
			type filter hook prerouting priority 10;
			meta nfproto ipv6 fib saddr . mark . iif oif missing drop
		}
		chain in { type filter hook input priority 10; tcp dport 22 drop; }
	}
END
try "a repair of \"host-firewall\"" dockfw 0 --repair
try "nothing is unclear" finds 0 ''
nft delete table inet fence
ip -6 route add default via 2001:db8:113::200
try "with one" judged 0
ip -6 route add unreachable fc00::/7
try "with a route that refuses" judged 0
ip -6 route add 2001:db8:51::/64 dev ens4 metric 2000
try "with two of one prefix" judged 2
ip -6 route add default via 2001:db8:2::77 metric 2000
try "with two default routes" judged 4
ip -6 route add fe80::/64 dev ens4 table 100 && ip -6 rule add from 2001:db8:113::/64 table 100
try "with a rule" judged 22
finish
