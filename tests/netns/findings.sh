#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What layouts.sh leaves out, for each family by itself and in both backends: rules
# whose jumps decide whether they can accept, what a repair keeps, and what it leaves.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
GUARD=off # the guard has a suite of its own

mark='-m comment --comment dockfw'

# These run the commands of the family and the backend.
dockfw() {
	local wanted=$1
	shift
	gives "$wanted" "$DOCKFW" -f "$CONF" -b "$KIND" "-$family" "$@"
}
fw() { "$iptables-$KIND" "$@"; }
rules() { fw -S "$1" | grep '^-A'; }
counted() { "$iptables-$KIND-save" -c -t filter | grep '^\['; }

# A correct host: the two rules added by hand, every rule with counters of its own.
right() { # LAYOUT
	two_rules
	clear_tables
	load "$1$suffix" "$iptables" &&
		fw -I DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT &&
		fw -I DOCKER-USER -i ens3 -p tcp --dport 80 -s "$allowed" -j RETURN &&
		"$iptables-$KIND-save" -c | awk '/^\[/ { sub(/^\[0:0\]/, "[" ++n ":" 100 * n "]") } { print }' |
		"$iptables-$KIND-restore" -c
}

two_rules() {
	write_conf <<-END
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -s $allowed -j RETURN",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	END
}

# is CHAIN RULE…: the chain holds exactly these; each is given by the end of its text.
is() {
	local chain=$1
	shift
	rules "$chain" | sed "s/ $mark//" >"$WORK/is"
	if [ "$(wc -l <"$WORK/is")" = $# ]; then
		while [ $# -gt 0 ] && IFS= read -r line; do
			case $line in *"$1") shift ;; *) break ;; esac
		done <"$WORK/is"
		[ $# -gt 0 ] || return 0
	fi
	echo "$chain is not: $*"
	cat "$WORK/is"
	return 1
}

# Every rule that existed before still exists, with the same counters.
counters_kept() { # [PATTERN OF RULES THAT GO]
	counted >"$WORK/now"
	grep -vxF -f "$WORK/now" "$WORK/then" | grep -v -e "${1:-no such rule}" &&
		echo "gone, or with other counters" && return 1
	return 0
}

# mends STATUS [PATTERN]: a repair leaves that status, and keeps what it should.
mends() {
	local status=$1
	shift
	counted >"$WORK/then"
	dockfw "$status" --repair && counters_kept "$@" || return 1
	dockfw "$status" && again "$status"
}

# Another repair writes nothing.
again() { silent gives_now "$1"; }
gives_now() { dockfw "$1" --repair; }

# broken NAME STATUS FINDINGS LEFT [PATTERN]: a check of the host as it is now exits
# with STATUS and reports FINDINGS, and a repair leaves the status LEFT.
broken() {
	try "$what: $1: found" finds "$2" "$3"
	try "$what: $1: a repair leaves $4" mends "$4" "${@:5}"
}

cases() {
	local what="$KIND IPv$family" refuse=icmp-port-unreachable
	[ "$family" = 4 ] || refuse=icmp6-port-unreachable
	local two=("-s $allowed/$bits -i ens3 -p tcp -m tcp --dport 80 -j RETURN"
		"-A DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -j REJECT --reject-with $refuse")

	right docker-28.5
	try "$what: rules added by hand are accepted as they are" finds 0 ''
	try "$what: and nothing is written" again 0
	try "$what: though they have no mark" is DOCKER-USER "${two[@]}"

	right docker-26
	try "$what: the same with Docker's RETURN after them" again 0

	# FORWARD.
	right docker-26
	fw -D FORWARD -j DOCKER-USER
	fw -I FORWARD 2 -j DOCKER-USER
	broken "a jump to a chain that cannot accept first" 1 'warning user-jump-late' 0 'DOCKER-USER'
	right docker-28.5
	fw -I FORWARD -j DOCKER-ISOLATION-STAGE-1
	broken "the same, twice" 1 'warning user-jump-late' 0 'FORWARD -j DOCKER-USER'
	right docker-28.5
	fw -I FORWARD -i ens3 -g DOCKER-FORWARD
	broken "a goto to one of Docker's chains" 2 'critical user-jump-late' 0 'FORWARD -j DOCKER-USER'
	right docker-28.5
	fw -N MINE
	fw -A MINE -j DOCKER-FORWARD
	fw -I FORWARD -j MINE
	broken "a chain that jumps to one of Docker's" 2 'critical user-jump-late' 0 'FORWARD -j DOCKER-USER'

	right docker-28.5
	fw -N INNER
	fw -A INNER -s "$other" -j ACCEPT
	fw -N OUTER
	fw -A OUTER -p tcp -j INNER
	fw -I FORWARD -j OUTER
	broken "an accept two jumps deeper" 2 'critical accept-before-user' 0 'FORWARD -j DOCKER-USER'
	try "$what: the jump to this chain comes after DOCKER-USER" is FORWARD '-j DOCKER-USER' '-j OUTER' '-j DOCKER-FORWARD'

	right docker-28.5
	fw -N CLOSED
	fw -A CLOSED -s "$other" -j DROP
	fw -A CLOSED -j RETURN
	fw -I FORWARD -j CLOSED
	fw -I FORWARD -s "$other" -j DROP
	fw -I FORWARD -m conntrack --ctstate INVALID -j DROP
	try "$what: rules that only drop may come first" finds 0 ''
	try "$what: and are left there" again 0

	right docker-28.5
	fw -I FORWARD -i wg0 -o wg1 -j ACCEPT
	broken "an accept between other interfaces" 1 'warning accept-before-user' 0 'FORWARD -j DOCKER-USER'
	right docker-28.5
	fw -I FORWARD -i docker0 -j ACCEPT
	try "$what: an accept of a container's own packets: found" dockfw_finds accept-before-user
	right docker-26
	fw -D FORWARD -j DOCKER-USER
	fw -A FORWARD -j DOCKER-USER
	fw -I FORWARD -i ens3 -j DOCKER-USER
	broken "a jump with a match first, one without a match later" 2 \
		'critical user-jump-late,critical accept-before-user,warning user-jump-duplicate' 0 'FORWARD.* DOCKER-USER'
	try "$what: one unconditional jump is left, at the head" one_jump
	right docker-28.5
	fw -I FORWARD -m comment --comment mine -j DOCKER-USER
	try "$what: a jump with a comment besides the plain one: repaired" mends 0 'FORWARD.* DOCKER-USER'
	right docker-28.5
	fw -D FORWARD -j DOCKER-USER
	fw -I FORWARD ! -i docker0 -j DOCKER-USER
	broken "a jump for some interfaces only" 2 'critical user-jump-conditional' 0 'FORWARD.* DOCKER-USER'
	# DOCKER-USER.
	right docker-28.5
	fw -N f2b-web
	fw -A f2b-web -s "$other" -j REJECT
	fw -A f2b-web -j RETURN
	fw -I DOCKER-USER -p tcp -m multiport --dports 80,443 -j f2b-web
	try "$what: fail2ban's chain may come first" finds 0 ''
	fw -D DOCKER-USER 3
	broken "a rule is missing after it" 2 'critical rule-missing' 0
	try "$what: and it stays first" is DOCKER-USER '-j f2b-web' "${two[@]}"

	right docker-28.5
	fw -N f2b-web
	fw -A f2b-web -s "$other" -j ACCEPT
	fw -I DOCKER-USER -j f2b-web
	broken "a foreign chain that accepts first" 2 'critical rule-bypassed' 0 'dport 80'
	try "$what: the jump to it comes after the rules" is DOCKER-USER "${two[@]}" '-j f2b-web'

	right docker-26
	fw -I DOCKER-USER 2 -s "$other" -j RETURN
	broken "a foreign return between the rules" 2 'critical rule-bypassed' 0 'dport 80'
	try "$what: it comes after them, and before Docker's RETURN" is DOCKER-USER "${two[@]}" "-s $other/$bits -j RETURN" '-A DOCKER-USER -j RETURN'

	right docker-26
	fw -D DOCKER-USER -j RETURN
	fw -I DOCKER-USER -j RETURN
	broken "Docker's RETURN first" 2 'critical rule-bypassed' 0 'DOCKER-USER'
	try "$what: it comes last" is DOCKER-USER "${two[@]}" '-A DOCKER-USER -j RETURN'

	right docker-26
	fw -A DOCKER-USER -s "$other" -j DROP
	broken "a rule after the RETURN" 1 'warning rule-unreachable' 1
	try "$what: it is left where it is" is DOCKER-USER "${two[@]}" '-j RETURN' "-s $other/$bits -j DROP"

	right docker-28.5
	fw -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
	try "$what: a foreign copy of a rule: repaired" mends 0 'DOCKER-USER'

	right docker-26
	# shellcheck disable=SC2086 # words
	fw -A DOCKER-USER -s "$other" $mark -j DROP
	broken "a marked rule after the RETURN" 1 'warning rule-stale' 0 'dockfw'

	right docker-28.5
	fw -D DOCKER-USER 1
	fw -A DOCKER-USER -i ens3 -p tcp --dport 80 -s "$allowed" -j RETURN
	broken "two rules in the wrong order" 2 'critical rule-order' 0 'dport 80'
	try "$what: they are in order" is DOCKER-USER "${two[@]}"

	# foreign-rules = remove.
	right docker-26
	sed -i '1i foreign-rules = "remove"' "$CONF"
	fw -I DOCKER-USER -s "$other" -j DROP
	fw -A DOCKER-USER -s "$other" -j ACCEPT
	try "$what: foreign rules are removed if configured so" mends 0 "$other"
	try "$what: but not Docker's RETURN" is DOCKER-USER "${two[@]}" '-A DOCKER-USER -j RETURN'

	# Findings that are not to be reported.
	right docker-26
	sed -i '1i ignore = { "rule-unreachable" }' "$CONF"
	fw -A DOCKER-USER -s "$other" -j DROP
	try "$what: an ignored finding is not reported" finds 0 ''

	# After systemctl stop firewalld.
	right docker-26
	clear_tables
	sed -i '1i ignore = { "user-chain-missing", "user-jump-missing", "rule-missing" }' "$CONF"
	try "$what: what is ignored causes no other finding" finds 0 ''
	sed -i 1d "$CONF"
	broken "every chain is gone" 3 'unknown docker-absent' 0
	try "$what: DOCKER-USER is installed" is DOCKER-USER "${two[@]}"
	try "$what: and FORWARD jumps to it" is FORWARD '-A FORWARD -j DOCKER-USER'
}

one_jump() {
	[ "$(rules FORWARD | grep -c DOCKER-USER)" = 1 ] && [ "$(rules FORWARD | head -n 1)" = '-A FORWARD -j DOCKER-USER' ] &&
		return
	rules FORWARD
	return 1
}

# The finding is among those of a check, whatever the others are.
dockfw_finds() {
	"$DOCKFW" -f "$CONF" -b "$KIND" "-$family" --format=json >"$WORK/out"
	jq -e --arg id "$1" 'any(.findings[]; .id == $id)' "$WORK/out" || { cat "$WORK/out"; return 1; }
}

for KIND in nft legacy; do
	family=4 iptables=iptables suffix='' bits=32 allowed=203.0.113.123 other=192.0.2.1
	cases
	family=6 iptables=ip6tables suffix=.ipv6 bits=128 allowed=2001:db8:113::123 other=2001:db8:2::1
	cases
done
finish
