#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tables besides iptables' do to packets, as --exposure and --trace show it: firewalld's,
# nft's in every family and hook, and the other backend's.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"

KIND=nft
hosts_up
write_conf </dev/null
load docker-28.5
load docker-28.5.ipv6 ip6tables
ip link add ens4 type veth peer name e4 && ip link set e4 up && ip link set ens4 up
ip addr add 192.0.2.10/24 dev ens4 && ip addr add 2001:db8:4::10/64 dev ens4 nodad
ip -6 route add default via 2001:db8:113::123 dev ens3
far='from 203.0.113.200 in ens3' far6='from 2001:db8:113::200 in ens3'

# ends PATTERN PACKET…: the verdict of the trace matches the pattern.
ends() {
	local pattern=$1
	shift
	dockfw 0 --trace "$*" && grep -qE "^verdict: $pattern" "$WORK/out" && return
	tail -n 3 "$WORK/out"
	return 1
}
# open_to PATTERN: the exposure has such a line.
open_to() {
	dockfw 0 --exposure && grep -qE "$1" "$WORK/out" && return
	cat "$WORK/out"
	return 1
}

# The zones and policies of firewalld, without a rule of its administrator.
firewalld() {
	local hook zone
	echo 'table inet firewalld {'
	for zone in pre log deny allow post; do
		for hook in mangle_PRE nat_PRE filter_FWD filter_IN; do
			echo "chain ${hook}_public_$zone { }"
		done
	done
	cat <<'END'
	chain mangle_PRE_public { jump mangle_PRE_public_pre; jump mangle_PRE_public_deny; jump mangle_PRE_public_allow; }
	chain nat_PRE_public { jump nat_PRE_public_pre; jump nat_PRE_public_deny; jump nat_PRE_public_allow; }
	chain filter_FWD_public { jump filter_FWD_public_pre; jump filter_FWD_public_deny; jump filter_FWD_public_allow; reject with icmpx admin-prohibited; }
	chain filter_IN_public { jump filter_IN_public_pre; jump filter_IN_public_allow; meta l4proto { icmp, ipv6-icmp } accept; reject with icmpx admin-prohibited; }
	chain mangle_PREROUTING_ZONES { iifname "ens3" goto mangle_PRE_public; goto mangle_PRE_public; }
	chain nat_PREROUTING_ZONES { iifname "ens3" goto nat_PRE_public; goto nat_PRE_public; }
	chain filter_FORWARD_ZONES { iifname "ens3" goto filter_FWD_public; goto filter_FWD_public; }
	chain filter_INPUT_ZONES { iifname "ens3" goto filter_IN_public; goto filter_IN_public; }
	chain mangle_PREROUTING { type filter hook prerouting priority mangle + 10; policy accept; jump mangle_PREROUTING_ZONES; }
	chain nat_PREROUTING { type nat hook prerouting priority dstnat + 10; policy accept; jump nat_PREROUTING_ZONES; }
	chain nat_POSTROUTING { type nat hook postrouting priority srcnat + 10; policy accept; oifname "ens3" masquerade; }
	chain filter_PREROUTING {
		type filter hook prerouting priority filter + 10; policy accept;
		icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
		meta nfproto ipv6 fib saddr . mark . iif oif missing drop
	}
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_ZONES
	}
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002:e000::/19 } reject with icmpv6 addr-unreachable
		jump filter_FORWARD_ZONES
	}
	chain filter_OUTPUT { type filter hook output priority filter + 10; policy accept; oifname "lo" accept; }
}
END
}
firewalld >"$WORK/firewalld"
nft -f "$WORK/firewalld"
try "firewalld: a published port is open" ends 'forwarded ' "$far" tcp 80
try "firewalld: … and in IPv6, to what is routed back" ends 'forwarded ' "$far6" tcp 80
try "firewalld: … to anyone" open_to '^0.0.0.0:80/tcp .*open to ANYONE'
try "firewalld: … in both families" open_to '^\[::\]:80/tcp .*open to ANYONE'
try "firewalld: a source that is not routed back" ends \
	'dropped by inet firewalld filter_PREROUTING 2: ' from 2001:db8:113::200 in ens4 tcp 80
try "firewalld: the host itself" ends 'refused by inet firewalld filter_IN_public 4: reject' "$far" tcp 81
nft add rule inet firewalld nat_PRE_public_allow tcp dport 143 dnat ip to 172.17.0.2:80
try "firewalld: a forwarded port" ends 'forwarded ' "$far" tcp 143
try "firewalld: … and where it leads" grep -q '^verdict: forwarded .* to 172.17.0.2 port 80 out through docker0' "$WORK/out"
try "firewalld: … has a line of its own" open_to '^0.0.0.0:143/tcp container 172.17.0.2:80 .*open to ANYONE by filter DOCKER 1: '
try "firewalld: … and only in IPv4" test "$(dockfw 0 --trace "$far6 tcp 143" && grep -c 'nat_PREROUTING' "$WORK/out")" = 0
nft insert rule inet firewalld nat_PRE_public_allow tcp dport 80 dnat ip to 10.1.1.1
try "a translation after Docker's takes no packet of it" ends 'forwarded ' "$far" tcp 80
nft delete table inet firewalld

# FAMILY|CHAIN|RULE|VERDICT
while IFS='|' read -r family hook rule expected; do
	printf 'table %s own {\nchain c {\ntype %s;\n%s\n}\n}\n' "$family" "$hook" "$rule" | nft -f - || exit 1
	try "$family, $hook: $rule" ends "$expected" "$far" tcp 80
	nft delete table "$family" own
done <<'END'
inet|filter hook prerouting priority raw|ip saddr != 203.0.113.123 drop|dropped by inet own c 1: ip saddr != 203.0.113.123 drop
inet|filter hook prerouting priority raw|ip saddr 10.0.0.0/8 drop|forwarded
inet|filter hook postrouting priority filter|tcp dport 80 drop|dropped
inet|filter hook postrouting priority filter|tcp dport 81 drop|forwarded
inet|filter hook postrouting priority filter|oifname "ens*" drop|forwarded
netdev|filter hook ingress device ens3 priority 0|tcp dport 80 drop|maybe, undecided at netdev own c 1: 
netdev|filter hook ingress device ens4 priority 0|drop|forwarded
netdev|filter hook egress device docker0 priority 0|drop|maybe
bridge|filter hook output priority 0|drop|maybe, undecided at bridge own c 1: drop
bridge|filter hook input priority 0|tcp dport 81 drop|forwarded
inet|filter hook ingress device ens3 priority 0|drop|maybe
inet|filter hook prerouting priority 0|ct state invalid drop|forwarded
inet|filter hook prerouting priority -250|ct state invalid drop|dropped by inet own c 1: ct state invalid drop
inet|filter hook forward priority 0|ct state invalid,untracked drop|forwarded
inet|filter hook prerouting priority -110|meta l4proto udp drop|forwarded
inet|filter hook prerouting priority -300|notrack|local
inet|nat hook prerouting priority -110|tcp dport 80 redirect to :22|local: .* port 22
inet|filter hook prerouting priority -110|ip daddr set 10.1.1.1|maybe, undecided at inet own c 1: 
inet|filter hook prerouting priority -110|ip dscp set cs1|forwarded
inet|filter hook prerouting priority -110|meta mark set 1|forwarded
ip|filter hook prerouting priority -110|fib saddr . iif oif missing drop|forwarded
ip|filter hook prerouting priority -110|tcp dport vmap { 80 : drop }|dropped
inet|filter hook forward priority 10; policy drop|ct status dnat accept|forwarded
inet|filter hook forward priority 10; policy drop|ct state established accept|dropped by inet own c policy DROP
END

# A bridge may track a packet before the chains of IP see it, if it has chains.
nft 'table inet own { chain c { type filter hook prerouting priority -250; ct state invalid drop; }; }'
try "before tracking" ends 'dropped by inet own c 1' "$far" tcp 80
nft 'table bridge own { chain c { type filter hook forward priority 0; meta mark 9 drop; }; }'
try "… unless a bridge may track" ends 'maybe, undecided at inet own c 1: ' "$far" tcp 80
nft 'delete table inet own; delete table bridge own'

# Marks: of no importance, unless a rule or the routing matches on them.
nft 'table inet own { chain c { type filter hook prerouting priority -110; iifname "ens3" meta mark set 1; }; }'
iptables-nft -I DOCKER-USER -m mark --mark 1 -j DROP
try "a mark from another table" ends 'dropped by filter DOCKER-USER 1: -m mark ' "$far" tcp 80
try "… is only for its packets" ends 'forwarded ' from 192.0.2.200 in ens4 tcp 80
iptables-nft -D DOCKER-USER 1
ip rule add fwmark 1 lookup 100 pref 10
ip route add default dev ens4 table 100
try "… for the routing" ends 'dropped by filter FORWARD policy' "$far" tcp 80
ip rule del pref 10
nft delete table inet own

# The kernel evaluates nothing in a dormant table.
nft 'table inet own { flags dormant; chain c { type filter hook forward priority 0; policy drop; }; }
	table ip own { flags dormant; chain c { type nat hook prerouting priority -110; tcp dport 81 dnat to 172.17.0.2:80; }; }'
try "a dormant table drops nothing" ends forwarded "$far" tcp 80
try "… in the kernel" reaches "$outsider" 198.51.100.10
try "… nor does it publish anything" ends local "$far" tcp 81
try "… in the kernel" refused "$outsider" 198.51.100.10 81
try "… and exposure knows that" open_to '^0.0.0.0:80/tcp .* open to ANYONE by filter DOCKER 1'
try "… for both" test "$(grep -c ':81/' "$WORK/out")" = 0
nft 'add table inet own; add table ip own'
try "active again, it drops" ends 'dropped by inet own c policy DROP' "$far" tcp 80
try "… in the kernel" gives 2 ask "$outsider" 198.51.100.10
try "… and the other one translates" ends 'dropped by inet own c policy DROP' "$far" tcp 81
nft 'delete table inet own; delete table ip own'

# The other backend: chains that iptables knows, with the same conditions.
# Two chains FORWARD, of which each has a policy: it is shown only where it decides.
iptables-legacy -A FORWARD -s 192.0.2.1 -j DROP
try "two backends: a trace as json" dockfw 0 -v --trace "$far to 203.0.113.123 tcp 9" --format=json
try "two backends: each has its own policy" diff <(jq -r '.trace.steps[] | select(.at.rule == null and
	(.at.table // "" | endswith("filter"))) | [.step, .at.table, .at.chain, .at.text // "null"] | join(" ")' "$WORK/out") - <<'END'
chain ip_tables filter FORWARD null
policy ip_tables filter FORWARD policy ACCEPT
chain filter FORWARD null
end filter DOCKER-USER null
end filter DOCKER-CT null
end filter DOCKER-ISOLATION-STAGE-1 null
end filter DOCKER-BRIDGE null
end filter DOCKER-FORWARD null
policy filter FORWARD policy DROP
END
iptables-legacy -F FORWARD
iptables-legacy -t raw -A PREROUTING -p tcp --dport 80 -j DROP
try "the other backend's table raw" ends 'dropped by ip_tables raw PREROUTING 1: -p tcp' "$far" tcp 80
try "… for other ports" ends 'local' "$far" tcp 81
iptables-legacy -t raw -F
iptables-legacy -t nat -A PREROUTING -i ens3 -p tcp --dport 81 -j DNAT --to-destination 172.17.0.2:80
try "the other backend's DNAT" ends 'forwarded .* to 172.17.0.2 port 80' "$far" tcp 81
try "… from elsewhere" ends 'local' from 192.0.2.200 in ens4 tcp 81
iptables-legacy -t nat -F
iptables-legacy -N own && iptables-legacy -A own -m conntrack --ctstate INVALID -j DROP && iptables-legacy -A FORWARD -j own
try "the other backend drops only invalid packets" ends 'forwarded ' "$far" tcp 80

# ---- what a sender may put into a packet that begins a connection ----

nft flush ruleset
load docker-28.5
load docker-28.5.ipv6 ip6tables
# crafted FLAGS [options]: the container answers such a segment of IPv4, or with options of IPv6.
crafted() {
	if [ $# = 1 ]; then
		ip netns exec outsider python3 "$TESTS/crafted.py" 203.0.113.200 198.51.100.10 80 "$1"
	else
		ip netns exec outsider python3 "$TESTS/crafted.py" 2001:db8:113::200 2001:db8:51::10 80 "$@"
	fi
}
no_answer() { ! crafted "$@"; }
try "a SYN is answered" crafted 02
iptables-nft -A DOCKER-USER -i ens3 -p tcp --tcp-flags ALL SYN -j DROP
try "a rule for a SYN without PSH and URG drops it" no_answer 02
try "… but not one with PSH" crafted 0a
try "… and URG" crafted 22
try "… so what becomes of a packet is not known" ends 'maybe, undecided at filter DOCKER-USER 1: ' "$far" tcp 80
try "… and the port is not closed" open_to '^0.0.0.0:80/tcp .* from ens3 open to maybe anyone by filter DOCKER-USER 1: '
iptables-nft -R DOCKER-USER 1 -i ens3 -p tcp --syn -j DROP
try "--syn drops those as well" no_answer 0a
try "… for certain" ends 'dropped by filter DOCKER-USER 1: ' "$far" tcp 80
for flags in NONE FIN,PSH,URG SYN,FIN; do
	iptables-nft -R DOCKER-USER 1 -i ens3 -p tcp --tcp-flags ALL "$flags" -j DROP
	try "no connection begins with $flags" ends 'forwarded ' "$far" tcp 80
done
iptables-nft -F DOCKER-USER
nft 'table inet own { chain c { type filter hook forward priority -5; }; }'
own_rule() { nft "flush chain inet own c; add rule inet own c iifname \"ens3\" $1"; }
own_rule 'tcp flags & (fin|syn|rst|psh|ack|urg) == syn drop'
try "the same in nft" crafted 0a
try "… is not known" ends 'maybe, undecided at inet own c 1: ' "$far" tcp 80
for flags in 0x0 'fin|psh|urg' 'syn|fin'; do
	own_rule "tcp flags & (fin|syn|rst|psh|ack|urg) == $flags drop"
	try "nft: no connection begins with $flags" ends 'forwarded ' "$far" tcp 80
done
own_rule 'ip6 nexthdr tcp drop'
direct() { ! ip netns exec outsider "$BUILD/tools/ask" 2001:db8:51::10 80; }
try "a rule for TCP directly after the IPv6 header" direct
try "… does not drop it after options" crafted 02 options
try "… so that is not known" ends 'maybe, undecided at inet own c 1: iifname "ens3" meta nfproto ipv6 ip6 nexthdr tcp drop' "$far6" tcp 80
own_rule 'ip6 nexthdr { udp, icmpv6 } drop'
try "other protocols are others" ends 'forwarded ' "$far6" tcp 80
own_rule 'meta nfproto ipv6 meta l4proto tcp drop'
try "meta l4proto looks further" no_answer 02 options
nft delete table inet own

# A rule that changes the destination, in a chain so long that it is indexed: what comes after it
# is for the new one.
long_chain() {
	local i
	echo 'table ip own { chain c { type filter hook prerouting priority -250;'
	echo 'iifname != "ens3" accept; tcp dport != 143 accept;'
	for i in {1..40}; do echo "ip daddr 192.0.2.$i counter drop;"; done
	echo 'ip daddr set 172.17.0.2 tcp dport set 80; ip daddr 172.17.0.2 notrack; }'
	echo 'chain f { type filter hook prerouting priority -110; iifname "ens3" ct state != untracked drop; }; }'
}
long_chain >"$WORK/long" && nft -f "$WORK/long"
ip netns exec container nft 'table ip seen { chain c { type filter hook input priority 0; tcp dport 80 counter; }; }'
! ip netns exec outsider "$BUILD/tools/ask" 198.51.100.10 143 || exit 1
arrived() { ip netns exec container nft list table ip seen | grep -q 'counter packets [1-9]'; }
try "a changed destination in a long chain gets in" arrived
try "… so what becomes of a packet is not known" ends 'maybe, undecided at ip own c 43: \[unknown match\] \[unknown statement\]$' "$far" tcp 143
try "… and it may get in" grep -q '^  perhaps forwarded: .*, to a destination that is not known$' "$WORK/out"
try "… states are shown by name" grep -qxF 'ip own f 1 yes: iifname "ens3" ct state != untracked drop' "$WORK/out"
nft delete table ip own
ip netns exec container nft delete table ip seen

# ---- which rule decides whether a packet is tracked ----

# so STATUS RULE…: with these rules in raw, the kernel lets the packet in (0) or not (1), and the
# trace says so.
so() {
	local status=$1 verdict=local
	shift
	[ "$status" = 1 ] || verdict=forwarded
	gives "$status" ip netns exec outsider "$BUILD/tools/ask" 198.51.100.10 80 && ends "$verdict" "$far" tcp 80
}
while IFS='|' read -r status first second; do
	# shellcheck disable=SC2086 # words
	iptables-nft -t raw -A PREROUTING -i ens3 -j $first
	# shellcheck disable=SC2086 # words
	iptables-nft -t raw -A PREROUTING -p tcp --dport 80 -j $second
	try "$first, then $second" so "$status"
	iptables-nft -t raw -F PREROUTING
done <<'END'
0|CT --zone-orig 7|NOTRACK
0|CT --zone-orig 7|CT --notrack
1|NOTRACK|CT --zone-orig 7
END
while IFS='|' read -r status rules; do
	nft "table ip own { chain c { type filter hook prerouting priority -300; $rules; }; }"
	try "nft: $rules" so "$status"
	nft delete table ip own
done <<'END'
1|tcp dport 80 notrack
0|iifname "ens3" ct original zone set 3; tcp dport 80 notrack
0|tcp dport 80 notrack; iifname "ens3" ct original zone set 3
END

# ---- what answers in the place of the container, and connects itself ----

# relayed: to FORWARD, the connection is not a new one, whatever that drops. Nor does INPUT see it.
relayed() {
	gives 0 ip netns exec outsider "$BUILD/tools/ask" 198.51.100.10 80 &&
		ends "maybe, undecided at $1 1: " "$far" tcp 80 &&
		open_to "^0.0.0.0:80/tcp .* from ens3 open to maybe anyone by $1 1: " &&
		dockfw 0 --trace "$far udp 80" && ! grep 'the host answers and connects itself' "$WORK/out"
}
# shellcheck disable=SC2034 # for eval
answer='synproxy mss 1460 wscale 7 timestamp sack-perm'
# shellcheck disable=SC2034
options='-m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460'
syn='-i ens3 -p tcp --dport 80'
sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
# shellcheck disable=SC2086 # words
iptables-nft -t raw -A PREROUTING $syn --syn -j CT --notrack
iptables-nft -I DOCKER-USER -i ens3 -m conntrack --ctstate NEW -j DROP
try "what is not tracked does not come to the container" gives 1 ip netns exec outsider "$BUILD/tools/ask" 198.51.100.10 80
while IFS='|' read -r at add remove; do
	eval "$add"
	try "SYNPROXY: $add" relayed "$at"
	eval "$remove"
done <<-'END'
	filter INPUT|iptables-nft -I INPUT $syn $options|iptables-nft -D INPUT 1
	ip_tables filter INPUT|iptables-legacy -I INPUT $syn $options|iptables-legacy -D INPUT 1
	filter own|iptables-nft -N own; iptables-nft -A own $syn $options; iptables-nft -I INPUT -j own; iptables-nft -I INPUT -s 192.0.2.1 -j own|iptables-nft -D INPUT 1; iptables-nft -D INPUT 1; iptables-nft -F own; iptables-nft -X own
	filter INPUT|nft insert rule ip filter INPUT iifname ens3 tcp dport 80 ct state invalid,untracked $answer|iptables-nft -D INPUT 1
	inet own c|nft "table inet own { chain c { type filter hook input priority -1; tcp dport 80 ct state invalid,untracked $answer; }; }"|nft delete table inet own
	inet own c|nft "table inet own { synproxy s { mss 1460; wscale 7; timestamp sack-perm; }; chain c { type filter hook input priority -1; tcp dport 80 ct state invalid,untracked synproxy name s; }; }"|nft delete table inet own
END
iptables-nft -t raw -F PREROUTING
iptables-nft -F INPUT
iptables-nft -D DOCKER-USER 1
sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1

# ---- rules that lead to containers without Docker ----

# by_hand ADDRESS PLACE: port 143 leads to the container, for the kernel and in the line of PLACE.
by_hand() {
	ip netns exec outsider "$BUILD/tools/ask" "$1" 143 &&
		open_to "^$2/tcp container .*:80 .*open to ANYONE by filter DOCKER 1: "
}
translate() { iptables-nft -t nat -A PREROUTING "$@" -j DNAT --to-destination 172.17.0.2:80; }
translate -i ens3 -p tcp --dport 143
try "a rule in PREROUTING" by_hand 198.51.100.10 0.0.0.0:143
iptables-nft -t nat -D PREROUTING 2
iptables-nft -t nat -N mine && iptables-nft -t nat -A PREROUTING -j mine
iptables-nft -t nat -A mine -p tcp -m multiport --dports 25,140:150 -j DNAT --to-destination 172.17.0.2:80
try "a chain of one's own, several ports" by_hand 198.51.100.10 0.0.0.0:140-150
try "… of which each has its line" grep -q '^0.0.0.0:25/tcp ' "$WORK/out"
iptables-nft -t nat -F mine
translate -d 198.51.100.10 -p tcp
try "all ports of an address" by_hand 198.51.100.10 198.51.100.10:1-65535
iptables-nft -t nat -F PREROUTING
ip6tables-nft -t nat -A PREROUTING -p tcp --dport 143 -j DNAT --to-destination '[fd00:17::2]:80'
try "IPv6" by_hand 2001:db8:51::10 '\[::\]:143'
ip6tables-nft -t nat -F PREROUTING
iptables-nft -t nat -A PREROUTING -p tcp --dport 143 -j DNAT --to-destination 203.0.113.123:80
try "what leads elsewhere is not Docker's" test "$(dockfw 0 --exposure; grep -c ':143/' "$WORK/out")" = 0
iptables-nft -t nat -F PREROUTING
for rule in 'meta l4proto { tcp, udp } th dport 143|0.0.0.0:143' 'ip daddr 198.51.100.10 meta l4proto tcp|198.51.100.10:1-65535'; do
	nft "table ip own { chain c { type nat hook prerouting priority -110; ${rule%|*} dnat to 172.17.0.2:80; }; }"
	try "nft: ${rule%|*}" by_hand 198.51.100.10 "${rule#*|}"
	nft delete table ip own
done

# own_nat CHAIN… RULE: nft's own table, with the rule in a chain of prerouting.
own_nat() {
	nft "table ip own { ${*:1:$#-1} chain c { type nat hook prerouting priority -110; ${*: -1}; }; }"
}
map='map m { type ipv4_addr . inet_service : ipv4_addr . inet_service; flags interval;
	elements = { 198.51.100.0/24 . 140-143 : 172.17.0.2 . 80 }; };'
branch='chain a { meta l4proto tcp dnat to 172.17.0.2:80; };'
from_map() { # PLACE [CHAIN] RULE
	own_nat "${@:2}" || return 1
	by_hand 198.51.100.10 "$1"
}
to='172.17.0.2 . 80'
try "a map of ports" from_map 0.0.0.0:143 "dnat ip to tcp dport map { 143 : $to, 144 : 172.17.0.2 . 81 }"
try "… one of which is closed" grep -q '^0.0.0.0:144/tcp .*open to nobody' "$WORK/out"
nft delete table ip own
try "a map after a condition on the ports" from_map 0.0.0.0:143 "tcp dport 140-149 dnat ip to tcp dport map { 143 : $to }"
nft delete table ip own
try "a map of addresses and ports" from_map 198.51.100.10:143 "dnat ip to ip daddr . tcp dport map { 198.51.100.10 . 143 : $to }"
nft delete table ip own
try "a named map of prefixes and ranges" from_map 198.51.100.0/24:140-143 "$map" 'dnat ip to ip daddr . tcp dport map @m'
nft delete table ip own
try "a map to a chain" from_map 0.0.0.0:143 "$branch" 'tcp dport vmap { 143 : jump a }'
try "… which has no other port" test "$(grep -c 'by ip own\|:1-65535' "$WORK/out")" = 0
nft delete table ip own
try "a map of addresses and ports to a chain" from_map 198.51.100.10:143 "$branch" \
	'ip daddr . tcp dport vmap { 198.51.100.10 . 143 : goto a }'
nft delete table ip own
own_nat 'tcp dport 143 dnat ip to numgen inc mod 2 map { 0 : 172.17.0.2 . 80, 1 : 172.17.0.2 . 81 }'
try "a container by turns is not known" open_to '^0.0.0.0:143/tcp container 172.17.0.2:80 .* open to maybe anyone'
try "… and counts as undecided" grep -q ', 1 undecided, ' "$WORK/out"
nft delete table ip own
iptables-nft -t nat -F mine
iptables-nft -t nat -A PREROUTING -p tcp --dport 143 -j mine
iptables-nft -t nat -A mine -p tcp -j DNAT --to-destination 172.17.0.2:80
try "a chain for one port" by_hand 198.51.100.10 0.0.0.0:143
try "… which has no other port" test "$(grep -c ':1-65535' "$WORK/out")" = 0
iptables-nft -t nat -F PREROUTING

# A prefix of which the host has no address, but whose packets come to it.
ip -n outsider route add 198.18.0.0/24 via 203.0.113.1
translate -d 198.18.0.0/24 -p tcp --dport 143
try "every address of a prefix" by_hand 198.18.0.5 198.18.0.0/24:143
iptables-nft -t nat -F PREROUTING
# mapped: port 80 of the container is reached at its address of the other prefix, and only there.
mapped() {
	ip netns exec outsider "$BUILD/tools/ask" 198.18.0.2 80 || return 1
	! ip netns exec outsider "$BUILD/tools/ask" 198.18.0.3 80 || return 1
	open_to '^198.18.0.2:80/tcp container 172.17.0.2:80 .*open to ANYONE by filter DOCKER 1: ' || return 1
	gives 2 "$DOCKFW" -f "$CONF" --exposure --fail-if-open || return 1
	grep -q '^198.18.0.0/24:1-65535/udp container 172.17.0.0/24:1-65535 .*open to nobody' "$WORK/out"
}
iptables-nft -t nat -A PREROUTING -d 198.18.0.0/24 -j NETMAP --to 172.17.0.0/24
try "a prefix in the place of another" mapped
# The policy lets new connections through to all that Docker's chain does not drop.
iptables-nft -I DOCKER 2 -p tcp --dport 82 -j ACCEPT
try "… and a port of all containers" open_to '^198.18.0.0/24:82/tcp container 172.17.0.0/24:82 .*open to ANYONE by filter DOCKER 2: '
iptables-nft -D DOCKER 2
ip address add 198.51.100.2/24 dev ens3
iptables-nft -t nat -R PREROUTING 1 -d 198.51.100.0/24 -j NETMAP --to 172.17.0.0/24
try "each address of the host has another container" open_to '^198.51.100.2:80/tcp .*open to ANYONE '
try "… which is not that of the others" test "$(grep -c '^198.51.100.10:80/tcp .*open to ANYONE' "$WORK/out")" = 0
ip address delete 198.51.100.2/24 dev ens3
iptables-nft -t nat -F PREROUTING
own_nat 'ip daddr 198.18.0.0/24 dnat ip prefix to 172.17.0.0/24'
try "nft: a prefix in the place of another" mapped
nft delete table ip own

# Destinations that are others than the host's own addresses, as of a network that is routed here.
ipset create pub hash:net && ipset add pub 192.0.2.48/28
for rule in '-d 192.0.2.48/28' '-m iprange --dst-range 192.0.2.48-192.0.2.63' '-m set --match-set pub dst'; do
	# shellcheck disable=SC2086 # words
	translate $rule -p tcp --dport 143
	try "$rule" by_hand 192.0.2.50 192.0.2.48/28:143
	iptables-nft -t nat -F PREROUTING
done
# One line has the address of the host, too.
translate -d 198.51.100.0/28 -p tcp --dport 143
try "a prefix with an address of the host" by_hand 198.51.100.10 198.51.100.0/28:143
try "… and nothing else" test "$(grep -c ':143/.* open to ANYONE' "$WORK/out")" = 1
iptables-nft -t nat -F PREROUTING
ip6tables-nft -t nat -A PREROUTING -d 2001:db8:48::/64 -p tcp --dport 143 -j DNAT --to-destination '[fd00:17::2]:80'
try "IPv6: -d" by_hand 2001:db8:48::5 '\[2001:db8:48::/64\]:143'
ip6tables-nft -t nat -F PREROUTING
while IFS='|' read -r rule place; do
	nft "table ip own { chain c { type nat hook prerouting priority -110; $rule; }; }"
	try "nft: $rule" by_hand 192.0.2.50 "$place"
	nft delete table ip own
done <<'END'
ip daddr { 192.0.2.50, 192.0.2.51 } tcp dport 143 dnat to 172.17.0.2:80|192.0.2.50/31:143
ip daddr 192.0.2.48/28 tcp dport 143 dnat to 172.17.0.2:80|192.0.2.48/28:143
END
nft 'table ip own { chain c { type nat hook prerouting priority -110
	ip daddr 192.0.2.48/28 dnat ip prefix to ip daddr map { 192.0.2.48/28 : 172.17.0.0/28 }; }; }'
try "nft: a map of prefixes" open_to '^192.0.2.50:80/tcp container 172.17.0.2:80 .* dnat .*open to ANYONE by filter DOCKER 1: '
try "… for the kernel, too" ip netns exec outsider "$BUILD/tools/ask" 192.0.2.50 80
nft delete table ip own
# Of the other backend's rules, iptables-nft compares the whole name of an interface.
clear_tables
KIND=legacy
load docker-28.5
iptables-nft -t mangle -A FORWARD -i ens3 -j DROP
try "the other backend's interface" ends 'dropped by ip mangle FORWARD 1: iifname "ens3" drop$' "$far" tcp 80
iptables-nft -t mangle -R FORWARD 1 -i ens+ -j DROP
try "… and several" ends 'dropped by ip mangle FORWARD 1: iifname "ens\*" drop$' "$far" tcp 80

finish
