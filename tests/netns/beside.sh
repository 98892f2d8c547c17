#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What decides besides DOCKER-USER: Docker's own nf_tables table, and docker-proxy, whose
# packets pass through INPUT, with and without the guard.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off # the guard has a suite of its own

# ---- Docker's own table ----

KIND=nft
right
clear_tables
own() { nft "add table $1 docker-bridges; add chain $1 docker-bridges filter-FORWARD { type filter hook forward priority 0; }"; }
own ip
try "Docker in nf_tables" finds 2 'critical docker-nftables'
try "a repair writes nothing then" silent dockfw 2 --repair
own ip6
try "in both families" finds 2 'critical docker-nftables'
try "each is reported" jq -e '[.findings[].family] | sort == ["ipv4", "ipv6"]' "$WORK/out"
KIND=legacy
try "also with the legacy backend" finds 2 'critical docker-nftables'
KIND=auto
try "the choice of a backend considers it" dockfw 2

# ---- docker-proxy ----

KIND=nft
ip link set ens3 up
ip addr add 198.51.100.10/24 dev ens3 && ip addr add 203.0.113.1/32 dev ens3
ip addr add 2001:db8:51::10/64 dev ens3 nodad
right
dockerd
# tell SEVERITY PORTS [OPTION…]: the finding of the family $in has these ports.
tell() {
	local status=0 severity=$1 ports=$2
	[ "$severity" = ok ] || status=1
	[ "$severity" != critical ] || status=2
	shift 2
	dockfw "$status" --format=json "$@" &&
		jq -e --arg severity "$severity" --arg ports "$ports" --arg family "$in" \
			'[.findings[] | select(.id == "proxy-bypass" and .family == $family)] | length == 1 and
			.[0].severity == $severity and (.[0].message | contains("for " + $ports + ","))' "$WORK/out" &&
		return
	cat "$WORK/out"
	return 1
}
silent_of() { ! jq -e --arg family "$1" 'any(.findings[]; .family == $family)' "$WORK/out"; }
in=ipv4
try "no proxy" finds 0 ''
listen=0.0.0.0 port=80
proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80
try "a proxy for a port that nat translates" finds 0 ''
nft 'add table ip nat { flags dormant; }'
try "a dormant table translates nothing" tell warning 80/tcp
nft add table ip nat
try "until it is active again" finds 0 ''
port=8080
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 8000
try "a proxy for another port" tell warning 8080/tcp
try "a repair does not change that" tell warning 8080/tcp --repair
try "so a dry run reports it as well" tell warning 8080/tcp --repair --dry-run
rootless() {
	start unshare --user --map-root-user "$WORK/bin/docker-proxy" -c 'import signal; print(flush=True); signal.pause()' \
		-host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.2 -container-port 8000 && tell warning 8080/tcp &&
		! grep 8081 "$WORK/out"
}
try "the proxy of a rootless Docker is not counted" rootless
end "$started"
sed -i '1i ignore = { "proxy-bypass" }' "$CONF"
try "an ignored finding is not reported" finds 0 ''
sed -i 1d "$CONF"
port=5353
proxy --proto=udp --host-ip=203.0.113.1 --host-port=53 --container-ip=172.17.0.3 --container-port=53
try "UDP, on one address, with Go's other form of options" tell warning '8080/tcp, 53/udp'
try "IPv6 has no finding" silent_of ipv6
listen=:: port=8443
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8443 -container-ip 172.17.0.2 -container-port 443 -use-listen-fd
try "a socket of both families" tell warning '8080/tcp, 8443/tcp, 53/udp'
in=ipv6
try "counts for IPv6 as well" tell warning 8443/tcp
in=ipv4
listen=0.0.0.0
for port in {9001..9009}; do
	proxy -proto sctp -host-ip 0.0.0.0 -host-port "$port" -container-ip 172.17.0.2 -container-port 8000
done
try "of many ports the first are named" tell warning '8080/tcp, 8443/tcp, 53/udp, 9001/sctp, 9002/sctp, 9003/sctp, 9004/sctp, 9005/sctp and 4 more'
end "${proxies[@]:3}"
ipt -t nat -A DOCKER -p udp --dport 50:60 -j DNAT --to-destination 172.17.0.3
try "a range that nat translates" tell warning '8080/tcp'
ipt -t nat -A DOCKER -j DNAT --to-destination 172.17.0.3
try "every port" dockfw 0
ipt -t nat -D DOCKER -j DNAT --to-destination 172.17.0.3
for wrong in '-host-port 0' '-host-ip here' '-proto icmp' '-container-ip ::x' '-container-port 65536' -host-ip; do
	# shellcheck disable=SC2086 # words
	port=8088 proxy -host-ip 0.0.0.0 -host-port 8088 -container-ip 172.17.0.2 -container-port 8000 $wrong
	try "not a command line of docker-proxy: $wrong" tell warning '8080/tcp'
	end "${proxies[-1]}"
done

# says TEXT: the finding of the family $in ends with that.
says() {
	jq -e --arg text "$1" --arg family "$in" 'any(.findings[]; .id == "proxy-bypass" and
		.family == $family and (.message | endswith($text)))' "$WORK/out"
}
# closed NAME COMMAND…: with that, INPUT lets nobody in, and the finding is only a fact (ok).
closed() {
	local name=$1
	shift
	try "$name: added" "$@"
	try "$name: no warning" dockfw 0
	try "$name: -v reports it as a fact" tell ok '8080/tcp' -v
}
# open_still NAME COMMAND…: with that, INPUT lets the world in.
open_still() {
	local name=$1
	shift
	try "$name: added" "$@"
	try "$name: still open" tell warning '8080/tcp'
	try "$name: for certain" says '; INPUT lets the world in'
}
# perhaps NAME COMMAND…: with that, it is not known whether INPUT lets the world in.
perhaps() {
	local name=$1
	shift
	try "$name: added" "$@"
	try "$name: still a finding" tell warning '8080/tcp'
	try "$name: not for certain" says '; INPUT may let the world in'
}
closed "a policy of INPUT" ipt -P INPUT DROP
open_still "a rule that accepts the port" ipt -A INPUT -p tcp --dport 8080 -j ACCEPT
ipt -F INPUT
ipt -P INPUT ACCEPT
closed "a rule of INPUT" ipt -A INPUT -i ens3 -p tcp --dport 8080 -j DROP
ipt -F INPUT
ipt -N f2b-sshd
open_still "a jump for another port" ipt -A INPUT -p tcp --dport 22 -j f2b-sshd
open_still "a rule for lo" ipt -A INPUT -i lo -j ACCEPT
open_still "a counter" ipt -A INPUT
open_still "a ban" ipt -A INPUT -s 192.0.2.1 -j DROP
ipt -F INPUT && ipt -X f2b-sshd
open_still "a ban in legacy" iptables-legacy -A INPUT -s 192.0.2.1 -j DROP
iptables-legacy -F INPUT
chain() { # FAMILY NAME POLICY [RULE]
	nft "add table $1 mine; add chain $1 mine $2 { type filter hook input priority 10; policy $3; }" &&
		{ [ -z "${4:-}" ] || nft "add rule $1 mine $2 $4"; }
}
closed "a chain of inet with a policy" chain inet mine drop
listen=:: port=8443
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8443 -container-ip 172.17.0.2 -container-port 443
in=ipv6
try "it also guards IPv6" tell ok 8443/tcp -v
in=ipv4
end "${proxies[-1]}"
nft delete table inet mine
open_still "a chain that cannot drop" chain ip mine accept 'tcp dport 22 accept'
nft delete table ip mine
open_still "a counter in inet" chain inet mine accept 'counter'
nft delete table inet mine
open_still "a ban in a chain with a long name" chain ip "$(printf '%0100d' 0 | tr 0 x)" accept 'ip saddr 192.0.2.1 drop'
nft delete table ip mine
open_still "an empty chain" chain ip mine accept
nft delete table ip mine
perhaps "a chain of the bridge family" chain bridge mine drop
nft delete table bridge mine

# past COMMAND…: with that, packets get past Docker's rule for a port that is configured.
sed -i 's/--dport 80/-m conntrack --ctorigdstport 80/' "$CONF" && touch -d '1 minute ago' "$CONF" &&
	ipt -F DOCKER-USER && "$DOCKFW" -f "$CONF" -b "$KIND" --repair -q
past() {
	"$@" || return 1
	finds 2 'critical proxy-bypass,warning proxy-bypass' && says '; INPUT lets in what the configuration refuses'
}
configured() {
	nft 'add table ip nat { flags dormant; }'
	finds 2 'critical proxy-bypass,warning proxy-bypass' && says '; INPUT lets in what the configuration refuses' &&
		nft add table ip nat
}
try "a port that a rule names is critical" configured
ipt -t raw -A PREROUTING -p tcp --dport 80 -s 192.0.2.0/24 -j CT --notrack
try "packets that are not tracked" past true
try "the message has both ports" grep -q 'answers some packets for 80/tcp, so' "$WORK/out"
ipt -t raw -F
try "an earlier accept in nat" past ipt -t nat -I PREROUTING -p tcp --dport 80 -j ACCEPT
ipt -t nat -D PREROUTING 1
try "an earlier redirection to the port" past ipt -t nat -I PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 80
ipt -t nat -D PREROUTING 1
try "a source that the configuration lets in is not a finding" tell warning 8080/tcp
notrack_allowed() { ipt -t raw -A PREROUTING -s 203.0.113.123 -j CT --notrack && tell warning 8080/tcp; }
try "nor if it gets past the rule" notrack_allowed
ipt -t raw -F
end "${proxies[@]:0:3}"

# ---- published ports and publish sections ----

# facts PORT-FACT…: JSON has exactly these findings about ports, each as "ID MESSAGE".
facts() {
	dockfw 0 --format=json || return 1
	jq -r '.findings[] | select(.id | startswith("port-")) | .id + " " + .message' "$WORK/out" >"$WORK/facts"
	[ $# = 0 ] || printf '%s\n' "$@" | diff - "$WORK/facts" && [ "$(wc -l <"$WORK/facts")" = $# ]
}
proxies=() listen=0.0.0.0
iptables-nft -P INPUT DROP
for port in 8443 8444 8445; do
	proxy -proto tcp -host-ip 0.0.0.0 -host-port $port -container-ip 172.17.0.2 -container-port 443
done
try "ports without any section are not reported" facts
cat >>"$CONF" <<-'END'
	publish "80-8442/tcp" { allow = { "any" } }
	publish "54321/tcp" { }
END
dockfw 0 --repair || not_ok "a repair with sections"
unlisted='port-unlisted published without a publish section: 8443-8445/tcp, 50-60/udp'
at="$CONF:$(grep -n 54321 "$CONF" | cut -d: -f1)"
try "a published port without a section, a section without a port" facts \
	"port-unpublished nothing publishes 54321/tcp, which a publish section is for ($at)" "$unlisted"
try "-v reports them" dockfw 0 -v
try "as facts" test "$(grep -cE '^ok +port-(unlisted|unpublished) ' "$WORK/out")" = 2
try "they do not count as findings" grep -qE '^OK: DOCKER-USER comes first and holds the ' "$WORK/out"
try "nor for a plugin" dockfw 0 -v --format=nagios
try "it shows what is in order" grep -q '^DOCKFW OK - DOCKER-USER comes first and holds its rules ' "$WORK/out"
try "without -v they are not looked for" dockfw 0
try "so they are not reported" test "$(wc -l <"$WORK/out")" = 1
sed -i '1i ignore = { "port-unlisted", "port-unpublished" }' "$CONF"
try "ignored ones are not reported" facts
end "${proxies[@]}"

# ---- docker-proxy and the guard ----

GUARD='' right
echo 'ignore = { "port-unlisted" } publish "8080/tcp" { allow = { "203.0.113.123" } }' >>"$CONF"
proxies=() listen=0.0.0.0 port=8080
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 8000
try "without the guard nothing refuses the port" finds 2 \
	'critical rule-missing,critical guard-missing,warning guard-missing,critical proxy-bypass'
try "a repair" dockfw 0 --repair
try "with the guard the port is not a finding" finds 0 ''
port=8088
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8088 -container-ip 172.17.0.2 -container-port 8000
try "a port without a section remains" tell warning 8088/tcp
nft flush chain ip dockfw input
try "a guard that differs does not count" finds 2 \
	'critical guard-differs,critical proxy-bypass,warning proxy-bypass'
end "${proxies[@]}" "$dockerd"
finish
