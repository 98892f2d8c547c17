#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules that match on ipset's sets: real connections beside traces, and what the exposure
# makes of the members, in both backends.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

net_up
if ! on_host ipset create probe hash:ip 2>/dev/null; then
	echo "ok $((tests += 1)) - sets # SKIP this kernel has no ipset"
	finish
fi
ip -n "$host" neigh del 172.17.0.2 dev docker0
ip -n "$host" addr add 203.0.113.1/24 dev ens3
ip -n "$box" addr add 172.17.0.2/16 dev k0
ip -n "$box" route add default via 172.17.0.1
ip -n "$client" link set e3 up
sources=(203.0.113.5 203.0.113.6 203.0.113.77)
for source in "${sources[@]}"; do ip -n "$client" addr add "$source/24" dev e3; done
coproc SERVER { exec ip netns exec "$box" python3 tests/answer.py 80; }
server=$SERVER_PID
read -r _ <&"${SERVER[0]}"

# rules RULE…: Docker's tables with these rules in DOCKER-USER.
rules() {
	{
		printf '*nat\n:PREROUTING ACCEPT\n:DOCKER -\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n'
		printf -- '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n'
		printf 'COMMIT\n*filter\n:FORWARD DROP\n:DOCKER -\n:DOCKER-USER -\n-A FORWARD -j DOCKER-USER\n'
		printf -- '-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -i docker0 -j ACCEPT\n'
		printf -- '-A DOCKER -d 172.17.0.2 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\n'
		printf -- '-A DOCKER-USER -i ens3 %s\n' "$@"
		printf -- '-A DOCKER-USER -j RETURN\nCOMMIT\n'
	} | on_host "iptables-$KIND-restore"
}

# The sources that get in at the host's port.
reach() {
	ip netns exec "$client" python3 - "${sources[@]}" <<-'END'
	import socket, sys
	for source in sys.argv[1:]:
	    try:
	        with socket.create_connection(("203.0.113.1", 8080), 5, (source, 0)) as connection:
	            if connection.recv(16) == b"answer\n":
	                print(source)
	    except OSError:
	        pass
	END
}

# agree RULE…: a trace says for each source what a connection finds. $found has the sources
# that got in.
agree() {
	local source is said

	rules "$@" || return 1
	found=$(reach | paste -sd' ')
	for source in "${sources[@]}"; do
		is=refused
		[[ " $found " != *" $source "* ]] || is=forwarded
		said=$(on_host "$DOCKFW" -f "$CONF" -b "$KIND" --trace "from $source in ens3 to 203.0.113.1 tcp 8080" |
			sed -n 's/^verdict: \([a-z]*\).*/\1/p')
		[ "$said" = "$is" ] || { echo "$*: $source is $is, the trace says '$said'"; return 1; }
	done
}

# got SOURCES RULE…: these get in, and a trace agrees.
got() {
	local expected=$1
	shift
	agree "$@" || return 1
	[ "$found" = "$expected" ] || { echo "in: $found"; return 1; }
}
only_five() { got 203.0.113.5 "$@"; }
but_five() { got '203.0.113.6 203.0.113.77' "$@"; }
everyone() { got "${sources[*]}" "$@"; }

shows() { # STATUS TEXT…: of the exposure
	local text
	gives "$1" on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --fail-if-open || return 1
	shift
	for text in "$@"; do
		grep -qF -- "$text" "$WORK/out" || { echo "missing: $text"; cut -c1-300 "$WORK/out"; return 1; }
	done
}

on_host ipset restore <<'END'
create one hash:ip timeout 600
add one 203.0.113.5
create masked hash:ip netmask 30
add masked 203.0.113.6
create net hash:net
add net 203.0.113.0/24
add net 203.0.113.6 nomatch
add net 203.0.113.64/26 nomatch
create map bitmap:ip range 203.0.113.0/24
add map 203.0.113.5
create port hash:ip,port
add port 203.0.113.5,tcp:80
add port 203.0.113.6,udp:80
add port 203.0.113.77,tcp:8080
create netport hash:net,port
add netport 203.0.113.0/24,tcp:80
add netport 203.0.113.0/29,tcp:80 nomatch
add netport 203.0.113.5/32,tcp:80
add netport 203.0.113.64/26,tcp:80 nomatch
create ports bitmap:port range 0-1024
add ports 80
create list list:set
add list one
create dst hash:ip
add dst 172.17.0.2
create iface hash:net,iface
add iface 203.0.113.5,ens3
create written hash:ip
add written 203.0.113.5
create counted hash:ip counters
add counted 203.0.113.5
create many hash:net maxelem 200000
END
for ((i = 0; i < 100; i++)); do
	for ((k = 0; k < 1000; k++)); do echo "add many $((20 + i)).$((k / 4)).$((k % 4 * 64)).0/25"; done
done | on_host ipset restore
write_conf <<<'outside = { "ens3" }'
for KIND in nft legacy; do
	on_host nft flush ruleset
	for set in one map list; do
		try "$KIND: $set: its member is dropped" but_five "-m set --match-set $set src -j REJECT"
		try "$KIND: … or the others" only_five "-m set ! --match-set $set src -j REJECT"
	done
	try "$KIND: the longest prefix decides" but_five '-m set --match-set net src -j REJECT'
	rules '-m set --match-set net src --return-nomatch -j REJECT'
	try "$KIND: --return-nomatch matches what the set leaves out" test "$(reach | paste -sd' ')" = 203.0.113.5
	try "$KIND: … of which the members are not known" shows 2 \
		'open to ANYONE but perhaps members of set net by filter DOCKER 1:'
	try "$KIND: a set with a mask" agree '-m set --match-set masked src -j REJECT'
	try "$KIND: an address and a port" but_five '-m set --match-set port src,dst -j REJECT'
	try "$KIND: … or none of them" only_five '-m set ! --match-set port src,dst -j REJECT'
	try "$KIND: a set that needs more than the rule names" everyone '-m set --match-set port src -j REJECT'
	try "$KIND: a network and a port" but_five '-m set --match-set netport src,dst -j REJECT'
	try "$KIND: ports" agree '-p tcp -m set --match-set ports dst -j REJECT'
	try "$KIND: … of another protocol" agree '-p udp -m set --match-set ports dst -j REJECT'
	try "$KIND: destinations" agree '-m set --match-set dst dst -j REJECT'
	try "$KIND: … that are not in it" agree '-m set ! --match-set dst dst -j REJECT'
	try "$KIND: two conditions" only_five '-m set --match-set net src -m set --match-set one src -j RETURN' \
		'-s 203.0.113.0/24 -j REJECT'

	rules '-m set --match-set one src -j DROP'
	try "$KIND: a blocklist leaves the port open" shows 2 'open to ANYONE but 203.0.113.5 by filter DOCKER 1:'
	rules '-m set ! --match-set one src -j DROP'
	try "$KIND: an allow list closes it to all others" shows 0 'open to 203.0.113.5 by filter DOCKER-USER 1:'
	rules '-m set --match-set many src -j DROP'
	try "$KIND: 100,000 members have the name of their set" shows 2 'open to ANYONE but members of set many by filter DOCKER 1:'
	try "$KIND: … on a short line" test "$(wc -c <"$WORK/out")" -lt 2000
	rules '-m set --match-set iface src,src -j DROP'
	try "$KIND: a set that is not read leaves it open as well" shows 2 '1 published port: 1 open to anyone' \
		'open to ANYONE but perhaps members of set iface by filter DOCKER 1:'
	on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --format=json >"$WORK/json"
	try "$KIND: … in the JSON" test "$(jq -r '[.exposure[] | select(.port == 8080) | .ways[] | select(.outside)
		| .unread_set, .everyone, .maybe[]] | map(tostring) | join(" ")' "$WORK/json")" = 'iface false'
	rules '-m set ! --match-set iface src,src -j DROP'
	try "$KIND: … as an allow list it decides nothing" shows 1 'open to maybe anyone by filter DOCKER-USER 1:'
	rules '-p tcp --dport 22 -j SET --add-set written src' '-m set --match-set written src -j DROP'
	try "$KIND: so does one that a rule changes" shows 2 'open to ANYONE but perhaps members of set written by'
	rules '-m set --match-set counted src --packets-gt 100000 -j DROP'
	try "$KIND: the member that counters let in" test "$(reach | paste -sd' ')" = "${sources[*]}"
	try "$KIND: … is perhaps refused" shows 2 'open to ANYONE but perhaps members of set counted by'
	rules '-m set --match-set iface src,src -m length --length 1000: -j DROP'
	try "$KIND: a member that another condition lets in" test "$(reach | paste -sd' ')" = "${sources[*]}"
	try "$KIND: … is perhaps refused" shows 2 'open to ANYONE but perhaps members of set iface by'

	# The same sets are those of the other backend's rules.
	other=nft
	[ "$KIND" != nft ] || other=legacy
	on_host "iptables-$other" -A FORWARD -i ens3 -m set --match-set one src -j REJECT
	try "$KIND: a set of the other backend" but_five '-s 192.0.2.1 -j DROP'
	try "$KIND: … is read" shows 2 'open to ANYONE but 192.0.2.1,203.0.113.5 by '
	on_host "iptables-$other" -F FORWARD
	on_host "iptables-$other" -t raw -A PREROUTING -i ens3 -p tcp --dport 8080 -j SET --add-set written src
	rules '-m set ! --match-set written src -j DROP'
	try "$KIND: a set that a rule of the other backend changes" test "$(reach | paste -sd' ')" = "${sources[*]}"
	try "$KIND: … decides nothing" shows 1 'open to maybe anyone by filter DOCKER-USER 1:'
	on_host "iptables-$other" -t raw -F
	printf '*nat\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n' | on_host "iptables-$KIND-restore"
done
kill "$server"
finish
