#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where packets come in, and where the kernel routes them: each answer of --exposure and
# --trace beside a real connection.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"

KIND=nft
world4=203.0.113.200 world6=2001:db8:113::200
names=(world lan container)

# lead INTERFACE NAMESPACE IPV4 IPV6: a way out, where NAMESPACE is the first neighbour.
lead() {
	ip link add "$1" type veth peer name eth0 netns "$2" && ip link set "$1" up &&
		ip -n "$2" link set eth0 up && ip -n "$2" address add "$3.1/24" dev eth0 &&
		ip -n "$2" address add "$4::1/64" dev eth0
}
# numbered INTERFACE IPV4 IPV6: the host's own addresses there.
numbered() { ip address add "$2.10/24" dev "$1" && ip address add "$3::10/64" dev "$1"; }

# host [BRIDGE]: two ways out; ens3, or a bridge that has it as a port, leads to the world.
host() {
	local name
	end "${proxies[@]}"
	proxies=()
	for name in "${names[@]}"; do
		ip netns pids "$name" 2>/dev/null | xargs -r kill -KILL
		ip link del "v-$name" 2>/dev/null
		ip netns del "$name" 2>/dev/null
	done
	names=(world lan container)
	for name in ens3 ens4 docker0 br0 br1 vrf1; do ip link del "$name" 2>/dev/null; done
	clear_tables
	for name in world lan; do
		ip netns add "$name" && ip -n "$name" link set lo up &&
			ip netns exec "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
				net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.all.arp_announce=2
	done
	# shellcheck disable=SC2154,SC2086 # of hosts.sh, a list
	sysctl -qw $hosts_settings net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
	lead ens3 world 198.51.100 2001:db8:51 && lead ens4 lan 192.0.2 2001:db8:52 &&
		bridge docker0 172.17.0.1/16 fd00:17::1/64 &&
		join container docker0 172.17.0.2/16 fd00:17::2/64 172.17.0.1 fd00:17::1 && serve container 80 || return 1
	ip -n world address add "$world4/32" dev eth0 && ip -n world address add "$world6/128" dev eth0 &&
		ip -n lan address add 203.0.113.201/32 dev eth0
	ip -n world route add 172.16.0.0/12 via 198.51.100.10
	numbered ens4 192.0.2 2001:db8:52
	if [ $# = 1 ]; then
		bridge "$1" && ip link set ens3 master "$1"
	fi
	numbered "${1:-ens3}" 198.51.100 2001:db8:51 && ip route add default via 198.51.100.1 &&
		ip -6 route add default via 2001:db8:51::1
}

# docker [RULE…]: one port, 8080 on every address, in both families; RULE goes to DOCKER-USER.
docker() {
	local families='iptables 172.17.0.2 172.17.0.2 ip6tables [fd00:17::2] fd00:17::2' table
	# shellcheck disable=SC2086 # a list
	set -- $families -- "$@"
	while [ "$1" != -- ]; do
		table=$1
		"$table-nft-restore" <<-END
			*nat
			:PREROUTING ACCEPT
			:DOCKER -
			-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
			-A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination $2:80
			COMMIT
			*filter
			:INPUT ACCEPT
			:FORWARD DROP
			:DOCKER -
			:DOCKER-USER -
			-A FORWARD -j DOCKER-USER
			-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			-A FORWARD -o docker0 -j DOCKER
			-A DOCKER -d $3 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
			COMMIT
		END
		shift 3
	done
}
user() { ipt -A DOCKER-USER "$@"; }

# exposes STATUS [ROW]…: --exposure --fail-if-open has each ROW, "PORT ANSWERS INTERFACE WHO".
# ANSWERS ends in ",nearby" where no router leads.
exposes() {
	local port answers interface who
	# shellcheck disable=SC2086 # perhaps none
	dockfw "$1" $only --exposure --fail-if-open || return 1
	shift
	while [ $# -gt 0 ]; do
		read -r port answers interface who <<<"$1"
		grep -qE "^${port//[]\/.[*]/.}(/...)?( \\+[0-9]+)? container .* answers ${answers/,/ } from ([^ ]*,)?$interface(,[^ ]*)? open to $who" "$WORK/out" ||
			{ echo "missing: $1"; cat "$WORK/out"; return 1; }
		shift
	done
}
only='' # the option for one family
# opens STATUS ADDRESS: it is not closed, and is listed by itself.
opens() {
	# shellcheck disable=SC2086 # perhaps none
	dockfw "$1" $only --exposure --fail-if-open --format=json && jq -e --arg address "$2" \
		'any(.exposure[]; .openness != "closed" and (.host // [] | index($address) != null))' "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
nothing_from() { exposes "$1" && ! grep -E " from ([^ ]*,)?$2[, ]" "$WORK/out"; } # STATUS INTERFACE
# traces VERDICT PACKET
traces() {
	dockfw 0 --trace "$2" && grep -q "^verdict: $1" "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
# from ADDRESS NAMESPACE DESTINATION [PORT]: whether the container answers.
from() {
	ip netns exec "$2" python3 -c '
import socket, sys
try:
    with socket.create_connection((sys.argv[2], int(sys.argv[3])), float(sys.argv[4]), (sys.argv[1], 0)) as connection:
        sys.exit(connection.recv(16) != b"answer\n")
except OSError as e:
    sys.exit(str(e))' "$1" "$3" "${4:-8080}" "$patience"
}
# not COMMAND…: without much patience, since nothing comes.
not() {
	local patience=0.6
	! "$@"
}
patience=3

write_conf <<<''

# ---- interfaces that lead outside ----

host br0 && docker
try "the uplink is a bridge" exposes 2 '0.0.0.0:8080 dnat br0 ANYONE' '[::]:8080 dnat br0 ANYONE'
try "… and everyone gets in" from "$world4" world 198.51.100.10
try "… and Docker's own bridge leads nowhere" nothing_from 2 docker0
ipt -t nat -A DOCKER ! -i br-gone -p tcp --dport 9000 -j DNAT --to-destination 172.30.0.2:9000
try "a target that the default route leads to" exposes 2 '0.0.0.0:8080 dnat br0 ANYONE'
ipt -t nat -A DOCKER -p tcp --dport 9001 -j DNAT --to-destination 198.51.100.77:9001
ipt -t nat -A DOCKER -p tcp --dport 9002 -j DNAT --to-destination 192.0.2.77:9001
try "a target on the uplink's link" exposes 2 '0.0.0.0:8080 dnat br0 ANYONE'
listen=0.0.0.0 port=9100
proxy -proto tcp -host-ip 0.0.0.0 -host-port 9100 -container-ip 172.30.0.2 -container-port 80
try "a docker-proxy whose container is gone" exposes 2 '0.0.0.0:8080 dnat br0 ANYONE' \
	'0.0.0.0:9100 proxy br0 ANYONE'
ipt -N DOCKER-OUT
ipt -A DOCKER-OUT -o br0 -d 192.0.2.254 -j DROP
ipt -A FORWARD -o br0 -j DOCKER-OUT
ipt -t nat -I DOCKER -i br0 -d 192.0.2.254 -j RETURN
ipt -t nat -A DOCKER ! -i br0 -p tcp --dport 90 -j DNAT --to-destination 172.17.0.2:80
try "rules in Docker's chains name it" exposes 2 '0.0.0.0:8080 dnat br0 ANYONE'

# A network of Docker's on the same bridge, which translates nothing that comes from there.
host br0 && docker && ip netns add c2 && names+=(c2) &&
	ip link add v-c2 type veth peer name eth0 netns c2 && ip link set v-c2 master br0 up &&
	ip -n c2 link set eth0 up && ip -n c2 address add 198.51.100.200/24 dev eth0 && serve c2 80
ipt -t nat -I DOCKER -i br0 -j RETURN
listen=0.0.0.0 port=9200
proxy -proto tcp -host-ip 0.0.0.0 -host-port 9200 -container-ip 198.51.100.200 -container-port 80
try "a network of Docker's lies on it" exposes 2 '0.0.0.0:9200 proxy br0 ANYONE'

# Not a bridge, and a bridge without a default route.
host && docker
ipt -N DOCKER-OUT
ipt -A DOCKER-OUT -o ens3 -d 192.0.2.254 -j DROP
ipt -A FORWARD -i docker0 -j DOCKER-OUT
ipt -t nat -I DOCKER -i ens3 -d 192.0.2.254 -j RETURN
try "a plain uplink that rules name" exposes 2 '0.0.0.0:8080 dnat ens3 ANYONE'
bridge br1 && ip link set ens4 master br1 && ip address flush dev ens4 && numbered br1 192.0.2 2001:db8:52
ipt -t nat -A DOCKER ! -i br1 -p tcp --dport 9000 -j DNAT --to-destination 192.0.2.77:9000
user -i ens3 -j DROP
only=-4
try "a bridge without a router, but with a network card" exposes 2 '0.0.0.0:8080 dnat br1 ANYONE'
try "… where neighbours get in" from 192.0.2.1 lan 192.0.2.10
ip link set ens4 nomaster
ip link add out0 type veth peer name out1
ip link set out0 master br1
try "… or with a veth that stays on the host" exposes 2 '0.0.0.0:8080 dnat br1 ANYONE'
ip link del out0
user -i ens4 -j DROP
ip netns add c3 && names+=(c3) && ip link add v-c3 type veth peer name eth0 netns c3 && ip link set v-c3 master br1
try "… but not with the containers alone" nothing_from 0 br1
ip route add 10.8.0.0/16 via 192.0.2.5 dev br1
try "… unless one is a router" exposes 2 '0.0.0.0:8080 dnat br1 ANYONE'
ip route del 10.8.0.0/16

# ---- routes ----

compat() { sysctl -qw "net.ipv4.nexthop_compat_mode=$1"; }
filter() { sysctl -qw net.ipv4.conf.ens3.rp_filter=1 net.ipv4.conf.ens4.rp_filter=1; }
host && docker && filter
user -i ens4 -j DROP
open='0.0.0.0:8080 dnat ens3 ANYONE'
packet="from $world4 in ens3 tcp 8080"
ip route del default && ip nexthop add id 7 via 198.51.100.1 dev ens3 && ip nexthop add id 8 via 192.0.2.1 dev ens4 &&
	ip nexthop add id 9 blackhole && ip nexthop add id 70 group 8/7
for mode in 1 0; do
	compat "$mode"
	ip route replace default nhid 7
	try "a nexthop object, mode $mode" exposes 2 "$open"
	try "… is a route" traces forwarded "$packet"
	try "… for the kernel, too" from "$world4" world 198.51.100.10
	ip route replace default nhid 8
	try "another object, mode $mode" exposes 0 '0.0.0.0:8080 dnat ens3 198.51.100.0/24'
	try "… is no way back" traces lost "$packet"
	try "… for the kernel, too" not from "$world4" world 198.51.100.10
	ip route replace default nhid 9
	try "a blackhole object, mode $mode" traces lost "$packet"
	ip route replace default nhid 70
	try "a group of objects, mode $mode" exposes 2 "$open"
	try "… one of which is the way back" traces forwarded "$packet"
done
compat 0
ip nexthop add id 17 dev docker0
ip route del 172.17.0.0/16 && ip route add 172.17.0.0/16 nhid 17
ip route replace default nhid 7
try "the container's route by an object" traces forwarded "$packet"
try "… the container answers" from "$world4" world 198.51.100.10
ip -6 nexthop add id 18 dev docker0
ip -6 route del fd00:17::/64 && ip -6 route add fd00:17::/64 nhid 18
try "… IPv6" traces forwarded "from $world6 in ens3 tcp 8080"
try "… the container answers" from "$world6" world 2001:db8:51::10
compat 1

# Whatever forwarding does, the kernel's fib expression finds the dead route.
fence() { nft "add table $1 fence { chain c { type filter hook prerouting priority -300; fib saddr . iif oif missing drop; }; }"; }
better_is_dead() {
	ip route flush exact default && ip route add default via 192.0.2.1 metric 100 &&
		ip route add default via 198.51.100.1 metric 200
}
host && docker && filter
user -i ens4 -j DROP
ip -n lan link set eth0 down
better_is_dead
try "the better route is over a dead link" traces lost "$packet"
try "… and the kernel uses it" not from "$world4" world 198.51.100.10
for where in all ens4; do
	sysctl -qw net.ipv4.conf.{all,ens4}.ignore_routes_with_linkdown=0 "net.ipv4.conf.$where.ignore_routes_with_linkdown=1"
	try "the kernel passes over it ($where)" exposes 2 "$open"
	try "… in a trace" traces forwarded "$packet"
	try "… the container answers" from "$world4" world 198.51.100.10
	ip route flush exact default && ip route add default nexthop via 192.0.2.1 dev ens4 nexthop via 198.51.100.1 dev ens3
	try "… as one of two hops" traces forwarded "$packet"
	fence ip
	try "… with one hop, a way back by nft is not known" traces maybe "$packet"
	better_is_dead
	try "… nor if the better route is dead" traces maybe "$packet"
	try "… where the kernel drops" not from "$world4" world 198.51.100.10
	nft delete table ip fence
done
fence ip
ip route add 203.0.113.0/24 via 198.51.100.1
try "a longer prefix over another link decides" traces forwarded "$packet"
try "… the container answers" from "$world4" world 198.51.100.10
ip route del 203.0.113.0/24
nft delete table ip fence
sysctl -qw net.ipv4.conf.all.ignore_routes_with_linkdown=0
ip -6 route flush exact default
ip -6 route add default via 2001:db8:51::1 metric 200 && ip -6 route add default via fe80::1 dev ens4 metric 100
sysctl -qw net.ipv6.conf.{all,ens4}.ignore_routes_with_linkdown=1
try "IPv6: the kernel passes over the better route" traces forwarded "from $world6 in ens3 tcp 8080"
try "… the container answers" from "$world6" world 2001:db8:51::10
fence ip6
try "… a way back by nft is not known" traces maybe "from $world6 in ens3 tcp 8080"
try "… where the kernel drops" not from "$world6" world 2001:db8:51::10
nft delete table ip6 fence
sysctl -qw net.ipv6.conf.{all,ens4}.ignore_routes_with_linkdown=0

# Two uplinks. No rule of netfilter matches a mark, only policy routing.
host && docker && filter
ip route del default
ip -n lan route add default via 192.0.2.10
sysctl -qw net.ipv4.conf.ens4.src_valid_mark=1 net.ipv4.conf.docker0.src_valid_mark=1
ip route add default via 192.0.2.1 dev ens4 table 102
ip rule add lookup main suppress_prefixlength 0 pref 100
ip rule add fwmark 2/0xf lookup 102 pref 110
user -i ens3 -j DROP
back="from 203.0.113.201 in ens4 tcp 8080"
try "without a mark there is no way back" traces lost "$back"
ipt -t mangle -A PREROUTING -j CONNMARK --restore-mark
ipt -t mangle -A PREROUTING -i ens4 -j MARK --set-mark 2
ipt -t mangle -A PREROUTING -j CONNMARK --save-mark
try "the reply is routed by a mark" exposes 2 '0.0.0.0:8080 dnat ens4 ANYONE'
try "… in a trace" traces forwarded "$back"
try "… the container answers" from 203.0.113.201 lan 192.0.2.10
sysctl -qw net.ipv4.conf.ens4.src_valid_mark=0
try "without src_valid_mark the mark does not count" traces lost "$back"
try "… for the kernel, too" not from 203.0.113.201 lan 192.0.2.10
ip rule del fwmark 2/0xf lookup 102
ip rule add fwmark 2 to 172.17.0.0/16 blackhole pref 90
try "a marked packet is discarded" traces lost "from 192.0.2.1 in ens4 tcp 8080"
try "… by the kernel, too" not from 192.0.2.1 lan 192.0.2.10
ip rule del pref 90
ip rule del pref 100

# Each uplink by the address of the host: what is for docker-proxy has its reply routed by that.
host && filter
ip route add default via 192.0.2.1 dev ens4 table 102
ip rule add from 192.0.2.10 lookup 102 pref 100
ip -n lan route add default via 192.0.2.10
listen=0.0.0.0 port=8080
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
only=-4
connects() { ip netns exec "$2" python3 -c 'import socket, sys
socket.create_connection((sys.argv[2], 8080), float(sys.argv[3]), (sys.argv[1], 0))' "$1" "$3" "$patience"; }
try "the address of the second uplink" connects 203.0.113.201 lan 192.0.2.10
try "… is open there" exposes 2 '192.0.2.10:8080 proxy ens4 ANYONE'
try "… and not the other's" not connects 203.0.113.201 lan 198.51.100.10
try "… which is so listed" exposes 2 '198.51.100.10:8080 proxy ens4 192.0.2.0/24'
ip rule del pref 100
ip rule add not from 198.51.100.10 lookup 102 pref 100
try "the same the other way" connects 203.0.113.201 lan 192.0.2.10
try "… is open there as well" exposes 2 '192.0.2.10:8080 proxy ens4 ANYONE' '198.51.100.10:8080 proxy ens4 192.0.2.0/24'
ip rule del pref 100
# No interface is distinguished but by that.
ip route del default
ip route add default via 198.51.100.1 dev ens3 table 101
ip rule add from 198.51.100.10 lookup 101 pref 100
ip rule add from 192.0.2.10 lookup 102 pref 101
try "both uplinks by their addresses" connects 203.0.113.201 lan 192.0.2.10
try "… for the other, too" connects "$world4" world 198.51.100.10
try "… are open each" exposes 2 '192.0.2.10:8080 proxy ens4 ANYONE' '198.51.100.10:8080 proxy ens3 ANYONE' \
	'172.17.0.1:8080 proxy ens4 192.0.2.0/24'
ip rule del pref 100
ip rule del pref 101
only=''
end "${proxies[@]}"
proxies=()

# A VRF, if the kernel has them, has tables of its own, which are not followed.
host && docker
if ip link add vrf1 type vrf table 77 2>/dev/null; then
	ip link set vrf1 up && ip link set ens4 master vrf1
	try "an uplink in a VRF is not closed" exposes 2 '0.0.0.0:8080 dnat ens4 maybe anyone'
	try "… nor is its trace certain" traces maybe "from 192.0.2.1 in ens4 to 192.0.2.10 tcp 8080"
	ip link del vrf1
fi

# ---- destinations that the host takes for its own ----

# Addresses that only other tables take as local, as those of a VRF and of transparent proxies do.
host && docker
ip route add local 203.0.113.64/32 dev lo table 100
ip -6 route add local 2001:db8:51::70/128 dev lo table 100
try "an address that is local in another table" from "$world4" world 198.51.100.10
only=-4
try "… does not stand for the host's own" exposes 2 '0.0.0.0:8080 dnat ens3 ANYONE'
only=-6
try "… IPv6" from "$world6" world 2001:db8:51::10
try "… does not stand for the host's own" exposes 2 '[::]:8080 dnat ens3 ANYONE'
ip -6 rule add to 2001:db8:51::70 lookup 100 pref 10
try "… even if a rule leads to that table" exposes 2 '[2001:db8:51::10]:8080 dnat ens3 ANYONE'
ip -6 rule del pref 10
only=''
ip route flush table 100 && ip -6 route flush table 100

host && docker
ip route add local 203.0.113.64/26 dev lo
ip route add local 203.0.113.96/32 dev lo
ip -6 route add local 2001:db8:77::/64 dev lo
ip -n world route add 203.0.113.64/26 via 198.51.100.10
ip -n world -6 route add 2001:db8:77::/64 via 2001:db8:51::10
for address in 198.51.100.10 192.0.2.10 172.17.0.1; do user -m conntrack --ctorigdst "$address" -j DROP; done
try "a prefix that is the host's own" opens 2 203.0.113.64/27
try "… everyone gets in there" from "$world4" world 203.0.113.70
try "… and not elsewhere" not from "$world4" world 198.51.100.10
only=-6
try "… IPv6" exposes 2 '[::]:8080 dnat ens4 ANYONE'
ip6tables-nft -A DOCKER-USER -m conntrack --ctorigdst 2001:db8:51::/48 -j DROP
ip6tables-nft -A DOCKER-USER -m conntrack --ctorigdst fd00:17::1 -j DROP
ip6tables-nft -A DOCKER-USER -m conntrack --ctorigdst 2001:db8:52::10 -j DROP
try "… as the only one of IPv6" exposes 2 '[2001:db8:77::/64]:8080 dnat ens4 ANYONE'
try "… everyone gets in there" from "$world6" world 2001:db8:77::5
iptables-nft -A DOCKER-USER -m conntrack --ctorigdst 203.0.113.64/26 -j DROP
ip6tables-nft -A DOCKER-USER -m conntrack --ctorigdst 2001:db8:77::/64 -j DROP
only=''
try "… until it is closed as well" exposes 0
# IPv6 goes by every table that policy routing evaluates.
ip -6 route add local 2001:db8:78::/64 dev lo table 100
ip -n world -6 route add 2001:db8:78::/64 via 2001:db8:51::10
try "a table that no rule leads to" exposes 0
ip -6 rule add fwmark 5 lookup 100 pref 10
try "… or one for marked packets" exposes 0
ip -6 rule del pref 10
ip -6 rule add to 2001:db8:78::/64 lookup 100 pref 10
try "a prefix that another table makes the host's own" from "$world6" world 2001:db8:78::5
try "… is not closed" exposes 1 '[2001:db8:78::/64]:8080 dnat ens3 maybe anyone'
try "… nor local for certain" traces maybe "from $world6 in ens3 to 2001:db8:78::5 tcp 8080"
ip -6 rule del pref 10

link=$(ip -6 -o address show dev ens3 scope link | awk '{ sub("/.*", "", $4); print $4 }')
clear_tables
listen=:: port=8080
proxy -proto tcp -host-ip :: -host-port 8080 -container-ip 172.17.0.2 -container-port 80
ip6tables-nft -A INPUT -d 2000::/3 -p tcp -j DROP
ip6tables-nft -A INPUT -d fd00::/8 -j DROP
link_local() { exposes 0 "[$link]:8080 proxy,nearby ens3 ANYONE"; }
try "the link-local address lets neighbours in" link_local
near=$(ip -n world -6 -o address show dev eth0 scope link | awk '{ sub("/.*", "", $4); print $4 }')
# shellcheck disable=SC2016 # for the inner shell
accepts() { ip netns exec world timeout "$patience" bash -c ': >"/dev/tcp/$1/$2"' - "$1" "$2"; }
try "… which the kernel does" accepts "$link%eth0" 8080
ip6tables-nft -A INPUT -d fe80::/10 -j DROP
try "… until it is closed as well" not opens 0 "$link"
end "${proxies[@]}"
proxies=()

# UDP through docker-proxy: what is translated is only what is for a LOCAL address.
udp_proxy() { # ADDRESS OF-CONTAINER
	start "$WORK/bin/docker-proxy" -c '
import socket, sys
server = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
if ":" in sys.argv[1]: server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
server.bind((sys.argv[1], 53))
print(flush=True)
while True:
    server.sendto(b"answer", server.recvfrom(16)[1])' "$1" \
		-proto udp -host-ip "$1" -host-port 53 -container-ip "$2" -container-port 53 && proxies+=("$started")
}
asks_udp() { # ADDRESS
	ip netns exec world python3 -c '
import socket, sys
client = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client.settimeout(float(sys.argv[2]))
client.sendto(b"ask", (sys.argv[1], 53, 0, socket.if_nametoindex("eth0"))[:4 if ":" in sys.argv[1] else 2])
try:
    sys.exit(client.recv(16) != b"answer")
except OSError as e:
    sys.exit(str(e))' "$1" "$patience"
}
host && docker
for to in 172.17.0.2:53 '[fd00:17::2]:53'; do
	table=iptables
	[ "$to" = 172.17.0.2:53 ] || table=ip6tables
	"$table-nft" -t nat -F DOCKER && "$table-nft" -t nat -A DOCKER -p udp --dport 53 -j DNAT --to-destination "$to" &&
		"$table-nft" -A DOCKER-USER -i ens3 -j DROP && "$table-nft" -A DOCKER-USER -i ens4 -j DROP
done
ip -n world route add default via 198.51.100.10
udp_proxy 0.0.0.0 172.17.0.2 && udp_proxy :: fd00:17::2
try "UDP: over IPv6, INPUT lets in what is INVALID" exposes 2 '0.0.0.0:53 dnat ens4 nobody' '[::]:53 proxy ens4 ANYONE'
ip6tables-nft -A INPUT -m conntrack --ctstate INVALID -j DROP
try "UDP: closed at the host's addresses" exposes 2 '0.0.0.0:53 dnat ens4 nobody' '[::]:53 dnat ens4 nobody'
for address in 198.51.100.255 255.255.255.255 224.0.0.1 ff02::1 2001:db8:51::; do
	try "… but docker-proxy answers at $address" asks_udp "$address"
	try "… which is reported" opens 2 "$address"
done
try "… and not at its own" not asks_udp 198.51.100.10
iptables-nft -A INPUT -p udp --dport 53 -j DROP
ip6tables-nft -A INPUT -p udp --dport 53 -j DROP
try "… until INPUT is closed as well" exposes 0
ip6tables-nft -F INPUT
iptables-nft -F INPUT

# A host without an address sends to all: the kernel looks up no way back to it.
counted() { sleep 0.2 && [ "$(iptables-nft -nvxL INPUT 1 | awk '{ print $1 }')" = "$1" ]; }
sysctl -qw net.ipv4.conf.ens3.rp_filter=1
iptables-nft -A INPUT -p udp --dport 53 ! -s 198.51.100.0/24
for sources in '0.0.0.0 local 1' '0.1.2.3 local 2' '203.0.113.201 lost 2'; do
	read -r source verdict count <<<"$sources"
	[ "$verdict" = local ] || ip route add 203.0.113.201/32 dev ens4
	ip netns exec world python3 "$TESTS/datagrams.py" send "$source" 255.255.255.255 53 ff:ff:ff:ff:ff:ff
	try "rp_filter: a packet from $source to all: $verdict" counted "$count"
	try "… which a trace says" traces "$verdict" "from $source in ens3 to 255.255.255.255 udp 53"
done
ip route del 203.0.113.201/32 dev ens4
sysctl -qw net.ipv4.conf.ens3.rp_filter=0
iptables-nft -F INPUT

# A packet with a source route has its last destination only after FORWARD.
host_mac=$(ip link show ens3 | awk '/link.ether/ { print $2 }')
iptables-nft -I FORWARD -i ens3 -o docker0 -p udp --dport 5353
iptables-nft -I FORWARD -i ens3 -d 172.17.0.2 -j DROP
led() { iptables-nft -nvxL FORWARD 2 | awk '{ print $1 }'; }
iptables-nft -A INPUT -i ens3 -p udp --dport 53 -j DROP
iptables-nft -A INPUT -i ens4 -p udp --dport 53 -j DROP
told() { grep 'packets with an IPv4 source route are not judged, which ens3.* takes: set net.ipv4.conf.all.accept_source_route to 0' "$WORK/err"; }
only=-4
for on in 0 1; do
	sysctl -qw net.ipv4.conf.all.accept_source_route=$on net.ipv4.conf.ens3.accept_source_route=1
	ip netns exec world python3 "$TESTS/datagrams.py" send "$world4" 198.51.100.10 5353 "$host_mac" 172.17.0.2
	sleep 0.2
	try "accept_source_route=$on: what gets past a rule with -d" [ "$(led)" = $on ]
	try "accept_source_route=$on: all is closed by what is judged" exposes $on
	[ $on = 1 ] && try "accept_source_route=$on: what is not is told" told
done
sysctl -qw net.ipv4.conf.all.accept_source_route=0
iptables-nft -D FORWARD 1
iptables-nft -D FORWARD 1
iptables-nft -F INPUT

# A network that routers lead to this host: there is no other router before its broadcast address.
only=-4
for address in 198.51.100.255 192.0.2.255 172.17.255.255 255.255.255.255 224.0.0.1; do
	iptables-nft -A INPUT -d "$address" -j DROP
done
try "a routed network's broadcast address: first all is closed" exposes 0
bridge pub0 203.0.113.81/29 && ip address change 203.0.113.81/29 brd + dev pub0
try "… docker-proxy answers there" asks_udp 203.0.113.87
try "… it is the world that gets in" exposes 2 '203.0.113.87:53 proxy ens3 ANYONE'
ip route add 192.88.99.0/24 via 203.0.113.86 dev pub0
try "… unless a router is in that network, which passes nothing on" exposes 0 '203.0.113.87:53 proxy,nearby ens3 ANYONE'

# With bc_forwarding, the host passes on what is for all of a network, and does not take it.
host_mac=$(ip link show ens3 | awk '/link.ether/ { print $2 }')
iptables-nft -I INPUT -d 203.0.113.87 -p udp --dport 53
iptables-nft -I FORWARD -d 203.0.113.87 -o pub0 -j ACCEPT
hits() { iptables-nft -nvxL "$1" 1 | awk '{ print $1 }'; }
to_all() { ip netns exec world python3 "$TESTS/datagrams.py" send "$world4" 203.0.113.87 53 "$host_mac" && sleep 0.2; }
for switches in '1 0' '0 1' '1 1'; do
	sysctl -qw "net.ipv4.conf.all.bc_forwarding=${switches% *}" "net.ipv4.conf.ens3.bc_forwarding=${switches#* }" || break
	iptables-nft -Z
	to_all
	if [ "$switches" = '1 1' ]; then
		try "bc_forwarding: a packet to all of a network is forwarded" [ "$(hits INPUT) $(hits FORWARD)" = '0 1' ]
		try "… which a trace says" traces maybe "from $world4 in ens3 to 203.0.113.87 udp 53"
		try "… with where it goes" grep -q 'perhaps forwarded by filter FORWARD 1' "$WORK/out"
		try "… an exposure does not know who gets in" exposes 0 '203.0.113.87:53 both,nearby ens3 maybe'
	else
		try "bc_forwarding, only one switch: it is for the host" [ "$(hits INPUT) $(hits FORWARD)" = '1 0' ]
		try "… which a trace says" traces local "from $world4 in ens3 to 203.0.113.87 udp 53"
	fi
done
sysctl -qw net.ipv4.conf.all.bc_forwarding=0 net.ipv4.conf.ens3.bc_forwarding=0
iptables-nft -D FORWARD 1
iptables-nft -D INPUT 1
ip link del pub0

# What another table makes the host's own is not LOCAL to Docker's rule.
for table in main 100; do
	ip route add local 192.88.99.0/28 dev lo table $table
	[ $table = main ] || ip rule add to 192.88.99.0/28 lookup $table
	try "a prefix that is local by table $table: docker-proxy answers" asks_udp 192.88.99.3
	try "… which is reported" exposes 2 '192.88.99.0/28:53 proxy ens3 ANYONE'
	ip route flush table $table type local
	try "… and no longer without the route" exposes 0
done
ip rule del to 192.88.99.0/28 lookup 100
only=
end "${proxies[@]}"
proxies=()

# ---- bridges ----

between() { # VERDICT PORT
	traces "$1" "from 172.17.0.3 in docker0 to 172.17.0.2 tcp $2" &&
		traces "$1" "from fd00:17::3 in docker0 to fd00:17::2 tcp $2"
}
host && docker && names+=(c4) && join c4 docker0 172.17.0.3/16 fd00:17::3/64 172.17.0.1 fd00:17::1
user -i docker0 -o docker0 -j DROP
ip6tables-nft -A DOCKER-USER -i docker0 -o docker0 -j DROP
calls() { sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$1"; }
calls 0
try "between two ports no chain is evaluated" between 'forwarded: the bridge passes it on' 80
try "… by the kernel, either" from 172.17.0.3 c4 172.17.0.2 80
try "… IPv6" from fd00:17::3 c4 fd00:17::2 80
try "what is for the host itself is" traces local 'from 172.17.0.3 in docker0 to 172.17.0.1 tcp 80'
ip link set docker0 type bridge nf_call_iptables 1 nf_call_ip6tables 1
try "unless the bridge itself wants it" between dropped 80
try "… by the kernel, too" not from 172.17.0.3 c4 172.17.0.2 80
ip link set docker0 type bridge nf_call_iptables 0 nf_call_ip6tables 0
calls 1
try "or all bridges do" between dropped 80
cat >"$WORK/unread" <<-END
	#!/bin/sh
	export LSAN_OPTIONS=detect_leaks=0
	exec strace -qq -o '$WORK/trace' -P /proc/sys/net/bridge/bridge-nf-call-iptables \
		-P /proc/sys/net/bridge/bridge-nf-call-ip6tables -e trace=read -e inject=read:error=EIO '$DOCKFW' "\$@"
END
chmod +x "$WORK/unread"
unread() { local DOCKFW=$WORK/unread; "$@"; }
try "that cannot be read: it lets them pass" unread between 'forwarded: the bridge passes it on' 80
try "… by the kernel, too" not from fd00:17::3 c4 fd00:17::2 80

# Ports that are isolated from each other, with and without the chains.
isolate() { ip link set "v-$1" type bridge_slave isolated "$2"; }
by_the_host() { ip -n c4 route "$1" 172.17.0.2 via 172.17.0.1 && ip -n container route "$1" 172.17.0.3 via 172.17.0.1; }
isolated='maybe, undecided: a bridge passes nothing from one isolated port to another'
for table in iptables ip6tables; do
	"$table-nft" -F DOCKER-USER && "$table-nft" -A FORWARD -i docker0 -o docker0 -j ACCEPT
done
sysctl -qw net.ipv4.conf.docker0.send_redirects=0 net.ipv4.conf.all.send_redirects=0
for value in 0 1; do
	calls $value
	isolate c4 on
	try "one isolated port, $value" between forwarded 80
	try "… for the kernel, too" from fd00:17::3 c4 fd00:17::2 80
	isolate container on
	try "two isolated ports, $value" between "$isolated" 80
	try "… the kernel passes nothing on" not from 172.17.0.3 c4 172.17.0.2 80
	try "… IPv6" not from fd00:17::3 c4 fd00:17::2 80
	by_the_host add
	try "… but by the host" from 172.17.0.3 c4 172.17.0.2 80
	by_the_host del
	try "… and what comes from elsewhere" traces forwarded "from $world4 in ens3 to 172.17.0.2 tcp 80"
	isolate c4 off && isolate container off
done
user -i docker0 -o docker0 -j DROP
isolate c4 on && isolate container on
try "two isolated ports, and a rule that drops" traces dropped 'from 172.17.0.3 in docker0 to 172.17.0.2 tcp 80'

# The bridge shows ip6tables the packet before IPv6 sees that it is for ::1.
syn_to_loopback() { # PORT: of the sender
	ip -6 neigh replace 2001:db8:51::1 lladdr "$(mac world eth0)" dev br0
	ip netns exec world python3 -c '
import socket, struct, sys
def mac(text): return bytes.fromhex(text.replace(":", ""))
def total(data): return sum(struct.unpack("!%dH" % (len(data) // 2), data))
src, dst = (socket.inet_pton(socket.AF_INET6, a) for a in ("2001:db8:51::1", "::1"))
tcp = struct.pack("!HHIIBBHHH", int(sys.argv[3]), 8080, 1, 0, 5 << 4, 2, 1024, 0, 0)
sum_ = total(src + dst + struct.pack("!II", len(tcp), 6) + tcp)
while sum_ >> 16: sum_ = (sum_ & 0xffff) + (sum_ >> 16)
tcp = tcp[:16] + struct.pack("!H", ~sum_ & 0xffff) + tcp[18:]
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
link.bind(("eth0", 0x86dd)); link.settimeout(float(sys.argv[4]))
link.send(mac(sys.argv[1]) + mac(sys.argv[2]) + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + src + dst + tcp)
while True:
    try: frame = link.recv(2048)
    except OSError: sys.exit("no answer")
    if frame[20] == 6 and frame[54:58] == struct.pack("!HH", 8080, int(sys.argv[3])) and frame[67] == 0x12: break' \
		"$(mac "" br0)" "$(mac world eth0)" "$1" "$patience"
}
mac() { ip ${1:+-n "$1"} -o link show "$2" | sed 's/.*ether \([^ ]*\) .*/\1/'; }
host br0 && docker
ip6tables-nft -t nat -F DOCKER
ip6tables-nft -t nat -A DOCKER -d ::1 -p tcp --dport 8080 -j DNAT --to-destination '[fd00:17::2]:80'
loopback='from 2001:db8:51::1 in br0 to ::1 tcp 8080'
try "a port on [::1] answers neighbours on a bridge" exposes 2 '[::1]:8080 dnat,nearby br0 ANYONE'
try "… in a trace" traces forwarded "$loopback"
try "… for the kernel, too" syn_to_loopback 4001
calls 0
try "unless ip6tables does not see it there" traces lost "$loopback"
try "… for the kernel, too" not syn_to_loopback 4002
calls 1
ip6tables-nft -t nat -F DOCKER
try "nor if nothing translates it" traces lost "$loopback"

# ---- REDIRECT ----

host && docker
serve world 9 >/dev/null # its namespace only
start python3 "$PEERS/answer.py" 9090
proxies+=("$started")
ip6tables-nft -t nat -I PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 9090
iptables-nft -t nat -I PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 9090
ip6tables-nft -A INPUT -d 2000::/3 -p tcp -j DROP
link=$(ip -6 -o address show dev ens3 scope link | awk '{ sub("/.*", "", $4); print $4 }')
near=$(ip -n world -6 -o address show dev eth0 scope link | awk '{ sub("/.*", "", $4); print $4 }')
try "REDIRECT of what is for the link-local address" traces local "from $near in ens3 to $link tcp 81"
try "… answers there" accepts "$link%eth0" 81
try "REDIRECT of what is for a global one" traces dropped "from $world6 in ens3 to 2001:db8:51::10 tcp 81"
try "… does not" not from "$world6" world 2001:db8:51::10 81
ip6tables-nft -F INPUT
ip -n world -6 route add fec0::/16 via 2001:db8:51::10
try "REDIRECT without an address of that scope" traces dropped "from $world6 in ens3 to fec0::1 tcp 81"
try "… for the kernel, too" not from "$world6" world fec0::1 81
ip address flush dev ens3 && ip address add 198.51.100.10/24 dev ens3 scope link
try "REDIRECT to an address of scope link" traces local 'from 198.51.100.1 in ens3 to 198.51.100.10 tcp 81'
try "… answers there" from 198.51.100.1 world 198.51.100.10 81

# ---- what another program decides ----

host && docker
user -i ens3 -j DROP
start python3 -c '
import socket
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.setsockopt(socket.IPPROTO_IP, 19, 1) # IP_TRANSPARENT
server.bind(("0.0.0.0", 5000)); server.listen()
print(flush=True)
while True:
    connection = server.accept()[0]
    connection.send(b"answer\n"); connection.close()'
proxies+=("$started")
ip route add local default dev lo table 100
ip rule add fwmark 1/1 lookup 100 pref 10
packet="from $world4 in ens3 to 172.17.0.2 tcp 80"
try "what DOCKER-USER drops" traces dropped "$packet"
try "… does not get in" not from "$world4" world 172.17.0.2 80
ipt -t mangle -A PREROUTING -i ens3 -p tcp -j TPROXY --on-port 5000 --tproxy-mark 1/1
try "TPROXY may lead it to a listener" traces maybe "$packet"
try "… which answers" from "$world4" world 172.17.0.2 80
ip rule del pref 10
ip route flush table 100
host && docker
user -i ens3 -m mark --mark 7 -j RETURN
user -i ens3 -j DROP
packet="from $world4 in ens3 tcp 8080"
try "a mark that no rule sets" traces dropped "$packet"
ipt -t mangle -A PREROUTING -i ens3 -p tcp -j NFQUEUE --queue-num 5
start python3 "$PEERS/mark_queued.py" 5 7
proxies+=("$started")
try "the program of a queue may set it" traces maybe "$packet"
try "… the container answers" from "$world4" world 198.51.100.10
user -i ens4 -j DROP
only=-4
try "… which is not closed" exposes 1 '0.0.0.0:8080 dnat ens3 maybe anyone'
finish
