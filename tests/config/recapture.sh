#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture can be run blindly: it replaces no configuration that someone has changed, and it
# says so if there is nothing to capture; chains of other programs stay theirs, with real
# packets; and over random rules, those of neighbours too, a captured host is correct, and
# captured again it gives the same text.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

FILE=$WORK/etc/dockfw.conf
mkdir -m 755 "$WORK/etc"
capture() { # STATUS [OPTION…]
	local status=$1
	shift
	gives "$status" "$DOCKFW" --capture -b "$KIND" "$@"
}
says() { grep -q -- "$1" "$WORK/err"; }
mode_is() { [ "$(stat -c '%a %u:%g' "$FILE")" = "$1" ]; }
only() { [ "$(cd "$WORK/etc" && printf "%s " *)" = "$1 " ]; }
# The sample as make install puts it in place.
sample() { install -m "${1:-644}" "$TESTS/../conf/dockfw.conf" "$FILE"; }

# The rules of a chain without the program's mark: a repair may have put them in again.
plain() { sed 's/ -m comment --comment dockfw\( -[jg] .*\|\)$/\1/'; }
filter() { # COMMAND
	"$1-$KIND" -S | plain
}

# ---- the file ----

KIND=nft
load docker-28.5
load docker-28.5.ipv6 ip6tables
ipt -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
# A name with a double quote, which iptables lists in a way that it does not read.
quoted() {
	capture 0 -o "$WORK/quoted.conf" && ipt -F DOCKER-USER &&
		gives 1 "$DOCKFW" -f "$WORK/quoted.conf" -b "$KIND" --repair &&
		gives 1 "$DOCKFW" -f "$WORK/quoted.conf" -b "$KIND" &&
		grep -qF -- "-i a\"b ! -o c\\d\"e" <(ipt -S DOCKER-USER)
}
ipt -A DOCKER-USER -i 'a"b' ! -o 'c\d"e' -p tcp -j DROP
try "an interface with a double quote in its name: captured, lost and repaired" quoted
ipt -F DOCKER-USER
nft delete table ip dockfw
nft delete table ip6 dockfw
ipt -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
try "a new file" capture 0 -o "$FILE"
try "only root may read it" mode_is '600 0:0'
sample 640
chgrp 12 "$FILE"
try "the installed sample is replaced" capture 0 -o "$FILE"
try "its mode and owner stay" mode_is '640 0:12'
try "it holds the rule" grep -q 'ens3 -p tcp -m tcp --dport 80 -j REJECT' "$FILE"
try "no copy of the sample is kept" only dockfw.conf
sample
echo '# mine' >>"$FILE"
chmod 600 "$FILE"
cp "$FILE" "$WORK/mine"
try "a file that was changed is not replaced" capture 3 -o "$FILE"
try "it says how to" says "exists and is not the sample as it was installed.* --force, which keeps it as '$FILE.bak'"
try "it is as it was" cmp "$WORK/mine" "$FILE"
try "nothing else is there" only dockfw.conf
try "--force replaces it" capture 0 --force -o "$FILE"
try "the old one is kept" cmp "$WORK/mine" "$FILE.bak"
try "the mode stays" mode_is '600 0:0'
try "it is the new one" grep -q 'dport 80 -j REJECT' "$FILE"
cp "$FILE" "$WORK/second"
try "once more" capture 0 --force -o "$FILE"
try "the last one is kept" cmp "$WORK/second" "$FILE.bak"
try "and so is the first" cmp "$WORK/mine" "$FILE.bak.1"
try "no other file is left" only 'dockfw.conf dockfw.conf.bak dockfw.conf.bak.1'
rm "$WORK/etc/"*
ln -s "$WORK/mine" "$FILE"
try "a link is not replaced" capture 3 --force -o "$FILE"
rm "$FILE"
order() { sed -nE 's/^(fsync|rename)[a-z0-9]*\(.*/\1/p' "$WORK/trace" | tr '\n' ' '; }
traced() { # OPTION…: the program under strace with these options
	rm -f "$FILE" && LSAN_OPTIONS=detect_leaks=0 gives 0 strace -qq -o "$WORK/trace" "$@" \
		-e trace=fsync,rename,renameat,renameat2 "$DOCKFW" -b nft --capture -o "$FILE"
}
synced() { traced && [ "$(order)" = 'fsync rename fsync ' ]; }
not_synced() {
	traced -e inject=fsync:error=EIO:when=2 && [ -s "$FILE" ] &&
		says "'$FILE' is in place, but a power cut may bring back what was there: Input/output error"
}
try "the file is synced, and then its folder" synced
try "that the folder cannot be is a warning" not_synced
rm "$FILE"
try "--force is for a file" gives 3 "$DOCKFW" --capture --force
try "--force is for a capture" gives 3 "$DOCKFW" --check --force -o "$FILE"
write_conf <<<'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j REJECT" } }'
try "a report is replaced as before" dockfw 2 -o "$WORK/etc/report"
try "and again" dockfw 2 -o "$WORK/etc/report"

# ---- nothing to capture ----

for KIND in nft legacy; do
	rm -f "$WORK/etc/"*
	clear_tables
	load docker-28.5
	ipt -A DOCKER-USER -j RETURN
	sample
	try "$KIND: no rules: nothing is written" capture 3 -o "$FILE"
	try "$KIND: it says what may have happened" says 'DOCKER-USER holds no rules: .*a reload of firewalld'
	try "$KIND: the sample stays" cmp "$TESTS/../conf/dockfw.conf" "$FILE"
	try "$KIND: no rules: a warning" capture 1
	try "$KIND: the same is said" says 'a reload of firewalld'
	install -m 600 "$WORK/out" "$WORK/nothing"
	try "$KIND: it does not state that none is wanted" [ "$(grep -c '^chain' "$WORK/nothing")" = 0 ]
	try "$KIND: it is a configuration" gives 0 "$DOCKFW" --check-config -f "$WORK/nothing"
	try "$KIND: --force writes it" capture 1 --force -o "$FILE"
	clear_tables
	rm -f "$WORK/etc/"*
	try "$KIND: no DOCKER-USER: nothing is written" capture 3 --force -o "$FILE"
	try "$KIND: it says so" says 'there is no chain DOCKER-USER .*A reload of firewalld may have removed'
	try "$KIND: there is no file" [ ! -e "$FILE" ]
done

# ---- what only the guard holds ----

for KIND in nft legacy; do
	clear_tables
	rm -rf /var/lib/dockfw "$FILE"*
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	CONF=$WORK/published.conf
	echo 'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j REJECT" } }' >"$CONF"
	dockfw 0 --repair
	try "$KIND: the guard of rules comes of the capture" capture 0 -f "$CONF" -o "$FILE"
	try "$KIND: … silently" [ ! -s "$WORK/err" ]
	echo 'publish "80/tcp" { interface = "ens3" allow = { "203.0.113.0/24" } }' >"$CONF"
	dockfw 0 --repair
	rm "$FILE"
	try "$KIND: not what it refuses at docker-proxy" capture 3 -f "$CONF" -o "$FILE"
	try "$KIND: … which it says" says "^dockfw-check: ipv4: what only the guard holds cannot be captured: .* of its chain 'input'; .* is '/var/lib/dockfw/"
	try "$KIND: … and nothing is written" [ ! -e "$FILE" ]
	try "$KIND: printed, it is a warning" capture 1 -f "$CONF"
	try "$KIND: --force writes it" capture 1 -f "$CONF" --force -o "$FILE"
	rm "$CONF"
	try "$KIND: a lost configuration" gives 3 "$DOCKFW" -f "$CONF" -b "$KIND" --check-config
	try "$KIND: … was kept" says "the last good one is '/var/lib/dockfw/.*': copy it back; 'dockfw-check --capture' prints only"
	rm -rf /var/lib/dockfw "$FILE"
	try "$KIND: without a last good one" capture 1 -f "$CONF"
	try "$KIND: … none is named" says "would take that out$"
done

# ---- neighbours, with packets ----

hosts_up
ban() { "$1" -I "$2" 1 -s "$3" -j REJECT; }
unban() { "$1" -D "$2" -s "$3" -j REJECT; }
repair() { CONF=$FILE dockfw 0 --repair; }
far4=198.51.100.10 far6=2001:db8:51::10
for KIND in nft legacy; do
	rm -rf /var/lib/dockfw "$FILE"*
	clear_tables
	load docker-28.5
	load docker-28.5.ipv6 ip6tables
	four=iptables-$KIND six=ip6tables-$KIND
	# fail2ban, with chain = DOCKER-USER and with INPUT.
	for command in $four $six; do
		$command -N f2b-web && $command -A f2b-web -j RETURN
		$command -I DOCKER-USER -p tcp -m multiport --dports 80,443 -j f2b-web
		$command -A INPUT -p tcp -m multiport --dports 80,443 -j f2b-web
	done
	ban $four f2b-web 203.0.113.123
	# A script's chain of one name in both families; in IPv6 DOCKER-USER does not jump to it.
	$four -N BLOCKLIST && $four -A BLOCKLIST -s 203.0.113.77 -j DROP && $four -A DOCKER-USER -j BLOCKLIST
	$six -N BLOCKLIST && $six -A BLOCKLIST -s 2001:db8:113::200 -j REJECT
	$six -A INPUT -p tcp -j BLOCKLIST && $six -I FORWARD -p tcp -j BLOCKLIST
	# CrowdSec's rule with its set.
	if ipset create crowdsec-blacklists hash:ip 2>/dev/null; then
		ipset add crowdsec-blacklists 203.0.113.200
		$four -I DOCKER-USER -m set --match-set crowdsec-blacklists src -j REJECT
	fi
	# A chain that DOCKER-USER and INPUT share.
	$four -N MINE && $four -A DOCKER-USER -j MINE && $four -A INPUT -j MINE
	try "$KIND: neighbours: the capture" capture 0 -o "$FILE"
	try "$KIND: it names fail2ban's chain" says "chain 'f2b-web' belongs to fail2ban"
	try "$KIND: and the one that is shared" says "chain 'MINE' is not held, since INPUT (ipv4)"
	try "$KIND: and the one that is held" says "chain 'BLOCKLIST' is held .*FORWARD (ipv6) jumps to a chain of that name"
	! ipset list crowdsec-blacklists >/dev/null 2>&1 ||
		try "$KIND: CrowdSec's rule is left out" says 'ipv4 rule 1 of DOCKER-USER is left out: the program whose set'
	try "$KIND: both families are looked at" grep -q '^families .*"ipv4", "ipv6"' "$FILE"
	try "$KIND: what one family has is for that one" grep -q '"-4 -j BLOCKLIST"' "$FILE"
	for command in iptables ip6tables; do filter "$command"; done >"$WORK/before"
	try "$KIND: the repair" repair
	for command in iptables ip6tables; do filter "$command"; done >"$WORK/after"
	try "$KIND: it changes no chain" diff "$WORK/before" "$WORK/after"
	if ipset list crowdsec-blacklists >/dev/null 2>&1; then
		try "$KIND: its set refuses" refused $outsider $far4
		# CrowdSec stops: nothing must keep its set.
		$four -D DOCKER-USER -m set --match-set crowdsec-blacklists src -j REJECT
		try "$KIND: without it nothing uses the set" ipset destroy crowdsec-blacklists
		try "$KIND: and nothing is wrong" repair
	fi
	try "$KIND: who was banned is refused" refused $allowed $far4
	try "$KIND: others get in" reaches $outsider $far4
	try "$KIND: IPv6: others get in" reaches $allowed $far6
	try "$KIND: IPv6: who was banned is refused" refused $outsider $far6
	# The next ban, the next unban, and the timer.
	ban $four f2b-web 203.0.113.200 && unban $four f2b-web 203.0.113.123
	ban $six f2b-web 2001:db8:113::123
	$four -A MINE -s 192.0.2.1 -j DROP
	$six -D BLOCKLIST -s 2001:db8:113::200 -j REJECT
	try "$KIND: the repair after the next ban" repair
	try "$KIND: who was banned since is refused" refused $outsider $far4
	try "$KIND: who was unbanned gets in" reaches $allowed $far4
	try "$KIND: IPv6: who was banned since is refused" refused $allowed $far6
	try "$KIND: IPv6: who was taken out of the list gets in" reaches $outsider $far6
	try "$KIND: what others put into a chain that is shared stays" $four -C MINE -s 192.0.2.1 -j DROP
	try "$KIND: a second repair is silent" silent repair
done

# A rule that nft has written cannot be captured.
KIND=nft
clear_tables
rm -rf /var/lib/dockfw "$FILE"*
load docker-28.5
nft add rule ip filter DOCKER-USER ip saddr . tcp dport '{ 203.0.113.123 . 80 }' return
try "only rules of nft's: nothing is written" capture 3 -o "$FILE"
try "it says so" says '^dockfw-check: none of the rules of DOCKER-USER can be captured; nothing is written'
# It lets a client in that a later rule refuses.
ipt -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
ipt -N MIXED
ipt -A MIXED -s 192.0.2.1 -j DROP
nft add rule ip filter MIXED ip saddr . tcp dport '{ 192.0.2.2 . 80 }' drop
ipt -A DOCKER-USER -j MIXED
try "a rule of nft's: a warning" capture 1 -o "$FILE"
try "it says what a repair would do" says '^dockfw-check: ipv4 rule 1 of DOCKER-USER, which is left out, .*(2, 3): .*refused$'
try "so does the file" grep -q '# Whoever only this rule lets in is refused .*(2, 3 here)' "$FILE"
try "a chain with such a rule is not held" says "chain 'MIXED' is not held, since it cannot be captured completely: ipv4 rule 2"
CONF=$FILE try "the repair" gives 1 "$DOCKFW" -f "$FILE" -b nft --repair
try "it takes out no rule of nft's" [ "$(nft list table ip filter | grep -cE 'ip saddr \. tcp dport')" = 2 ]

# ---- random rules ----

one_of() {
	shift $((RANDOM % $#))
	chosen=$1
}
# Prints a rule for a chain of the list, by its number; it may jump to a later one. A subshell
# would have random numbers of its own.
CHAINS=(DOCKER-USER OFFICE f2b-web CROWDSEC_CHAIN ufw-user-forward KUBE-FORWARD HOME)
random_rule() { # COMMAND NUMBER
	local rule='' host=203.0.113.$((RANDOM % 250))/32
	[ "$1" = iptables ] || host=2001:db8:113::$((RANDOM % 250))/128
	((RANDOM % 3)) || rule+=" -s $host"
	((RANDOM % 3)) || rule+=" -i ens3"
	one_of "" "" " -p tcp --dport $((RANDOM % 3 + 80))" " -p udp" " -m conntrack --ctstate RELATED,ESTABLISHED" \
		" -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL" " -m recent --name list --rcheck" \
		' -m comment --comment "it is \"mine\""'
	rule+=$chosen
	if ((RANDOM % 3 == 0 && $2 + 1 < ${#CHAINS[@]})); then
		chosen="-j ${CHAINS[$2 + 1 + RANDOM % (${#CHAINS[@]} - $2 - 1)]}"
	else
		one_of "-j DROP" "-j REJECT" "-j RETURN" "-j ACCEPT" "-j LOG" "-p tcp -j REJECT --reject-with tcp-reset"
	fi
	[[ $chosen != -p* || $rule != *" -p "* ]] || chosen="-j DROP"
	echo "-A ${CHAINS[$2]}$rule $chosen"
}
random_host() {
	local command chain i n
	for command in iptables ip6tables; do
		{
			echo '*filter'
			for chain in "${CHAINS[@]}"; do echo ":$chain - [0:0]"; done
			for i in "${!CHAINS[@]}"; do
				n=$((RANDOM % 4))
				((i)) || n=$((n + 2))
				while ((n--)); do random_rule "$command" "$i"; done
			done
			# Others jump to some of these chains too.
			((RANDOM % 4)) || echo "-A INPUT -j HOME"
			((RANDOM % 4)) || echo "-A FORWARD -j OFFICE"
			((RANDOM % 4)) || echo "-I FORWARD -j HOME"
			echo "-A INPUT -j f2b-web"
			((RANDOM % 2)) || echo "-A DOCKER-USER -j RETURN"
			echo COMMIT
		} >"$WORK/random.$command"
		"$command-$KIND-restore" --noflush <"$WORK/random.$command" || return 1
	done
}
# Captured, repaired, checked; no rule of any chain has changed; captured again it is the same.
round() {
	local command
	clear_tables
	rm -rf /var/lib/dockfw "$FILE"
	load docker-28.5 && load docker-28.5.ipv6 ip6tables && random_host || return 1
	capture 0 -o "$FILE" && gives 0 "$DOCKFW" --check-config -f "$FILE" || return 1
	for command in iptables ip6tables; do filter "$command"; done | grep -v '^-A FORWARD' >"$WORK/before"
	CONF=$FILE dockfw 0 --repair && CONF=$FILE dockfw 0 --check || return 1
	for command in iptables ip6tables; do filter "$command"; done | grep -v '^-A FORWARD' >"$WORK/after"
	diff "$WORK/before" "$WORK/after" && capture 0 && diff "$FILE" "$WORK/out"
}
rounds() {
	local i
	for ((i = ${SEED:-1}; i < ${SEED:-1} + ${ROUNDS:-8}; i++)); do
		RANDOM=$i
		round && continue
		echo "SEED=$i"
		cat "$FILE" "$WORK"/random.*
		return 1
	done
}
for KIND in nft legacy; do
	try "$KIND: random rules: a fixed point" rounds
done
finish
