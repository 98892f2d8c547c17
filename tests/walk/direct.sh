#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What gets through to the containers' own addresses, which nothing translates: real
# connections beside what the exposure says, in both backends.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

net_up
# The container 172.17.0.2, fd17::2 and 2001:db8:17::2 answers on two ports; a client is on the link.
ip -n "$host" addr add 2001:db8:17::1/64 dev docker0 nodad
ip -n "$host" neigh del 172.17.0.2 dev docker0
ip -n "$box" addr add 172.17.0.2/16 dev k0
ip -n "$box" addr add 2001:db8:17::2/64 dev k0 nodad
ip -n "$box" route add default via 172.17.0.1
ip -n "$box" route add default via 2001:db8:17::1
ip -n "$client" addr add 198.51.100.77/24 dev e3
ip -n "$client" addr add 2001:db8:1::77/64 dev e3 nodad
ip -n "$client" route add 172.17.0.0/16 via 198.51.100.10
ip -n "$client" route add 2001:db8:17::/64 via 2001:db8:1::10
servers=()
for port in 80 9000; do
	coproc SERVER { exec ip netns exec "$box" python3 tests/answer.py "$port"; }
	servers+=("$SERVER_PID")
	read -r _ <&"${SERVER[0]}"
done 2>/dev/null

asks() { ip netns exec "$client" "$BUILD/tools/ask" "$@" >/dev/null; }
refuses() { ! asks "$@"; }

# load COMMAND POLICY CONTAINER SOURCE-PREFIX [RULE…]: port 8080 leads to port 80 of the container.
load_docker() {
	local command=$1 policy=$2 container=$3 to=$3
	shift 3
	[[ $container != *:* ]] || to="[$container]"
	{
		printf '*nat\n:PREROUTING ACCEPT\n:DOCKER -\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n'
		echo "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination $to:80"
		printf 'COMMIT\n*filter\n:FORWARD %s\n:DOCKER -\n:DOCKER-USER -\n-A FORWARD -j DOCKER-USER\n' "$policy"
		printf -- '-A FORWARD -o docker0 -j DOCKER\n'
		printf -- '-A FORWARD -i docker0 -j ACCEPT\n'
		printf -- '-A FORWARD %s\n' "$@"
		echo "-A DOCKER -d $container ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT"
		printf -- '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 -j DROP\nCOMMIT\n'
	} | on_host "$command-$KIND-restore"
}

shows() { # STATUS [-4|-6] LINE…: the exposure has each LINE, and no line "- LINE"
	local line status=$1 only=()
	shift
	if [[ $1 == -[46] ]]; then
		only=("$1")
		shift
	fi
	gives "$status" on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --fail-if-open "${only[@]}" || return 1
	for line in "$@"; do
		if [ "${line#- }" != "$line" ]; then
			! grep -qF -- "${line#- }" "$WORK/out"
		else
			grep -qF -- "$line" "$WORK/out"
		fi || { echo "wrong: $line"; cat "$WORK/out"; return 1; }
	done
}

reply='-i docker0 -j ACCEPT'
write_conf <<<'outside = { "ens3" }'
for KIND in nft legacy; do
	on_host nft flush ruleset
	on_host "ip6tables-$KIND" -P FORWARD DROP
	load_docker iptables DROP 172.17.0.2 "$reply"
	try "$KIND: a neighbour gets to the container's address" asks 172.17.0.2 80
	try "$KIND: … not to its other ports" refuses 172.17.0.2 9000
	try "$KIND: … and that is a line of its own" shows 0 \
		'1 published port: 0 open to anyone, 1 limited, 0 undecided, 0 closed; directly reachable: 1 port' \
		'172.17.0.2:80/tcp container 172.17.0.2:80 network docker0 answers direct nearby from ens3 open to ANYONE by filter DOCKER 1:' \
		'0.0.0.0:8080/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3 open to nobody by filter DOCKER-USER 1:' \
		'- 172.17.0.0/16' '- fd17::/64'
	on_host "iptables-$KIND" -t raw -A PREROUTING -d 172.17.0.2 ! -i docker0 -j DROP
	try "$KIND: Docker 28 drops it in raw" refuses 172.17.0.2 80
	try "$KIND: … and then there is no such line" shows 0 \
		'0 limited, 0 undecided, 1 closed' '- directly' '- 172.17.0.2:80/tcp'
	on_host "iptables-$KIND" -t raw -F

	load_docker iptables ACCEPT 172.17.0.2 "$reply"
	try "$KIND: FORWARD's policy lets a neighbour to every port" asks 172.17.0.2 9000
	try "$KIND: … which is one line for the network" shows 0 'directly reachable: 1 port, 1 network' \
		'172.17.0.0/16:*/* container 172.17.0.0/16:* network docker0 answers direct nearby from ens3 open to ANYONE by filter FORWARD policy ACCEPT'
	on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --format=json >"$WORK/json"
	try "$KIND: … and in the JSON" test "$(jq -r '.exposure[] | select(.port == null)
		| .host[0] + " " + .container.address + " " + .answers + " " + (.protocol | tostring)' \
		"$WORK/json")" = '172.17.0.0/16 172.17.0.0/16 direct null'
	load_docker iptables DROP 172.17.0.2 "$reply" '-p tcp -m multiport --dports 443,9000:9010 -j ACCEPT' \
		'-d 172.17.0.16/28 -j ACCEPT' '-d 172.17.0.17 -j DROP' '-d 172.17.0.30 -p udp --dport 53 -j ACCEPT'
	try "$KIND: a rule of the administrator lets it to a port" asks 172.17.0.2 9000
	try "$KIND: … and to a part of the network" shows 0 \
		'172.17.0.0/16:9000-9010/tcp container 172.17.0.0/16:9000-9010 network docker0 answers direct' \
		'172.17.0.0/16:443/tcp container' '172.17.0.16/28:*/* container' \
		'172.17.0.30:53/udp container 172.17.0.30:53 network docker0 answers direct' \
		'- 172.17.0.17' '- 172.17.0.0/16:*'

	# The internet reaches a global address.
	load_docker iptables DROP 172.17.0.2 "$reply"
	load_docker ip6tables DROP 2001:db8:17::2 "$reply"
	try "$KIND: IPv6: the container's address is open" asks 2001:db8:17::2 80
	try "$KIND: … not its other ports" refuses 2001:db8:17::2 9000
	try "$KIND: … to the world, which counts" shows 2 \
		'2 published ports: 1 open to anyone, 1 limited' \
		'[2001:db8:17::2]:80/tcp container [2001:db8:17::2]:80 network docker0 answers direct from ens3 open to ANYONE by filter DOCKER 1:' \
		'- [2001:db8:17::/64]' '- [fd17::/64]'
	write_conf <<<'outside = { "ens3" }
	publish "8080/tcp" { allow = { "any" } }'
	try "$KIND: … unless the port is open on purpose" shows 0 'answers direct allowed from ens3 open to ANYONE'
	write_conf <<<'outside = { "ens3" }'
	load_docker ip6tables ACCEPT 2001:db8:17::2 "$reply"
	try "$KIND: IPv6: the policy opens all ports" asks 2001:db8:17::2 9000
	try "$KIND: … of all networks" shows 2 '1 open to anyone, 1 limited' \
		'[2001:db8:17::/64]:*/* container [2001:db8:17::/64]:* network docker0 answers direct from ens3 open to ANYONE' \
		'[fd17::/64]:*/* container [fd17::/64]:* network docker0 answers direct nearby from ens3'
	# An address by itself that is routed to a container, and one that its network tells of.
	for to in 203.0.113.99 2001:db8:99::9; do
		ip -n "$host" route add "$to" dev docker0
		ip -n "$box" addr add "$to" dev k0 nodad
	done
	ip -n "$host" route add 172.17.0.2 dev docker0
	ip -n "$client" route replace 203.0.113.99 via 198.51.100.10
	ip -n "$client" route replace 2001:db8:99::9 via 2001:db8:1::10
	load_docker iptables ACCEPT 172.17.0.2 "$reply"
	load_docker ip6tables ACCEPT fd17::2 "$reply"
	try "$KIND: an address that is routed to a container" asks 203.0.113.99 9000
	try "$KIND: … IPv6" asks 2001:db8:99::9 9000
	try "$KIND: … is open to the world" shows 2 \
		'203.0.113.99:*/* container 203.0.113.99:* network docker0 answers direct from ens3 open to ANYONE' \
		'[2001:db8:99::9]:*/* container [2001:db8:99::9]:* network docker0 answers direct from ens3 open to ANYONE' \
		'172.17.0.0/16:*/* container' '- 172.17.0.2:*'
	for command in iptables ip6tables; do
		on_host "$command-$KIND" -P FORWARD DROP
		on_host "$command-$KIND" -A FORWARD -p tcp --dport 9000 -j ACCEPT
	done
	try "$KIND: a rule opens one port of it" asks 203.0.113.99 9000
	try "$KIND: … and no other" refuses 203.0.113.99 80
	try "$KIND: … as the exposure says" shows 2 '203.0.113.99:9000/tcp container 203.0.113.99:9000 network' \
		'[2001:db8:99::9]:9000/tcp container' '- 203.0.113.99:*' '- 203.0.113.99:80' \
		'172.17.0.0/16:9000/tcp container' '- 172.17.0.2:9000'
	for to in 203.0.113.99/32 2001:db8:99::9/128; do
		ip -n "$host" route del "$to" dev docker0
		ip -n "$box" addr del "$to" dev k0
	done
	ip -n "$host" route del 172.17.0.2 dev docker0
	# Addresses and ports that rules name in other ways than for what they accept.
	ip -n "$box" addr add 172.17.0.3/16 dev k0
	on_host ipset create far hash:ip,port
	on_host ipset add far 172.17.0.3,9000
	while read -r policy line rules; do
		load_docker iptables "$policy" 172.17.0.2 "$reply"
		on_host "iptables-$KIND" -N WEB
		on_host "iptables-$KIND" -A DOCKER-USER -i docker0 -j RETURN
		while read -r rule; do
			# shellcheck disable=SC2086 # words
			on_host "iptables-$KIND" -A $rule
		done <<<"${rules//; /$'\n'}"
		try "$KIND: $policy, $rules" asks 172.17.0.3 9000
		try "$KIND: … is shown as $line" shows 0 -4 "$line container"
		on_host "iptables-$KIND" -F DOCKER-USER
		on_host "iptables-$KIND" -F WEB
		on_host "iptables-$KIND" -X WEB
	done <<'END'
DROP 172.17.0.3:9000/tcp DOCKER-USER -d 172.17.0.3 -j WEB; WEB -p tcp --dport 9000 -j ACCEPT
DROP 172.17.0.0/16:9000/tcp DOCKER-USER -p tcp --dport 9000 -j WEB; WEB -j ACCEPT
DROP 172.17.0.3:9000/tcp DOCKER-USER -p tcp --dport 9000 -j WEB; WEB -d 172.17.0.3 -j ACCEPT
DROP 172.17.0.3:9000/tcp DOCKER-USER -d 172.17.0.3 -j MARK --set-mark 5; DOCKER-USER -p tcp --dport 9000 -m mark --mark 5 -j ACCEPT
ACCEPT 172.17.0.0/16:9000/tcp DOCKER-USER -p tcp --dport 9000 -j RETURN; DOCKER-USER -j DROP
ACCEPT 172.17.0.0/16:9000/tcp DOCKER-USER -p tcp ! --dport 9000 -j DROP
ACCEPT 172.17.0.0/16:9000/tcp DOCKER-USER -p tcp -m multiport ! --dports 9000,9001 -j DROP
DROP 172.17.0.3:*/* DOCKER-USER -m iprange --dst-range 172.17.0.3-172.17.0.5 -j ACCEPT
ACCEPT 172.17.0.3:*/* DOCKER-USER -m iprange ! --dst-range 172.17.0.3-172.17.0.5 -j DROP
DROP 172.17.0.3:9000/tcp DOCKER-USER -p tcp -m conntrack --ctorigdst 172.17.0.3 -m conntrack --ctorigdstport 9000 -j ACCEPT
DROP 172.17.0.3:9000/tcp DOCKER-USER -m set --match-set far dst,dst -j ACCEPT
ACCEPT 172.17.0.3:9000/tcp DOCKER-USER -m set ! --match-set far dst,dst -j DROP
END
	on_host ipset destroy far
	# Bans that name every port: what is open to all others is shown.
	while read -r line rules; do
		load_docker iptables ACCEPT 172.17.0.2 "$reply"
		on_host "iptables-$KIND" -N WEB
		while read -r rule; do
			# shellcheck disable=SC2086 # words
			on_host "iptables-$KIND" -A $rule
		done <<<"${rules//; /$'\n'}"
		try "$KIND: $rules" asks 172.17.0.3 9000
		try "$KIND: … is shown as $line" shows 0 -4 "172.17.0.0/16:$line container"
		on_host "iptables-$KIND" -F DOCKER-USER
		on_host "iptables-$KIND" -X WEB
	done <<'END'
*/tcp DOCKER-USER -s 198.51.100.99 -p tcp --dport 1:65535 -j DROP
*/* DOCKER-USER -p tcp --dport 1:1023 -j DROP; DOCKER-USER -p udp --dport 1024:65535 -j DROP
1024-65535/tcp DOCKER-USER -p tcp --dport 1:1023 -j DROP; DOCKER-USER -s 198.51.100.99 -p tcp --dport 1024:65535 -j DROP
END
	load_docker iptables ACCEPT 172.17.0.2 "$reply"
	while read -r line rules; do
		on_host nft "add table ip other; add chain ip other f { type filter hook forward priority -5; }
			add chain ip other s; add rule ip other f iifname docker0 accept; $rules"
		try "$KIND: $rules" asks 172.17.0.3 9000
		try "$KIND: … is shown as $line" shows 0 -4 "$line container"
		on_host nft delete table ip other
	done <<'END'
172.17.0.0/16:9000/tcp add rule ip other f tcp dport != 9000 drop
172.17.0.0/16:9000-9001/tcp add rule ip other f tcp dport != { 9000, 9001 } drop
172.17.0.3:9000/tcp add rule ip other f ip daddr . tcp dport != { 172.17.0.3 . 9000 } drop
172.17.0.3:9000/tcp add rule ip other f ip daddr . tcp dport vmap { 172.17.0.3 . 9000 : accept }; add rule ip other f drop
172.17.0.3:9000/tcp add rule ip other f ip daddr 172.17.0.3 jump s; add rule ip other f drop; add rule ip other s tcp dport 9000 accept
172.17.0.3:*/* add rule ip other f ct original ip daddr != 172.17.0.3 drop
172.17.0.3:*/* add rule ip other f ip daddr != 172.17.0.3-172.17.0.5 drop
172.17.0.0/16:*/* add rule ip other f ip saddr 198.51.100.99 tcp dport 80-81 drop
172.17.0.0/16:*/* add rule ip other f tcp dport 1-81 drop
172.17.0.0/16:*/* add rule ip other f ip saddr 198.51.100.99 ip daddr 172.17.0.5-172.17.0.9 drop
END
	ip -n "$box" addr del 172.17.0.3/16 dev k0
	load_docker iptables DROP 172.17.0.2 "$reply"
	load_docker ip6tables ACCEPT 2001:db8:17::2 "$reply"
	write_conf <<<'outside = { "ens3" } direct = "refuse"'
	on_host "$DOCKFW" -f "$CONF" -b "$KIND" --repair >/dev/null 2>&1
	try "$KIND: direct = refuse closes all that" refuses 2001:db8:17::2 9000
	try "$KIND: … and IPv4" refuses 172.17.0.2 80
	try "$KIND: … from outside" shows 0 'answers direct nearby from ens3 open to nobody by' \
		'answers direct from ens3 open to nobody by' 'answers direct inside from br-n1,ens4 open to ANYONE'
	on_host "$DOCKFW" -b "$KIND" --remove -y >/dev/null 2>&1
	for command in iptables ip6tables; do
		printf '*nat\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n' | on_host "$command-$KIND-restore"
	done
	write_conf <<<'outside = { "ens3" }'
done

# Docker without IPv6 rules, whose bridge has a global network: what names the bridge is IPv4's.
KIND=nft
on_host nft flush ruleset
load_docker iptables DROP 172.17.0.2 "$reply"
try "IPv6 without Docker's rules" asks 2001:db8:17::2 9000
for family in '' -6; do
	# shellcheck disable=SC2086 # perhaps none
	try "… is open to the world $family" shows 2 $family \
		'[2001:db8:17::/64]:*/* container [2001:db8:17::/64]:* network docker0 answers direct from ens3 open to ANYONE'
done
try "… and $family shows only IPv6" shows 2 -6 '- 172.17' '0 published ports'
write_conf <<<'outside = { "ens3" } families = { "ipv6" }'
try "… also if it is configured" shows 2 '[2001:db8:17::/64]:*/* container' '- 172.17'
write_conf <<<'outside = { "ens3" }'
# A port that fares differently on the host's addresses.
on_host nft flush ruleset
on_host ip6tables-nft -P FORWARD DROP
ip -n "$host" addr add 198.51.100.11/24 dev ens3
ip -n "$host" addr add 198.51.100.12/24 dev ens3
load_docker iptables DROP 172.17.0.2 "$reply"
on_host iptables-nft -F DOCKER-USER
on_host iptables-nft -A DOCKER-USER -p tcp -m conntrack --ctorigdst 198.51.100.11 -j DROP
try "in a pipe each address has its line" shows 2 \
	'198.51.100.10:8080/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3 open to ANYONE' \
	'198.51.100.12:8080/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3 open to ANYONE' \
	'198.51.100.11:8080/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3 open to nobody' '- +'
# Everyone on an inner interface is not the world.
on_host iptables-nft -F DOCKER-USER
on_host iptables-nft -A DOCKER-USER -i ens3 -j DROP
try "what is open to an inner interface only is limited" shows 0 \
	'1 published port: 0 open to anyone, 1 limited' 'answers dnat inside from br-n1,ens4 open to ANYONE'
write_conf <<<'outside = { "ens3", "ens4" }
publish "8080/tcp" { interface = "ens3" allow = { "any" } }'
on_host iptables-nft -F DOCKER-USER
try "any for one interface opens it only there" shows 2 'answers dnat allowed from ens3 open to ANYONE' \
	'answers dnat from ens4 open to ANYONE'
# Four jumps to each next level, under conditions that are not decided: 4^12 ways.
{
	echo '*filter'
	for ((i = 0; i < 13; i++)); do echo ":L$i -"; done
	for ((i = 0; i < 12; i++)); do
		for k in 1 2 3 4; do echo "-A L$i -m limit --limit $k/sec -j L$((i + 1))"; done
	done
	printf -- '-A L12 -s 203.0.113.0/24 -j DROP\n-A DOCKER-USER -j L0\nCOMMIT\n'
} | on_host iptables-nft-restore --noflush
try "chains that multiply each other are walked" shows 2 'open to ANYONE, maybe 203.0.113.0/24 by'
try "… by a trace" gives 0 on_host "$DOCKFW" -f "$CONF" -b nft -t 20 --trace 'from 203.0.113.9 in ens3 tcp 8080'
try "… once each" test "$(grep -c '^filter L12 1 maybe\|^filter L12 1 yes' "$WORK/out")" = 1
try "… and then as before" grep -qx 'filter L12 as before' "$WORK/out"
try "… to a verdict" grep -q '^verdict: maybe, undecided at filter L0 1:' "$WORK/out"
kill "${servers[@]}"
finish
