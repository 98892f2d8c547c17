# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced in a network namespace with a /run of its own: hosts_up turns it into a
# Docker host without Docker. The layouts of tests/layouts publish port 80 of the
# container on it.
#
#   allowed   203.0.113.123  2001:db8:113::123 ┐
#                                              ├ ens3  198.51.100.10  2001:db8:51::10
#   outsider  203.0.113.200  2001:db8:113::200 ┘
#   container 172.17.0.2     fd00:17::2 ───────── docker0
#
# The container answers on port 80, the outsider on port 8080.

# Neighbours are looked for again at any time, which the tables count.
# shellcheck disable=SC2034 # for the tests
HOSTS_SEND=1
# shellcheck disable=SC2034 # for the tests
allowed=allowed outsider=outsider container=container
PEERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Every refusal is reported at once, without a rate limit, and an IPv6 address can be
# used at once.
hosts_settings="net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0
	net.ipv6.icmp.ratelimit=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0"

bridge() { # NAME ADDRESS…
	local name=$1 address
	shift
	[ "$name" != ens3 ] || ip link delete ens3 2>/dev/null
	# A snooping bridge sends packets of its own, which the tables would count.
	ip link add "$name" type bridge mcast_snooping 0 && ip link set "$name" up || return 1
	for address; do
		ip address add "$address" dev "$name" || return 1
	done
}

# Creates a namespace whose eth0 is a port of the bridge.
join() { # NAME BRIDGE IPV4 IPV6 GATEWAY4 GATEWAY6
	# shellcheck disable=SC2086 # a list
	ip netns add "$1" && ip netns exec "$1" sysctl -qw $hosts_settings &&
		ip link add "v-$1" type veth peer name eth0 netns "$1" &&
		ip link set "v-$1" master "$2" up &&
		ip -n "$1" link set lo up && ip -n "$1" link set eth0 up &&
		ip -n "$1" address add "$3" dev eth0 && ip -n "$1" address add "$4" dev eth0 &&
		ip -n "$1" route add default via "$5" && ip -n "$1" -6 route add default via "$6"
}

# Starts a server that answers each connection with a word, until its namespace ends.
serve() { # NAMESPACE PORT
	local said
	exec {said}< <(exec ip netns exec "$1" python3 "$PEERS/answer.py" "$2" </dev/null 2>/dev/null)
	read -r -u "$said" && exec {said}<&-
}

hosts_up() {
	# shellcheck disable=SC2086 # a list
	sysctl -qw $hosts_settings &&
		bridge ens3 198.51.100.10/24 203.0.113.1/24 2001:db8:51::10/64 2001:db8:113::1/64 &&
		bridge docker0 172.17.0.1/16 fd00:17::1/64 &&
		join allowed ens3 203.0.113.123/24 2001:db8:113::123/64 203.0.113.1 2001:db8:113::1 &&
		join outsider ens3 203.0.113.200/24 2001:db8:113::200/64 203.0.113.1 2001:db8:113::1 &&
		join container docker0 172.17.0.2/16 fd00:17::2/64 172.17.0.1 fd00:17::1 &&
		serve container 80 && serve outsider 8080
}

# ask NAMESPACE ADDRESS [PORT]: returns 0 if answered, 1 if refused, 2 otherwise.
ask() { ip netns exec "$1" "$BUILD/tools/ask" "$2" "${3:-80}"; }
reaches() { ask "$@"; }
refused() {
	ask "$@"
	[ $? = 1 ]
}
# Waits until no packet has been counted for a while: the last packets of a connection
# arrive long after its answer.
packets_end() {
	local before now tries
	now=$(tables)
	for tries in {1..50}; do
		sleep 0.3
		before=$now now=$(tables)
		[ "$before" != "$now" ] || return 0
	done
	echo "packets still arrive after $tries checks"
	return 1
}
# The container's own connection to port 8080 outside.
outgoing() { ask container 203.0.113.200 8080; }
