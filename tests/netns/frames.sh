#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# Packets in frames to all stations, with real ones: a neighbour sends what is for the host's own
# address to ff:ff:ff:ff:ff:ff. The host takes it, if it is not of TCP, and forwards none.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"

hosts_up

# asks ADDRESS PORT [MAC]: one UDP datagram of the outsider, by that address of the link layer.
asks() { ip netns exec "$outsider" python3 "$PEERS/datagrams.py" ask "$@"; }
unanswered() { ! asks "$@"; }
says() { grep -q -- "$1" "$WORK/out" || { cat "$WORK/out"; return 1; }; }
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
# listens PROTOCOL: a docker-proxy that answers like the container, on both families.
listens() {
	local address script=("$PEERS/answer.py")
	[ "$1" = tcp ] || script=("$PEERS/datagrams.py" answer)
	for address in :: 0.0.0.0; do
		start "$WORK/bin/docker-proxy" "${script[@]}" 8080 -proto "$1" -host-ip "$address" -host-port 8080 \
			-container-ip 172.17.0.2 -container-port 80 -dual && proxies+=("$started")
		# One socket is enough for both; the other process only shows that it is published there.
		script=(-c 'import signal; print(flush=True); signal.pause()')
	done
}
# traced FAMILY PROTOCOL VERDICT: of a packet of the outsider to the host itself.
traced() {
	local ends='from 203.0.113.200 in ens3 to 203.0.113.1'
	[ "$1" = 4 ] || ends='from 2001:db8:113::200 in ens3 to 2001:db8:113::1'
	dockfw 0 --trace "$ends $2 8080" --format=json && jq -e ".trace.verdict == \"$3\"" "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
counted() { ipt -nvxL FORWARD "$1" | awk '{ print $1 }'; }
host4=203.0.113.1 host6=2001:db8:113::1 all4=ff:ff:ff:ff:ff:ff all6=33:33:00:00:00:01

for KIND in nft legacy; do
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	proxies=()
	dockerd
	listens udp
	listens tcp
	write_conf <<-'END'
	outside = { "ens3" }
	guard = "off"
	chain "DOCKER-USER" { rules = { } }
	END
	dockfw 1 --repair
	both -A INPUT -m pkttype --pkt-type unicast -i ens3 -p udp --dport 8080 -j DROP
	both -A INPUT -i ens3 -p tcp --dport 8080 -m pkttype ! --pkt-type broadcast -j REJECT
	for host in "$host4" "$host6"; do
		family=4 all=$all4 listed='^0.0.0.0:8080'
		[ "$host" = "$host4" ] || family=6 all=$all6 listed='^\[::\]:8080'
		try "$KIND IPv$family: a frame to the host is not answered" unanswered "$host" 8080
		try "$KIND IPv$family: one to all stations is" asks "$host" 8080 "$all"
		dockfw 0 --exposure
		try "$KIND IPv$family: exposure does not call it closed" says "$listed/udp .* from ens3 .*maybe"
		try "$KIND IPv$family: but TCP" says "$listed/tcp .* from ens3 open to nobody"
		try "$KIND IPv$family: a trace does not either" traced "$family" udp maybe
		try "$KIND IPv$family: but TCP" traced "$family" tcp refused
	done
	both -I INPUT -p udp -m pkttype ! --pkt-type unicast -j DROP
	try "$KIND: others are dropped: no answer" unanswered "$host4" 8080 "$all4"
	both -F INPUT

	# ---- a chain of another table ----

	nft 'table inet own { chain input { type filter hook input priority 0;
		meta pkttype { broadcast, multicast } accept; tcp dport 8080 drop; udp dport 8080 drop; }; }'
	try "$KIND a native chain: a frame to the host is not answered" unanswered "$host4" 8080
	try "$KIND a native chain: one to all stations is" asks "$host4" 8080 "$all4"
	try "$KIND a native chain: a trace" traced 4 udp maybe
	try "$KIND a native chain: of TCP" traced 4 tcp dropped
	nft flush chain inet own input
	nft add rule inet own input meta pkttype '{ host, broadcast, multicast }' udp dport 8080 drop
	try "$KIND a native chain: all types dropped" unanswered "$host4" 8080 "$all4"
	nft delete table inet own

	# ---- what is forwarded ----

	ipt -I FORWARD -m pkttype ! --pkt-type unicast -j ACCEPT
	ipt -I FORWARD 2 -p udp -d 172.17.0.2 -j DROP
	try "$KIND forwarded: a trace" dockfw 0 --trace 'from 203.0.113.200 in ens3 to 172.17.0.2 udp 80' --format=json
	try "$KIND forwarded: … has it dropped" jq -e '.trace.verdict == "dropped"' "$WORK/out"
	# A bridge passes such a frame to its other ports, which is not what this is about.
	[ ! -e /proc/sys/net/bridge ] || sysctl -qw net.bridge.bridge-nf-call-iptables=0
	asks 172.17.0.2 80 "$all4"
	try "$KIND forwarded: no such frame gets into FORWARD" [ "$(counted 1)" = 0 ]
	asks 172.17.0.2 80
	try "$KIND forwarded: a frame to the host does" [ "$(counted 2)" = 1 ]
	end "$dockerd" "${proxies[@]}"
done
finish
