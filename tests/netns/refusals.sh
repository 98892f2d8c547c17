#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be done is reported in one line that names it, with exit status 3, before
# anything is written. The host is broken, so that a repair would write.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

KIND=nft
load reload-debian-12
two_rules

# refused PATTERN COMMAND…: one line on stderr that matches the pattern, and nothing else;
# a check or repair adds one that nothing takes the place of the configuration.
refused() {
	silent refused_now "$@"
}
refused_now() {
	local pattern=$1
	shift
	gives 3 timeout 20 "$@" || return 1
	[ ! -s "$WORK/out" ] || { echo "on stdout:"; cat "$WORK/out"; return 1; }
	sed -i '2 { /: no last good configuration of .* is stored: /d }' "$WORK/err"
	if [ "$(wc -l <"$WORK/err")" != 1 ] || [ "$(wc -c <"$WORK/err")" -gt 2000 ] ||
		! grep -qE -- "$pattern" "$WORK/err"; then
		echo "not one readable line that matches '$pattern':"
		cat "$WORK/err"
		return 1
	fi
}
# refuses NAME PATTERN FILE [OPTION…]: each mode that reads the configuration refuses it.
refuses() {
	local name=$1 pattern=$2
	shift 2
	try "repair: $name" refused "$pattern" "$DOCKFW" --repair -b nft -f "$@"
	try "check-config: $name" refused "$pattern" "$DOCKFW" --check-config -f "$@"
}
rules() { # TEXT OF THE RULES
	write_conf <<<"chain \"DOCKER-USER\" { rules = { $1 } }"
}

# The file.
refuses "no file" "/nowhere/dockfw.conf.*No such file" "$WORK/nowhere/dockfw.conf"
mkdir "$WORK/folder"
refuses "a folder" "$WORK/folder" "$WORK/folder"
head -c 3000 "$BUILD/dockfw-check" >"$WORK/binary"
refuses "a binary file" "$WORK/binary" "$WORK/binary"
printf 'families = { "ipv4" }\0\n' >"$WORK/zero"
refuses "a NUL in the file" "$WORK/zero" "$WORK/zero"
mkfifo "$WORK/pipe"
refuses "a pipe" "$WORK/pipe" "$WORK/pipe"
refuses "an empty name" "." ""
for mode in g+w o+w; do
	cp "$CONF" "$WORK/writable"
	chmod $mode "$WORK/writable"
	refuses "a file with $mode" "$WORK/writable" "$WORK/writable"
done
cp "$CONF" "$WORK/other"
chown 65534 "$WORK/other"
refuses "another user's file" "$WORK/other" "$WORK/other"
chmod 0660 "$WORK/writable"
write_conf <<<'include("writable")'
refuses "an included file that its group may write" "$WORK/writable" "$CONF"
write_conf <<<'include("nowhere.conf")'
refuses "an included file that does not exist" "nowhere.conf" "$CONF"

# A family that the configuration does not name has no rules that could be in force.
write_conf <<<'families = { "ipv4" }'
for mode in --check --repair '--repair -n'; do
	# shellcheck disable=SC2086 # words
	try "$mode -6 with families of IPv4" refused '--ipv6:.* families' "$DOCKFW" $mode -6 -f "$CONF"
done
try "-4 and -6 with families of IPv4" refused '--ipv6:.* families' "$DOCKFW" -4 -6 -f "$CONF"
write_conf <<<'families = { "ipv6" }'
try "-4 with families of IPv6" refused '--ipv4:.* families' "$DOCKFW" -4 -f "$CONF"

# Its contents.
refused_text() { # NAME PATTERN TEXT
	write_conf <<<"$3"
	refuses "$1" "$CONF:[0-9]+: .*$2" "$CONF"
}
refused_text "an unknown key" colour 'colour = "red"'
refused_text "an unknown family" ipv5 'families = { "ipv5" }'
refused_text "an unknown backend" pf 'backend = "pf"'
refused_text "an unknown finding" nothing 'ignore = { "nothing" }'
refused_text "an unclosed brace" . 'families = { "ipv4"'
refused_text "an unclosed quote" . 'backend = "nft'
# Without a last good configuration, one wrong rule costs one rule; here it is the only one.
costs_one() { # PATTERN
	gives 2 timeout 20 "$DOCKFW" --repair -b nft -f "$CONF" || return 1
	[ "$(wc -l <"$WORK/err")" = 1 ] && grep -qE -- "$1" "$WORK/err" &&
		grep -qE '^critical  configuration-broken .* can be used: the other rules are in force in chains that hold none of this program' "$WORK/out" &&
		! iptables-nft -S DOCKER-USER | grep -qe '--comment dockfw' && return
	cat "$WORK/err" "$WORK/out"
	return 1
}
rules_refused() { # NAME PATTERN RULE
	rules "\"$3\""
	try "repair: $1" costs_one "$CONF:1: .*$2"
	try "check-config: $1" refused "$CONF:1: .*$2" "$DOCKFW" --check-config -f "$CONF"
}
rules_refused "a rule with an unknown option" no-such-option '-i ens3 --no-such-option -j DROP'
rules_refused "an unknown match" nosuch '-m nosuch -j DROP'
rules_refused "an unknown target or chain" NOWHERE '-j NOWHERE'
rules_refused "an invalid port" 70000 '-p tcp --dport 70000 -j DROP'
rules_refused "a port without a protocol" dport '--dport 80 -j DROP'
rules_refused "a host name as an address" localhost '-s localhost -j DROP'
rules_refused "a host name in a match" localhost '-m conntrack --ctorigsrc localhost -j DROP'
rules_refused "a network name in a match" loopback '-m conntrack --ctorigsrc loopback/8 -j DROP'
rules_refused "an invalid address" 300 '-s 300.1.1.1 -j DROP'
rules_refused "an option without its value" . '-i ens3 -p'
rules_refused "a command" . '-A DOCKER-USER -j DROP'
rules_refused "a table" . '-t nat -j DROP'
rules_refused "an interface name that is too long" . '-i abcdefghijklmnop -j DROP'
refused_text "a jump to DOCKER-USER itself" . 'chain DOCKER-USER { rules = { "-j DOCKER-USER" } }'
refused_text "a control character" 0x01 $'chain DOCKER-USER { rules = { "-p tcp \001 -j DROP" } }'
# No packet matches these; the tables that hold them cannot be restored from what iptables-save lists.
for option in '-s 0.0.0.0/0' '-d 0.0.0.0/0' '-s ::/0' '-d ::/0' '-s 10.0.0.0/0' '-i +' '-o +'; do
	rules_refused "! $option" "'! ${option%% *}' with every [a-z]* matches no packet, .*: remove the rule" "-p tcp ! $option -j DROP"
done
rules_refused "a quote that is not closed" closed "-m comment --comment '\\\"abc' -j DROP"
rules_refused "a chain of 29 characters" 28 '-j ABCDEFGHIJKLMNOPQRSTUVWXYZABC'
long=$(head -c 60000 /dev/zero | tr '\0' a)
rules_refused "a word of 60,000 characters" aaa "$long"
rules_refused "a rule of more than 64 KiB" 'at most 65536' "-m comment --comment $long$long -j DROP"
whole='-s 192.0.2.0/24 -p tcp -m multiport --dports 80,443 -m comment --comment x -j REJECT --reject-with tcp-reset'
# Cut off anywhere, the rule is refused exactly if iptables refuses it, and in one line.
cut_off() {
	local cut text refused=0
	for ((cut = 1; cut < ${#whole}; cut++)); do
		text=${whole:0:cut}
		rules "\"$text\""
		if printf '*filter\n:DOCKER-USER -\n-A DOCKER-USER %s\nCOMMIT\n' "$text" |
			iptables-nft-restore --noflush >/dev/null 2>&1; then
			gives 0 "$DOCKFW" --check-config -4 -f "$CONF" || { echo "of '$text'"; return 1; }
		else
			refused=$((refused + 1))
			refused_now "$CONF:1: " "$DOCKFW" --check-config -4 -f "$CONF" || { echo "of '$text'"; return 1; }
		fi
	done
	[ "$refused" -gt 30 ]
}
try "a rule that is cut off anywhere" cut_off
rules_refused "a jump to a chain of Docker" '-j DOCKER: the chain belongs to Docker, .*; a rule may lead only to a chain with a section' '-j DOCKER'
rules_refused "a goto to a base chain" '-g FORWARD: no rule may lead to a base chain' '-g FORWARD'
refused_text "a section of 29 characters" 28 'chain "ABCDEFGHIJKLMNOPQRSTUVWXYZABC" { }'
refused_text "a section name with a blank" 'A B' 'chain "A B" { }'
refused_text "a loop of chains" 'A -> B -> A' \
	'chain "DOCKER-USER" { rules = { "-j A" } } chain "A" { rules = { "-j B" } } chain "B" { rules = { "-j A" } }'
refused_text "a loop after another chain" 'the chains form a loop: B -> C -> B' \
	'chain "A" { rules = { "-j B" } } chain "B" { rules = { "-j C" } } chain "C" { rules = { "-j B" } }'
ring() { for ((i = 1; i <= 20; i++)); do printf 'chain "C%d" { rules = { "-j C%d" } } ' $i $((i % 20 + 1)); done; }
refused_text "a long loop" 'the chains form a loop: C1 -> C2 -> .* -> C8 -> … -> C1$' "$(ring)"

# A message that is cut is cut between characters.
cut_message() {
	local lead
	for lead in a aa aaa; do
		rules "\"$lead$(printf '日本%.0s' {1..5000}) -j DROP\""
		gives 3 "$DOCKFW" --check-config -f "$CONF" || return 1
		grep -qF ' [...] ' "$WORK/err" && iconv -f utf-8 -t utf-8 "$WORK/err" >"$WORK/out" || return 1
	done
}
try "a long message of wide characters" cut_message

# Several errors in one file are reported in one run, a line each.
rules '"-m nosuch -j DROP", "-p tcp --dport 70000 -j DROP"'
several() {
	gives 3 "$DOCKFW" --check-config -f "$CONF" && [ "$(grep -c "$CONF:1: " "$WORK/err")" = 2 ] &&
		grep -q nosuch "$WORK/err" && grep -q 70000 "$WORK/err" && return
	cat "$WORK/err"
	return 1
}
try "two errors in one run" silent several

# The command line.
two_rules
for line in '--no-such-option' '-c' '-x' '--repair --check' '--repair --format=xml' '--repair --config' \
	'--repair --backend=pf' '--repair --timeout=soon' '--repair --timeout=0' '--repair more' '--dry-run' \
	'--repair --wait=-1'; do
	# shellcheck disable=SC2086 # words
	try "the command line: $line" refused 'dockfw-check: ' "$DOCKFW" -f "$CONF" -b nft $line
done

# A rule that the kernel accepts but cannot list, nor what comes after it.
clear_tables
load reload-debian-12
read -ra large <<<"$(printf -- '-m comment --comment c%d ' {1..118})"
iptables-nft -I FORWARD 2 "${large[@]}" -j ACCEPT
for mode in --check --repair; do
	try "$mode of a chain that cannot be listed" refused "'FORWARD' .* has 7 rules, .* lists only 1: rule 2 is too large" \
		"$DOCKFW" $mode -b nft -4 -f "$CONF"
done
clear_tables

# Out of time after the write: the message says that the write was made. The delayed
# call is the one before the write, which then takes longer than the time limit.
late() {
	load reload-debian-12
	gives 3 env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e inject=setsockopt:delay_exit=1200000:when=1 \
		"$DOCKFW" --repair -b nft -4 -f "$CONF" -t 1 && grep -q 'after the write' "$WORK/err" &&
		iptables-nft -S DOCKER-USER | grep -q -- '-j REJECT'
}
try "a write that takes too long" late
clear_tables

# A table that belongs to another process cannot be changed: the rest is written.
coproc nft -i >/dev/null 2>&1
owner=$COPROC_PID
echo 'add table ip dockfw { flags owner; comment "dockfw"; }' >&"${COPROC[1]}"
for ((i = 0; i < 200; i++)); do nft list tables | grep -q dockfw && break; sleep 0.05; done
theirs_stays() {
	dockfw 1 --repair && grep -q '^WARNING: repaired' "$WORK/out" && [ ! -s "$WORK/err" ] &&
		grep -q 'guard-differs: it belongs to another process' "$WORK/out"
}
not() { ! "$@"; }
guards_six() { nft list chain ip6 dockfw forward | grep -q reject; }
if nft list table ip dockfw 2>/dev/null | grep -q 'flags owner'; then
	for KIND in nft legacy; do
		load reload-debian-12
		try "$KIND: a table of another process stays" theirs_stays
		try "$KIND: only that is wrong" finds 1 'warning guard-differs'
		try "$KIND: the guard of the other family is there" guards_six
		nft delete table ip6 dockfw
		[ $KIND = legacy ] || nft 'delete table ip filter; delete table ip nat'
	done
else
	ok "a table of another process # SKIP this kernel has no tables with an owner"
fi
kill -KILL "$owner"
wait "$owner" 2>/dev/null

# A guard that the kernel refuses: the rest is written.
guardless() {
	dockfw 1 --repair && grep -q '^WARNING: repaired' "$WORK/out" &&
		printf '%s\n' "dockfw-check: cannot create the chain 'forward' in the ipv4 table 'dockfw': Argument list too long; the hook has as many base chains as the kernel allows (1024): nft list chains shows whose they are; nothing was written" \
			'dockfw-check: going on without the guard (table ip dockfw)' | diff - "$WORK/err"
}
for KIND in nft legacy; do
	clear_tables
	load reload-debian-12
	try "$KIND: others take all places at the hook" fill_forward
	try "$KIND: a guard that the kernel refuses is left out" guardless
	try "$KIND: which is not called repaired" not grep -q '^repaired *guard-missing *ipv4' "$WORK/out"
	try "$KIND: nor is a repair its remedy" not grep -q 'guard-missing: run:' "$WORK/out"
	try "$KIND: only the guard is missing" finds 1 'warning guard-missing'
	try "$KIND: that of the other family is there" guards_six
done
KIND=nft
clear_tables

# Privileges.
chmod 755 "$WORK"
cp "$DOCKFW" "$WORK/dockfw-check"
for mode in --check --repair; do
	for KIND in nft legacy; do
		[ $KIND = nft ] || load reload-debian-12
		try "$KIND: $mode without CAP_NET_ADMIN" refused 'CAP_NET_ADMIN' \
			setpriv --bounding-set -net_admin --inh-caps -net_admin "$DOCKFW" $mode -b $KIND -f "$CONF"
		try "$KIND: $mode as nobody" refused 'root' \
			setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/dockfw-check" $mode -b $KIND -f "$CONF"
		try "$KIND: $mode in a user namespace that does not own the network namespace" refused 'CAP_NET_ADMIN' \
			unshare --user --map-root-user "$DOCKFW" $mode -b $KIND -f "$CONF"
	done
done
finish
