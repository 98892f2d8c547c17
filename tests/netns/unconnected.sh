#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# Packets of which connection tracking knows no connection, with real ones: docker-proxy gets
# them where INPUT lets them in, and with its answer the host itself begins a connection, whose
# replies the client then sends.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"

hosts_up

# asks NAMESPACE ADDRESS PORT [zero]: one UDP datagram; zero: of length 0, INVALID to conntrack.
asks() { ip netns exec "$1" python3 "$PEERS/datagrams.py" ask "${@:2}"; }
unanswered() { ! asks "$@"; }
closed() { ! reaches "$@"; }
# listens PROTOCOL PORT: a docker-proxy that answers like the container, on both families.
listens() {
	local address script=("$PEERS/answer.py")
	[ "$1" = tcp ] || script=("$PEERS/datagrams.py" answer)
	for address in :: 0.0.0.0; do
		start "$WORK/bin/docker-proxy" "${script[@]}" "$2" -proto "$1" -host-ip "$address" -host-port "$2" \
			-container-ip 172.17.0.2 -container-port 80 -dual && proxies+=("$started")
		# One socket is enough for both; the other process only shows that it is published there.
		script=(-c 'import signal; print(flush=True); signal.pause()')
	done
}
says() { grep -q -- "$1" "$WORK/out" || { cat "$WORK/out"; return 1; }; }
# What a conversation has left behind, in a kernel without the command conntrack.
forget() {
	python3 - <<-'END'
	import socket, struct
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
	s.bind((0, 0))
	s.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0))
	s.recv(4096)
	END
}
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
untracked() {
	both -t raw -A PREROUTING -p "$1" --dport 8080 -j CT --notrack &&
		both -t raw -A OUTPUT -p "$1" --sport 8080 -j CT --notrack
}
published() { # SETTING…
	write_conf <<-END
	outside = { "ens3" }
	$(printf '%s\n' "$@")
	END
}
section() {
	published 'publish "8080/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }' \
		'publish "8080/udp" { allow = { "203.0.113.123", "2001:db8:113::123" } }'
}
unlisted() { published 'unlisted = "refuse"'; }
host4=203.0.113.1 host6=2001:db8:113::1

for KIND in nft legacy; do
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	proxies=()
	dockerd
	listens udp 8080
	listens tcp 8080

	# ---- a datagram of length 0 ----

	for form in section unlisted; do
		$form
		dockfw 0 --repair
		try "$KIND $form: the outsider gets no answer" unanswered "$outsider" $host6 8080
		try "$KIND $form: nor to a datagram of length 0" unanswered "$outsider" $host6 8080 zero
		try "$KIND $form: nor after it" unanswered "$outsider" $host6 8080
		try "$KIND $form: nor over IPv4" unanswered "$outsider" $host4 8080 zero
		try "$KIND $form: the host itself gets one" python3 "$PEERS/datagrams.py" ask $host6 8080 zero
		forget
		try "$KIND $form: all is right" finds 0 ''
		try "$KIND $form: a second repair is silent" silent dockfw 0 --repair
	done
	section
	dockfw 0 --repair
	for zero in '' zero; do
		forget
		# shellcheck disable=SC2086 # no word, or one
		try "$KIND: the allowed client gets an answer $zero" asks "$allowed" $host6 8080 $zero
	done
	try "$KIND: over IPv4" asks "$allowed" $host4 8080
	try "$KIND: Linux does not deliver one of length 0 over IPv4" unanswered "$allowed" $host4 8080 zero
	forget

	# ---- without tracking ----

	for proto in udp tcp; do
		asker=asks no=unanswered
		[ $proto = udp ] || asker=reaches no=closed
		untracked $proto
		for host in $host4 $host6; do
			try "$KIND untracked $proto to $host: the outsider gets no answer" $no "$outsider" "$host" 8080
			try "$KIND untracked $proto to $host: the allowed client does" $asker "$allowed" "$host" 8080
		done
		try "$KIND untracked $proto: all is right" finds 0 ''
		unlisted
		dockfw 0 --repair
		try "$KIND untracked $proto, unlisted: the outsider gets no answer" $no "$outsider" $host6 8080
		try "$KIND untracked $proto, unlisted: all is right" finds 0 ''
		section
		dockfw 0 --repair
		both -t raw -F
		forget
	done
	# ---- without the guard: what a walk knows of it ----

	published 'chain "DOCKER-USER" { rules = { } }'
	dockfw 1 --repair
	both -A INPUT -i ens3 -p tcp --dport 8080 -j REJECT
	both -A INPUT -i ens3 -p udp --dport 8080 -m conntrack --ctstate NEW -j REJECT
	try "$KIND only new ones refused: no answer" unanswered "$outsider" $host6 8080
	try "$KIND only new ones refused: but to a datagram of length 0" asks "$outsider" $host6 8080 zero
	try "$KIND only new ones refused: … and then to each" asks "$outsider" $host6 8080
	forget
	try "$KIND only new ones refused: not over IPv4" unanswered "$outsider" $host4 8080 zero
	try "$KIND only new ones refused: found" finds 1 'warning proxy-bypass'
	try "$KIND only new ones refused: … for UDP" says 'itself answers for 8080/udp, .* INPUT lets the world in, some only by a UDP packet with the length 0'
	try "$KIND only new ones refused: … which says what to do" says 'ip6tables -I INPUT -m conntrack --ctstate INVALID -j DROP'
	dockfw 0 --exposure
	try "$KIND only new ones refused: exposure has it" says '^\[::\]:8080/udp .* open to ANYONE by .*(UDP of length 0)$'
	try "$KIND only new ones refused: TCP is closed" says '^\[::\]:8080/tcp .* from ens3 open to nobody'
	try "$KIND only new ones refused: a trace" dockfw 0 --trace "from 2001:db8:113::200 in ens3 to $host6 udp 8080" --format=json
	try "$KIND only new ones refused: … follows it" jq -e '.trace | .verdict == "refused" and .invalid.verdict == "local"' "$WORK/out"
	both -A INPUT -m conntrack --ctstate INVALID -j DROP
	try "$KIND INVALID ones dropped: no answer" unanswered "$outsider" $host6 8080 zero
	try "$KIND INVALID ones dropped: nothing is wrong" finds 0 ''
	try "$KIND INVALID ones dropped: exposure" dockfw 0 --exposure
	try "$KIND INVALID ones dropped: … has it closed" says '^\[::\]:8080/udp .* from ens3 open to nobody'
	try "$KIND INVALID ones dropped: a trace" dockfw 0 --trace "from 2001:db8:113::200 in ens3 to $host6 udp 8080" --format=json
	try "$KIND INVALID ones dropped: … does not mention it" jq -e '.trace.invalid == null' "$WORK/out"
	both -D INPUT -m conntrack --ctstate INVALID -j DROP
	section
	sed -i '1i guard = "off"' "$CONF"
	dockfw 2 --repair
	try "$KIND a section without the guard: found" finds 2 'critical proxy-bypass'
	try "$KIND a section without the guard: why" says 'refuses, some only by a UDP packet with the length 0'
	both -F INPUT
	"ip6tables-$KIND" -A INPUT -p icmpv6 -j ACCEPT
	both -A INPUT -i lo -j ACCEPT
	both -P INPUT DROP
	try "$KIND a policy of DROP: no answer" unanswered "$outsider" $host6 8080 zero
	try "$KIND a policy of DROP: nothing is wrong" finds 0 ''
	both -P INPUT ACCEPT
	end "$dockerd" "${proxies[@]}"
done
finish
