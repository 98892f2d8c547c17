#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guard's table: what is written there is read back as the same rules, printed by nft
# in full and loaded again; iptables does not mind it.
. "$(dirname "$0")/lib.sh"

command -v nft >/dev/null || skip "no nft"

MARK='-m comment --comment dockfw'
NONE='-m conntrack --ctstate INVALID,UNTRACKED'
ct() { printf '%s' "-m conntrack --ctstate DNAT --ctorigdstport $1 --ctdir ORIGINAL"; }

# Sections as rules: allowed sources, a refusal; ports, ranges, each direction, other states.
sections=(
	"-s 203.0.113.123 -i ens3 -p tcp $(ct 80) $MARK -j ACCEPT"
	"-s 198.51.100.0/22 -i ens3 -p tcp $(ct 80) $MARK -j ACCEPT"
	"-i ens3 -p tcp $(ct 80) $MARK -j REJECT"
	"-i wg+ -p udp $(ct 8000:8010) $MARK -j DROP"
	"-p sctp $(ct 1:65535) $MARK -j REJECT"
	"-p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL $MARK -j DROP"
	"! -i ens3 -p tcp -m conntrack --ctdir REPLY $MARK -j ACCEPT"
	"-i ens3 ! -o ens3 -m conntrack ! --ctstate DNAT --ctdir ORIGINAL $MARK -j DROP"
	"-i ens3 -m conntrack --ctstate DNAT $MARK -j OTHER"
	"-s 203.0.113.123 -i ens3 -p udp $NONE -m udp --dport 53 $MARK -j ACCEPT"
	"! -i lo -p tcp $NONE -m tcp --dport 80:90 $MARK -j DROP"
	"! -d 192.0.2.1 ! -p udp $MARK -g OTHER"
	"-j RETURN"
)
answers4=(net-unreachable host-unreachable proto-unreachable port-unreachable net-prohibited
	host-prohibited admin-prohibited)
answers6=(no-route adm-prohibited addr-unreachable port-unreachable policy-fail reject-route)
rules4=("${sections[@]}" "-p tcp $(ct 80) $MARK -j REJECT --reject-with tcp-reset")
for answer in "${answers4[@]}"; do
	rules4+=("-s 192.0.2.7 $MARK -j REJECT --reject-with icmp-$answer")
done
rules6=()
for rule in "${rules4[@]}"; do
	case $rule in
	*icmp-*) ;;
	*) sed 's/203.0.113.123/2001:db8::7/; s/198.51.100.0.22/2001:db8:5::\/52/; s/192.0.2.1/2001:db8::/' \
		<<<"$rule" >"$WORK/rule"
		rules6+=("$(cat "$WORK/rule")") ;;
	esac
done
for answer in "${answers6[@]}"; do
	rules6+=("-s 2001:db8::7 $MARK -j REJECT --reject-with icmp6-$answer")
done

insert() # CHAIN RULE…: the words of a script that insert them, in $words
{
	local chain=$1 at=0
	shift
	words=()
	for rule; do at=$((at + 1)) words+=("$chain@$at=$rule"); done
}
generation() { "$TOOL" generation; }

# Written, read back: the same; printed without xt and loaded again: still the same.
for family in ipv4 ipv6; do
	declare -n rules=rules${family#ipv}
	[ "${#rules[@]}" -gt 15 ] || fail "the rules of $family are not there"
	insert forward "${rules[@]}"
	expect 0 '^ok$' "$TOOL" script $family dockfw +OTHER +forward +input "${words[@]}" \
		"input@1=${sections[0]/-s 203.0.113.123/}" 'OTHER@1=-p tcp -j ACCEPT'
	expect 0 '' "$TOOL" is $family dockfw forward "${rules[@]}"
	nft list ruleset >"$WORK/$family.nft"
	! grep -n xt "$WORK/$family.nft" >&2 || fail "$family: nft does not print it in full"
	nft flush ruleset
	nft -f "$WORK/$family.nft" || fail "$family: what nft prints cannot be loaded"
	expect 0 '' "$TOOL" is $family dockfw forward "${rules[@]}"
	expect 0 "^$family dockfw marked\$" "$TOOL" dump dockfw
	expect 0 '^ forward ACCEPT$' "$TOOL" dump dockfw
	expect 0 '^ input ACCEPT$' "$TOOL" dump dockfw
	nft list ruleset >"$WORK/again.nft"
	same "$family: what nft prints after loading it" "$WORK/$family.nft" "$WORK/again.nft"
	nft flush ruleset
done
grep -q 'comment "dockfw"$' "$WORK/ipv4.nft" || fail "the table has no comment"
# nft's names are the proof that both directions of the conversion are right.
published='ct direction original ct status dnat ct original proto-dst'
for line in "iifname \"ens3\" meta l4proto tcp ip saddr 203.0.113.123 $published 80 accept" \
	"iifname \"ens3\" meta l4proto tcp $published 80 counter packets 0 bytes 0 reject" \
	"iifname \"wg\*\" meta l4proto udp $published 8000-8010 counter packets 0 bytes 0 drop" \
	'iifname != "ens3" meta l4proto tcp ct direction reply accept' \
	'iifname != "lo" ct state invalid,untracked tcp dport 80-90 counter packets 0 bytes 0 drop' \
	"meta l4proto tcp $published 80 counter packets 0 bytes 0 reject with tcp reset"; do
	grep -q "^[[:space:]]*$line comment \"dockfw\"\$" "$WORK/ipv4.nft" || fail "nft does not print: $line"
done
answers() { sed -n "s/.*saddr $1 .* reject\( with icmp[v6]* \(type \)\?\([a-z-]*\)\)\? comment.*/\3/p" "$2"; }
# The default has no name.
printf '%s\n' "${answers4[@]}" | sed 's/^port-.*//; s/^proto-/prot-/' >"$WORK/wanted"
answers 192.0.2.7 "$WORK/ipv4.nft" >"$WORK/is"
same "the answers of IPv4" "$WORK/wanted" "$WORK/is"
printf '%s\n' "${answers6[@]}" | sed 's/^port-.*//; s/^adm-/admin-/' >"$WORK/wanted"
answers 2001:db8::7 "$WORK/ipv6.nft" >"$WORK/is"
same "the answers of IPv6" "$WORK/wanted" "$WORK/is"
! grep 'counter.*accept' "$WORK/ipv4.nft" || fail "a rule that accepts has a counter"

# Other matches stay those of x_tables, also a second one of the connection, and one that
# lets packets without a connection pass; not only the last comment is kept.
others=(
	"-p tcp --dport 80 -m mark --mark 1 $MARK -j REJECT"
	"-m conntrack --ctstate NEW,ESTABLISHED $(ct 80) -m conntrack --ctdir ORIGINAL $MARK -j DROP"
	"-m comment --comment office -m addrtype --dst-type LOCAL $MARK -j ACCEPT"
	"-m limit --limit 3/min -m comment --comment dockfw -m comment --comment office -j DROP"
	"-f -m state --state INVALID -j DROP"
	"-m conntrack ! --ctstate DNAT $MARK -j ACCEPT"
	"-m conntrack ! --ctstate DNAT $MARK -j RETURN"
)
insert forward "${others[@]}"
expect 0 '^ok$' "$TOOL" script ipv4 dockfw +forward "${words[@]}"
expect 0 '' "$TOOL" is ipv4 dockfw forward "${others[@]}"
before=$(generation)
expect 1 "insert rule 1 of the chain 'forward' in the ipv4 table 'dockfw': .*tcp-reset needs -p tcp" \
	"$TOOL" script ipv4 dockfw 'forward@1=-j REJECT --reject-with tcp-reset'

# Tables are deleted before others are created in the same batch; what came before is void.
expect 1 "cannot delete the ipv4 table 'mangle': it does not exist; nothing was written" \
	"$TOOL" script ipv4 mangle -
expect 1 "cannot delete the ipv4 table 'dockfw': it does not exist" "$TOOL" script ipv4 dockfw - -
expect 1 "insert rule 1 of the chain 'forward'.*there is no such chain" \
	"$TOOL" script ipv4 dockfw - 'forward@1=-j DROP'
expect 0 '^ok$' "$TOOL" script ipv4 mangle +OTHER 'OTHER@1=-j ACCEPT' -
[ "$before" = "$(generation)" ] || fail "something was written"
expect 0 '^ok$' "$TOOL" script ipv4 dockfw forward@1 +OTHER 'OTHER@1=-j DROP' - +forward +OTHER \
	'OTHER@1=-j ACCEPT' 'forward@1=-j OTHER' 'forward@1=-j DROP' forward@1
expect 0 '' "$TOOL" is ipv4 dockfw forward '-j OTHER'
expect 0 '' "$TOOL" is ipv4 dockfw OTHER '-j ACCEPT'
expect 1 '' "$TOOL" is ipv4 dockfw input
expect 0 '^ok$' "$TOOL" script ipv4 dockfw +NEW - +forward - +input
expect 1 '' "$TOOL" is ipv4 dockfw OTHER
expect 0 '^ipv4 dockfw marked$' "$TOOL" dump dockfw
# The table of the other family stays.
expect 0 '^ok$' "$TOOL" script ipv6 dockfw +forward
expect 0 '^ok$' "$TOOL" script ipv4 dockfw -
expect 1 '' "$TOOL" is ipv4 dockfw input
expect 0 '' "$TOOL" is ipv6 dockfw forward
expect 0 '^ok$' "$TOOL" script ipv6 dockfw -
[ -z "$(nft list ruleset)" ] || fail "something is left: $(nft list ruleset)"

# The mark is the table's comment: no other text, in no other table, whatever follows it.
expect 0 '^ok$' "$TOOL" script ipv4 filter +FORWARD
for comment in '' 'comment "dockf"' 'comment "dockfws"'; do
	nft "table ip dockfw { $comment; chain forward { type filter hook forward priority filter + 5; }; }"
	"$TOOL" dump dockfw >"$WORK/dump"
	grep -q '^ipv4 dockfw$' "$WORK/dump" || fail "'$comment' is taken for the mark"
	nft delete table ip dockfw
done
"$TOOL" dump filter >"$WORK/dump"
! grep marked "$WORK/dump" || fail "the filter table is marked"

# Changes by hand are seen: what the guard cannot say makes a rule opaque; so does a chain
# at another place. (A new connection, and a match on a set, it can.)
nft -f - <<'END'
table ip dockfw {
	comment "dockfw"
	set clients { type ipv4_addr; }
	chain forward {
		type filter hook forward priority filter + 5;
		ct state new drop
		ct direction != original drop
		ct status dnat,snat drop
		ct status & dnat == 0 accept
		ct original ip saddr 192.0.2.1 drop
		meta l4proto tcp ct reply proto-dst 80 drop
		meta l4proto tcp ct original proto-dst { 80, 443 } drop
		meta l4proto tcp ct original proto-dst != 80 drop
		meta l4proto tcp ct original proto-dst < 80 drop
		ip saddr @clients drop
		ip saddr vmap { 192.0.2.1 : drop }
		ct mark set 1
		drop comment "another"
	}
	chain input { type filter hook input priority filter + 6; drop; }
}
END
"$TOOL" dump dockfw >"$WORK/dump"
[ "$(grep -c 'opaque: ' "$WORK/dump")" = 9 ] || fail "what is opaque: $(grep -v 'opaque: ' "$WORK/dump")"
grep -q '^ input foreign$' "$WORK/dump" || fail "a chain of another priority counts as ours"
# In iptables' tables they have no meaning.
nft add rule ip filter FORWARD ct direction original reject
expect 0 "opaque: expression 'ct': iptables has no such" "$TOOL" dump filter
nft flush chain ip filter FORWARD

# iptables neither shows the table nor fails because of it.
iptables-nft -A FORWARD -j DROP
for family in ipv4 ipv6; do
	command=$(ipt_path $family)
	expect 0 '' "$command" -L -n
	! grep -i 'dockfw\|incompatible' "$WORK/out" || fail "$command shows the guard"
	expect 0 '' "$command-save"
	! grep -i 'dockfw\|incompatible' "$WORK/out" || fail "$command-save shows the guard"
done
"$(ipt_path ipv4)-save" >"$WORK/saved"
iptables-nft-restore <"$WORK/saved"
nft list table ip dockfw >"$WORK/out" || fail "iptables-restore takes the guard away"
