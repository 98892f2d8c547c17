#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# The guard, with real clients: what is flushed elsewhere stays closed, docker-proxy's
# ports are covered, the table is held exactly, and another program's table is kept.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"

hosts_up

own() { nft list table "${1:-ip}" dockfw; }
has() { own "${2:-ip}" >"$WORK/own" 2>&1; grep -qE -- "$1" "$WORK/own" || { cat "$WORK/own"; return 1; }; }
not() { ! "$@"; }
unlisted() { not grep -q 'dockfw.*forward' <<<"$(iptables-nft-save)"; }
both_gone() { gone ip && gone ip6; }
office_accepts() { sed -n '/chain OFFICE/,/}/p' "$WORK/own" | grep -qE '^\s+accept'; }
ipv4_holds() { reaches "$allowed" 198.51.100.10 && refused "$outsider" 198.51.100.10; }
gone() { ! nft list table "${1:-ip}" dockfw 2>/dev/null; }
# The packets that the guard has refused, as the check reports them.
refusals() { # FAMILY
	dockfw "${2:-0}" --format=json >/dev/null || return 1
	jq -r ".guard.$1.refused" "$WORK/out"
}
counted() { [ "$(refusals ipv4 "$1")" -gt 0 ]; }

section() {
	write_conf <<-'END'
	publish "80/tcp" { interface = "ens3" allow = { "203.0.113.123", "2001:db8:113::123" } }
	END
}
docker28() { clear_tables && load docker-28.5 && load docker-28.5.ipv6 ip6tables; }
both() { # COMMAND: in both families
	"iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"
}

closed() {
	refused "$outsider" 198.51.100.10 && refused "$outsider" 2001:db8:51::10 &&
		reaches "$allowed" 198.51.100.10 && reaches "$allowed" 2001:db8:51::10
}

for KIND in nft legacy; do
	for form in section two_rules; do
		$form
		docker28
		if [ $form = two_rules ]; then
			sed -i 's/"-i ens3 -p tcp --dport 80 -j REJECT"/"-i ens3 -p tcp --dport 80 -s 2001:db8:113::123 -j RETURN", &/' "$CONF"
		fi
		try "$KIND $form: no guard is a finding" finds 2 'critical rule-missing,warning guard-missing'
		try "$KIND $form: a repair" dockfw 0 --repair
		try "$KIND $form: all is right" finds 0 ''
		try "$KIND $form: closed" closed
		try "$KIND $form: iptables does not show it" unlisted
		try "$KIND $form: it has refused nothing" [ "$(refusals ipv4)$(refusals ipv6)" = 00 ]
		packets_end
		try "$KIND $form: a second repair is silent" silent dockfw 0 --repair
		both -F DOCKER-USER
		try "$KIND $form: DOCKER-USER flushed: still closed" closed
		try "$KIND $form: the check counts what was refused" counted 2
		try "$KIND $form: the guard itself is right" finds 2 'critical rule-missing'
		both -I FORWARD -j ACCEPT
		try "$KIND $form: an ACCEPT before everything: still closed" closed
		both -D FORWARD -j ACCEPT
		own ip >"$WORK/kept"
		dockfw 0 --repair
		try "$KIND $form: a repair leaves it alone, with its counters" diff "$WORK/kept" <(own ip)
		sed -i '1i guard = "off"' "$CONF"
		try "$KIND $form: turned off: the table is not wanted" finds 1 'warning guard-differs'
		try "$KIND $form: a repair removes it" dockfw 0 --repair
		try "$KIND $form: it is gone" both_gone
		try "$KIND $form: and that is right" finds 0 ''
	done
done

# ip_tables has a lock, and another program can hold it for as long as it likes. The guard does
# not need it.
KIND=legacy
section
docker28
export XTABLES_LOCKFILE=$WORK/xtables.lock
exec 8>"$XTABLES_LOCKFILE"
flock 8
try "lock: a repair does not get it" dockfw 3 --repair --timeout 2
one_line() { [ "$(grep -c . "$WORK/err")" = 1 ] || { cat "$WORK/err"; return 1; }; }
try "lock: it says what it has written" grep -q '^UNKNOWN: .* holds the xtables lock .* repaired with' "$WORK/out"
try "lock: the reason once" one_line
try "lock: closed all the same" closed
packets_end
try "lock: a check is right about both" finds 2 'critical rule-missing'
# Nor is there another reason once the time is over for the guard: nf_tables does not answer.
silent_kernel() {
	local call reasons=0
	for call in {6..18}; do
		nft 'delete table ip dockfw; delete table ip6 dockfw' 2>/dev/null
		LSAN_OPTIONS=detect_leaks=0 gives 3 strace -qq -o "$WORK/trace" -e trace=recvmsg -e "inject=recvmsg:error=EAGAIN:when=$call+" \
			"$DOCKFW" -f "$CONF" -b legacy --repair --timeout 1 8>&- || return 1
		grep -q 'timed out' "$WORK/err" || continue
		one_line || return 1
		reasons=$((reasons + 1))
	done
	[ "$reasons" -gt 0 ]
}
try "lock: if nf_tables does not answer either, one reason" silent_kernel
nft 'delete table ip dockfw; delete table ip6 dockfw'
"$DOCKFW" -f "$CONF" -b legacy --repair --timeout 60 >"$WORK/waits" 2>&1 8>&- & waiting=$!
guard_is_back() { nft list table ip dockfw >/dev/null 2>&1 && nft list table ip6 dockfw >/dev/null 2>&1; }
for ((i = 0; i < 200; i++)); do guard_is_back && break; sleep 0.1; done
try "lock: while a repair waits" guard_is_back
try "lock: closed meanwhile" closed
packets_end
flock -u 8
exec 8>&-
try "lock: then the repair ends well" wait $waiting
try "lock: its report has the guard" grep -q '^repaired .*guard-missing' "$WORK/waits"
try "lock: and all is right" finds 0 ''

# Nor what the kernel refuses of ip_tables' own: this rule is not for packets from FORWARD.
nft 'delete table ip dockfw; delete table ip6 dockfw'
docker28
both -D FORWARD -j DOCKER-USER
both -F DOCKER-USER
both -A DOCKER-USER -m owner --uid-owner 0 -j ACCEPT
try "refused: ip_tables cannot be repaired" dockfw 3 --repair
try "refused: it is reported" grep -q "^UNKNOWN: cannot write the ipv4 table 'filter'.* repaired with" "$WORK/out"
try "refused: closed all the same" closed
packets_end

# Nor ip_tables' rules, once they were read: from the first call on that can fail after that, they
# cannot be read again.
section
unread() {
	local call
	for ((call = 1; call < 40; call++)); do
		nft 'delete table ip dockfw; delete table ip6 dockfw' 2>/dev/null
		docker28
		LSAN_OPTIONS=detect_leaks=0 gives 3 strace -qq -o "$WORK/trace" -e trace=getsockopt -e "inject=getsockopt:error=ENOMEM:when=$call+" \
			"$DOCKFW" -f "$CONF" -b legacy --repair || return 1
		guard_is_back && return
	done
	return 1
}
try "unread: the guard is written" unread
try "unread: DOCKER-USER is not" not grep -q -- --ctorigdstport <(ipt -S DOCKER-USER)
try "unread: it is reported" grep -q "^UNKNOWN: cannot read the ipv4 table 'filter' of ip_tables: .* repaired with" "$WORK/out"
try "unread: closed all the same" closed
packets_end
try "unread: the next repair does the rest" dockfw 0 --repair
try "unread: and all is right" finds 0 ''

# What is printed can be loaded again, and is then right.
KIND=nft
section
docker28
try "print: a repair" dockfw 0 --repair
try "print: publish sections use native expressions" not has "xt|#"
nft list table ip dockfw >"$WORK/printed"
nft delete table ip dockfw
try "print: the table loads" nft -f "$WORK/printed"
try "print: and is right" finds 0 ''

# ---- docker-proxy ----

for KIND in nft legacy; do
	docker28
	section
	dockfw 0 --repair
	both -t nat -F
	ip netns exec container true
	listen=0.0.0.0 port=80
	dockerd
	# Answers in place of the container, as docker-proxy does once nat is empty.
	python3 "$PEERS/answer.py" 80 </dev/null >/dev/null 2>&1 & answers=$!
	for ((i = 0; i < 100; i++)); do ask "$allowed" 198.51.100.10 && break; sleep 0.1; done
	try "$KIND nat flushed: the host answers the allowed client" reaches "$allowed" 198.51.100.10
	try "$KIND nat flushed: over IPv6" reaches "$allowed" 2001:db8:51::10
	try "$KIND nat flushed: not the others" refused "$outsider" 198.51.100.10
	try "$KIND nat flushed: not over IPv6" refused "$outsider" 2001:db8:51::10
	try "$KIND nat flushed: the host itself gets in" "$BUILD/tools/ask" 198.51.100.10 80
	end "$answers" "$dockerd"
done

# ---- held exactly ----

KIND=nft
section
docker28
dockfw 0 --repair
own >"$WORK/right"
while read -r what command; do
	try "by hand: $what" eval "$command"
	try "by hand: $what: a finding" finds 1 'warning guard-differs'
	try "by hand: $what: a repair" dockfw 0 --repair
	try "by hand: $what: put right" diff "$WORK/right" <(own)
	try "by hand: $what: closed" refused "$outsider" 198.51.100.10
done <<'END'
flushed nft flush chain ip dockfw forward
flushed-whole nft flush table ip dockfw
accept nft insert rule ip dockfw forward accept
accept-in-place nft flush chain ip dockfw forward && nft add rule ip dockfw forward accept
unknown nft insert rule ip dockfw forward meta cpu 0 accept
policy nft chain ip dockfw forward "{ policy drop; }"
dormant nft add table ip dockfw "{ flags dormant; }"
chain nft add chain ip dockfw theirs
input nft delete chain ip dockfw input
empty nft 'delete table ip dockfw; add table ip dockfw'
empty-dormant nft 'delete table ip dockfw; add table ip dockfw { flags dormant; }'
priority nft delete table ip dockfw && nft add table ip dockfw '{ comment "dockfw"; }' && nft add chain ip dockfw forward '{ type filter hook forward priority 20; }'
END
nft flush ruleset
try "flush ruleset: nothing is left" finds 3 'unknown docker-absent,warning guard-missing'
docker28
try "flush ruleset: repaired" dockfw 0 --repair
try "flush ruleset: closed" closed

# ---- another program's table ----

for KIND in nft legacy; do
	docker28
	section
	nft -f - <<-'END'
	table ip dockfw {
		chain theirs { type filter hook forward priority 0; policy accept; ip saddr 192.0.2.1 drop; }
	}
	END
	own >"$WORK/theirs"
	dockfw 3 --repair
	try "$KIND another's: DOCKER-USER is repaired" closed
	try "$KIND another's: it is reported" finds 3 'unknown guard-missing'
	try "$KIND another's: it is kept" diff "$WORK/theirs" <(own)
	try "$KIND another's: the other family has its guard" has 'chain forward' ip6
	sed -i '1i guard = "off"' "$CONF"
	try "$KIND another's: with guard off" dockfw 0 --repair
	try "$KIND another's: it is still kept" diff "$WORK/theirs" <(own)
done

# One without chains is another program's if it has anything else.
KIND=nft
docker28
section
nft 'add table ip dockfw; add set ip dockfw theirs { type ipv4_addr; }'
own >"$WORK/theirs"
dockfw 3 --repair
try "another's without chains: it is reported" finds 3 'unknown guard-missing'
try "another's without chains: it is kept" diff "$WORK/theirs" <(own)
dockfw 0 --remove
try "another's without chains: a removal keeps it" diff "$WORK/theirs" <(own)

# ---- which rules it holds ----

KIND=nft
docker28
write_conf <<'END'
chain "OFFICE" { rules = { "-s 203.0.113.0/28 -j RETURN", "-m limit --limit 1/s -j ACCEPT", "-j DROP" } }
chain "DOCKER-USER" { rules = {
    "-i ens3 -p tcp --dport 81 -m limit --limit 5/s -j RETURN",
    "-i ens3 -p tcp --dport 82 -m limit --limit 5/s -j DROP",
    "-i ens3 -p tcp --dport 83 -j LOG",
    "-i ens3 -p tcp --dport 84 -j MARK --set-mark 7",
    "-m mark --mark 7 -j DROP",
    "-i ens3 -p tcp --dport 85 -j OFFICE",
    "-i ens3 -p tcp --dport 86 -m conntrack --ctstate NEW -j DROP",
    "-i ens3 -p tcp --dport 87 -j REJECT --reject-with tcp-reset" } }
END
try "rules: a repair" dockfw 0 --repair
own >"$WORK/own"
try "rules: a limit that accepts loses its limit" grep -q 'dport 81 accept' "$WORK/own"
try "rules: a limit that drops drops out" not grep -q "dport 82" "$WORK/own"
try "rules: no LOG" not grep -q "dport 83" "$WORK/own"
try "rules: no MARK, nor what depends on it" not grep -qE "dport 84|mark" "$WORK/own"
try "rules: the office" grep -q 'dport 85 jump OFFICE' "$WORK/own"
try "rules: its limit accepts" office_accepts
try "rules: a state" grep -qE 'dport 86 .*drop' "$WORK/own"
try "rules: a reset" grep -qE 'dport 87 counter packets 0 bytes 0 reject with tcp reset' "$WORK/own"
try "rules: all is right" finds 0 ''

# A trusted chain accepts what DOCKER-USER never sees.
write_conf <<'END'
trusted-chains = { "ts-forward" }
publish "80/tcp" { interface = "ens3" allow = { "203.0.113.123" } }
chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 8080 -j DROP" } }
END
iptables-nft -N ts-forward
iptables-nft -A ts-forward -i tailscale0 -j ACCEPT
iptables-nft -I FORWARD -j ts-forward
try "trusted: a repair" dockfw 0 --repair
try "trusted: the section stays" has 'proto-dst 80'
try "trusted: the rule of the chain section does not" not has 8080
iptables-nft -F ts-forward
try "trusted: it no longer accepts: the rule is missing" finds 1 'warning guard-differs'
try "trusted: a repair adds it" dockfw 0 --repair
try "trusted: it is there" has 'dport 8080'

# What another program lets pass in DOCKER-USER, the guard does not refuse.
docker28
write_conf <<'END'
chain "DOCKER-USER" { rules = { "-i ens3 -j DROP" } }
END
iptables-nft -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
ip6tables-nft -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
try "theirs before ours: a repair, with a warning" dockfw 1 --repair
try "theirs before ours: the container's own connections work" outgoing
try "theirs before ours: nobody gets in" not reaches "$allowed" 198.51.100.10

# A rule of theirs that no packet reaches lets nobody pass, also after they flush the chain.
write_conf <<'END'
chain "DOCKER-USER" { rules = { "-i ens3 -j DROP" } }
END
for KIND in nft legacy; do
	docker28
	both -F DOCKER-USER
	both -A DOCKER-USER -j DROP
	iptables-$KIND -A DOCKER-USER -s 203.0.113.123 -j ACCEPT
	ip6tables-$KIND -A DOCKER-USER -s 2001:db8:113::123 -j ACCEPT
	try "$KIND never reached: a repair" dockfw 1 --repair
	try "$KIND never reached: that is all to report" finds 1 \
		'warning rule-unreachable,warning rule-not-evaluated'
	try "$KIND never reached: the guard does not accept it" not has 'saddr.* accept'
	both -F DOCKER-USER
	try "$KIND never reached: flushed: nobody gets in" not reaches "$allowed" 198.51.100.10
	try "$KIND never reached: flushed: over IPv6" not reaches "$allowed" 2001:db8:51::10
done
KIND=nft

# ---- a set of one family ----

if ipset create four hash:net family inet 2>/dev/null; then
	ipset add four 203.0.113.123
	docker28
	write_conf <<-'END'
	chain "DOCKER-USER" { rules = {
	    "-i ens3 -p tcp --dport 80 -m set --match-set four src -j RETURN",
	    "-i ens3 -p tcp --dport 80 -j REJECT" } }
	END
	try "a set of IPv4: a repair" dockfw 0 --repair
	try "a set of IPv4: IPv4 holds" ipv4_holds
	try "a set of IPv4: IPv6 holds" refused "$outsider" 2001:db8:51::10
	try "a set of IPv4: all is right" finds 0 ''
else
	echo "ok $((tests += 1)) - a set of IPv4 # SKIP this kernel has no ipset"
fi

# ---- Docker's own nf_tables backend ----

clear_tables
section
nft -f - <<'END'
table ip docker-bridges {
	chain filter-FORWARD { type filter hook forward priority filter; policy accept; }
	chain nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local tcp dport 80 dnat to 172.17.0.2:80; }
}
table ip6 docker-bridges {
	chain filter-FORWARD { type filter hook forward priority filter; policy accept; }
	chain nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local tcp dport 80 dnat to [fd00:17::2]:80; }
}
END
try "Docker's nf_tables: open without the guard" finds 2 'critical guard-missing,critical docker-nftables'
try "Docker's nf_tables: a repair" dockfw 0 --repair
try "Docker's nf_tables: what holds is named" dockfw 0
lost_ipv4() {
	nft delete table ip dockfw && dockfw 2 --format=json &&
		jq -e '.families == ["ipv4", "ipv6"]' "$WORK/out" && dockfw 0 --repair
}
try "Docker's nf_tables: the family that lost its guard is named" lost_ipv4
dockfw 0 >/dev/null
try "Docker's nf_tables: it is the guard" grep -q '^OK: the guard holds the 4 configured rules (nft, ipv4 and ipv6)$' "$WORK/out"
try "Docker's nf_tables: all is right" finds 0 ''
try "Docker's nf_tables: closed" closed
packets_end

# There the guard is what DOCKER-USER is elsewhere: a rule that the kernel refuses costs one rule.
for setting in '' 'on-error = "close"'; do
	for rule in '-4 -s 192.0.2.1 -m owner --uid-owner 5 -j RETURN' \
		'-s 192.0.2.1,192.0.2.2 -m owner --uid-owner 5 -j ACCEPT' \
		'-6 -s 2001:db8::1 -m owner --uid-owner 5 -j RETURN'; do
		nft 'delete table ip dockfw; delete table ip6 dockfw'
		write_conf <<-END
		outside = { "ens3" } chain "DOCKER-USER" { rules = {
		  "$rule",
		  "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
		  "-i ens3 -p tcp --dport 80 -j REJECT" } }
		$setting
		END
		what="Docker's nf_tables: '$rule' '$setting'"
		try "$what: a repair" dockfw 2 --repair
		try "$what: the rule is named" grep -q "^critical  rule-refused .*$CONF:2: .* in the guard (table dockfw): .*; the rule is left out" "$WORK/out"
		try "$what: once" [ "$(grep -c '^critical  rule-refused .* ipv4: ' "$WORK/out")" -le 1 ]
		try "$what: another client is refused" refused "$outsider" 198.51.100.10
		try "$what: so it is over IPv6" refused "$outsider" 2001:db8:51::10
		try "$what: the allowed client gets in" reaches "$allowed" 198.51.100.10
		packets_end
	done
done
nft 'delete table ip dockfw; delete table ip6 dockfw'
write_conf <<'END'
outside = { "ens3" } on-error = "close" chain "DOCKER-USER" { rules = {
    "-i ens3 -m owner --uid-owner 5 -j DROP" } }
END
try "Docker's nf_tables: a rule that refuses is replaced" dockfw 2 -4 --repair
try "Docker's nf_tables: the message says so" grep -q 'in its place, new connections from outside' "$WORK/out"
try "Docker's nf_tables: another client is refused" refused "$outsider" 198.51.100.10
packets_end
finish
