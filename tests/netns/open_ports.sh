#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where something is wrong, a report begins with what is open because of it, in every format,
# and a client can indeed get in there. Where nothing is wrong, no one looks.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

KIND=nft
# The second line of a report is TEXT, and the client that should not get in does.
opens() { # STATUS TEXT [OPTION…]
	local status=$1 text=$2
	shift 2
	dockfw "$status" -4 "$@" || return 1
	[ "$(sed -n 2p "$WORK/out")" = "$text" ] || { cat "$WORK/out"; return 1; }
}
says_nothing() { # STATUS [OPTION…]
	dockfw "$@" && ! grep -E '^(open|maybe|No published)|more ports' "$WORK/out" "$WORK/err"
}
has() { grep -qE -- "$1" "$WORK/out" || { cat "$WORK/out"; return 1; }; }
json_is() { jq -e "$1" "$WORK/out" >/dev/null || { cat "$WORK/out"; return 1; }; }
gets_in() { reaches outsider 198.51.100.10; }

# ---- the rules are gone ----

hosts_up
load reload-debian-12
two_rules
what='port 80/tcp is open to ANYONE on ens3'
try "both rules are missing" opens 2 "open      ipv4: $what: DOCKER-USER holds neither of its 2 rules"
try "it is open" gets_in
try "it is the start of a plugin's line" dockfw 2 -4 --format=nagios
try "with a number" has "^DOCKFW CRITICAL - $what; .* 'ports_open'=1;;0;0 'ports_maybe_open'=0;0;;0 "
dockfw 2 -4 --format=nagios -v
try "with -v it is the plugin's second line" [ "$(sed -n 2p "$WORK/out")" = "open ipv4: $what: DOCKER-USER holds neither of its 2 rules" ]
dockfw 2 -4 --format=json
try "json has it" json_is '.open_ports | .complete and (.ports | length == 1 and (.[0] | .port == 80 and .protocol == "tcp" and
	.family == "ipv4" and .anyone and .certain and .sources == null and .hosts == null and .interfaces == ["ens3"] and
	(.message | startswith("port 80/tcp is open to ANYONE on ens3: "))))'
dockfw 2 -4 --format=prometheus
try "so do metrics" has '^dockfw_configured_ports_open\{family="ipv4"\} 1$'
ipt -I DOCKER-USER -s 203.0.113.123/32 -i ens3 -p tcp --dport 80 -j RETURN
try "one rule is missing" opens 2 "open      ipv4: $what: DOCKER-USER holds 1 of its 2 rules"

# ---- the rules are there ----

try "a repair" dockfw 0 -4 --repair
try "nothing is said then" says_nothing 0 -4
try "nor by a plugin" dockfw 0 -4 --format=nagios
try "it has no number" [ "$(grep -c ports_open "$WORK/out")" = 0 ]
dockfw 0 -4 --format=json
try "json: nobody has looked" json_is '.open_ports == null'
try "with -v: nothing is open" opens 0 'No published port was found open to a source that the configuration refuses' -v
try "it is closed" refused outsider 198.51.100.10
ipt -F DOCKER-USER
try "the guard holds" opens 2 'No published port was found open to a source that the configuration refuses'
try "it is closed all the same" refused outsider 198.51.100.10
nft delete table ip dockfw
try "nothing holds" opens 2 "open      ipv4: $what: DOCKER-USER holds neither of its 2 rules"

echo 'guard = "off"' >>"$CONF"
dockfw 0 -4 --repair >/dev/null
ipt -I FORWARD -i ens3 -j ACCEPT
try "an accept first" opens 2 "open      ipv4: $what: rule 1 of FORWARD can accept new connections to containers before rule 2 jumps to DOCKER-USER"
try "it is open" gets_in
ipt -R FORWARD 1 -i ens3 -m limit --limit 1/second -j ACCEPT
try "one that may match" opens 2 "maybe     ipv4: port 80/tcp may be open to ANYONE on ens3: rule 1 of FORWARD cannot be decided"
try "a plugin does not say that it is open" dockfw 2 -4 --format=nagios
try "it says that it may be" has "^DOCKFW CRITICAL - 1 finding: .* 'ports_open'=0;;0;0 'ports_maybe_open'=1;0;;0 "
ipt -R FORWARD 1 -s 203.0.113.200 -j ACCEPT
try "one for a single client" opens 2 "open      ipv4: port 80/tcp is open to 203.0.113.200 on ens3: rule 1 of FORWARD can accept new connections to containers before rule 2 jumps to DOCKER-USER"
ipt -R FORWARD 1 -s 203.0.113.123 -j ACCEPT
try "one for a client that may" opens 2 'No published port was found open to a source that the configuration refuses'
sed -i '1i ignore = { "accept-before-user" }' "$CONF"
try "ignored: nobody looks" says_nothing 0 -4

# ---- more ports ----

clear_tables
load reload-debian-12
for port in {9001..9012}; do
	ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport "$port" -j DNAT --to-destination 172.17.0.2:80
done
write_conf <<<'outside = { "ens3" } guard = "off" unlisted = "refuse"
publish "9001-9002/tcp" { } publish "9003/tcp" { allow = { "any" } }'
dockfw 2 -4 --repair --dry-run >/dev/null
try "ports that fare alike are one line" has '^open      ipv4: ports 80/tcp, 9001/tcp, 9002/tcp, 9004/tcp, .* and 4 more are open to ANYONE on ens3: DOCKER-USER holds none of their rules$'
dockfw 2 -4 --format=json
try "json has each" json_is '[.open_ports.ports[].port] == [80, 9001, 9002] + [range(9004; 9013)]'

# ---- is any port open, for monitoring ----

monitor() { dockfw "$1" -4 --exposure --format="$2" "${@:3}" && [ ! -s "$WORK/err" ]; }
accepted() { promtool check metrics <"$WORK/out"; }
try "exposure: a plugin's line" monitor 2 nagios
try "it names the ports" has '^DOCKFW CRITICAL - 12 ports are open to anyone: 80/tcp, 9001/tcp, 9002/tcp, .*\.\.\. \|'
try "it has numbers" has " 'published'=13;;;0 'published_open'=13;;;0 .* 'open_not_allowed'=12;;0;0 'maybe_not_allowed'=0;0;;0 'time'="
try "nothing else" [ "$(wc -l <"$WORK/out")" = 1 ]
try "with -v" monitor 2 nagios -v
try "a line for each" [ "$(grep -c '^0\.0\.0\.0:[0-9]*/tcp container 172\.17\.0\.2:80 .* open to ANYONE by ' "$WORK/out")" = 12 ]
try "metrics" monitor 2 prometheus
! command -v promtool >/dev/null || try "they are accepted" accepted
try "their status" has '^dockfw_exposure_status 2$'
try "an open port" has '^dockfw_exposure_port_not_allowed\{family="ipv4",protocol="tcp",port="9001",host="any",direct="no"\} 2$'
try "one that may be" has '^dockfw_exposure_port_not_allowed\{.*,port="9003",.*,direct="no"\} 0$'
try "it is open all the same" has '^dockfw_exposure_port_openness\{.*,port="9003",host="any",direct="no"\} 3$'
for port in {9005..9040}; do
	ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport "$port" -j DNAT --to-destination 172.17.0.2:80
done
monitor 2 nagios -v
try "the lines are bounded" [ "$(wc -l <"$WORK/out")" = 22 ]
try "the others are counted" has '^and 20 more such lines$'
dockfw 0 -4 --repair >/dev/null
try "after a repair" monitor 0 nagios
try "numbers in place of names" has '^DOCKFW OK - 41 published ports: 1 open, 40 limited, 0 undecided, 0 closed \|'
try "its status in metrics" monitor 0 prometheus
ipt -I FORWARD -i ens3 -m limit --limit 1/second -j ACCEPT
try "one that may match" monitor 1 nagios
try "it says may" has '^DOCKFW WARNING - 40 ports may be open to anyone: 80/tcp, '
good=$CONF CONF=$WORK/nowhere.conf
try "no configuration" monitor 3 nagios
try "the line has the reason" has '^DOCKFW UNKNOWN - cannot open the configuration '
dockfw 3 --exposure --format=prometheus
try "metrics: so does the status" has '^dockfw_exposure_status 3$'
dockfw 3 --exposure --format=prometheus --no-such-option
try "a bad option" has '^dockfw_exposure_status 3$'
CONF=$good

# ---- what systemctl status shows ----

state_is() { # TEXT [OPTION…]: what the program reports of its state
	local wanted=$1
	shift
	python3 - "$WORK/notify" "$DOCKFW" -f "$CONF" -b nft "$@" >"$WORK/state" <<-'END'
	import os, socket, subprocess, sys
	server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	server.bind(sys.argv[1])
	subprocess.run(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]), stdout=subprocess.DEVNULL,
	               stderr=subprocess.DEVNULL)
	server.settimeout(5)
	print(server.recv(65536).decode())
	os.unlink(sys.argv[1])
	END
	grep -qxE "STATUS=$wanted" "$WORK/state" || { cat "$WORK/state"; return 1; }
}
try "the state: something is wrong" state_is 'CRITICAL: 1 finding \(nft, ipv4\)' -4
ipt -D FORWARD 1
try "the state: all is right" state_is 'OK: DOCKER-USER comes first and holds the [0-9]+ configured rules \(nft, ipv4\)' -4
ipt -F DOCKER-USER
try "the state: what is open" state_is 'CRITICAL: [0-9]+ findings \(nft, ipv4\); ports 80/tcp, 9001/tcp, .* are open to ANYONE on ens3' -4 -q
try "the state: an error" state_is "UNKNOWN: unknown option '--bad'; see dockfw-check --help" --bad --format=json

# ---- ports that follow the host's own firewall ----

clear_tables
load docker-28.5
write_conf <<-'END'
	outside = { "ens3" }
	unlisted = "host-firewall"
END
ipt -A INPUT -i ens3 -m conntrack --ctstate ESTABLISHED -j ACCEPT
ipt -A INPUT -i ens3 -s 203.0.113.123 -p tcp --dport 80 -j ACCEPT
ipt -A INPUT -i ens3 -j REJECT
try "host-firewall: nothing holds that yet" dockfw 2 -4
try "it is said who gets in though the host's firewall refuses" has '^open .* ipv4: port 80/tcp is open to .* on ens3: there is no table ip dockfw: nothing holds the rules$'
try "it is open" gets_in
dockfw 0 -4 --repair >/dev/null
try "a repair closes it" refused outsider 198.51.100.10
try "nobody looks then" says_nothing 0 -4
ipt -I INPUT -i ens3 -p tcp --dport 80 -j ACCEPT
try "the host's firewall lets others in: the guard does not yet" opens 1 'No published port was found open to a source that the configuration refuses'
try "who they are" has "ipv4: 80/tcp on ens3: the guard refuses everyone but .*203\.0\.113\.123.*, whom the host's own firewall lets in"
dockfw 0 -4 --repair >/dev/null
try "they get in" gets_in
ipt -D INPUT 1
try "it refuses them again: the guard lets them in" dockfw 2 -4
try "so it is open" has '^open .* ipv4: port 80/tcp is open to .* on ens3: the guard lets them in$'
dockfw 0 -4 --repair >/dev/null
try "a repair closes it again" refused outsider 198.51.100.10
nft -f - <<-'END'
	table inet strict {
	    chain forwarded { type filter hook forward priority filter + 10; policy accept; ct status dnat reject; }
	}
END
try "a chain of others closes it as well, for those whom the host's firewall lets in" refused allowed 198.51.100.10
try "an exposure" dockfw 0 --exposure -4
try "nobody gets in: the rule that lets them in is not why" has '^0\.0\.0\.0:80/tcp .* open to nobody by dockfw forward '
ipt -I INPUT -i ens3 -p tcp --dport 80 -j ACCEPT
dockfw 0 -4 --repair >/dev/null
try "the host's firewall lets everyone in" dockfw 0 --exposure -4
try "the chain of others is why nobody gets in" has '^0\.0\.0\.0:80/tcp .* open to nobody by inet strict forwarded 1: '
nft delete table inet strict
ipt -F INPUT
ipt -A INPUT -i ens3 -j REJECT
dockfw 0 -4 --repair >/dev/null
try "the host's firewall lets in nobody" dockfw 0 --exposure -4
try "it is why" has '^0\.0\.0\.0:80/tcp .* open to nobody by host-firewall: filter INPUT 1: '

# ---- what nothing translates is not looked for ----

write_conf <<<'outside = { "ens3" } direct = "refuse" chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j REJECT" } }'
dockfw 0 -4 --repair >/dev/null
ipt -F DOCKER-USER
try "direct: it does not claim more than it knows" \
	opens 2 "No published port was found open to a source that the configuration refuses; containers' own addresses were not looked at: --exposure does"
finish
