#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --remove takes out what a repair has put in, and nothing else: for both backends,
# beside Docker and without it, with and without a configuration.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"

# DOCKER-USER, a chain of the administrator's and one that fail2ban fills.
configure() {
	write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
	        "-i ens3 -p udp -j OFFICE",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	chain "OFFICE" { rules = { "-p udp --dport 53 -j RETURN", "-j DROP" } }
	END
}

# All rules and chains as commands, without the counters of policies.
listing() {
	local command
	for command in iptables ip6tables; do
		"$command-$KIND-save" -t filter | sed -nE 's/^(:[^ ]+ [^ ]+) .*/\1/p; /^-A/p'
	done
}
# leaves FILE: the tables are as in that listing.
leaves() { listing | diff "$1" -; }
# says PATTERN: the report has such a line.
says() { grep -qE -- "$1" "$WORK/out" || { echo "no '$1' in:"; cat "$WORK/out"; return 1; }; }
warns() { grep -qE -- "$1" "$WORK/err" || { echo "no '$1' in:"; cat "$WORK/err"; return 1; }; }
nowhere() { ! grep -q . "$WORK/err" || { cat "$WORK/err"; return 1; }; }

# The families that have a guard.
guards() { nft list tables | sed -nE 's/^table (ip6?) dockfw$/\1/p' | paste -sd ' '; }
guard_is() { [ "$(guards)" = "$1" ] || { echo "guards: $(guards), not '$1'"; return 1; }; } # FAMILIES

# Whatever else is wrong there.
repair() { "$DOCKFW" -f "$CONF" -b "$KIND" --repair >/dev/null 2>&1; }

removes() { # all cases of one backend
	clear_tables
	configure
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	# What is in place before the first repair is not the program's.
	ipt -I DOCKER-USER -s 192.0.2.1 -j DROP
	ipt -I INPUT -s 192.0.2.1 -j DROP
	ipt -N MINE
	ipt -A MINE -j DROP
	listing >"$WORK/theirs"
	try "$KIND: a repair" dockfw 0 --repair
	try "$KIND: with a guard" guard_is "ip ip6"
	try "$KIND: a dry run writes nothing" silent dockfw 0 --remove --dry-run
	try "$KIND: it shows what goes" says '^OK: a removal would make [0-9]+ edits; DOCKER-USER would no longer be held \('"$KIND"', ipv4 and ipv6\)$'
	try "$KIND: with the rules" says '^  - +2  -s 203\.0\.113\.123/32 .* -j RETURN$'
	try "$KIND: and the chains" says '^ipv6 filter OFFICE \(to be removed\)$'
	try "$KIND: and the guard" says '^ipv6 dockfw forward \(to be removed\)$'
	try "$KIND: a removal" dockfw 0 --remove
	try "$KIND: it says that nothing is held" says '^OK: removed with [0-9]+ edits; DOCKER-USER is no longer held \('"$KIND"', ipv4 and ipv6\)$'
	try "$KIND: and shows what is gone" says '^ipv4 filter OFFICE \(removed\)$'
	try "$KIND: without a diagnostic" nowhere
	try "$KIND: everything is as before the repair" leaves "$WORK/theirs"
	try "$KIND: there is no guard" guard_is ""
	try "$KIND: again, there is nothing to write" silent dockfw 0 --remove
	try "$KIND: it says so" says '^OK: nothing to remove \('"$KIND"', ipv4 and ipv6\)$'

	repair
	try "$KIND: only IPv6" dockfw 0 --remove -6
	try "$KIND: IPv4 is still held" dockfw 0 -4
	try "$KIND: by the guard, too" guard_is ip
	try "$KIND: the rest" dockfw 0 --remove --format=json
	# shellcheck disable=SC2016 # it is jq's
	try "$KIND: json" jq -e '.exit == 0 and .written and .kept == [] and (.families | length == 2) and
		([.edits[] | select(.op == "delete" and .chain == "DOCKER-USER" and .backend == $kind)] | length == 3) and
		[.edits[] | select(.op == "drop")] == [{op: "drop", family: "ipv4", table: "filter",
			chain: "OFFICE", position: null, rule: null, backend: $kind}] and
		.edits[-1] == {op: "drop-table", family: "ipv4", table: "dockfw", chain: null, position: null,
			rule: null, backend: "nft"}' --arg kind "$KIND" "$WORK/out"
	try "$KIND: everything is gone again" leaves "$WORK/theirs"

	# By the mark alone.
	repair
	echo 'colour = "blue"' >>"$CONF"
	try "$KIND: a wrong configuration" dockfw 0 --remove
	try "$KIND: a warning says so" warns 'going on without the configuration: every rule with the mark is removed'
	try "$KIND: and what is wrong" warns "there is no setting 'colour'"
	try "$KIND: everything is gone without it, too" leaves "$WORK/theirs"
	configure
	repair
	mv "$CONF" "$WORK/moved"
	try "$KIND: no configuration" dockfw 0 --remove
	try "$KIND: everything is gone without one" leaves "$WORK/theirs"
	try "$KIND: so is the guard" guard_is ""

	# Rules that a repair found in place, and chains that others use.
	configure
	ipt -I DOCKER-USER 1 -i ens3 -p tcp --dport 80 -j REJECT
	repair
	ipt -A OFFICE -s 192.0.2.9 -j DROP
	ip6tables-"$KIND" -A INPUT -j OFFICE
	dockfw 0 --remove
	try "$KIND: a configured rule without the mark stays" ipt -C DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
	try "$KIND: the report says so" says '^kept +ipv4: DOCKER-USER holds a configured rule without the mark: -i ens3 .*-j REJECT'
	try "$KIND: a chain with a rule of others stays" ipt -C OFFICE -s 192.0.2.9 -j DROP
	try "$KIND: and so does one that they jump to" ip6tables-"$KIND" -C INPUT -j OFFICE
	try "$KIND: but no rule with the mark" test "$(listing | grep -c 'comment dockfw')" = 0
	try "$KIND: json has it, too" dockfw 0 --remove --format=json
	try "$KIND: as a rule of the chain" jq -e '.written == false and .edits == [] and (.kept | length == 1) and
		.kept[0].chain == "DOCKER-USER" and (.kept[0].rule | test("-j REJECT"))' "$WORK/out"

	# Before Docker's first start, the chain and the jump are the program's.
	clear_tables
	repair
	try "$KIND: without Docker" dockfw 0 --remove
	try "$KIND: the chain and the jump go as well" test "$(listing | grep -cE '^(-A|:[^ ]+ -)')" = 0
	repair
	ipt -A DOCKER-USER -s 192.0.2.1 -j DROP
	try "$KIND: with a rule of others" dockfw 0 --remove
	try "$KIND: the jump stays for it" ipt -C FORWARD -j DOCKER-USER
	try "$KIND: but not in IPv6" test -z "$(ip6tables-"$KIND" -S | grep DOCKER-USER)"
}
for KIND in nft legacy; do
	removes
done

# ---- a table of another program's that has the guard's name ----

clear_tables
nft 'add table ip dockfw; add chain ip dockfw forward { type filter hook forward priority 0; }'
nft list ruleset >"$WORK/foreign"
try "a foreign table is not removed" dockfw 0 --remove
try "a warning says so" warns "^dockfw-check: the table 'ip dockfw' is another program's, and stays\$"
try "it is as it was" diff "$WORK/foreign" <(nft list ruleset)

# ---- both backends ----

clear_tables
configure
for KIND in nft legacy; do
	load docker-28.5
	repair
done
marked() { "iptables-$1-save" 2>/dev/null | grep -c 'comment dockfw'; }
try "one backend" gives 0 "$DOCKFW" -f "$CONF" -b nft --remove
try "that of the option" test "$(marked nft) $(marked legacy)" = "0 5"
KIND=nft
repair
try "both backends" gives 0 "$DOCKFW" -f "$CONF" --remove
try "are named" says '^OK: removed with [0-9]+ edits; DOCKER-USER is no longer held \(nft and legacy, ipv4 and ipv6\)$'
try "each with its chains" says '^in the legacy tables:$'
try "the mark is in neither" test "$(marked nft) $(marked legacy)" = "0 0"
try "no legacy table is created" unshare --net sh -c "'$DOCKFW' -f '$CONF' --remove && [ ! -s /proc/net/ip_tables_names ]"

# ---- options ----

refuses() { dockfw 3 --remove "$@" && cat "$WORK/out" "$WORK/err" | grep -q -- "$why"; } # OPTION…
why='cannot be used with --remove'
for format in nagios prometheus; do try "not as $format" refuses --format=$format; done
why='more than one mode'
try "not with another mode" refuses --check
why='--restart-docker needs --repair'
try "nor with --restart-docker" refuses --restart-docker
repair
try "nothing is printed with -q" dockfw 0 --remove -q
try "really nothing" test ! -s "$WORK/out"
try "to a file" dockfw 0 --remove -o "$WORK/report"
try "the file has the report" grep -q '^OK: nothing to remove' "$WORK/report"
chmod 755 "$WORK"
try "without rights" gives 3 setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "$DOCKFW" -f "$WORK/none" -b nft --remove
try "it is an error" warns 'run as root'

# ---- a verdict map of nftables that leads to a chain of the program's ----

KIND=nft
holds() { nft list chain ip filter "$1" | grep -qE -- "$2" || { nft list table ip filter; return 1; }; } # CHAIN PATTERN
unmarked() { nft list table ip filter >"$WORK/filter" && not grep dockfw "$WORK/filter"; }
not() { ! "$@"; }
while read -r what command; do
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	configure
	repair
	try "$what: of somebody's, with a jump to OFFICE" nft "$command"
	write_conf <<<'chain "DOCKER-USER" { rules = { "-i ens3 -j DROP" } }'
	try "$what: a repair puts in what is configured" dockfw 0 --repair
	try "$what: it is there" holds DOCKER-USER 'iifname "ens3".*drop'
	try "$what: OFFICE stays as it was" holds OFFICE 'udp dport 53.*return'
	try "$what: all is right" silent dockfw 0 --repair
	try "$what: a removal" dockfw 0 --remove
	try "$what: no rule of the program's is left" unmarked
	try "$what: OFFICE is there, for the map" holds OFFICE chain
	try "$what: nothing more to remove" dockfw 0 --remove
done <<'END'
map add map ip filter m { type ipv4_addr : verdict; elements = { 192.0.2.99 : jump OFFICE } }
vmap add chain ip filter own; add rule ip filter own ip saddr vmap { 192.0.2.99 : goto OFFICE }
END

# ---- a timer that would put everything back ----

systemctl_is <<'END'
[ "$*" = "is-active --quiet dockfw-check.timer" ]
END
try "a host without systemd" dockfw 0 --remove
try "systemctl is not called there" test ! -e "$WORK/systemctl"
mkdir -p /run/systemd/system
try "an active timer" dockfw 0 --remove
try "the warning names the command" warns 'dockfw-check\.timer is active, .*run: systemctl disable --now dockfw-early\.service dockfw-check\.service dockfw-check\.timer$'
try "a dry run warns as well" dockfw 0 --remove -n
try "with the same words" warns 'dockfw-check\.timer is active'
systemctl_is <<<'exit 3'
try "a timer that is not active" dockfw 0 --remove
try "there is no warning" nowhere
rm /usr/bin/systemctl
try "no systemctl" dockfw 0 --remove
try "there is no warning, either" nowhere
# ---- a family that the configuration leaves out after a repair ----

narrow() { # WORDS: of the findings for IPv6
	dockfw 1 --check && says "$1"
}
for KIND in nft legacy; do
	clear_tables
	configure
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	listing >"$WORK/theirs"
	dockfw 0 --repair
	sed -i '1i families = { "ipv4" }' "$CONF"
	touch -d '1 minute ago' "$CONF"
	try "$KIND left out: a check reports it" finds 1 'warning family-left-out,warning rule-stale,warning guard-differs'
	try "$KIND left out: the rules" narrow 'rule-stale .*ipv6: DOCKER-USER holds 2 rules of dockfw-check, though families leaves out IPv6'
	try "$KIND left out: the guard" narrow 'guard-differs .*ipv6: the table ip6 dockfw is there, though families'
	try "$KIND left out: not that nothing is in force" narrow 'family-left-out .*: no repair keeps what an earlier one has put in force there'
	try "$KIND left out: how to take it out" narrow 'add ipv6 to families, or take it out: dockfw-check .* --remove -6$'
	try "$KIND left out: a repair leaves it" dockfw 1 --repair
	try "$KIND left out: with the guard" guard_is "ip ip6"
	try "$KIND left out: that family by itself" dockfw 0 --remove -6 --dry-run
	try "$KIND left out: --remove finds it" dockfw 0 --remove
	try "$KIND left out: no guard is left" guard_is ''
	try "$KIND left out: nor a rule" leaves "$WORK/theirs"
	"ip6tables-$KIND" -N OFFICE
	listing >"$WORK/theirs"
	try "$KIND left out: nothing more to remove" dockfw 0 --remove
	try "$KIND left out: a chain of the same name stays" leaves "$WORK/theirs"
done

finish
