#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job with real clients: the Debian 12 host after firewall-cmd --reload, in
# both backends. Allowed clients get in, the others are refused.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

hosts_up
two_rules
for KIND in nft legacy; do
	clear_tables
	load reload-debian-12
	try "$KIND: after the reload everyone gets in" reaches "$outsider" 198.51.100.10
	try "$KIND: the check finds it" finds 2 'warning user-jump-late,critical rule-missing,warning guard-missing,unknown docker-absent'
	try "$KIND: and the repair fixes it" dockfw 0 --repair
	first() { iptables-"$KIND" -S FORWARD | sed -n 2p | grep -qx -- '-A FORWARD -j DOCKER-USER'; }
	try "$KIND: FORWARD begins with the jump" first
	order() {
		iptables-"$KIND" -S DOCKER-USER | sed 's/ -m comment --comment dockfw//' >"$WORK/user"
		diff "$WORK/user" - <<-'END'
		-N DOCKER-USER
		-A DOCKER-USER -s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 -j RETURN
		-A DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
		-A DOCKER-USER -j RETURN
		END
	}
	try "$KIND: the two rules come before Docker's RETURN" order
	try "$KIND: an allowed client gets in" reaches "$allowed" 198.51.100.10
	try "$KIND: another client is refused" refused "$outsider" 198.51.100.10
	packets_end
	try "$KIND: a second repair is silent" silent dockfw 0 --repair

	# The same with a publish section, which names the port of the host.
	write_conf <<-'END'
	publish "80/tcp" {
	    interface = "ens3"
	    allow     = { "203.0.113.123", "2001:db8:113::123" }
	    otherwise = "reject"
	}
	END
	try "$KIND: the rules of publish replace the old ones" dockfw 0 --repair
	try "$KIND: publish lets an allowed client in" reaches "$allowed" 198.51.100.10
	try "$KIND: publish refuses another client" refused "$outsider" 198.51.100.10
	write_conf <<<'publish "8080/tcp" { }'
	try "$KIND: publish without an interface" dockfw 0 --repair
	try "$KIND: it does not affect the container's own connections to such a port" outgoing
	two_rules

	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	try "$KIND: IPv6 is open at first" reaches "$outsider" 2001:db8:51::10
	write_conf <<-'END'
	chain "DOCKER-USER" { rules = {
	    "-i ens3 -p tcp --dport 80 -s 2001:db8:113::123 -j RETURN",
	    "-i ens3 -p tcp --dport 80 -j REJECT" } }
	END
	try "$KIND: the IPv6 rules are installed" dockfw 0 --repair
	try "$KIND: IPv6: an allowed client gets in" reaches "$allowed" 2001:db8:51::10
	try "$KIND: IPv6: another client is refused" refused "$outsider" 2001:db8:51::10
	two_rules
done
finish
