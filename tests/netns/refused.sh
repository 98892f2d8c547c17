#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A rule that the kernel does not take costs one rule: the others hold, with real packets,
# and a check reports it without changing anything.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

# twenty_rules RULE [SETTING…]: 19 rules that hold and, as the tenth, in line 11, RULE.
twenty_rules() {
	local i rule=$1
	shift
	{
		echo 'chain "DOCKER-USER" { rules = {'
		for ((i = 2; i <= 19; i++)); do
			[ "$i" != 11 ] || echo " \"$rule\","
			echo " \"-i ens3 -p tcp --dport 80 -s 203.0.113.$((i + 120)) -j RETURN\","
		done
		echo ' "-i ens3 -p tcp --dport 80 -j REJECT" } }'
		printf '%s\n' "$@"
	} >"$WORK/rules"
	write_conf <"$WORK/rules"
}
# The rules of ours in DOCKER-USER, of IPv4 or with ip6tables of IPv6.
held() { "${1:-iptables}-$KIND" -S DOCKER-USER | grep -c -- '--comment dockfw'; }
holds() { [ "$(held "${2:-iptables}")" = "$1" ] || { held "${2:-iptables}"; ipt -S DOCKER-USER; return 1; }; }
# The findings rule-refused of the last report in JSON: FAMILY MESSAGE.
refused_rules() { jq -r '.findings[] | select(.id == "rule-refused") | "\(.family) \(.message)"' "$WORK/out"; }
# names FAMILY TEXT: the last report has one finding, for that family, with the text.
names() {
	refused_rules
	[ "$(refused_rules | wc -l)" = 1 ] && refused_rules | grep -q "^$1 .*$2"
}
guarded() { nft list table ip dockfw | grep -c 'saddr 203.0.113\|tcp dport 80'; }

ah='-i ens3 -m ah -j DROP' # IPv4 has it with -p ah only; IPv6 takes it
hosts_up
for KIND in nft legacy; do
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	twenty_rules "$ah"
	try "$KIND: before, everyone gets in" reaches "$outsider" 198.51.100.10
	packets_end
	checked() { finds 2 'critical rule-missing,critical rule-refused,warning guard-missing'; }
	try "$KIND: a check finds the rule, and changes nothing" silent checked
	try "$KIND: it names it, in the family that refuses it" names ipv4 "$CONF:11: .*'$ah'.*Invalid argument"
	dry() { dockfw 2 -4 --repair --dry-run && grep -q 'rule-refused' "$WORK/out" && ! grep '^ *+.* ah ' "$WORK/out"; }
	try "$KIND: so does a dry run" silent dry
	try "$KIND: a repair puts in the others" dockfw 2 --repair
	try "$KIND: all of them" holds 19
	try "$KIND: and this one in IPv6" holds 2 ip6tables
	try "$KIND: the guard has them too" [ "$(guarded)" = 19 ]
	try "$KIND: the allowed client gets in" reaches "$allowed" 198.51.100.10
	try "$KIND: another client is refused" refused "$outsider" 198.51.100.10
	try "$KIND: only the refused rule is left to report" finds 2 'critical rule-refused'
	packets_end
	try "$KIND: a second repair writes nothing" silent dockfw 2 --repair
	twenty_rules "-i ens3 -p ah -m ah -j DROP"
	try "$KIND: corrected, it is put in" dockfw 0 --repair
	try "$KIND: as one of twenty" holds 20
	packets_end

	# An address list gives two rules of one line.
	for rule in '-s 192.0.2.1,192.0.2.2 -m ah -j DROP' '-s 192.0.2.1,192.0.2.2 -m ah -j RETURN'; do
		clear_tables
		load docker-28.5
		load docker-28.5.ipv6 ip6tables
		twenty_rules "$rule"
		try "$KIND: '$rule': a check" finds 2 'critical rule-missing,critical rule-refused,warning guard-missing'
		try "$KIND: '$rule': a repair puts in the others" dockfw 2 --repair
		try "$KIND: '$rule': all of them" holds 19
		try "$KIND: '$rule': the allowed client gets in" reaches "$allowed" 198.51.100.10
		try "$KIND: '$rule': another client is refused" refused "$outsider" 198.51.100.10
		try "$KIND: '$rule': only it is left to report" finds 2 'critical rule-refused'
		try "$KIND: '$rule': once" names ipv4 "$CONF:11: .*'$rule'"
		packets_end
	done

	# The trial of --check-config, which also needs no table of nf_tables.
	twenty_rules "$ah"
	wrong() { gives 3 "$DOCKFW" --check-config -b "$KIND" -f "$CONF" && grep -q "^dockfw-check: $CONF:11: .* (IPv4)" "$WORK/err" && ! grep -v ':11: ' "$WORK/err"; }
	try "$KIND: --check-config names it" silent wrong
	try "$KIND: without CAP_NET_ADMIN the kernel is not consulted" gives 0 setpriv --bounding-set -net_admin \
		--inh-caps -net_admin "$DOCKFW" --check-config -b "$KIND" -f "$CONF"

	# One that is not for FORWARD fails only when its chain is validated, with all after it.
	clear_tables
	load docker-28.5
	twenty_rules '-4 -m cgroup --cgroup 5 -j DROP'
	try "$KIND: a rule for other hooks: --check-config" wrong
	try "$KIND: a rule for other hooks: only that one is left out" dockfw 2 -4 --repair
	try "$KIND: a rule for other hooks: the others are put in" holds 19
	ipt -F FORWARD
	ipt -F DOCKER-USER
	ipt -X DOCKER-USER
	try "$KIND: a rule for other hooks: also with the jump" dockfw 2 -4 --repair
	try "$KIND: a rule for other hooks: the others are put in again" holds 19

	# What the kernel refuses only at its place: for a hook from which others come to its chain
	# too (nf_tables takes TCPMSS there), and where a jump closes a loop of chains.
	places() {
		clear_tables
		load docker-28.5
		ipt -N ELSEWHERE
		ipt -A ELSEWHERE -s 192.0.2.9 -j DROP
		write_conf
	}
	held_closed() { # HOW RULE: all but that rule are held, with real packets
		try "$KIND: $1: a check names the rule" names_place "$2"
		try "$KIND: $1: a repair puts in the others" dockfw 2 --repair
		try "$KIND: $1: only that rule is left to report" finds 2 'critical rule-refused'
		try "$KIND: $1: the allowed client gets in" reaches "$allowed" 198.51.100.10
		try "$KIND: $1: another client is refused" refused "$outsider" 198.51.100.10
		packets_end
	}
	names_place() { dockfw 2 --format=json && [ "$(refused_rules | wc -l)" = 1 ] && refused_rules | grep -qF -- "'$1'"; }
	for rule in '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu' '-m policy --dir out --pol ipsec -j RETURN'; do
		[ "$KIND" = legacy ] || continue
		for guard in auto off; do
			places <<-END
			chain "DOCKER-USER" { rules = { "-j MINE", "-i ens3 -s 203.0.113.123 -j RETURN", "-i ens3 -j REJECT" } }
			chain "MINE" { rules = { "-s 203.0.113.66 -j DROP", "$rule", "-s 203.0.113.67 -j DROP" } }
			families = { "ipv4" } ignore = { "family-left-out" } guard = "$guard"
			END
			ipt -N MINE
			ipt -A INPUT -j MINE
			held_closed "also from INPUT, '$rule', guard $guard" "$rule"
			try "$KIND: also from INPUT, '$rule', guard $guard: the rest of the chain" \
				[ "$(ipt -S MINE | grep -c -- '-j DROP')" = 2 ]
		done
	done
	for guard in auto off; do
		places <<-END
		chain "DOCKER-USER" { rules = { "-j ELSEWHERE", "-i ens3 -s 203.0.113.123 -j RETURN", "-i ens3 -j REJECT" } }
		chain "ELSEWHERE" { filled-by = "others" }
		families = { "ipv4" } ignore = { "family-left-out" } guard = "$guard"
		END
		ipt -A ELSEWHERE -j DOCKER-USER
		ipt -A INPUT -j ELSEWHERE
		held_closed "a loop, guard $guard" '-j ELSEWHERE'
		ipt -D ELSEWHERE -j DOCKER-USER
		try "$KIND: a loop, guard $guard: it is put in when it is none" dockfw 0 --repair
	done
	# A rule of others that is only for OUTPUT; nf_tables does not look at it again.
	if [ "$KIND" = legacy ]; then
		places <<-END
		chain "DOCKER-USER" { rules = { "-j ELSEWHERE", "-i ens3 -s 203.0.113.123 -j RETURN", "-i ens3 -j REJECT" } }
		chain "ELSEWHERE" { filled-by = "others" }
		families = { "ipv4" } ignore = { "family-left-out" }
		END
		ipt -A ELSEWHERE -m owner --uid-owner 7 -j DROP
		ipt -A OUTPUT -j ELSEWHERE
		held_closed 'it leads to a rule for OUTPUT' '-j ELSEWHERE'
		ipt -D OUTPUT -j ELSEWHERE
		ipt -D ELSEWHERE 2
		try "$KIND: it leads to a rule for OUTPUT: without that, it is put in" dockfw 0 --repair
	fi
	# Two chains change their places.
	for jump in 'ONE TWO' 'TWO ONE'; do
		[ "$jump" != 'ONE TWO' ] || { clear_tables && load docker-28.5; }
		write_conf <<-END
		chain "DOCKER-USER" { rules = { "-j ${jump% *}", "-i ens3 -j REJECT" } }
		chain "${jump% *}" { rules = { "-s 192.0.2.1 -j ${jump#* }" } }
		chain "${jump#* }" { rules = { "-s 192.0.2.2 -j DROP" } }
		families = { "ipv4" } ignore = { "family-left-out" }
		END
		try "$KIND: a jump from '${jump/ / to }' closes no loop" dockfw 0 --repair
	done

	# A rule that needs what a rule before it makes.
	estimator='-i ens3 -j RATEEST --rateest-name one --rateest-interval 250ms --rateest-ewma 0.5s'
	above='-i ens3 -m rateest --rateest one --rateest-gt --rateest-bps 1kbit -j DROP'
	# estimated DOCKER-USER SITE: with these rules, none is refused.
	estimated() {
		clear_tables
		load docker-28.5
		ipt -F DOCKER-USER && ipt -A DOCKER-USER -j RETURN
		write_conf <<-END
		chain "DOCKER-USER" { rules = { $1 } }
		chain "SITE" { rules = { $2 } }
		families = { "ipv4" } ignore = { "family-left-out" } guard = "off"
		END
		dockfw 0 --repair && finds 0 ''
	}
	ipt -N PROBE
	# shellcheck disable=SC2086 # words
	if ipt -A PROBE $estimator 2>/dev/null; then
		clear_tables
		try "$KIND: an estimator and what uses it" estimated "'$estimator', '$above', '-j SITE'" ''
		try "$KIND: an estimator, used in a chain" estimated "'$estimator', '-j SITE'" "'$above'"
		if [ "$KIND" = nft ]; then
			try "$KIND: an estimator of a chain" estimated "'-j SITE', '$above'" "'$estimator'"
		else
			# ip_tables takes the rules of SITE last, so it does not know the estimator yet.
			later() { ! estimated "'-j SITE', '$above'" "'$estimator'" && grep -q "rule-refused .*--rateest one" "$WORK/out"; }
			try "$KIND: an estimator of a later chain" later
			try "$KIND: an estimator of a later chain: the next repair" dockfw 0 --repair
		fi
	else
		ok "$KIND: an estimator # SKIP this kernel has no target RATEEST"
	fi

	# What a rule names does not exist, which the kernel reports like a missing match.
	lacks() { # MATCH TEXT
		write_conf <<<"chain \"DOCKER-USER\" { rules = { \"-i ens3 $1 -j DROP\" } } families = { \"ipv4\" }"
		dockfw 2 --format=json && names ipv4 "No such file or directory; .*$2"
	}
	clear_tables
	load docker-28.5
	try "$KIND: no such accounting object" lacks '-m nfacct --nfacct-name nosuch' \
		'the accounting object that it names does not exist (create it with nfacct add)'
	try "$KIND: no such estimator" lacks '-m rateest --rateest nosuch --rateest-gt --rateest-bps 1kbit' \
		'an estimator that it names does not exist (a rule before it makes it with -j RATEEST)'
	try "$KIND: … and no set is mentioned" [ -z "$(refused_rules | grep ipset)" ]

	# Each of many is found, and none that is right is taken for one of them.
	many_rules() {
		{
			echo 'families = { "ipv4" } ignore = { "family-left-out" } chain "DOCKER-USER" { rules = {'
			echo ' "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",'
			for ((i = 1; i <= 40; i++)); do
				echo " \"-s 192.0.2.$i -m owner --uid-owner $i -j RETURN\","
				echo " \"-i ens3 -s 192.0.2.$i -j DROP\","
			done
			echo ' "-i ens3 -p tcp --dport 80 -j REJECT" } }'
		} >"$WORK/rules"
		write_conf <"$WORK/rules"
	}
	forty() { [ "$(refused_rules | grep -c 'uid-owner')" = 40 ] && [ "$(refused_rules | wc -l)" = 40 ]; }
	named() { gives 3 "$DOCKFW" --check-config -b "$KIND" -f "$CONF" && [ "$(grep -c uid-owner "$WORK/err")" = 40 ] && [ "$(wc -l <"$WORK/err")" = 40 ]; }
	many_rules
	clear_tables
	load docker-28.5
	try "$KIND: forty rules for other hooks: --check-config names these" silent named
	try "$KIND: forty rules for other hooks: only these are left out" dockfw 2 --repair
	try "$KIND: forty rules for other hooks: the others are put in" holds 42
	try "$KIND: forty rules for other hooks: another client is refused" refused "$outsider" 198.51.100.10
	try "$KIND: forty rules for other hooks: the allowed client gets in" reaches "$allowed" 198.51.100.10
	packets_end
	try "$KIND: forty rules for other hooks: a check names these" finds 2 'critical rule-refused'
	try "$KIND: forty rules for other hooks: and no others" forty
	clear_tables
	try "$KIND: forty rules for other hooks: without tables" dockfw 2 --repair
	try "$KIND: forty rules for other hooks: the others are in the new ones" holds 42
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables

	# What refuses is replaced, at its place, by a refusal of all that is new.
	for rule in "$ah" '-m ah -j ELSEWHERE'; do
		write_conf <<-END
		chain "DOCKER-USER" { rules = { "-i ens3 -s 203.0.113.123 -j RETURN", "$rule" } }
		chain "ELSEWHERE" { rules = { "-j DROP" } }
		outside = { "ens3" }
		on-error = "close"
		END
		try "$KIND: on-error: '$rule' is replaced" dockfw 2 --repair
		try "$KIND: on-error: the message says so" grep -q 'in its place, new connections from outside' "$WORK/out"
		try "$KIND: on-error: another client is refused" refused "$outsider" 198.51.100.10
		try "$KIND: on-error: what an earlier rule lets in gets in" reaches "$allowed" 198.51.100.10
		try "$KIND: on-error: the container's own connections go out" outgoing
		packets_end
		try "$KIND: on-error: it stays" silent dockfw 2 --repair
		ipt -F DOCKER-USER
		try "$KIND: on-error: the guard refuses as well" refused "$outsider" 198.51.100.10
		try "$KIND: on-error: and lets in the same" reaches "$allowed" 198.51.100.10
	done
	write_conf <<-END
	chain "DOCKER-USER" { rules = { "-i ens3 -m ah -j RETURN" } }
	on-error = "close"
	END
	try "$KIND: on-error: a rule that accepts is left out" dockfw 2 -4 --repair
	try "$KIND: on-error: nothing takes its place" holds 0

	# A set that comes later.
	if ! ipset create probe hash:ip 2>/dev/null; then
		ok "$KIND: a missing set # SKIP no ipset"
		continue
	fi
	ipset destroy probe
	dockfw 0 --remove -6 # of which the following leave out
	for setting in '' 'on-error = "close"'; do
		set=${setting:+b} # the shortest name
		set=${set:-forbidden}
		write_conf <<-END
		chain "DOCKER-USER" { rules = {
		  "-i ens3 -s 203.0.113.123 -j RETURN",
		  "-i ens3 -m set --match-set $set src -j DROP",
		  "-i ens3 -p tcp --dport 81 -j REJECT" } }
		$setting
		families = { "ipv4" } ignore = { "family-left-out" }
		END
		try "$KIND: a missing set '$set': '$setting'" dockfw 2 --repair
		listed() { finds 2 'critical rule-refused' && refused_rules | grep -q "$CONF:3: .*Set $set doesn't exist: create it"; }
		try "$KIND: it is reported, and the rest is in force" listed
		if [ -n "$setting" ]; then
			try "$KIND: another client is refused" refused "$outsider" 198.51.100.10
		else
			try "$KIND: what the rule would refuse gets in" reaches "$outsider" 198.51.100.10
		fi
		try "$KIND: the allowed client gets in" reaches "$allowed" 198.51.100.10
		try "$KIND: --check-config reports the set" gives 3 "$DOCKFW" --check-config -f "$CONF"
		ipset create "$set" hash:ip && ipset add "$set" 203.0.113.200
		try "$KIND: once the set is there, a repair puts the rule in" dockfw 0 --repair
		try "$KIND: three rules are in force" holds 3
		closed() { ask "$outsider" 198.51.100.10; [ $? = 2 ]; }
		try "$KIND: and drops what is in the set" closed
		clear_tables
		load docker-28.5
		ipset destroy "$set"
	done
done
finish
