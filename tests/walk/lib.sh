# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A host with two outside interfaces and two bridges, for tests that send real
# packets: namespaces $client, $host and $box. Nothing answers in client and box:
# packets are only observed there.
# shellcheck source=tests/lib.sh
. "${BASH_SOURCE[0]%/*}/../lib.sh"

client=${WORK##*/}-c host=${WORK##*/}-h box=${WORK##*/}-b
export PROOF=$BUILD/tools/walk-proof GENERATE=$BUILD/tools/walk-generate
# Shows the exposure or a trace of a namespace's tables.
export SHOW=$BUILD/tools/walk-show

# Not "ip netns exec", which also gives each command a mount namespace of its own: docker-proxy is
# taken only for one of the same host.
on_host() { nsenter --net="/run/netns/$host" "$@"; }

net_down() {
	local name

	for name in "$client" "$host" "$box"; do
		ip netns del "$name" 2>/dev/null || true
	done
}

# lead HOST-INTERFACE NAMESPACE INTERFACE MAC
lead() {
	ip -n "$host" link add "$1" type veth peer name "$3" netns "$2"
	ip -n "$2" link set "$3" address "$4" up
	ip -n "$host" link set "$1" up
}

net_up() {
	local name bridge address

	for name in "$client" "$host" "$box"; do
		ip netns add "$name"
		ip -n "$name" link set lo up
		ip netns exec "$name" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.all.accept_dad=0
	done
	# Every refusal must be sent, and old connections must not fill the conntrack table.
	ip netns exec "$host" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=1000000 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0
	for name in tcp_timeout_syn_sent udp_timeout icmp_timeout icmpv6_timeout generic_timeout \
		tcp_timeout_close udp_timeout_stream; do
		ip netns exec "$host" sysctl -qw "net.netfilter.nf_conntrack_$name=5" 2>/dev/null || true
	done
	for bridge in docker0 br-n1; do
		ip -n "$host" link add "$bridge" type bridge
		ip -n "$host" link set "$bridge" up
	done
	lead ens3 "$client" e3 02:00:00:00:00:03
	lead ens4 "$client" e4 02:00:00:00:00:04
	lead vk0 "$box" k0 02:00:00:00:00:10
	lead vk1 "$box" k1 02:00:00:00:00:11
	ip -n "$host" link set vk0 master docker0
	ip -n "$host" link set vk1 master br-n1
	# A packet may go back where it came from.
	ip -n "$host" link set vk0 type bridge_slave hairpin on
	ip -n "$host" link set vk1 type bridge_slave hairpin on
	ip -n "$host" addr add 198.51.100.10/24 dev ens3
	ip -n "$host" addr add 192.0.2.10/24 dev ens4
	ip -n "$host" addr add 172.17.0.1/16 dev docker0
	ip -n "$host" addr add 172.18.0.1/16 dev br-n1
	ip -n "$host" addr add 2001:db8:1::10/64 dev ens3 nodad
	ip -n "$host" addr add 2001:db8:4::10/64 dev ens4 nodad
	ip -n "$host" addr add fd17::1/64 dev docker0 nodad
	ip -n "$host" addr add fd18::1/64 dev br-n1 nodad
	# Nothing answers ARP, so every neighbour is configured.
	for address in 198.51.100.77 2001:db8:1::77; do
		ip -n "$host" neigh add "$address" lladdr 02:00:00:00:00:03 dev ens3 nud permanent
	done
	for address in 172.17.0.2 172.17.0.3 fd17::2 fd17::3; do
		ip -n "$host" neigh add "$address" lladdr 02:00:00:00:00:10 dev docker0 nud permanent
	done
	for address in 172.18.0.2 172.18.0.3 fd18::2 fd18::3; do
		ip -n "$host" neigh add "$address" lladdr 02:00:00:00:00:11 dev br-n1 nud permanent
	done
	ip -n "$host" route add default via 198.51.100.77
	ip -n "$host" route add default via 2001:db8:1::77 dev ens3
}

# routes_up FAMILY: policy routing with every selector of a rule, and reverse path filters.
routes_up() {
	local ip="ip -4 -n $host" some=203.0.113.0/28 others=203.0.113.16/28
	local inside=172.17.0.3 network=172.18.0.0/16 router=192.0.2.77
	if [ "$1" = ipv6 ]; then
		ip="ip -6 -n $host" some=2001:db8:2::/124 others=2001:db8:2::10/124
		inside=fd17::3 network=fd18::/64 router=2001:db8:4::77
	fi
	$ip rule add from "$others" goto 140 pref 100
	$ip rule add fwmark 1/3 lookup 100 pref 110
	$ip rule add from "$some" iif ens4 lookup 101 pref 120
	$ip rule add to "$network" from "$others" prohibit pref 130
	$ip rule add lookup main suppress_prefixlength 0 pref 140
	$ip rule add from "$others" to "$network" iif ens3 prohibit pref 145
	$ip rule add oif ens4 blackhole pref 150
	$ip rule add not from "$some" iif docker0 lookup main suppress_prefixlength 23 pref 155
	$ip rule add not fwmark 2/2 lookup 102 pref 160
	$ip route add "$inside" dev br-n1 table 100
	$ip route add "$inside" dev br-n1 table 101
	$ip route add default via "$router" dev ens4 table 102
	$ip neigh add "$router" lladdr 02:00:00:00:00:04 dev ens4 nud permanent
	$ip neigh add "$inside" lladdr 02:00:00:00:00:11 dev br-n1 nud permanent
	on_host sysctl -qw net.ipv4.conf.ens3.rp_filter=2 net.ipv4.conf.ens4.rp_filter=1 \
		net.ipv4.conf.docker0.rp_filter=1 net.ipv4.conf.ens4.src_valid_mark=1
}

# bridges_up: the further networks of a host with Docker's own tables. br-n3 has no address on
# the host: its gateway mode is isolated.
bridges_up() {
	local n address
	for n in 2 3; do
		ip -n "$host" link add "br-n$n" type bridge
		lead "vk$n" "$box" "k$n" "02:00:00:00:00:1$n"
		ip -n "$host" link set "vk$n" master "br-n$n"
		ip -n "$host" link set "vk$n" type bridge_slave hairpin on
		ip -n "$host" link set "br-n$n" up
	done
	ip -n "$host" addr add 172.19.0.1/16 dev br-n2
	ip -n "$host" addr add fd19::1/64 dev br-n2 nodad
	for address in 172.19.0.2 172.19.0.3 fd19::2 fd19::3; do
		ip -n "$host" neigh add "$address" lladdr 02:00:00:00:00:12 dev br-n2 nud permanent
	done
	# The last one still gets a link-local address, which the kernel redirects to.
	for _ in {1..200}; do
		! ip -n "$host" -6 addr show br-n3 | grep -q 'inet6 fe80' || break
		sleep 0.02
	done
	# Nothing tracks connections, and no chain of type nat is evaluated, until a rule needs it.
	on_host nft 'table inet tracks { chain c { type filter hook output priority 0; ct state new accept; }; }'
	# As dockerd sets it with --userland-proxy=false.
	on_host sysctl -qw net.ipv4.conf.docker0.route_localnet=1
}

# prove RULESETS PACKETS [PART…]: compares $family of $KIND from the seed $first on.
# routes: a command that prepares each host further.
routes=(true)
prove() {
	# Each run starts with new namespaces: rules of one backend filter besides those
	# of the other, and a packet that was sent before does not start a new connection.
	net_down
	net_up
	"${routes[@]}"
	# shellcheck disable=SC2154 # family and first are the caller's
	"$PROOF" "$family" "$KIND" "$client" "$host" "$box" "$GENERATE" "$first" "$@" 2>&1 |
		tail -n "${WALK_LINES:-40}"
	return "${PIPESTATUS[0]}"
}
