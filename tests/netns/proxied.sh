#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# What gets to a container without DOCKER-USER, with real clients: by docker-proxy, in a
# family without Docker's chains, by a Docker elsewhere, by Docker's own tables. A check is
# never OK then.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# Without the guard, unless a case is about it.
GUARD=off

hosts_up
# answers HOST-IP HOST-PORT CONTAINER-PORT [ARGUMENT]: a docker-proxy that answers like the container.
answers() {
	start "$WORK/bin/docker-proxy" "$PEERS/answer.py" "$2" -proto tcp -host-ip "$1" -host-port "$2" \
		-container-ip 172.17.0.2 -container-port "$3" "${@:4}" && proxies+=("$started")
}
# section PORT: closed but for one client.
section() {
	write_conf <<-END
	publish "$1/tcp" { interface = "ens3" allow = { "203.0.113.123" } }
	END
}
# The listeners are of both families; here it is about IPv4.
six_closed() { "ip6tables-$KIND" -A INPUT -i ens3 -p tcp -j REJECT; }
message() { grep -q -- "$1" "$WORK/out"; }
# follows [SETTING…]: ports are left to the host's own firewall, which the guard holds.
follows() {
	printf '%s\n' 'outside = { "ens3" }' 'unlisted = "host-firewall"' "$@" | GUARD='' write_conf
	dockfw "${repaired:-0}" --repair
}
ip6t() { "ip6tables-$KIND" "$@"; }
# Of a host whose containers have no IPv6 address.
load_without_ipv6() {
	load docker-28.5 && "ip6tables-$KIND-restore" < <(grep -v 'fd00:17::2' "$LAYOUTS/docker-28.5.ipv6.rules")
}
not() { ! "$@"; }
untracked() { ipt -t raw -A PREROUTING -p tcp --dport 80 -j CT --notrack && ipt -t raw -A OUTPUT -p tcp --sport 80 -j CT --notrack; }

for KIND in nft legacy; do
	# ---- dockerd translates nothing ----

	proxies=()
	clear_tables
	six_closed
	ipt -A INPUT -p tcp --dport 22 -j ACCEPT
	section 8080
	dockerd --iptables=false
	answers 0.0.0.0 8080 80
	dockfw 2 --repair
	try "$KIND iptables=false: the outsider gets in" reaches "$outsider" 198.51.100.10 8080
	try "$KIND iptables=false: found" finds 2 'critical proxy-bypass'
	try "$KIND iptables=false: why" message 'dockerd does not use iptables'
	try "$KIND iptables=false: the remedy" message 'run dockerd without iptables=false'
	ipt -A INPUT -i ens3 -p tcp --dport 8080 ! -s 203.0.113.123 -j REJECT
	try "$KIND iptables=false: INPUT refuses it" refused "$outsider" 198.51.100.10 8080
	try "$KIND iptables=false: then nothing is wrong" finds 0 ''
	ipt -F INPUT
	GUARD='' section 8080
	try "$KIND iptables=false: the guard" dockfw 0 --repair
	try "$KIND iptables=false: it refuses the outsider" refused "$outsider" 198.51.100.10 8080
	try "$KIND iptables=false: not the allowed client" reaches "$allowed" 198.51.100.10 8080
	try "$KIND iptables=false: nothing is wrong" finds 0 ''
	end "$dockerd" "${proxies[@]}"

	# ---- a listener for IPv6 that takes IPv4 as well ----

	clear_tables
	six_closed
	ipt -A INPUT -p tcp --dport 22 -j ACCEPT
	section 8080
	dockerd --iptables=false
	proxies=() && answers :: 8080 80
	dockfw 0 --repair
	try "$KIND [::]: IPv4 does not get in" not reaches "$outsider" 198.51.100.10 8080
	try "$KIND [::]: nor is it reported" finds 0 ''
	end "${proxies[@]}"
	proxies=() && answers :: 8080 80 -dual
	try "$KIND [::] with IPv4: the outsider gets in" reaches "$outsider" 198.51.100.10 8080
	try "$KIND [::] with IPv4: found" finds 2 'critical proxy-bypass'
	try "$KIND [::] with IPv4: an exposure has it" dockfw 2 --exposure --fail-if-open
	try "$KIND [::] with IPv4: for IPv4" message '^0.0.0.0:8080/tcp .* proxy from ens3 open to ANYONE'
	ipt -A INPUT -i ens3 -p tcp --dport 8080 ! -s 203.0.113.123 -j REJECT
	try "$KIND [::] with IPv4: INPUT refuses it" finds 0 ''
	end "$dockerd" "${proxies[@]}"

	# ---- packets that are not translated ----

	clear_tables
	six_closed
	load docker-28.5
	section 80
	dockerd
	proxies=() && answers 0.0.0.0 80 80
	dockfw 0 --repair
	try "$KIND untracked: first all is right" finds 0 ''
	try "$KIND untracked: and the outsider refused" refused "$outsider" 198.51.100.10
	untracked
	try "$KIND untracked: the outsider gets in" reaches "$outsider" 198.51.100.10
	try "$KIND untracked: found" finds 2 'critical proxy-bypass'
	ipt -t raw -F
	try "$KIND redirected: first all is right" finds 0 ''
	ipt -t nat -I PREROUTING -i ens3 -p tcp --dport 81 -j REDIRECT --to-ports 80
	try "$KIND redirected: the outsider gets in" reaches "$outsider" 198.51.100.10 81
	try "$KIND redirected: found" finds 1 'warning proxy-bypass'
	try "$KIND redirected: by the port that it came for" message 'for 81/tcp, so'
	ipt -t nat -R PREROUTING 1 -i ens3 -p tcp -m multiport --dports 81,82 -j DNAT --to-destination 198.51.100.10:80
	try "$KIND led to the host's own address: the outsider gets in" reaches "$outsider" 198.51.100.10 82
	try "$KIND led to the host's own address: found" finds 1 'warning proxy-bypass'
	ipt -t nat -D PREROUTING 1
	try "$KIND and without that rule" finds 0 ''
	for nat in 'tcp dport 81 redirect to :80' 'ip saddr != 203.0.113.9 meta l4proto { tcp, udp } th dport 81 dnat to 198.51.100.10:80'; do
		nft "table ip own { chain c { type nat hook prerouting priority -110; $nat; }; }"
		try "$KIND, $nat: the outsider gets in" reaches "$outsider" 198.51.100.10 81
		try "$KIND, $nat: found" finds 1 'warning proxy-bypass'
		nft delete table ip own
	done
	end "$dockerd" "${proxies[@]}"

	# ---- containers on another bridge ----

	clear_tables
	ip6t -A INPUT -p tcp --dport 80 -j REJECT
	load docker-26
	# As Docker up to 27 has it for each of its bridges: their packets are not translated.
	ipt -t nat -I DOCKER -i docker0 -j RETURN && ipt -t nat -I DOCKER -i br-n1 -j RETURN
	bridge br-n1 172.18.0.1/16 fd00:18::1/64
	join neighbour br-n1 172.18.0.2/16 fd00:18::2/64 172.18.0.1 fd00:18::1
	inner() { write_conf <<<"$1 publish \"80/tcp\" { interface = \"$2\" allow = { \"203.0.113.123\" } }"; }
	dockerd
	proxies=() && answers 0.0.0.0 80 80
	inner 'unlisted = "refuse"' +
	dockfw 2 --repair
	try "$KIND another bridge: the outsider is refused" refused "$outsider" 198.51.100.10
	try "$KIND another bridge: its container gets in" reaches neighbour 198.51.100.10
	try "$KIND another bridge: found" finds 2 'critical proxy-bypass'
	try "$KIND another bridge: who gets in" message 'lets in what the configuration refuses, from containers of this host'
	try "$KIND another bridge: the remedy" message 'let the guard hold it'
	ipt -A INPUT ! -i ens3 -p tcp --dport 80 -j REJECT
	try "$KIND another bridge: INPUT refuses it" refused neighbour 198.51.100.10
	try "$KIND another bridge: then nothing is wrong" finds 0 ''
	ipt -F INPUT
	inner '' ens3
	dockfw 0 --repair
	try "$KIND another bridge: where it is not refused, it is no finding" finds 0 ''
	GUARD='' inner 'unlisted = "refuse"' +
	dockfw 0 --repair
	try "$KIND another bridge: the guard refuses it" refused neighbour 198.51.100.10
	try "$KIND another bridge: nothing is wrong with it" finds 0 ''
	end "$dockerd" "${proxies[@]}"
	ip netns delete neighbour
	ip link delete br-n1

	# ---- the host's own firewall ----

	clear_tables
	load_without_ipv6
	ipt -A INPUT -p tcp --dport 22 -j DROP
	ip6t -A INPUT -i ens3 -p tcp --dport 8080 -j ACCEPT
	ip6t -A INPUT -i ens3 -p tcp -j REJECT
	dockerd
	proxies=() && answers :: 8080 80
	try "$KIND host-firewall: a repair" follows
	try "$KIND host-firewall: INPUT lets the outsider in" reaches "$outsider" 2001:db8:51::10 8080
	try "$KIND host-firewall: as configured" finds 0 ''
	try "$KIND host-firewall: so it is allowed to be open" dockfw 0 --exposure --fail-if-open
	try "$KIND host-firewall: in JSON" dockfw 0 --exposure --format=json
	try "$KIND host-firewall: as a whole and for each way from outside" jq -e '[.exposure[] | select(.counts == null and
		any(.ways[]; .outside and .allowed))] | length > 0 and all(.allowed == all(.ways[] | select(.outside); .allowed))' "$WORK/out"
	ip6t -D FORWARD -j DOCKER-USER
	try "$KIND host-firewall: beside another finding" dockfw 2 --check --format=json
	try "$KIND host-firewall: … it is not an open port" jq -e '.open_ports.ports == []' "$WORK/out"
	dockfw 0 --repair
	ip6t -R INPUT 1 -i ens3 -p tcp --dport 8080 -m limit --limit 5/second -j ACCEPT
	try "$KIND host-firewall: nor by a limit" finds 0 ''
	ip6t -R INPUT 1 -i ens3 -p tcp --dport 8080 -s 2001:db8:113::123 -j ACCEPT
	try "$KIND host-firewall: INPUT lets in one" reaches "$allowed" 2001:db8:51::10 8080
	try "$KIND host-firewall: … and not the outsider" refused "$outsider" 2001:db8:51::10 8080
	try "$KIND host-firewall: nothing is wrong" finds 0 ''
	try "$KIND host-firewall: a section beside it" follows 'publish "8080/tcp" { allow = { "2001:db8:113::200", "host-firewall" } }'
	try "$KIND host-firewall: does not open INPUT" refused "$outsider" 2001:db8:51::10 8080
	try "$KIND host-firewall: nor close it" reaches "$allowed" 2001:db8:51::10 8080
	try "$KIND host-firewall: nothing is wrong with it" finds 0 ''
	ip6t -I INPUT -i ens3 -p tcp --dport 8080 -j ACCEPT
	try "$KIND host-firewall: what INPUT lets in as well is allowed" dockfw 0 --exposure --fail-if-open
	ip6t -D INPUT 1
	repaired=2 follows 'chain "DOCKER-USER" { rules = { "-6 -p tcp -s 2001:db8:113::123 -m conntrack --ctorigdstport 8080 -j DROP" } }'
	try "$KIND host-firewall: another rule refuses whom INPUT lets in" finds 2 'critical proxy-bypass'
	ip6t -I INPUT -i ens3 -p tcp --dport 8080 -j ACCEPT
	try "$KIND host-firewall: … so the port is not allowed to be open" dockfw 2 --exposure --fail-if-open
	ip6t -F INPUT
	repaired=1 follows
	try "$KIND no host firewall: the outsider gets in" reaches "$outsider" 2001:db8:51::10 8080
	try "$KIND no host firewall: found" finds 1 'warning proxy-bypass'
	try "$KIND no host firewall: it is not allowed" dockfw 2 --exposure --fail-if-open
	repaired=2 follows 'on-error = "close"'
	try "$KIND no host firewall: not as closed as configured" finds 2 'critical proxy-bypass'
	end "$dockerd" "${proxies[@]}"
done

# ---- a family without Docker's chains ----

KIND=nft
everyone_dropped() {
	write_conf <<-END
	${1:-}
	chain "DOCKER-USER" { rules = { "-i ens3 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", "-i ens3 -j REJECT" } }
	END
}
clear_tables
load docker-26
ip6tables-nft -P FORWARD ACCEPT
everyone_dropped
dockerd
try "no ip6tables: the outsider gets to the container" reaches "$outsider" fd00:17::2
try "no ip6tables: found" finds 2 'critical user-chain-missing,critical user-jump-missing,critical rule-missing'
try "no ip6tables: -6 agrees" dockfw 2 -6
try "no ip6tables: a repair" dockfw 0 --repair
try "no ip6tables: refused" refused "$outsider" fd00:17::2
try "no ip6tables: what the container starts is not" outgoing
try "no ip6tables: nothing is wrong" finds 0 ''
everyone_dropped 'families = { "ipv4" }'
dockfw 0 --remove -6
try "a family left out" finds 1 'warning family-left-out'
try "it names the bridge" message "Docker's bridge docker0"
left_out="IPv6 is not looked at: families leaves out IPv6, though the host forwards to Docker's bridge docker0 in it"
try "--exposure tells that" dockfw 1 --exposure --fail-if-open
try "in a warning" grep -qF "$left_out" "$WORK/err"
try "and a program" dockfw 0 --exposure --format=json
# shellcheck disable=SC2016 # the variable is jq's
try "by its report" jq -e --arg text "$left_out" '.unknown | any(startswith($text))' "$WORK/out"
sed -i '1s/^/ignore = { "family-left-out" } /' "$CONF"
try "unless that is ignored" finds 0 ''
try "by --exposure as well" silent dockfw 0 --exposure --fail-if-open
try "without a word" [ ! -s "$WORK/err" ]
ip6tables-nft -F && ip6tables-nft -X
sysctl -qw net.ipv6.conf.all.forwarding=0
everyone_dropped
try "without forwarding the family is skipped" finds 0 ''
try "by -6 as well" dockfw 0 -6
# shellcheck disable=SC2086 # a list
sysctl -qw $hosts_settings
ip address del fd00:17::1/64 dev docker0
try "and without an address" finds 0 ''
try "by -6 as well" dockfw 0 -6
# A prefix may lead to the bridge by a route, though the bridge has no address of it.
by_route() { # ROUTE…
	ip -6 route add "$@" dev docker0 && everyone_dropped &&
		dockfw 2 && dockfw 0 --repair && refused "$outsider" fd00:17::2 &&
		ip -6 route del "$@" dev docker0 && ip6tables-nft -F && ip6tables-nft -X && finds 0 ''
}
leads_nowhere() { # ROUTE…
	ip -6 route add "$@" && finds 0 '' && ip -6 route del "$@"
}
link_local=$(ip -n container -6 -o address show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
own_link_local=$(ip -6 -o address show dev docker0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
ip -n container -6 route replace default via "$own_link_local" dev eth0
ip -6 route add fd00:17::/64 dev docker0
try "by a route only, the outsider gets there" reaches "$outsider" fd00:17::2
ip -6 route del fd00:17::/64 dev docker0
try "by a route to the bridge" by_route fd00:17::/64
try "by one via a container" by_route fd00:17::2 via "$link_local"
ip -6 rule add to fd00:17::/64 lookup 77
try "by one in another table" by_route fd00:17::/64 table 77
ip -6 rule del to fd00:17::/64 lookup 77
try "but not by a local one" leads_nowhere local fd00:77::/64 dev docker0
try "nor one for a multicast address" leads_nowhere ff0e::77 dev docker0 table 77
try "nor for a link-local one" leads_nowhere fe80:77::/64 dev docker0
try "nor by one that leads elsewhere" leads_nowhere fd00:17::/64 dev ens3
ip link add office type bridge && ip link set office up && ip address add fd00:18::1/64 dev office
try "a bridge that is not Docker's does not count" finds 0 ''
ipt -A FORWARD -o office -j DOCKER
try "unless Docker's rules name it" dockfw 2
ipt -D FORWARD -o office -j DOCKER
ip link delete office

# ---- a Docker elsewhere ----

in_namespace=(unshare --user --map-root-user --net)
end "$dockerd"
"${in_namespace[@]}" "$WORK/bin/dockerd" -c 'import signal; signal.pause()' & rootless=$!
until pgrep -x dockerd >/dev/null; do sleep 0.01; done
try "a rootless Docker" finds 3 'unknown docker-elsewhere'
try "exposure warns of it" dockfw 0 --exposure
try "on stderr" grep -q 'rootless' "$WORK/err"
try "and does not know whether a port is open" dockfw 3 --exposure --fail-if-open
end "$rootless"
unshare --net --pid --fork --kill-child "$WORK/bin/dockerd" -c 'import signal; signal.pause()' & inner=$!
until pgrep -x dockerd >/dev/null; do sleep 0.01; done
try "one in a container is not" finds 0 ''
end "$inner"

# ---- Docker's own tables ----

clear_tables
nft -f - <<-'END'
	table ip docker-bridges {
		chain nat-PREROUTING {
			type nat hook prerouting priority dstnat
			tcp dport 8081 dnat to 172.17.0.2:80
		}
	}
END
try "docker-bridges: the outsider gets in" reaches "$outsider" 198.51.100.10 8081
try "docker-bridges: exposure knows its port" dockfw 0 --exposure
try "docker-bridges: … and that it is open" grep -q '^0.0.0.0:8081/tcp container 172.17.0.2:80 .*open to ANYONE' "$WORK/out"
try "docker-bridges: trace follows it" dockfw 0 --trace 'from 203.0.113.200 in ens3 to 198.51.100.10 tcp 8081' --format=json
try "docker-bridges: … to the container" jq -e '.trace.verdict == "forwarded"' "$WORK/out"
nft add rule ip docker-bridges nat-PREROUTING limit rate 5/second tcp dport 8082 dnat to 172.17.0.3:80
try "docker-bridges: what is not known is a maybe" dockfw 0 --trace 'from 203.0.113.200 in ens3 to 198.51.100.10 tcp 8082' --format=json
try "docker-bridges: … not more" jq -e '.trace.verdict == "maybe"' "$WORK/out"
try "docker-bridges: the other family is followed" dockfw 0 --trace 'from 2001:db8:113::200 in ens3 to 2001:db8:51::10 tcp 8081'
finish
