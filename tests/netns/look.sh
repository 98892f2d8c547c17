#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --exposure and --trace as a user calls them: the packets that can be described,
# what each match and target does to a packet, routing, terminals and JSON.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"

KIND=nft
hosts_up
two_rules
load docker-28.5
load docker-28.5.ipv6 ip6tables

# ---- packets ----

# asks PACKET…: a trace with all rules, in $WORK/out.
asks() { dockfw 0 -v --trace "$*"; }
# ends PATTERN PACKET…: the verdict of the trace matches the pattern.
ends() {
	local pattern=$1
	shift
	asks "$@" || return 1
	grep -qE "^verdict: $pattern" "$WORK/out" || { tail -n 3 "$WORK/out"; return 1; }
}
# refused PATTERN PACKET…
refused() {
	local pattern=$1
	shift
	dockfw 3 --trace "$*" && grep -q -- "$pattern" "$WORK/err" && [ ! -s "$WORK/out" ] &&
		[ "$(wc -l <"$WORK/err")" = 1 ] && ! grep -q $'\e' "$WORK/err" && return
	cat "$WORK/err"
	return 1
}
far='from 203.0.113.200 in ens3'

try "the address of the interface is the default" ends 'forwarded .*to 172.17.0.2 port 80 out through docker0$' "$far" tcp 80
try "another port stays here" ends 'local: accepted for the host itself by filter INPUT policy ACCEPT, to 198.51.100.10 port 81$' "$far" tcp 81
try "a protocol without ports" ends 'dropped by filter DOCKER 2:' "$far" to 172.17.0.9 proto 47
try "it is named by its number" grep -q '^47 from' "$WORK/out"
try "icmp" ends 'local' "$far" icmp
try "icmp with a type and a code" ends 'local' "$far" icmp 3/4
try "multicast" ends 'local' "$far" to 224.0.0.5 udp 5
try "broadcast" ends 'local' "$far" to 255.255.255.255 udp 67
try "directed broadcast" ends 'local' "$far" to 198.51.100.255 udp 67
try "no route" ends 'lost: no route' "$far" to 10.9.9.9 udp 5
try "from an impossible address" ends 'lost: no packet may come from this address' from 127.0.0.1 in ens3 tcp 80
try "IPv6" ends 'forwarded .*to fd00:17::2 port 80' from 2001:db8:113::200 in ens3 tcp 80
try "icmpv6 with a type" ends 'local' from 2001:db8:113::200 in ens3 icmpv6 128
sysctl -qw net.ipv4.conf.ens3.forwarding=0
try "forwarding switched off on the interface" ends 'lost: forwarding is switched off' "$far" tcp 80
sysctl -qw net.ipv4.conf.ens3.forwarding=1

for wrong in "nothing" "" "from" "from here" "from 203.0.113.200 in" "from 203.0.113.200 in ens9 tcp 80" \
	"in ens3 tcp 80" "from 203.0.113.200 tcp 80" "$far" "$far tcp" "$far tcp 0" "$far tcp 65536" "$far tcp 80 udp 80" \
	"$far tcp 80 sport" "$far tcp 80 sport x" "$far proto" "$far proto 0" "$far proto tcp" "$far icmp 256" \
	"$far icmp 3/x" "$far icmp 3/4/5" "$far quic 80" "$far to 2001:db8::1 tcp 80" "$far to tcp 80" "$far icmpv6 128" \
	"$far from 203.0.113.1 tcp 80" "$far in ens3 tcp 80" "$far to 10.1.1.1 to 10.1.1.1 tcp 80" "$far tcp 80 sport 5 sport 5" \
	"$far tcp 80 81" "$far tcp +80" "$far tcp 0x50" "$far icmp /0" "$far icmp 8/" "$far proto 58" "FROM 203.0.113.1 in ens3 tcp 80" \
	"from 203.0.113.1/24 in ens3 tcp 80" "from fe80::1%ens3 in ens3 tcp 80" $'from 203.0.113.1 in e\e[31mns3 tcp 80'; do
	try "not a packet: '$wrong'" refused -- "$wrong"
done

try "a word given twice is named" refused "a second 'in'" "$far in ens3 tcp 80"
try "an unknown word is named" refused "unknown word '81'" "$far tcp 80 81"
try "the number of a wrong protocol is named" refused "not an IPv4 protocol: '58'" "$far proto 58"
try "rules never see a port of a bridge as the interface" refused "'v-allowed' is a port of 'ens3'" from 203.0.113.123 in v-allowed to 198.51.100.10 tcp 80

# ---- matches ----

inside='to 172.17.0.2'
ipt -N MINE
ipt -I FORWARD -j MINE
# says yes|maybe|no PACKET RULE…: whether the matches of a rule match the packet.
says() {
	local answer=$1 packet=$2
	shift 2
	ipt -F MINE && ipt -A MINE "$@" -j LOG || return 1
	asks "$far" "$inside" "$packet" || return 1
	grep -q "^filter MINE 1 $answer: " "$WORK/out" && return
	grep '^filter MINE 1' "$WORK/out"
	return 1
}
while IFS='|' read -r answer packet rule; do
	# shellcheck disable=SC2086 # words
	try "$packet: $answer to $rule" says "$answer" "$packet" $rule
done <<'END'
yes|sctp 9|-p sctp --dport 9
no|sctp 9|-p sctp --dport 10
yes|sctp 9|-p sctp ! --dport 10
maybe|sctp 9|-p sctp --sport 5
yes|sctp 9 sport 5|-p sctp --sport 5
no|sctp 9 sport 5|-p sctp ! --sport 5
maybe|sctp 9|-p sctp --dport 9 --chunk-types any DATA
no|sctp 9|-p sctp --dport 8 --chunk-types any DATA
yes|proto 33 9|-p dccp --dport 9
no|proto 33 9|-p dccp ! --dport 9
yes|proto 33 9 sport 7|-p dccp --sport 7:8
maybe|proto 33 9|-p dccp --dccp-types REQUEST
yes|udp 9|-p udp --dport 9
no|udp 9|-p udp --dport 10:20
yes|udp 9|-p udp -m multiport --ports 9,10
maybe|udp 9|-p udp -m multiport --ports 10,11
yes|tcp 9|-p tcp --syn
no|tcp 9|-p tcp ! --syn
maybe|tcp 9|-p tcp --tcp-option 5
yes|tcp 9|-m state --state NEW
no|tcp 9|-m state --state RELATED,ESTABLISHED
yes|tcp 9|-m conntrack --ctstate NEW --ctproto tcp
no|tcp 9|-m conntrack --ctproto udp
yes|tcp 9|-m conntrack --ctorigdst 172.17.0.0/24 --ctorigdstport 9
no|tcp 9|-m conntrack ! --ctorigdst 172.17.0.0/24
yes|tcp 9|-m conntrack --ctreplsrc 172.17.0.2
no|tcp 9|-m conntrack --ctdir REPLY
no|tcp 9|-m conntrack --ctstatus SEEN_REPLY
maybe|tcp 9|-m conntrack --ctexpire 1:60
yes|tcp 9|-m iprange --dst-range 172.17.0.1-172.17.0.3
yes|tcp 9|-m iprange --src-range 203.0.113.1-203.0.113.250
maybe|sctp 9|-p sctp -m multiport --dports 9,10 -m length --length 60
no|icmp 8|-p tcp -m multiport --dports 9
no|tcp 9|-m iprange ! --dst-range 172.17.0.1-172.17.0.3
yes|tcp 9|-m addrtype --dst-type UNICAST --limit-iface-out
no|tcp 9|-m addrtype --dst-type LOCAL
maybe|tcp 9|-m physdev --physdev-in v-outsider
maybe|tcp 9|-m physdev ! --physdev-in v-+
maybe|tcp 9|-m physdev --physdev-out v-allowed --physdev-is-bridged
no|tcp 9|-m physdev --physdev-in ens4
yes|tcp 9|-m physdev ! --physdev-in ens4
no|tcp 9|-m physdev --physdev-in v-container
no|tcp 9|-m physdev --physdev-out ens4 --physdev-is-bridged
yes|tcp 9|-m mark --mark 0
no|tcp 9|-m mark --mark 5
yes|tcp 9|-m mark ! --mark 5/7
yes|tcp 9|-m connmark --mark 0
yes|tcp 9|-m pkttype --pkt-type unicast
maybe|tcp 9|-m string --algo bm --string x
maybe|tcp 9|-m length --length 60
maybe|tcp 9|-m ttl --ttl-gt 5
yes|icmp 8|-p icmp --icmp-type echo-request
no|icmp 8|-p icmp ! --icmp-type echo-request
no|icmp 3|-p icmp --icmp-type 3/1
yes|icmp 3/1|-p icmp --icmp-type 3/1
yes|icmp 8|-p icmp --icmp-type any
END

# A packet that did not come through a bridge.
ip link add wan type veth peer name behind-wan
ip address add 10.2.0.1/24 dev wan
ip link set wan up && ip link set behind-wan up
far='from 10.2.0.9 in wan'
while IFS='|' read -r answer rule; do
	# shellcheck disable=SC2086 # words
	try "not from a bridge: $answer to $rule" says "$answer" 'tcp 9' $rule
done <<'END'
no|-m physdev --physdev-in ens4
no|-m physdev --physdev-in +
yes|-m physdev ! --physdev-in ens4
no|-m physdev --physdev-is-bridged
yes|-m physdev ! --physdev-is-bridged
no|-m physdev --physdev-is-in
no|-m physdev --physdev-in ens+ --physdev-is-bridged
no|-m physdev --physdev-out ens4 --physdev-is-bridged
END
far='from 203.0.113.200 in ens3'

# ---- targets ----

# does PATTERN TABLE CHAIN RULE…: the verdict on a packet to port 9 with the rule at the head of CHAIN.
does() {
	local pattern=$1 table=$2 chain=$3
	shift 3
	ipt -t "$table" -I "$chain" "$@" || return 1
	ends "$pattern" "$far" "$inside" tcp 9
	local status=$?
	ipt -t "$table" -D "$chain" 1
	return "$status"
}
ipt -F MINE
ipt -A MINE -j ACCEPT
while IFS='|' read -r pattern table chain rule; do
	# shellcheck disable=SC2086 # words
	try "$table $chain $rule: $pattern" does "$pattern" "$table" "$chain" $rule
done <<'END'
forwarded by filter MINE 2: -j ACCEPT, to 172.17.0.2 port 9 out|filter|MINE|-j LOG
dropped by filter MINE 1|filter|MINE|-j DROP
refused by filter MINE 1|filter|MINE|-p tcp -j REJECT --reject-with tcp-reset
maybe, undecided at filter MINE 1|filter|MINE|-j NFQUEUE --queue-num 5
dropped by raw PREROUTING 1|raw|PREROUTING|-j DROP
forwarded .* to 172.17.0.99 port 9|nat|PREROUTING|-d 172.17.0.2 -j DNAT --to-destination 172.17.0.99
forwarded .* to 172.17.0.3 or others port 9|nat|PREROUTING|-j DNAT --to-destination 172.17.0.3-172.17.0.5
forwarded .* to 172.17.9.2 port 9|nat|PREROUTING|-d 172.17.0.0/24 -j NETMAP --to 172.17.9.0/24
local.* to 198.51.100.10 port 7|nat|PREROUTING|-p tcp -j REDIRECT --to-ports 7
forwarded .* to 172.17.0.2 port 8009|nat|PREROUTING|-p tcp --dport 1:10 -j DNAT --to-destination :8001-8010/1
END
ipt -F MINE
ipt -A MINE -m mark --mark 5 -j DROP
ipt -A MINE -m connmark --mark 6 -j DROP
ipt -A MINE -m conntrack --ctstate UNTRACKED -j DROP
ipt -A MINE -j ACCEPT
while IFS='|' read -r pattern table chain rule; do
	# shellcheck disable=SC2086 # words
	try "$table $chain $rule: $pattern" does "$pattern" "$table" "$chain" $rule
done <<'END'
dropped by filter MINE 1|mangle|PREROUTING|-j MARK --set-mark 5
forwarded by filter MINE 4|mangle|PREROUTING|-j MARK --set-mark 4
maybe|mangle|PREROUTING|-m length --length 60 -j MARK --set-mark 5
dropped by filter MINE 2|mangle|PREROUTING|-j CONNMARK --set-mark 6
forwarded by filter MINE 4|mangle|PREROUTING|-j CONNMARK --restore-mark
forwarded by filter MINE 4|mangle|PREROUTING|-j CONNMARK --save-mark
dropped by filter MINE 3|raw|PREROUTING|-j CT --notrack
dropped by filter MINE 3|raw|PREROUTING|-j NOTRACK
forwarded by filter MINE 4|raw|PREROUTING|-j CT --zone 7
maybe|mangle|PREROUTING|-j TTL --ttl-set 1
dropped by filter MINE 1|mangle|PREROUTING|-j MARK --set-xmark 5/0xf
forwarded by filter MINE 4|mangle|FORWARD|-j TCPMSS --clamp-mss-to-pmtu -p tcp --syn
maybe|mangle|PREROUTING|-p tcp -j TPROXY --on-port 8 --tproxy-mark 1
END
ipt -D FORWARD -j MINE

# ---- routes ----

# routed PATTERN RULE…: the verdict on a packet to the container with a rule of policy routing.
routed() {
	local pattern=$1 status
	shift
	[[ " $* " == *' pref '* ]] || set -- "$@" pref 10
	ip rule add "$@" || return 1
	ends "$pattern" "$far" tcp 80
	status=$?
	ip rule del "$@"
	return "$status"
}

try "one of several routes: none yet" ends 'lost: no route' "$far" to 192.0.2.9 tcp 9
ip link add other type bridge
ip address add 10.1.0.1/24 dev other
ip link set other up
ip route add 192.0.2.0/24 nexthop via 10.1.0.2 nexthop via 198.51.100.77
try "one of several routes" ends 'maybe, undecided: (policy routing|.*several routes)' "$far" to 192.0.2.9 tcp 9
ip route replace 192.0.2.0/24 via 10.1.0.2
try "one route" ends 'dropped by filter FORWARD policy DROP' "$far" to 192.0.2.9 tcp 9
ip rule add fwmark 5 lookup 100
ip route add 192.0.2.0/24 via 198.51.100.77 table 100
try "another route for a mark that the packet does not have" ends 'dropped by filter FORWARD policy DROP' "$far" to 192.0.2.9 tcp 9
ipt -t mangle -A PREROUTING -j MARK --set-mark 5
asks "$far" to 192.0.2.9 tcp 9
try "for a mark that it has" grep -q '^routing: forwarded, out through ens3' "$WORK/out"
ipt -t mangle -R PREROUTING 1 -j HMARK --hmark-tuple src --hmark-mod 5 --hmark-rnd 1
try "for a mark that it may have" ends 'maybe, undecided: policy routing' "$far" to 192.0.2.9 tcp 9
ip route replace 192.0.2.0/24 via 10.1.0.3 table 100
try "the same interface for such a mark" ends 'dropped by filter FORWARD policy DROP' "$far" to 192.0.2.9 tcp 9
ip route replace 192.0.2.0/24 table 100 nexthop via 10.1.0.3 nexthop via 198.51.100.77
try "the same interface or another for such a mark" ends 'maybe, undecided: policy routing' "$far" to 192.0.2.9 tcp 9
ip rule add from 203.0.113.0/24 blackhole
try "a rule for the source" ends 'maybe|lost' "$far" to 192.0.2.9 tcp 9
ip rule del from 203.0.113.0/24 blackhole
ipt -t mangle -F PREROUTING
ip rule del fwmark 5 lookup 100
ip route replace prohibit 192.0.2.0/24
ip route del 192.0.2.0/24 via 10.1.0.2 2>/dev/null
try "a route that prohibits" ends 'lost' "$far" to 192.0.2.9 tcp 9
ip link del other

# What rules of policy routing match on is known for a packet.
while IFS='|' read -r pattern rule; do
	# shellcheck disable=SC2086 # words
	try "rule $rule: $pattern" routed "$pattern" $rule
done <<'END'
forwarded|fwmark 0x80000/0xff0000 unreachable
forwarded|from all lookup 52
forwarded|not fwmark 0x51820 lookup 52
lost: no route|not fwmark 0x51820 blackhole
lost: no route|iif ens3 blackhole
forwarded|iif ens4 blackhole
forwarded|oif docker0 blackhole
lost: no route|to 172.17.0.0/16 prohibit
forwarded|to 172.18.0.0/16 prohibit
lost: no route|from 203.0.113.0/24 prohibit
forwarded|from 203.0.113.0/28 prohibit
lost: no route|not from 203.0.113.0/28 prohibit
maybe, undecided: policy routing|ipproto tcp blackhole
END
ip rule add blackhole pref 6
ip rule add lookup main pref 7
try "goto skips a rule" routed forwarded goto 7 pref 5
try "goto for other sources" routed 'lost: no route' from 203.0.113.0/28 goto 7 pref 5
try "goto without a target" routed 'lost: no route' goto 9 pref 5
ip rule del pref 6
ip rule del pref 7
# As wg-quick sets them up for a tunnel that takes all traffic.
ip route add default dev ens3 table 52
ip rule add lookup main suppress_prefixlength 0 pref 30
try "what a tunnel does not take" routed forwarded not fwmark 0x51820 lookup 52 pref 40
ip rule del pref 30

# A route that does not fit into one message ends the kernel's dump before the other routes.
python3 - ens3 <<'END'
import socket, struct, sys
def attr(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data
index = socket.if_nametoindex(sys.argv[1])
hops = b"".join(struct.pack("HBBi", 16, 0, 0, index) + attr(5, bytes([198, 51, 100, 20 + i % 200]))
                for i in range(4000))
body = struct.pack("8BI", 2, 16, 0, 0, 254, 4, 0, 1, 0) + attr(1, bytes([10, 9, 0, 0])) + attr(9, hops)
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
netlink.send(struct.pack("IHHII", 16 + len(body), 24, 0x405, 1, 0) + body)
sys.exit(-struct.unpack("i", netlink.recv(1 << 17)[16:20])[0])
END
try "a route of 4,000 next hops: the routes are not known" dockfw 3 --trace "$far tcp 80"
try "… and why" grep -q 'cannot read the IPv4 routes: ' "$WORK/err"
try "… nor who gets in" dockfw 3 --exposure
ip route del 10.9.0.0/16
ip route del default table 52

# ---- sources ----

try "from an address of the host itself" ends 'lost: no packet may come from this address' from 198.51.100.10 in ens3 tcp 80
try "a link-local one is not forwarded" ends 'lost: packets from link-local addresses are not forwarded' \
	from fe80::9 in ens3 to fd00:17::2 tcp 80
try "but it may be for the host itself" ends local from fe80::9 in ens3 tcp 81
sysctl -qw net.ipv6.conf.all.forwarding=0
try "IPv6 forwarding switched off" ends 'lost: forwarding is switched off' from 2001:db8:113::200 in ens3 tcp 80
if sysctl -qw net.ipv6.conf.ens3.force_forwarding=1 2>/dev/null; then
	try "but forced on that interface" ends forwarded from 2001:db8:113::200 in ens3 tcp 80
fi
sysctl -qw net.ipv6.conf.all.forwarding=1
forged='lost: the reverse path filter'
sysctl -qw net.ipv4.conf.wan.rp_filter=1
try "strict: from that network" ends forwarded from 10.2.0.9 in wan to 198.51.100.10 tcp 80
try "strict: from another" ends "$forged" from 203.0.113.200 in wan tcp 80
try "strict: from nowhere" ends "$forged" from 192.0.2.1 in wan tcp 80
try "strict: the port is open to that network only" dockfw 0 --exposure
try "strict: which is reported" grep -q '^0.0.0.0:80/tcp .* from wan open to 10.2.0.0/24 by' "$WORK/out"
sysctl -qw net.ipv4.conf.wan.rp_filter=2
try "loose: from another" ends forwarded from 203.0.113.200 in wan to 198.51.100.10 tcp 80
try "loose: from nowhere" ends "$forged" from 192.0.2.1 in wan tcp 80
sysctl -qw net.ipv4.conf.wan.rp_filter=0
try "none: from nowhere" ends forwarded from 192.0.2.1 in wan to 198.51.100.10 tcp 80

# ---- who gets in ----

unallowed() { # STATUS
	dockfw "$1" --exposure --fail-if-open
}
try "an open port is critical with --fail-if-open" unallowed 2
try "and a fact without it" dockfw 0 --exposure
sed -i '1i publish "80/tcp" { allow = { "any" } }' "$CONF"
try "a port that is meant to be open is not critical" dockfw 0 --exposure --fail-if-open
sed -i 1d "$CONF"

# counts STATUS COUNTS LINE…: what --fail-if-open makes of port 80 with these lines at the
# head of the configuration.
counts() {
	local status=$1 wanted=$2 is
	printf '%s\n' "${@:3}" | cat - "$CONF" >"$WORK/head.conf"
	gives "$status" "$DOCKFW" -f "$WORK/head.conf" -b "$KIND" -4 --exposure --fail-if-open --format=json || return 1
	is=$(jq -r '.exposure[] | select(.port == 80 and .answers == "dnat") | .counts' "$WORK/out")
	[ "$is" = "$wanted" ] || { cat "$WORK/out"; return 1; }
}
# ways LINE…: a line of the facts for each way of port 80 that is open, up to its sources.
ways() {
	printf '%s\n' "$@" | cat - "$CONF" >"$WORK/head.conf"
	"$DOCKFW" -f "$WORK/head.conf" -b "$KIND" -4 --exposure |
		sed -nE 's/^0.0.0.0:80.* answers dnat (.*) by .*/\1/p' | LC_ALL=C sort | paste -sd\;
}
others=$(ways | sed -E 's/^from ens3,(.*) open to ANYONE$/\1/')
any='allow = { "any" } }'
try "every interface leads outside" counts 2 open
try "one of them does" counts 2 open 'outside = { "ens3" }'
try "… by a pattern" counts 2 open 'outside = { "nope", "ens+" }'
try "which the facts show" [ "$(ways 'outside = { "ens3" }')" = "from ens3 open to ANYONE;inside from $others open to ANYONE" ]
try "a section about another interface allows nothing there" counts 2 open "publish \"80/tcp\" { interface = { \"ens3\" } $any"
try "… which is of no interest inside" counts 0 null 'outside = { "ens3" }' "publish \"80/tcp\" { interface = { \"ens3\" } $any"
try "nor is what is allowed" [ "$(ways 'outside = { "ens3" }' "publish \"80/tcp\" { interface = { \"ens3\" } $any")" = \
	"allowed from ens3 open to ANYONE;inside from $others open to ANYONE" ]
try "a range of ports and every interface" counts 0 null "publish \"79-81/tcp\" { $any"
try "the first section of an interface decides" counts 2 open 'publish "80/tcp" { interface = { "ens3" } }' "publish \"80-80/tcp\" { $any"
try "… and another for the others" [ "$(ways 'publish "80/tcp" { interface = { "ens3" } }' "publish \"80-80/tcp\" { $any")" = \
	"allowed from $others open to ANYONE;from ens3 open to ANYONE" ]
ipt -I DOCKER-USER -i ens3 -j DROP
try "closed to outside" counts 0 null 'outside = { "ens3" }'
try "what only inner interfaces reach is limited" grep -q ': 0 open to anyone, [1-9] limited' <("$DOCKFW" -f "$WORK/head.conf" -b nft -4 --exposure)
try "but not to all" counts 2 open
ipt -R DOCKER-USER 1 -i ens3 -m statistic --mode random --probability 0.5 -j DROP
try "perhaps open to outside" counts 1 maybe 'outside = { "ens3" }'
ipt -D DOCKER-USER 1
try "no interface that leads outside is there" counts 1 null 'outside = { "ens33", "eth0" }'
no_way="outside: no packet comes in on 'ens33' or the others, so no port counts as open from outside"
try "… which is a warning" grep -q "$no_way" "$WORK/err"
nowhere() { gives "$1" "$DOCKFW" -f "$WORK/head.conf" -b "$KIND" -4 --exposure "${@:2}"; }
try "… in each format" nowhere 0 --format=json
# shellcheck disable=SC2016 # the variable is jq's
try "… with the sentence" jq -e --arg text "$no_way" '.unknown | any(startswith($text))' "$WORK/out"
try "… which the status of a monitor follows" nowhere 1 --fail-if-open --format=nagios
ipt -I DOCKER-USER -m statistic --mode random --probability 0.5 -j DROP
ip6tables-nft -I DOCKER-USER -j DROP
try "a port that may be open is a warning" unallowed 1
ipt -I DOCKER-USER -j DROP
try "a closed port is neither" unallowed 0
ipt -F DOCKER-USER
ip6tables-nft -F DOCKER-USER
ipt -I DOCKER-USER -s 203.0.113.0/24 -j DROP
try "anyone but a network" dockfw 0 --exposure
try "is reported as such" grep -q 'but 203.0.113.0/24' "$WORK/out"

# ---- addresses of the host that rules distinguish ----

ipt -F DOCKER-USER
# exposes PATTERN TABLE CHAIN RULE…: a line of the exposure with that rule at the head of CHAIN.
exposes() {
	local pattern=$1 table=$2 chain=$3
	shift 3
	ipt -t "$table" -I "$chain" "$@" && dockfw 0 -4 --exposure || return 1
	ipt -t "$table" -D "$chain" 1
	grep -qE -- "$pattern" "$WORK/out" || { cat "$WORK/out"; return 1; }
}
one='^203.0.113.1:80/tcp .*open to nobody' rest='^10.2.0.1:80/tcp .*open to ANYONE'
all='^0.0.0.0:80/tcp .*open to nobody'
while IFS='|' read -r pattern table chain rule; do
	# shellcheck disable=SC2086 # words
	try "$table $rule: $pattern" exposes "$pattern" "$table" "$chain" $rule
done <<END
$one|filter|DOCKER-USER|-m conntrack --ctorigdst 203.0.113.1 -j DROP
$rest|filter|DOCKER-USER|-m conntrack --ctorigdst 203.0.113.1 -j DROP
$one|filter|DOCKER-USER|-d 172.17.0.2 -m conntrack --ctorigdst 203.0.113.1 -j DROP
$rest|filter|DOCKER-USER|-d 172.17.0.2 -m conntrack --ctorigdst 203.0.113.1 -j DROP
$one|mangle|PREROUTING|-m iprange --dst-range 203.0.113.0-203.0.113.9 -j DROP
$rest|mangle|PREROUTING|-m iprange --dst-range 203.0.113.0-203.0.113.9 -j DROP
^172.17.0.1:80/tcp .*open to ANYONE|mangle|PREROUTING|-m addrtype --dst-type LOCAL --limit-iface-in -j DROP
^198.51.100.10:80/tcp .*open to nobody|mangle|PREROUTING|-m addrtype --dst-type LOCAL --limit-iface-in -j DROP
$all|filter|DOCKER-USER|-m iprange --dst-range 172.17.0.1-172.17.0.9 -j DROP
$all|filter|DOCKER-USER|-m conntrack --ctreplsrc 172.17.0.2 -j DROP
END

# More marks than the walk distinguishes: some packets are "maybe", but none is wrongly reported as open.
for number in {1..80}; do
	echo "-A PREROUTING -s 10.5.$number.0/24 -j MARK --set-mark $number"
done | sed '1i *mangle
$a COMMIT' | iptables-nft-restore --noflush
try "many marks" exposes 'open to .*, maybe anyone but 10.5.77.0/24 by filter DOCKER-USER 1' filter DOCKER-USER -m mark --mark 77 -j DROP
ipt -t mangle -F

nft 'add chain ip filter odd { type filter hook forward priority 5; }' && nft add rule ip filter odd ip saddr 10.0.0.0/8 drop
try "a base chain of nft in iptables' table" ends 'dropped by ip filter odd 1: ip saddr 10.0.0.0/8 drop' 'from 10.1.2.3 in ens3' tcp 80
try "it drops others" ends forwarded "$far" tcp 80
nft delete chain ip filter odd
ip link add bare type bridge && ip link set bare up
ipt -t nat -I PREROUTING -p tcp --dport 9 -j REDIRECT
try "REDIRECT on an interface without an address" ends 'dropped by nat PREROUTING 1' from 203.0.113.200 in bare to 198.51.100.10 tcp 9
try "REDIRECT on lo" ends 'local.* to 127.0.0.1 port 9' from 127.0.0.1 in lo to 127.0.0.9 tcp 9
ipt -t nat -D PREROUTING 1
ip link del bare

# ---- tables besides those of iptables ----

ipt -F DOCKER-USER
# beside VERDICT PACKET: the verdict with such a table.
beside() { ends "$1" "$far" "${@:2}"; }
# As firewalld has them: first what it accepts, last what it rejects.
nft -f - <<'END'
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority 10; policy accept;
		ct state established,related accept
		ct status dnat accept
		iifname "lo" accept
		reject with icmpx admin-prohibited
	}
	chain filter_INPUT {
		type filter hook input priority 10; policy accept;
		tcp dport 22 accept
		reject
	}
	chain filter_OUTPUT { type filter hook output priority 10; policy drop; }
}
END
try "firewalld: a published port" beside forwarded tcp 80
try "firewalld: a packet that is not translated" beside 'refused by inet firewalld filter_FORWARD 4' to 172.17.0.2 tcp 80
try "firewalld: the host itself" beside 'refused by inet firewalld filter_INPUT 2: reject' tcp 81
listen=0.0.0.0 port=8081
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.2 -container-port 80
try "firewalld: docker-proxy's port" dockfw 0 --exposure
try "firewalld: it is closed" grep -q '^0.0.0.0:8081/tcp .*open to nobody by inet firewalld filter_INPUT 2: reject$' "$WORK/out"
try "firewalld: the published one is not" grep -q '^0.0.0.0:80/tcp .*open to ANYONE' "$WORK/out"
try "firewalld: as json" dockfw 0 --exposure --format=json
try "firewalld: the reason" jq -e '[.exposure[] | select(.port == 8081) | .decided_by | [.table, .chain, .rule, .text]] == [["inet firewalld", "filter_INPUT", 2, "reject"]]' "$WORK/out"
end "${proxies[@]}"
nft delete table inet firewalld
while IFS='|' read -r pattern chain; do
	nft "add table inet own" && nft "add chain inet own forward { type filter hook forward priority 5; $chain" || exit 1
	try "forward { $chain: $pattern" beside "$pattern" tcp 80
	nft delete table inet own
done <<'END'
forwarded|}
forwarded|; } ; add rule inet own forward tcp dport 80 counter accept
forwarded|; } ; add rule inet own forward ip saddr { 192.0.2.1, 192.0.2.2 } accept
dropped|policy drop; }
forwarded|policy drop; } ; add rule inet own forward tcp dport 80 accept
dropped|policy drop; } ; add rule inet own forward tcp dport 81 accept
dropped|; } ; add rule inet own forward tcp dport 80 drop
dropped|; } ; add rule inet own forward tcp dport vmap { 80 : drop }
dropped|; } ; add rule inet own forward ct status snat accept ; add rule inet own forward drop
dropped|; } ; add rule inet own forward ct status dnat tcp dport 5 accept ; add rule inet own forward drop
END
iptables-legacy -P FORWARD DROP
try "the other backend" beside 'dropped by ip_tables filter FORWARD policy DROP' tcp 80
iptables-legacy -P FORWARD ACCEPT
try "the other backend if it accepts everything" beside forwarded tcp 80
try "nft beside legacy" gives 0 "$DOCKFW" -f "$CONF" -b legacy --trace "$far to 172.17.0.2 tcp 81"
try "it is considered as well" grep -q '^verdict: dropped by ip filter ' "$WORK/out"

ipt -I DOCKER-USER -s 203.0.113.0/24 -j DROP

# ---- json, files and terminals ----

try "exposure as json" dockfw 0 --exposure --format=json
try "it has the port" jq -e '.backend == "nft" and any(.exposure[]; .port == 80)' "$WORK/out"
# The name of an interface may be any bytes.
odd=$'\xc0\xaf\xf0\x9f\x98|\xe2\x82x\xe6\x97'
ip link add "$odd" type bridge && ip address add 10.7.0.1/24 dev "$odd" && ip link set "$odd" up
try "exposure as json, with a name that is not text" dockfw 0 --exposure --format=json
utf8() { iconv -f utf-8 -t utf-8 "$WORK/out" >/dev/null && jq -e 'any(.. | strings; contains("\ufffd"))' "$WORK/out"; }
try "it is UTF-8" utf8
ip link del "$odd"
try "a trace as json" dockfw 0 --trace "$far tcp 80" --format=json
try "it has the verdict" jq -e '.trace.verdict == "dropped" and (.trace.steps | length > 5)' "$WORK/out"
try "a trace to a file" dockfw 0 --trace "$far tcp 80" -o "$WORK/file"
try "it is there" grep -q '^verdict: dropped by filter DOCKER-USER 1' "$WORK/file"
quiet() { dockfw 0 "$@" -q && [ ! -s "$WORK/out" ]; }
try "-q: a trace" quiet --trace "$far tcp 80"
try "-q: exposure" quiet --exposure
for option in '--format=nagios' '--format=prometheus' '--repair' '--restart-docker' '--dry-run'; do
	try "no trace with $option" dockfw 3 --trace "$far tcp 80" "$option"
done
try "no --fail-if-open with a trace" dockfw 3 --trace "$far tcp 80" --fail-if-open

# terminal COLUMNS OPTION…: the output on a terminal, in $WORK/out.
terminal() {
	TERM=xterm python3 -c '
import fcntl, os, pty, struct, sys, termios
pid, end = pty.fork()
if not pid:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
with open(end, "rb", closefd=False) as read:
    try:
        while (data := os.read(end, 4096)):
            sys.stdout.buffer.write(data)
    except OSError:
        pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$1" "$DOCKFW" -f "$CONF" -b nft "${@:2}" >"$WORK/out" 2>&1
}
# within COLUMNS OPTION…: no line of findings or of ports is wider, except for text meant to be copied.
within() {
	NO_COLOR=1 terminal "$@"
	grep -vE '^[0-9]+ published|^[A-Z]+: |^  [+! -] +[0-9-]+  |^  [a-z, -]+: run' "$WORK/out" | tr -d '\r' |
		awk -v most="$1" 'length($0) > most { print; wide = 1 } END { exit wide || !NR }'
}
for columns in 40 80 200; do
	try "$columns columns: findings" within "$columns"
	try "$columns columns: ports" within "$columns" --exposure
done
red=$'\e[1;31m' green=$'\e[1;32m' yellow=$'\e[1;33m'
try "a terminal: a trace" terminal 80 -v --trace "$far tcp 80"
try "its verdict is coloured" grep -qF "${red}verdict: dropped" "$WORK/out"
try "rules are indented below their chain" grep -q '^ *DOCKER-USER' "$WORK/out"
ipt -F DOCKER-USER
try "a terminal: a packet that gets in" terminal 40 --trace "$far tcp 80"
try "green" grep -qF "${green}verdict: forwarded" "$WORK/out"
try "long rules are cut" grep -qE '\.\.' "$WORK/out"
# cut COLUMNS: the rules of a trace fit, and no character is cut in two.
cut() {
	NO_COLOR=1 terminal "$1" -v --trace "$far tcp 80" && python3 -c '
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
rules = [line for line in lines if re.match("[ >]+[0-9]+ ", line)]
assert any(line.endswith("..") and "ä" in line for line in rules), lines
# Without colours, too, those that match can be seen.
assert any(re.match(" *> +[0-9]+ ", line) for line in rules), rules
assert any(re.match(" +[0-9]+ ", line) for line in rules), rules
assert max(map(len, rules)) <= int(sys.argv[2]), rules' "$WORK/out" "$1"
}
for possible in '' '-m statistic --mode random --probability 0.5'; do
	# shellcheck disable=SC2086 # options, or none
	ipt -I DOCKER-USER -m comment --comment "$(printf 'ä%.0s' {1..60})" $possible -j RETURN
	for columns in 60 61; do try "$columns columns: a trace${possible:+, perhaps}" cut "$columns"; done
done
ipt -F DOCKER-USER
ipt -I DOCKER-USER -m statistic --mode random --probability 0.5 -j DROP
try "a terminal: a packet that may get in" terminal 80 --trace "$far tcp 80"
try "yellow" grep -qF "${yellow}verdict: maybe" "$WORK/out"
try "a terminal: clients that may get in" terminal 80 --exposure
try "undecided" grep -qF $'\e[33m' "$WORK/out"
ipt -F DOCKER-USER
try "a terminal: who gets in" terminal 80 --exposure
try "anyone is red" grep -qF "$red" "$WORK/out"
ipt -A DOCKER-USER ! -s 203.0.113.123 -j DROP
try "a terminal: one client gets in" terminal 80 --exposure
try "that is green" grep -qF $'\e[32m' "$WORK/out"
ipt -I DOCKER-USER -j DROP
try "a terminal: nobody gets in" terminal 80 --exposure
try "that is dim" grep -qF $'\e[2m' "$WORK/out"
plain() { ! coloured "$@"; }
coloured() { terminal 80 "$@"; grep -qF $'\e[' "$WORK/out"; }
ipt -F DOCKER-USER
try "a terminal: a check" coloured --check
NO_COLOR='' && export NO_COLOR
try "an empty NO_COLOR counts as none" coloured --check
try "--color=never" plain --check --color=never
NO_COLOR=1
try "NO_COLOR: a check" plain --check
try "NO_COLOR: exposure" plain --exposure
try "NO_COLOR: a trace" plain --trace "$far tcp 80"
finish
