#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What gets to DOCKER-USER and what does not, with real packets in both backends: FORWARD leads
# there through another chain; chains whose names only begin like Docker's; rules with an
# interface that netfilter never shows; packets that a bridge passes between its ports.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
GUARD=off # the guard would refuse as well

# ---- through a chain ----

through() { # LAYOUT
	clear_tables
	two_rules
	load "$1"
	ipt -N SITE && ipt -A SITE -s 192.0.2.9 -j DROP && ipt -A SITE -j DOCKER-USER &&
		ipt -D FORWARD -j DOCKER-USER && ipt -I FORWARD -j SITE || return 1
	dockfw 0 --repair
}
jumps() { ipt -S FORWARD | grep -c -- '-j DOCKER-USER'; }
decided() { reaches "$allowed" 198.51.100.10 && refused "$outsider" 198.51.100.10; }
# as_dockerd: puts the jump in as dockerd does it, which knows no other form.
as_dockerd() { ipt -C FORWARD -j DOCKER-USER 2>/dev/null && ipt -D FORWARD -j DOCKER-USER; ipt -I FORWARD -j DOCKER-USER; }

through_chain() {
	local layout
	for layout in docker-26 docker-28.5; do
		try "$KIND, $layout: through a chain" through "$layout"
		try "$KIND, $layout: no jump is added" test "$(jumps)" = 0
		try "$KIND, $layout: the rules decide" decided
	done
	packets_end
	try "$KIND: another repair is silent" silent dockfw 0 --repair
	as_dockerd
	try "$KIND: dockerd adds its jump" finds 0 ''
	try "$KIND: which stays" silent dockfw 0 --repair
	ipt -D FORWARD -j DOCKER-USER && ipt -A FORWARD -j DOCKER-USER
	try "$KIND: also after the others" finds 0 ''
	ipt -D FORWARD -j DOCKER-USER
	ipt -I SITE -o virbr0 -j ACCEPT
	try "$KIND: an accept before it, not to a container" finds 1 'warning accept-before-user'
	ipt -R SITE 1 -i ens3 -j ACCEPT
	try "$KIND: an accept before it" finds 2 'critical accept-before-user'
	try "$KIND: everyone gets in" reaches "$outsider" 198.51.100.10
	try "$KIND: a repair" dockfw 0 --repair
	try "$KIND: puts the jump before it" decided
	ipt -D FORWARD -j DOCKER-USER && ipt -R SITE 1 -i ens3 -j RETURN
	try "$KIND: a return before it" finds 2 'critical user-jump-conditional'
	try "$KIND: everyone gets in then too" reaches "$outsider" 198.51.100.10
	try "$KIND: a repair" dockfw 0 --repair
	try "$KIND: closes that" decided
	ipt -D FORWARD -j DOCKER-USER && ipt -D SITE 1 && ipt -I SITE -i docker0 -j DOCKER-FORWARD
	try "$KIND: Docker's chains before it" finds 2 'critical user-jump-late'
}

# An accept for the bridge of another program, through its chain, before the jump.
libvirts() {
	clear_tables
	two_rules
	load docker-28.5 && dockfw 0 --repair && ipt -N LIBVIRT_FWX &&
		ipt -A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT && ipt -I FORWARD -j LIBVIRT_FWX || return 1
	finds 1 'warning accept-before-user' && decided
}

# ---- names ----

named() {
	clear_tables
	load docker-28.5 && ipt -N DOCKER-USER-web && ipt -A DOCKER-USER-web -s 203.0.113.123 -j RETURN &&
		ipt -A DOCKER-USER-web -j REJECT && ipt -I DOCKER-USER -i ens3 -p tcp -j DOCKER-USER-web &&
		ipt -N DOCKER-BLOCK && ipt -A DOCKER-BLOCK -i ens4 -j DROP && ipt -I FORWARD -j DOCKER-BLOCK
}
# What dockerd does when it starts; it leaves the administrator's chains alone.
restart() {
	ipt -F DOCKER-FORWARD && ipt -F DOCKER && as_dockerd && ipt -C FORWARD -j DOCKER-BLOCK
}
names() {
	try "$KIND: chains named DOCKER-BLOCK and DOCKER-USER-web" named
	gives 0 "$DOCKFW" --capture -b "$KIND" && cp "$WORK/out" "$WORK/captured"
	write_conf <"$WORK/captured"
	try "$KIND: one is captured" grep -q '^chain "DOCKER-USER-web"' "$CONF"
	try "$KIND: a chain that only drops may come first" finds 0 ''
	ipt -F DOCKER-USER && ipt -F DOCKER-USER-web && ipt -X DOCKER-USER-web
	try "$KIND: the captured one is gone" finds 2 'critical rule-missing'
	try "$KIND: a repair brings it back" dockfw 0 --repair
	try "$KIND: it decides" decided
	restart
	try "$KIND: dockerd leaves it alone" finds 0 ''
	named && ipt -I DOCKER-BLOCK -i ens3 -j ACCEPT
	try "$KIND: one that accepts may not come first" finds 2 'critical accept-before-user'
	echo 'trusted-chains = { "DOCKER-BLOCK" }' >>"$CONF"
	try "$KIND: unless it is trusted" finds 0 ''
}

# ---- interfaces ----

# tells RULE MESSAGE: with that rule a check has this one warning, and --check-config notes it.
tells() {
	write_conf <<<"chain \"DOCKER-USER\" { rules = { \"$1\" } }"
	dockfw 1 --repair && finds 1 'warning rule-not-evaluated' || return 1
	jq -r '.findings[].message' "$WORK/out" | grep -F -- "$2" || { cat "$WORK/out"; return 1; }
	gives 0 "$DOCKFW" --check-config -f "$CONF" && grep -F -- "${2%% (*}" "$WORK/err"
}
# The kernel has counted no packet for the first rule of DOCKER-USER.
unseen() { reaches "$outsider" 198.51.100.10 && [ "$(ipt -nvxL DOCKER-USER 1 | awk '{ print $1 }')" = 0 ]; }
# call VALUE: whether netfilter sees packets that a bridge passes from one port to another.
call() { sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$1"; }

interfaces() {
	clear_tables
	load docker-28.5
	call 0
	try "$KIND: an altname" tells '-i uplink0 -j DROP' \
		"no packet has the interface 'uplink0' in a rule, since it is another name of 'ens3' ($WORK/dockfw.conf:1); write 'ens3'"
	try "$KIND: no packet has it" unseen
	try "$KIND: a port of a bridge" tells '-i v-outsider -j DROP' \
		"since it is a port of the bridge 'ens3' ($WORK/dockfw.conf:1); write 'ens3'"
	try "$KIND: no packet has that" unseen
	try "$KIND: not even with bridge-nf-call-iptables" port_with_call
	try "$KIND: both ends on one bridge" tells "$same" \
		"'$same' does not see packets that the bridge 'ens3' passes between its ports ($WORK/dockfw.conf:1): net.bridge.bridge-nf-call-iptables is 0; set it to 1"
	try "$KIND: it lets them pass" reaches "$allowed" 203.0.113.200 8080
	for rule in '-s 203.0.113.200 -d 203.0.113.123 -j DROP' '-s 203.0.113.0/24 -d 203.0.113.0/25 -j DROP' \
		'-i ens3 -d 203.0.113.123 -j DROP'; do
		write_conf <<<"chain \"DOCKER-USER\" { rules = { \"$rule\" } }"
		dockfw 1 --repair
		try "$KIND: two addresses of one bridge: $rule" finds 1 'warning rule-not-evaluated'
	done
	for rule in '-s 172.17.0.2 -d 203.0.113.123 -j DROP' '-s 203.0.113.200 -d 172.17.0.2 -j DROP' \
		'-o docker0 -d 203.0.113.123 -s 203.0.113.200 -j DROP' '-i ens3 -d 198.51.100.10 -j DROP'; do
		write_conf <<<"chain \"DOCKER-USER\" { rules = { \"$rule\" } }"
		try "$KIND: not of one: $rule" dockfw 0 --repair
	done
	tells "$same" '' >/dev/null
	call 1
	try "$KIND: not if the setting is 1" finds 0 ''
	try "$KIND: then it decides" refused "$allowed" 203.0.113.200 8080
	call 0
	ip link set ens3 type bridge nf_call_iptables 1
	try "$KIND: nor if the bridge has it by itself" finds 0 ''
	try "$KIND: which decides too" refused "$allowed" 203.0.113.200 8080
	ip link set ens3 type bridge nf_call_iptables 0
	ipt -F DOCKER-USER
	write_conf <<<'chain "DOCKER-USER" { rules = { "-4 -i ens3 -o docker0 -j RETURN", "-i ens3 ! -o ens3 -j RETURN", "-i ens+ -o ens+ -j DROP" } }'
	try "$KIND: others are not meant" dockfw 0 --repair
	call 1
}
# Ports of a bridge, which physdev knows by their names.
bridge_ports() {
	clear_tables
	load docker-28.5
	call 1
	write_conf <<-'END'
	chain "DOCKER-USER" { rules = { "-m physdev --physdev-in no-port -j DROP", "-m physdev --physdev-out no-ports+ -j DROP",
	    "-m physdev --physdev-in v-outsider -p tcp --dport 80 -j REJECT", "-m physdev ! --physdev-in no-port2 -p tcp --dport 81 -j DROP" } }
	END
	dockfw 1 --repair
	try "$KIND: physdev: a rule for a port decides" decided
	try "$KIND: physdev: no packet has a port that does not exist" \
		test "$(ipt -nvxL DOCKER-USER | awk '$3 == "DROP" { print $1 }' | sort -u)" = 0
	try "$KIND: physdev: which is found" finds 1 'warning interface-missing'
	try "$KIND: physdev: those and no other" diff <(jq -r '.findings[].message' "$WORK/out") - <<-END
	this host has no interface 'no-port' ($WORK/dockfw.conf:1)
	this host has no interface that matches 'no-ports+' ($WORK/dockfw.conf:1)
	this host has no interface 'no-port2' ($WORK/dockfw.conf:2)
	END
	dockfw 0 -v --trace 'from 203.0.113.200 in ens3 tcp 80'
	try "$KIND: physdev: a trace knows what matches" diff <(sed -n 's/^filter DOCKER-USER \([0-9] [a-z]*\):.*/\1/p' "$WORK/out") - <<-END
	1 no
	2 no
	3 maybe
	4 no
	END
	dockfw 0 -v --trace 'from 203.0.113.200 in ens3 to 172.17.0.2 tcp 81'
	try "$KIND: physdev: and what is inverted" grep -q '^verdict: dropped by filter DOCKER-USER 4' "$WORK/out"
	ip -n outsider route add 172.17.0.2 via 203.0.113.1
	try "$KIND: physdev: it is dropped" gives 2 ask "$outsider" 172.17.0.2 81
	ip -n outsider route del 172.17.0.2
}
same='-i ens3 -o ens3 -p tcp --dport 8080 -j REJECT'
port_with_call() {
	call 1
	unseen
	local status=$?
	call 0
	return "$status"
}

hosts_up || not_ok "the hosts"
# A host that forwards IPv6 to Docker's bridge needs DOCKER-USER in that family as well.
sysctl -qw net.ipv6.conf.all.forwarding=0
ip link property add dev ens3 altname uplink0 || not_ok "an altname"
for KIND in nft legacy; do
	through_chain
	try "$KIND: libvirt's accept, through its chain, is a warning" libvirts
	names
	interfaces
	bridge_ports
done

# ---- IPv6, and a publish section ----

KIND=nft
clear_tables
load docker-28.5 && load docker-28.5.ipv6 ip6tables
write_conf <<<"chain \"DOCKER-USER\" { rules = { \"$same\", \"-i docker0 -o docker0 -j DROP\", \"-6 $same\" } }"
call 0
dockfw 1 --repair
of_both() {
	dockfw 1 --format=json
	jq -r '.findings[] | .family + " " + .message' "$WORK/out" |
		sed "s/'[^']*'\(.*\) not see .* bridge '\([a-z0-9]*\)'.*/\1 \2/" >"$WORK/list"
	diff "$WORK/list" - <<-END
	ipv4  does ens3
	ipv6  and 1 more do ens3
	ipv4  does docker0
	ipv6  does docker0
	END
}
try "each bridge and family has one finding" of_both
write_conf <<<'publish "80/tcp" { interface = { "v-outsider", "eth9" } }'
of_section() {
	gives 0 "$DOCKFW" --check-config -f "$CONF" && diff - "$WORK/err" <<-END
	dockfw-check: $CONF:1: no packet has the interface 'v-outsider' in a rule, since it is a port of the bridge 'ens3'; write 'ens3'
	dockfw-check: $CONF:1: this host has no interface 'eth9'
	END
}
try "the interfaces of a section" of_section
sed -i 's/"v-outsider", //' "$CONF"
try "one without any" dockfw 1 --repair
try "limits nothing" grep -q "this host has no interface 'eth9' ($CONF:1); the section for 80/tcp limits nothing" "$WORK/out"
write_conf <<-'END'
	outside  = { "eth8", "eth9" }
	unlisted = "refuse"
END
try "no interface of outside" dockfw 1 --repair
try "so nothing is refused" reaches "$outsider" 198.51.100.10
as_open="without an interface of outside, unlisted refuses nothing: published ports are as open as Docker makes them"
try "which is reported" grep -q "this host has no interface 'eth8' ($CONF:1); $as_open" "$WORK/out"
sed -i 's/eth9/ens3/' "$CONF"
try "with one that exists" dockfw 1 --repair
try "the ports are closed" refused "$outsider" 198.51.100.10
silent() { ! grep "as Docker makes them" "$WORK/out"; }
try "which is nothing to report" silent

# ---- Docker's chains in both backends, but in nft in dormant tables ----

clear_tables
for KIND in nft legacy; do load docker-28.5; done
nft 'add table ip filter { flags dormant; }; add table ip nat { flags dormant; }'
two_rules
KIND=auto
try "chains of dormant tables are not Docker's" dockfw 1 --repair
try "so that the rules decide" decided
try "which is reported" finds 1 'warning backend-split'
try "as what it is" grep -q "Docker's rules are in legacy, but nft also has rules" "$WORK/out"
finish
