#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody's bans and accepts in DOCKER-USER and FORWARD, with real clients: a banned one
# stays out and an allowed one stays in, whatever a repair puts beside them.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

hosts_up
banned=203.0.113.66
join banned ens3 $banned/24 2001:db8:113::66/64 203.0.113.1 2001:db8:113::1
serve container 8081
ip -n outsider route add 172.17.0.0/16 via 203.0.113.1

# fates FATE: the banned one is refused, the allowed one gets in, and the outsider has that fate.
fates() { refused banned 198.51.100.10 && reaches "$allowed" 198.51.100.10 && "$1" "$outsider" 198.51.100.10; }
# json_names STATUS losses|gains TEXT: a dry run has that object in JSON, and the text from it.
json_names() {
	dockfw "$1" --format=json --repair --dry-run || return 1
	jq -e --arg key "$2" --arg text "$3" '.[$key] | length > 0 and any(. as $who | .family == "ipv4" and
		.table == "filter" and (.message | contains($text) and
			contains("rule \($who.rule) of \($who.chain), which ")))' "$WORK/out" && return
	cat "$WORK/out"
	return 1
}
# names STATUS TEXT STATUS [lose lost]: the dry run and the repair report it.
names() {
	case ${4:-lose} in
	lose) json_names "$1" losses "$2" || return 1 ;;
	gain) json_names "$1" gains "$2" || return 1 ;;
	esac
	dockfw "$1" --repair --dry-run || return 1
	grep -A9 "^Who would ${4:-lose} access:\$" "$WORK/out" | grep -qF -- "$2" || { cat "$WORK/out"; return 1; }
	dockfw "$3" --repair && grep -A9 "^Who has ${5:-lost} access:\$" "$WORK/out" | grep -qF -- "$2"
}
# jumps NUMBER: the rule of FORWARD with that number is its only jump to DOCKER-USER.
jumps() { [ "$(ipt -S FORWARD | grep -- '^-A' | grep -n -- '-j DOCKER-USER' | cut -d' ' -f1,4)" = "$1:-A DOCKER-USER" ] || { ipt -S FORWARD; false; }; }
# Nothing configured is in force but a ban in FORWARD, after the rule in the arguments.
banned_after() {
	fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j ACCEPT", "-i ens3 -j DROP" } }'
	ipt -D FORWARD -j DOCKER-USER
	ipt -I FORWARD 1 "$@"
	ipt -I FORWARD 2 -s $banned -j REJECT
}
# A chain comes before the jump that accepts new connections, after the rule in the arguments.
mixed_chain() {
	fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j ACCEPT", "-i ens3 -j DROP" } }'
	ipt -N mixed
	ipt -A mixed "$@"
	ipt -A mixed -p tcp --dport 9 -j ACCEPT
	ipt -I FORWARD -j mixed
}
unanswered() { gives 2 ask "$@"; }
never_said() { ! grep -- "$1" "$WORK/out"; }
fresh() {
	clear_tables
	load docker-28.5
	write_conf
}
publish_any() { fresh <<<'publish "80/tcp" { allow = { "any" } }'; }
restored_twice() { dockfw 1 && grep -q 'is there more than once' "$WORK/out" && ! grep 'no longer configured' "$WORK/out"; }
no_edits() { dockfw 1 --repair --dry-run && ! grep -q 'would make' "$WORK/out"; }
bans_chain() {
	ipt -N f2b
	ipt -A f2b -s $banned -j REJECT
	ipt -A f2b -j RETURN
}

for KIND in nft legacy; do
	publish_any
	bans_chain
	ipt -A DOCKER-USER -j f2b
	try "$KIND: a chain of bans, and a section that allows any" dockfw 0 --repair
	try "$KIND: the bans hold" fates reaches
	ipt -I f2b -s 203.0.113.200 -j REJECT
	try "$KIND: after the next ban nothing is to be done" finds 0 ''
	try "$KIND: and that holds, too" fates refused

	fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j REJECT" } }'
	try "$KIND: a rule that refuses" dockfw 0 --repair
	ipt -A DOCKER-USER -s $banned -j REJECT
	write_conf <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp -j RETURN", "-i ens3 -p tcp --dport 80 -j REJECT" } }'
	try "$KIND: and, with a ban after it, one that allows" dockfw 0 --repair
	try "$KIND: the banned one stays out" fates reaches

	fresh <<<'chain "DOCKER-USER" { rules = { "-s 203.0.113.123 -j RETURN", "-i ens3 -p tcp --dport 80 -j REJECT" } }'
	try "$KIND: a rule that allows, and one that refuses" dockfw 0 --repair
	ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
	try "$KIND: somebody's refusal before both, which reads like the second" finds 0 ''
	try "$KIND: it stays" dockfw 0 --repair
	try "$KIND: and refuses" refused "$allowed" 198.51.100.10
	ipt -D DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
	try "$KIND: until it is deleted" reaches "$allowed" 198.51.100.10
	try "$KIND: then nothing is missing" finds 0 ''
	iptables-"$KIND"-save -t filter | grep -e '^\*' -e '-A DOCKER-USER' -e COMMIT >"$WORK/once"
	iptables-"$KIND"-restore -n <"$WORK/once"
	try "$KIND: rules of this program that somebody restored once more are called that" restored_twice
	try "$KIND: and go" dockfw 0 --repair

	fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp -s 203.0.113.0/24 -j RETURN", "-i ens3 -p tcp --dport 80 -j REJECT" } }'
	ipt -A DOCKER-USER -s 203.0.113.123 -j ACCEPT
	ipt -A DOCKER-USER -s $banned -j REJECT
	try "$KIND: an accept before a ban: the rules come after both" dockfw 0 --repair
	try "$KIND: and nobody gets in who was refused" fates reaches
	ipt -I DOCKER-USER -s 192.0.2.0/24 -j ACCEPT
	try "$KIND: an accept of others than those who are configured" dockfw 2 --repair
	try "$KIND: nobody else gets in" fates reaches

	fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j REJECT" } }'
	ipt -A DOCKER-USER -j RETURN
	ipt -I DOCKER-USER -i ens3 -s 203.0.113.123 -j ACCEPT
	ipt -I DOCKER-USER -i ens3 -s $banned -j REJECT
	try "$KIND: a repair that locks somebody out names them before" names 2 \
		'rule 2 of DOCKER-USER, which lets 203.0.113.123 in on ens3' 0
	try "$KIND: and it does" refused "$allowed" 198.51.100.10

	fresh <<<'publish "80/tcp" { interface = "ens3"
	allow = { "203.0.113.123" } }'
	ipt -I DOCKER-USER -i virbr0 -j ACCEPT
	ipt -I DOCKER-USER -o virbr0 -j ACCEPT
	try "$KIND: accepts of other interfaces are let be" dockfw 0 --repair
	ipt -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
	try "$KIND: one for open connections is a warning" dockfw 1 --repair
	try "$KIND: and lets nobody in" refused "$outsider" 198.51.100.10
	try "$KIND: but the allowed one" reaches "$allowed" 198.51.100.10

	banned_after -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	try "$KIND: a ban in FORWARD, no jump to DOCKER-USER" refused banned 198.51.100.10
	try "$KIND: the new one comes after the ban" dockfw 1 --repair
	try "$KIND: as the third rule" jumps 3
	try "$KIND: the ban holds" fates reaches
	try "$KIND: the rule before it is reported" finds 1 'warning accept-before-user'
	try "$KIND: and nothing is to be done" no_edits

	banned_after -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	ipt -I FORWARD 3 -i ens3 -j DOCKER-USER
	try "$KIND: a conditional jump after the ban" dockfw 1 --repair
	try "$KIND: is replaced there" jumps 3
	try "$KIND: and the ban holds" fates reaches

	banned_after -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	ipt -A FORWARD -j DOCKER-USER
	try "$KIND: a jump after Docker's" dockfw 1 --repair
	try "$KIND: moves no further than the ban" jumps 3
	try "$KIND: which holds" fates reaches

	banned_after -j RETURN
	ipt -F FORWARD
	ipt -N X
	ipt -A FORWARD -i ens3 -j X
	ipt -A FORWARD -j DOCKER-FORWARD
	ipt -A X -s $banned -j REJECT
	ipt -A X -j DOCKER-USER
	try "$KIND: a chain with the ban and the jump, for one interface" dockfw 0 --repair
	try "$KIND: the new jump comes after it" jumps 2
	try "$KIND: the ban holds there" fates reaches
	try "$KIND: and that is right" finds 0 ''

	banned_after -i ens3 -s 192.0.2.0/24 -j ACCEPT
	try "$KIND: before an accept of new connections the jump passes the ban, and the report names it" names 2 \
		'before rule 2 of FORWARD, which refuses packets: those that DOCKER-USER accepts' 0 gain gained
	try "$KIND: it is the first rule" jumps 1
	try "$KIND: and the banned one gets in" reaches banned 198.51.100.10

	mixed_chain -s $banned -j REJECT
	try "$KIND: a ban in a chain that accepts as well: the jump stays after it" dockfw 2 --repair
	try "$KIND: and the report names it" grep -q 'DOCKER-USER could accept what rule 1 of mixed refuses' "$WORK/out"
	try "$KIND: it is the second rule" jumps 2
	try "$KIND: the ban in the chain holds" fates reaches
	ipt -I FORWARD -s $banned -j REJECT
	ipt -D mixed -s $banned -j REJECT
	try "$KIND: with the ban at the top of FORWARD the jump comes before the chain" dockfw 0 --repair
	try "$KIND: and the ban holds there" fates reaches

	mixed_chain -s $banned -j REJECT
	ipt -D FORWARD -j DOCKER-USER
	try "$KIND: without a jump the new one comes before the chain, and the report names the ban" names 2 \
		'before rule 1 of FORWARD, which leads to rule 1 of mixed, which refuses packets' 0 gain gained
	try "$KIND: that is the first rule" jumps 1

	mixed_chain -i ens3 -p tcp --dport 81 -j DROP
	ipt -A mixed -m conntrack --ctstate INVALID -j DROP
	ipt -A mixed -o virbr0 -j REJECT
	try "$KIND: what DOCKER-USER does not accept, or is not for containers, does not count" dockfw 0 --repair
	try "$KIND: there the jump comes first" jumps 1

	# A goto leads there as well, but what returns gets the policy of FORWARD. Port 8081 of the
	# container is not published, so that Docker's rules drop what comes to it.
	for policy in ACCEPT DROP; do
		severity=critical status=2 direct=reaches
		[ $policy = ACCEPT ] || severity=warning status=1 direct=unanswered
		fresh <<<'publish "80/tcp" { allow = { "203.0.113.123" } }'
		dockfw 0 --repair
		ipt -P FORWARD $policy
		ipt -D FORWARD -j DOCKER-USER
		ipt -I FORWARD -g DOCKER-USER
		nft 'delete table ip dockfw'
		try "$KIND: a goto, policy $policy: DOCKER-USER is evaluated" refused "$outsider" 198.51.100.10
		try "$KIND: a goto, policy $policy: found" dockfw 2
		try "$KIND: a goto, policy $policy: as what it is" grep -q 'rule 1 of FORWARD goes to DOCKER-USER by a goto' "$WORK/out"
		try "$KIND: a goto, policy $policy: not as never reached" never_said 'never jumps'
		try "$KIND: a goto, policy $policy: what to do" grep -q 'and delete the goto' "$WORK/out"
		try "$KIND: a goto, policy $policy: a repair" dockfw $status --repair
		try "$KIND: a goto, policy $policy: leaves it" ipt -C FORWARD -g DOCKER-USER
		try "$KIND: a goto, policy $policy: nobody else gets in" refused "$outsider" 198.51.100.10
		try "$KIND: a goto, policy $policy: Docker's rules are not evaluated" $direct "$outsider" 172.17.0.2 8081
		try "$KIND: a goto, policy $policy: found after the repair" finds $status "$severity user-jump-goto"
		dockfw $status
		command=$(sed -n 's/.*Docker.s, are not .*; delete it with: //p' "$WORK/out")
		try "$KIND: a goto, policy $policy: a second repair writes nothing" silent dockfw $status --repair
		try "$KIND: a goto, policy $policy: the command that deletes it" [ "$command" = "iptables-$KIND -D FORWARD -g DOCKER-USER" ]
		$command
		try "$KIND: a goto, policy $policy: once it is deleted, Docker's rules are" unanswered "$outsider" 172.17.0.2 8081
		try "$KIND: a goto, policy $policy: once it is deleted, the port works" reaches "$allowed" 198.51.100.10
		try "$KIND: a goto, policy $policy: for nobody else" refused "$outsider" 198.51.100.10
		try "$KIND: a goto, policy $policy: nothing is wrong" finds 0 ''
		ipt -I FORWARD 2 -i ens3 -s 192.0.2.0/24 -g DOCKER-USER
		try "$KIND: a goto with conditions, policy $policy" finds $status "$severity user-jump-goto"
		try "$KIND: a goto with conditions, policy $policy: by its number" \
			grep -q "delete it with: iptables-$KIND -D FORWARD 2\"" "$WORK/out"
		ipt -R FORWARD 2 -o virbr0 -g DOCKER-USER
		try "$KIND: a goto for an interface that is not Docker's, policy $policy" finds 1 'warning user-jump-goto'
		ipt -D FORWARD 2
		ipt -A FORWARD -g DOCKER-USER
		try "$KIND: a goto that no rule comes after, policy $policy" finds 0 ''
	done
done

# Native rules of nft, which only nf_tables can have.
KIND=nft
publish_any
nft "add set ip filter bad { type ipv4_addr; elements = { $banned } }
	insert rule ip filter DOCKER-USER ip saddr @bad counter reject"
try "a native ban: the section comes after it" dockfw 1 --repair
try "it is opaque, and that is all" finds 1 'warning rule-opaque'
try "the ban holds" fates reaches
nft insert rule ip filter DOCKER-USER tcp dport vmap '{ 81 : drop, 82 : return }'
sed -i 's/"any"/"203.0.113.0\/24"/' "$CONF"
try "a map of verdicts may accept, and drop: the section stays after it" dockfw 2 --repair
try "and the ban holds" fates reaches

# A map of verdicts does what its elements do now. The guard's first rule is for what it lets in.
map_rule() { # RULE
	publish_any
	sed -i 's/"any"/"203.0.113.123"/' "$CONF"
	nft "add map ip filter verdicts { type ipv4_addr : verdict; flags interval; }
		add chain ip filter SOME; insert rule ip filter FORWARD $1"
}
no_way_by() { ! nft list chain ip dockfw FORWARD | grep -x '[[:space:]]*\(counter packets.* \)\?accept'; }
for rule in "ip saddr vmap { $banned : drop }" "ip saddr vmap { $banned : drop, 192.0.2.0/24 : drop }" 'ip saddr vmap @verdicts'; do
	map_rule "$rule"
	nft add element ip filter verdicts "{ $banned-203.0.113.70 : drop }"
	try "$rule: a repair" dockfw 1 --repair
	try "$rule: nothing is wrong" finds 1 'warning rule-opaque'
	try "$rule: what it can do" grep -q 'it can only drop' <("$DOCKFW" -f "$CONF")
	try "$rule: it drops" gives 2 ask banned 198.51.100.10
	try "$rule: the section holds" reaches "$allowed" 198.51.100.10
	try "$rule: and refuses" refused "$outsider" 198.51.100.10
	ipt -D FORWARD -j DOCKER-USER
	try "$rule: the guard lets nobody past" no_way_by
	try "$rule: and refuses" refused "$outsider" 198.51.100.10
done
map_rule 'ip saddr vmap @verdicts'
try "an empty map does nothing" dockfw 1 --repair
try "so nothing is wrong" finds 1 'warning rule-opaque'
for verdict in accept return 'jump SOME' 'goto SOME' continue; do
	nft add element ip filter verdicts "{ 203.0.113.200 : $verdict }"
	nft add element ip filter verdicts '{ 192.0.2.1 : drop }'
	try "an element with $verdict: the map may let packets past" finds 2 \
		'warning rule-opaque,critical accept-before-user'
	nft flush map ip filter verdicts
done
nft 'add element ip filter verdicts { 203.0.113.200 : accept }; delete table ip dockfw'
try "an element that accepts does" reaches "$outsider" 198.51.100.10
try "a repair puts the jump before it" dockfw 0 --repair
try "and nobody else gets in" refused "$outsider" 198.51.100.10
publish_any
nft "add map ip filter verdicts { type ipv4_addr : verdict; }
	add element ip filter verdicts { $banned : drop }
	insert rule ip filter DOCKER-USER ip saddr vmap @verdicts"
try "a map that drops in DOCKER-USER is a ban" dockfw 1 --repair
try "and lets nobody past" finds 1 'warning rule-opaque'
try "which holds" gives 2 ask banned 198.51.100.10
# What is added to it later is seen by the watch.
map_rule 'ip saddr vmap @verdicts'
try "a repair beside an empty map" dockfw 1 --repair
holds() { dockfw 1 --check; } # the map is opaque
try "a watch" watch
nft add element ip filter verdicts '{ 203.0.113.200 : accept }'
try "a new element that accepts: the watch puts the jump before it" until_true refused "$outsider" 198.51.100.10
try "and reports it" event '.event == "repaired" and (.findings | any(.id == "accept-before-user"))'
try "the watch ends" stop

publish_any
sed -i '1i foreign-rules = "remove"' "$CONF"
nft "add set ip filter bad { type ipv4_addr; elements = { $banned } }
	insert rule ip filter DOCKER-USER ip saddr @bad reject"
ipt -A DOCKER-USER -s 192.0.2.1 -j DROP
try "foreign-rules = remove leaves it" dockfw 1 --repair
try "and it holds" fates reaches
sed -i '1s/remove/remove-all/' "$CONF"
try "remove-all does not" dockfw 0 --repair

fresh <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j ACCEPT" } }'
nft "add set ip filter bad { type ipv4_addr; elements = { $banned } }
	insert rule ip filter FORWARD ip saddr @bad reject"
try "a native ban first in FORWARD stays there" dockfw 1 --repair
try "so that it holds" fates reaches
nft delete rule ip filter FORWARD handle "$(nft -a list chain ip filter FORWARD | sed -n 's/.*@bad.*handle //p')"
nft "insert rule ip filter FORWARD ct state invalid drop
	insert rule ip filter FORWARD tcp dport 90-99 drop
	insert rule ip filter FORWARD iif lo drop
	insert rule ip filter FORWARD log prefix \"forward \""
try "rules of nft that mean the same as one of iptables are not opaque" finds 0 ''

# A base chain that has the name of a configured one is somebody else's.
block() { nft list chain ip filter BLOCK; }
fresh <<'END'
chain "DOCKER-USER" { rules = { "-i ens3 -s 203.0.113.200 -j REJECT", "-i ens3 -j BLOCK" } }
chain "BLOCK" { rules = { "-i ens3 -j REJECT" } }
END
nft "add chain ip filter BLOCK { type filter hook forward priority 10; }
	add rule ip filter BLOCK ip saddr $banned reject"
block >"$WORK/block"
try "a base chain named like a configured one: the other rules are put in" dockfw 2 --repair
try "the one that should jump to it is not, and both are reported" finds 2 \
	'critical user-chain-missing,critical rule-refused'
try "the bans in it stay" diff "$WORK/block" <(block)
try "and hold" fates refused
try "a second repair writes nothing" silent dockfw 2 --repair
try "nor does --remove touch it" dockfw 0 --remove
try "the bans are still there" diff "$WORK/block" <(block)
finish
