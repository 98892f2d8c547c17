#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A captured DOCKER-USER: with it nothing but the guard is missing, it holds every rule
# that iptables can add there, and a repair from it gives the same capture again. The
# rules of the lists name interfaces that are not there.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

capture() { # FILE [OPTION…]
	local to=$1
	shift
	gives 0 "$DOCKFW" --capture -b "$KIND" "$@" && install -m 600 "$WORK/out" "$to"
}

# Adds every rule of the lists that iptables and the kernel accept to DOCKER-USER, except
# those whose listing does not show what they do, which a capture therefore leaves out:
# an inverted range of all values, a text with a control character, and those that match
# no packet and that no configuration can have. USER is the chain that
# rules of the lists jump to. Rules are inserted at the head, since the kernel does not
# look at rules after one that ends the chain, and with the mark that rule would not end it.
lost='-m esp ! --espspi 0:4294967295|! --dport 0:65535|"not closed|^! -p tcp -m tcp'
negated='! (-[io] \+|-[sd] (0\.0\.0\.0|::)/0)( |$)'
NEVER_FOUND=$(never_found) || exit 1
lay_all() { # COMMAND LIST…
	local command=$1-$KIND rule laid=0
	shift
	"$command" -N USER && "$command" -A USER -p tcp -j RETURN || return 1
	while IFS= read -r rule; do
		printf '*filter\n-I DOCKER-USER %s\nCOMMIT\n' "$rule" |
			"$command-restore" --noflush >/dev/null 2>&1 && laid=$((laid + 1))
	done < <(cat "$@" | grep -vE -e '^#' -e '^$' -e "$lost" -e "$negated" -e "$NEVER_FOUND")
	echo "$laid rules with $command"
	[ "$laid" -ge 250 ]
}

# The live rules without the mark and Docker's closing RETURN.
rules_of() {
	"$1-$KIND" -S DOCKER-USER | sed -e 's/ -m comment --comment dockfw\( -[jg] .*\|\)$/\1/' -e '$ { /^-A DOCKER-USER -j RETURN$/d }'
	"$1-$KIND" -S USER 2>/dev/null | sed 's/ -m comment --comment dockfw\( -[jg] .*\|\)$/\1/'
}

round_trip() {
	capture "$WORK/first.conf" || return 1
	if grep -q 'left out' "$WORK/first.conf"; then
		grep 'left out' "$WORK/first.conf"
		return 1
	fi
	CONF=$WORK/first.conf finds 1 'warning guard-missing,warning interface-missing' || return 1
	for command in iptables ip6tables; do
		rules_of "$command" >"$WORK/$command.before"
		"$command-$KIND" -F DOCKER-USER && "$command-$KIND" -F USER || return 1
	done
	CONF=$WORK/first.conf dockfw 1 --repair &&
		CONF=$WORK/first.conf finds 1 'warning interface-missing' || return 1
	for command in iptables ip6tables; do
		rules_of "$command" >"$WORK/$command.after"
		diff "$WORK/$command.before" "$WORK/$command.after" || return 1
	done
	capture "$WORK/second.conf" && diff "$WORK/first.conf" "$WORK/second.conf"
}

# What --check-config -v prints is a configuration, which prints as itself.
prints_itself() { # FILE
	gives 0 "$DOCKFW" --check-config -v -f "$1" && install -m 600 "$WORK/out" "$WORK/print.conf" &&
		gives 0 "$DOCKFW" --check-config -v -f "$WORK/print.conf" && diff "$WORK/print.conf" "$WORK/out"
}

for KIND in nft legacy; do
	if [ $KIND = legacy ] && ! iptables-legacy -t raw -S >/dev/null 2>&1; then
		ok "$KIND: all cases # SKIP this kernel has no ip_tables"
		continue
	fi
	clear_tables
	try "$KIND: nothing to capture" gives 3 "$DOCKFW" --capture -b $KIND
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	ipt -A DOCKER-USER -s 203.0.113.123 -i ens3 -p tcp --dport 80 -j RETURN
	for command in iptables ip6tables; do
		"$command-$KIND" -A DOCKER-USER -i ens3 -p tcp --dport 80 -m comment --comment dockfw -j REJECT
		"$command-$KIND" -A DOCKER-USER -j RETURN
	done
	try "$KIND: a small chain is captured" silent capture "$WORK/small.conf"
	cat >"$WORK/wanted" <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 -j RETURN",
	        "-i ens3 -p tcp -m tcp --dport 80 -j REJECT"
	    }
	}
	END
	try "$KIND: as a person would write it" diff "$WORK/wanted" <(sed -n '/^chain/,$p' "$WORK/small.conf")
	CONF=$WORK/small.conf try "$KIND: with it only the guard is missing" finds 1 'warning guard-missing'
	ipt -N f2b-web && ipt -A f2b-web -j RETURN && ipt -I DOCKER-USER -j f2b-web
	try "$KIND: one that jumps to another chain" silent capture "$WORK/calls.conf"
	try "$KIND: whose chain is another program's" grep -q '^# This chain belongs to fail2ban: what is in it stays' "$WORK/calls.conf"
	CONF=$WORK/calls.conf try "$KIND: with it only the guard is missing as well" finds 1 'warning guard-missing'
	try "$KIND: no such remark without another chain" [ "$(grep -c fail2ban "$WORK/small.conf")" = 0 ]
	ipt -D DOCKER-USER -j f2b-web && ipt -F f2b-web && ipt -X f2b-web
	try "$KIND: only IPv6" capture "$WORK/six.conf" -6
	try "$KIND: IPv6 has the one rule" [ "$(grep -c ' -j ' "$WORK/six.conf")" = 1 ]
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	lists=$TESTS/rules
	try "$KIND: rules of every kind, IPv4" lay_all iptables "$lists/any.rules" "$lists/ipv4.rules"
	try "$KIND: rules of every kind, IPv6" lay_all ip6tables "$lists/any.rules" "$lists/ipv6.rules"
	if [ $KIND = legacy ]; then
		# A chain with a rule that no listing shows is not held, and the others are captured.
		ipt -N LOST && ipt -A LOST -p esp -m esp ! --espspi 0:4294967295
		ipt -I DOCKER-USER -j LOST
		try "$KIND: a chain with a rule that few listings show" capture "$WORK/lost.conf"
		# iptables 1.8.11 lists it.
		if ipt -S LOST | grep -q espspi; then
			try "$KIND: it is captured" grep -q '! --espspi 0:4294967295' "$WORK/lost.conf"
		else
			try "$KIND: it is named in the file" grep -q '^# Not held, since .*: ipv4 rule 1: its text' "$WORK/lost.conf"
			try "$KIND: a warning names it" grep -q "chain 'LOST' is not held, .*: ipv4 rule 1: its text" "$WORK/err"
		fi
		ipt -D DOCKER-USER -j LOST
	fi
	try "$KIND: captured, checked, repaired and captured again" round_trip
	try "$KIND: the printed form of that prints as itself" prints_itself "$WORK/first.conf"
	# A listing that names a default gives other bytes, but the same rule.
	CONF=$WORK/print.conf try "$KIND: and with it the host is correct as well" finds 1 "warning interface-missing"
done

# The kernel evaluates both backends, and a capture is of one.
user_of() { # COMMAND RULE…
	local command=$1 rule
	shift
	"$command" -N DOCKER-USER 2>/dev/null
	for rule; do
		# shellcheck disable=SC2086 # words
		"$command" -A DOCKER-USER $rule || return 1
	done
}
warns() { "$DOCKFW" --capture >"$WORK/out" 2>"$WORK/err"; grep "^dockfw-check: $1: .* that of $2 holds $3 .* -b $2\$" "$WORK/err"; }
quiet() { "$DOCKFW" --capture >"$WORK/out" 2>"$WORK/err"; ! grep 'evaluates too' "$WORK/err"; }
for KIND in nft legacy; do
	other=legacy
	[ "$KIND" = nft ] || other=nft
	clear_tables
	load docker-28.5
	user_of "iptables-$other" '-s 192.0.2.1 -j DROP' '-s 192.0.2.2 -j DROP'
	try "$KIND: a DOCKER-USER of $other that nothing leads to" quiet
	"iptables-$other" -A FORWARD -j DOCKER-USER
	try "$KIND: one that FORWARD leads to, and none to capture" warns ipv4 "$other" '2 rules'
	user_of "iptables-$KIND" '-s 192.0.2.3 -j DROP'
	try "$KIND: one that FORWARD leads to, beside what is captured" warns ipv4 "$other" '2 rules'
	try "$KIND: which is captured" grep -q 192.0.2.3 "$WORK/out"
	"iptables-$other" -F DOCKER-USER
	try "$KIND: without rules it is not named" quiet
	user_of "ip6tables-$other" '-s 2001:db8::1 -j DROP' && "ip6tables-$other" -A FORWARD -j DOCKER-USER
	try "$KIND: the same in IPv6" warns ipv6 "$other" '1 rule'
done
clear_tables
finish
