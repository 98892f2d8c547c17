#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which clients reach which published port, in both backends, as text and as JSON.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

net_up

rules() { # [RULE…]: Docker's tables with five ports, and these rules in DOCKER-USER
	cat <<-'END'
	*nat
	:PREROUTING ACCEPT
	:OUTPUT ACCEPT
	:POSTROUTING ACCEPT
	:DOCKER -
	-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
	-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
	-A DOCKER -i docker0 -j RETURN
	-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80
	-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443
	-A DOCKER -d 127.0.0.1/32 ! -i br-n1 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.18.0.2:5432
	-A DOCKER -d 192.0.2.10/32 ! -i br-n1 -p udp -m udp --dport 53 -j DNAT --to-destination 172.18.0.2:53
	COMMIT
	*filter
	:INPUT ACCEPT
	:FORWARD DROP
	:OUTPUT ACCEPT
	:DOCKER -
	:DOCKER-USER -
	-A FORWARD -j DOCKER-USER
	-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A FORWARD -o docker0 -j DOCKER
	-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
	-A FORWARD -o br-n1 -j DOCKER
	-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
	-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
	-A DOCKER -d 172.18.0.2/32 ! -i br-n1 -o br-n1 -p tcp -m tcp --dport 5432 -j ACCEPT
	-A DOCKER -d 172.18.0.2/32 ! -i br-n1 -o br-n1 -p udp -m udp --dport 53 -j ACCEPT
	-A DOCKER -d 172.18.0.3/32 ! -i br-n1 -o br-n1 -p tcp -m tcp --dport 9000 -j ACCEPT
	END
	printf -- '-A DOCKER-USER %s\n' "$@" "-j RETURN"
	echo COMMIT
}

load_rules() { rules "$@" | on_host "iptables-$KIND-restore"; }

# says STATUS LINE…: the exposure contains each LINE, which may be a part of a line.
says() {
	local line
	gives "$1" on_host "$SHOW" "$KIND" exposure || return 1
	shift
	for line in "$@"; do
		grep -qF -- "$line" "$WORK/out" || { echo "missing: $line"; cat "$WORK/out"; return 1; }
	done
}

# told FILTER VALUE: jq's filter gives that value for the JSON.
told() {
	local is
	on_host "$SHOW" "$KIND" json >"$WORK/json"
	is=$(jq -r "$1" "$WORK/json") || return 1
	[ "$is" = "$2" ] || { echo "'$1' gave '$is', not '$2'"; return 1; }
}

# start_proxy ADDRESS: starts a process with docker-proxy's command line, which waits for ever.
proxies=()
mkfifo "$WORK/never"
start_proxy() {
	on_host bash -c 'exec -a /usr/bin/docker-proxy bash -c "read -r _; :" "$@"' - \
		-proto tcp -host-ip "$1" -host-port 80 -container-ip 172.17.0.2 -container-port 80 \
		<>"$WORK/never" &
	proxies+=($!)
	for _ in {1..200}; do
		tr '\0' ' ' <"/proc/$!/cmdline" | grep -q ^/usr/bin/docker-proxy && return
		sleep 0.05
	done
	return 1
}

fits() { # WIDTH: no line of the table after the sums is wider
	on_host "$SHOW" "$KIND" exposure "$1" | tail -n +2 >"$WORK/out"
	grep -q ANYONE "$WORK/out" &&
		[ "$(LC_ALL=C.UTF-8 awk '{ if (length($0) > n) n = length($0) } END { print n }' "$WORK/out")" -le "$1" ]
}

for KIND in nft legacy; do
	net_down
	net_up
	load_rules
	try "$KIND: a port that nothing guards is open to anyone" \
		says 2 '5 published ports: 3 open to anyone, 2 limited, 0 undecided, 0 closed' \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3,ens4 open to ANYONE by filter DOCKER 1: -d 172.17.0.2/32' \
		'192.0.2.10:53/udp container 172.18.0.2:53 network br-n1 answers dnat from ens3,ens4 open to ANYONE'
	try "$KIND: … and so are the containers' own addresses, to neighbours" says 2 \
		'; directly reachable: 4 ports' \
		'172.17.0.2:80/tcp container 172.17.0.2:80 network docker0 answers direct nearby from ens3,ens4 open to ANYONE by filter DOCKER 1:' \
		'172.17.0.2:443/tcp container 172.17.0.2:443 network docker0 answers direct nearby from ens3,ens4 open to ANYONE by filter DOCKER 2:'
	try "$KIND: loopback and untranslated ports are open to neighbours only" \
		says 2 '127.0.0.1:5432/tcp container 172.18.0.2:5432 network br-n1 answers dnat nearby from' \
		'172.18.0.3:9000/tcp container 172.18.0.3:9000 network br-n1 answers direct nearby from'
	for width in 30 40 60 80 100 130 200; do try "$KIND: $width columns: the table fits" fits "$width"; done

	load_rules '-s 203.0.113.5 -j DROP' '-s 203.0.113.123 -m limit --limit 1/hour --limit-burst 1 -j DROP'
	try "$KIND: who may be shut out is not called shut out" says 2 '3 open to anyone, 2 limited, 0 undecided' \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3,ens4 open to ANYONE but 203.0.113.5, maybe 203.0.113.123 by filter DOCKER 1:'
	load_rules '-s 203.0.113.123 -m limit --limit 1/hour --limit-burst 1 -j DROP'
	try "$KIND: … also if it is the only one" says 2 'from ens3,ens4 open to ANYONE, maybe 203.0.113.123 by filter DOCKER 1:'

	load_rules '-s 203.0.113.123 -i ens3 -p tcp --dport 80 -j RETURN' \
		'-i ens3 -p tcp --dport 80 -j REJECT' '-p udp -m limit --limit 5/sec -j RETURN' \
		'-p udp -j DROP' '-m conntrack --ctorigdstport 8443 --ctdir ORIGINAL -p tcp -j DROP'
	try "$KIND: who gets in, by interface, and the rules that decide" \
		says 2 'from ens3 open to 203.0.113.123 by filter DOCKER-USER 2: -i ens3 -p tcp' \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers dnat from ens4 open to ANYONE' \
		'open to nobody by filter DOCKER-USER 5:' \
		'open to maybe anyone by filter DOCKER-USER 3: -p udp -m limit'
	for width in 40 80 100; do try "$KIND: $width columns: that fits as well" fits "$width"; done
	try "$KIND: the rule that decides is shown, though cut" grep -qE ' DOCKER-USER 5: .*\.\.$' "$WORK/out"
	try "$KIND: the json has the sources" told \
		'.[] | select(.port == 80 and .answers == "dnat") | .ways[] | select(.interfaces == ["ens3"]) | .open[]' \
		203.0.113.123
	try "$KIND: … the rule" told '[.[] | select(.port == 8443) | .decided_by
		| .table, .chain, (.rule | tostring)] | join(" ")' 'filter DOCKER-USER 5'
	try "$KIND: … the translation" told '.[] | select(.port == 8443) | .translation.text' \
		'! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443'
	try "$KIND: … and what each port is" told '[.[] | select(.answers == "dnat" or .port == 9000) | .openness] | sort | join(" ")' \
		'closed limited limited maybe open'

	# raw comes before all that.
	printf '*raw\n:PREROUTING ACCEPT\n%s\nCOMMIT\n' \
		"-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp --dport 5432 -j DROP" |
		on_host "iptables-$KIND-restore"
	try "$KIND: a port that raw drops is closed" says 2 \
		'127.0.0.1:5432/tcp container 172.18.0.2:5432 network br-n1 answers dnat nearby from ens3,ens4 open to nobody by raw PREROUTING 1:'

	# nat is flushed, and docker-proxy answers.
	printf '*nat\n:PREROUTING ACCEPT\nCOMMIT\n' | on_host "iptables-$KIND-restore"
	start_proxy 0.0.0.0
	start_proxy ::
	try "$KIND: only INPUT decides for docker-proxy" says 2 \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers proxy from ens3,ens4 open to ANYONE by filter INPUT policy ACCEPT' \
		'[::]:80/tcp container 172.17.0.2:80 network docker0 answers proxy from ens3,ens4 open to ANYONE'
	on_host "iptables-$KIND" -A INPUT -p tcp --dport 80 ! -s 203.0.113.0/24 -j DROP
	try "$KIND: which may close it" says 2 \
		'answers proxy from ens3,ens4 open to 203.0.113.0/24 by filter INPUT 1:'
	on_host "iptables-$KIND" -F INPUT

	try "$KIND: a trace shows the path" gives 0 on_host "$SHOW" "$KIND" trace \
		'from 203.0.113.200 in ens3 to 172.17.0.2 tcp 80'
	try "$KIND: … to the rule that ends it" \
		grep -q '^verdict: refused by filter DOCKER-USER 2: -i ens3' "$WORK/out"
	on_host "$SHOW" "$KIND" trace-json 'from 203.0.113.200 in ens3 to 172.17.0.2 tcp 80' >"$WORK/json"
	try "$KIND: … and as json" test "$(jq -r '.verdict + " " + (.ends[0].decided_by.rule | tostring)
		+ " " + ([.steps[] | select(.matches == "yes") | .at.chain] | join(","))' \
		"$WORK/json")" = 'refused 2 FORWARD,DOCKER-USER'
	long=$(printf 'é%.0s' {1..120})
	on_host "iptables-$KIND" -I FORWARD -p tcp -m limit --limit 5/sec -m comment --comment "$long" -j LOG
	for width in 59 60 61 80; do
		on_host "$SHOW" "$KIND" trace 'from 203.0.113.200 in ens3 to 172.17.0.2 tcp 80' "$width" |
			grep -v ^verdict >"$WORK/out"
		try "$KIND: $width columns: a trace fits, with whole characters" test \
			"$(LC_ALL=C.UTF-8 grep -cE "^.{0,$width}\$" "$WORK/out")" = "$(LC_ALL=C wc -l <"$WORK/out")"
	done

	# The guard comes after INPUT and FORWARD; a repair makes it for both families. The rules
	# of others for that port would stay before the configured ones.
	on_host "iptables-$KIND" -D DOCKER-USER 1
	on_host "iptables-$KIND" -D DOCKER-USER 1
	write_conf <<-'END'
	publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:2::/64" } }
	END
	try "$KIND: a repair makes the guard" gives 0 on_host "$DOCKFW" -f "$CONF" -b "$KIND" --repair
	try "$KIND: its chain input closes docker-proxy's port" says 0 \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers proxy from ens3,ens4 open to 203.0.113.123 by dockfw input 2: ! -i lo -p tcp' \
		'[::]:80/tcp container 172.17.0.2:80 network docker0 answers proxy from ens3,ens4 open to 2001:db8:2::/64 by dockfw input 2:'
	try "$KIND: … in the JSON as well" told '[.[] | select(.port == 80 and .family == "ipv4" and .host == null) | .decided_by
		| .table, .chain, (.rule | tostring)] | join(" ")' 'dockfw input 2'
	try "$KIND: the program reads the same" gives 0 on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --fail-if-open
	try "$KIND: … and no filter besides it" grep -q '^0.0.0.0:80/tcp .* open to 203.0.113.123 by dockfw input 2:' "$WORK/out"
	load_rules
	try "$KIND: without its rules in DOCKER-USER the guard refuses" says 2 \
		'0.0.0.0:80/tcp container 172.17.0.2:80 network docker0 answers dnat from ens3,ens4 open to 203.0.113.123 by dockfw forward 2:'
	try "$KIND: … which the trace shows" gives 0 on_host "$DOCKFW" -f "$CONF" -b "$KIND" --trace \
		'from 203.0.113.200 in ens3 tcp 80'
	try "$KIND: … after FORWARD" [ "$(grep -E '^(filter|dockfw) [A-Za-z]+$|^verdict' "$WORK/out" | sed 's/:.*/:/' | paste -sd,)" = \
		'filter FORWARD,dockfw forward,verdict:' ]
	try "$KIND: … and what decides" grep -q '^verdict: refused by dockfw forward 2: -p tcp -m conntrack --ctstate DNAT' "$WORK/out"
	on_host "$DOCKFW" -f "$CONF" -b "$KIND" --trace 'from 203.0.113.200 in ens3 tcp 80' --format=json >"$WORK/json"
	try "$KIND: … and the JSON" test "$(jq -r '.trace.ends[].decided_by.table' "$WORK/json")" = dockfw
	on_host nft chain ip dockfw other '{ type filter hook forward priority 7; }'
	on_host nft add rule ip dockfw other ip saddr 10.0.0.0/8 drop
	try "$KIND: a base chain that the guard does not have may drop" says 2 \
		'0.0.0.0:8443/tcp container 172.17.0.2:443 network docker0 answers dnat from ens3,ens4 open to ANYONE but 10.0.0.0/8 by filter DOCKER'
	on_host nft add rule ip dockfw other quota over 1 mbytes drop
	try "$KIND: … anything" says 0 'answers dnat from ens3,ens4 open to maybe 203.0.113.123'
	on_host nft flush ruleset
	kill "${proxies[@]}"
	wait "${proxies[@]}" 2>/dev/null
	proxies=()
done
finish
