#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What decides besides DOCKER-USER: rules of the other backend, Docker's own nf_tables
# table, and docker-proxy, whose packets pass through INPUT, with and without the guard.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off # the guard has a suite of its own

# ---- the other backend ----

other() { iptables-"$OTHER" "$@"; }
# split SEVERITY PATTERN: reported with that severity, and with that reason.
split() {
	local status=1
	[ "$1" = warning ] || status=2
	finds "$status" "$1 backend-split" || return 1
	jq -e --arg part "$2" 'any(.findings[]; .message | contains($part))' "$WORK/out" || { cat "$WORK/out"; return 1; }
}
# cleared: the commands of the message leave nothing to find.
cleared() {
	local commands
	commands=$(jq -r '.findings[] | select(.id == "backend-split") | .message | sub(".*clear it with: "; "")' "$WORK/out")
	echo "$commands"
	eval "$commands" && finds 0 ''
}

splits() {
	local what="$KIND, with rules in $OTHER"

	right
	other -P FORWARD ACCEPT
	try "$what: no rules" finds 0 ''
	other -A INPUT -s 192.0.2.1 -j DROP
	try "$what: a rule of INPUT" finds 0 ''
	other -P FORWARD DROP
	try "$what: a policy" split critical 'policy DROP'
	try "$what: the commands of the message clear it" cleared
	local verdict
	for verdict in ACCEPT DROP REJECT NFQUEUE; do
		other -A FORWARD -s 192.0.2.1 -j "$verdict"
		try "$what: $verdict" split critical 'drops or accepts'
		other -F FORWARD
	done
	other -N THEIRS
	other -A FORWARD -j THEIRS
	try "$what: a jump to an empty chain" split warning 'has rules'
	other -A THEIRS -g DEEPER 2>/dev/null || { other -N DEEPER && other -A THEIRS -g DEEPER; }
	other -A DEEPER -j LOG
	try "$what: to one that logs" split warning 'has rules'
	other -A DEEPER -j DROP
	try "$what: to one that drops, two jumps deep" split critical 'drops or accepts'
	other -F && other -X
	other -N DOCKER
	try "$what: Docker's chains" split warning 'are left there'
	try "$what: the commands clear them" cleared
	KIND=$OTHER load docker-28.5
	try "$what: all of Docker's rules" split critical 'policy DROP'
	try "$what: the commands clear them as well" cleared
	other -N DOCKER-USER
	try "$what: DOCKER-USER" split warning 'are left there'
	sed -i '1i ignore = { "backend-split" }' "$CONF"
	try "$what: an ignored finding is not reported" finds 0 ''
	other -X
}
KIND=nft OTHER=legacy
splits
KIND=legacy OTHER=nft
splits
right
other -P FORWARD ACCEPT
try "a rule of the other backend that cannot be decoded counts as one that decides" nft add rule ip filter FORWARD meta hour 8 accept
try "it is reported" split critical 'drops or accepts'

# ---- Docker's own table ----

KIND=nft
right
own() { nft "add table $1 docker-bridges; add chain $1 docker-bridges filter-FORWARD { type filter hook forward priority 0; }"; }
own ip
try "Docker in nf_tables" finds 3 'unknown docker-nftables'
try "a repair writes nothing then" silent dockfw 3 --repair
own ip6
try "in both families" finds 3 'unknown docker-nftables'
try "each is reported" jq -e '[.findings[].family] | sort == ["ipv4", "ipv6"]' "$WORK/out"
KIND=auto
try "the choice of a backend considers it" dockfw 3

# ---- docker-proxy ----

KIND=nft
right
dockerd
# tell SEVERITY PORTS [OPTION…]: the finding of the family $in has these ports.
tell() {
	local status=0 severity=$1 ports=$2
	[ "$severity" = ok ] || status=1
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
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
try "a proxy for another port" tell warning 8080/tcp
try "a repair does not change that" tell warning 8080/tcp --repair
try "so a dry run reports it as well" tell warning 8080/tcp --repair --dry-run
rootless() {
	start unshare --user --map-root-user "$WORK/bin/docker-proxy" -c 'import signal; print(flush=True); signal.pause()' \
		-host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.2 -container-port 80 && tell warning 8080/tcp &&
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
	proxy -proto sctp -host-ip 0.0.0.0 -host-port "$port" -container-ip 172.17.0.2 -container-port 80
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
	port=8088 proxy -host-ip 0.0.0.0 -host-port 8088 -container-ip 172.17.0.2 -container-port 80 $wrong
	try "not a command line of docker-proxy: $wrong" tell warning '8080/tcp'
	end "${proxies[-1]}"
done

# filtered NAME COMMAND…: with that, INPUT is filtered, and the finding is only a fact (ok).
filtered() {
	local name=$1
	shift
	try "$name: added" "$@"
	try "$name: no warning" dockfw 0
	try "$name: -v reports it as a fact" tell ok '8080/tcp' -v
}
filtered "a policy of INPUT" ipt -P INPUT DROP
ipt -P INPUT ACCEPT
filtered "a rule of INPUT" ipt -A INPUT -s 192.0.2.1 -j DROP
ipt -F INPUT
filtered "a legacy rule" iptables-legacy -A INPUT -s 192.0.2.1 -j DROP
iptables-legacy -F INPUT
chain() { # FAMILY NAME POLICY [RULE]
	nft "add table $1 mine; add chain $1 mine $2 { type filter hook input priority 10; policy $3; }" &&
		{ [ -z "${4:-}" ] || nft "add rule $1 mine $2 $4"; }
}
filtered "a chain of inet with a policy" chain inet mine drop
listen=:: port=8443
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8443 -container-ip 172.17.0.2 -container-port 443
in=ipv6
try "it also guards IPv6" dockfw 0
try "where there is a proxy to guard" tell ok 8443/tcp -v
in=ipv4
end "${proxies[-1]}"
nft delete table inet mine
filtered "a chain with a rule" chain ip mine accept 'tcp dport 22 accept'
nft delete table ip mine
filtered "a chain with a long name" chain ip "$(printf '%0100d' 0 | tr 0 x)" accept
nft delete table ip mine
chain ip mine accept
try "an empty chain filters nothing" tell warning '8080/tcp'
nft delete table ip mine
chain bridge mine drop
try "nor does a chain of the bridge family" tell warning '8080/tcp'
nft delete table bridge mine
end "${proxies[@]:0:3}"

# ---- published ports and publish sections ----

# facts PORT-FACT…: JSON has exactly these findings about ports, each as "ID MESSAGE".
facts() {
	dockfw 0 --format=json || return 1
	jq -r '.findings[] | select(.id | startswith("port-")) | .id + " " + .message' "$WORK/out" >"$WORK/facts"
	[ $# = 0 ] || printf '%s\n' "$@" | diff - "$WORK/facts" && [ "$(wc -l <"$WORK/facts")" = $# ]
}
proxies=() listen=0.0.0.0
iptables-nft -A INPUT -s 192.0.2.1 -j DROP
ip6tables-nft -A INPUT -s 2001:db8::1 -j DROP
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
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
try "without the guard nothing refuses the port" finds 2 \
	'critical rule-missing,critical guard-missing,warning guard-missing,warning proxy-bypass'
try "a repair" dockfw 0 --repair
try "with the guard the port is not a finding" finds 0 ''
port=8088
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8088 -container-ip 172.17.0.2 -container-port 80
try "a port without a section remains" tell warning 8088/tcp
nft flush chain ip dockfw input
try "a guard that differs does not count" finds 2 'critical guard-differs,warning proxy-bypass'
try "it is for both ports" grep -q 'answers for 8080/tcp, 8088/tcp, so' "$WORK/out"
end "${proxies[@]}" "$dockerd"
finish
