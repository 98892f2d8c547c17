#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Edits are applied in their order, in one transaction, or not at all.
. "$(dirname "$0")/lib.sh"

generation() { "$TOOL" generation; }
rules() { iptables-nft -S "$1" | sed -n "s/^-A $1 //p"; }
is() # CHAIN RULE…: the chain holds exactly these
{
	local chain=$1
	shift
	printf '%s\n' "$@" >"$WORK/wanted"
	[ $# -gt 0 ] || : >"$WORK/wanted"
	rules "$chain" >"$WORK/is"
	same "$chain" "$WORK/wanted" "$WORK/is"
}

# Nothing exists: a user-defined chain creates the table, FORWARD its base chain.
expect 0 '^ok$' "$TOOL" script ipv4 filter +DOCKER-USER
iptables-nft -S DOCKER-USER >"$WORK/out"
expect 0 '^ok$' "$TOOL" script ipv4 filter +FORWARD 'FORWARD@1=-j DOCKER-USER'
expect 0 '^-P FORWARD ACCEPT$' iptables-nft -S FORWARD
is FORWARD '-j DOCKER-USER'
"$TOOL" dump filter >"$WORK/dump"
grep -q '^ FORWARD ACCEPT$' "$WORK/dump" || fail "FORWARD is not builtin"
! grep -q INPUT "$WORK/dump" || fail "more base chains than were requested"
# FORWARD is as iptables itself would create it, in another table.
expect 0 '^ok$' "$TOOL" script ipv4 mangle +FORWARD
iptables-nft -t mangle -A OUTPUT -j ACCEPT
"$TOOL" dump mangle >"$WORK/dump"
! grep foreign "$WORK/dump" || fail "a chain of mangle counts as foreign"

# Positions are those at the time of each edit: first, between, last, inserted and deleted again.
a() { printf '%s' "-s 10.0.0.$1/32 -j DROP"; }
expect 0 '^ok$' "$TOOL" script ipv4 filter "DOCKER-USER@1=$(a 1)" "DOCKER-USER@2=$(a 2)" \
	"DOCKER-USER@3=$(a 3)" 'DOCKER-USER@4=-j RETURN'
is DOCKER-USER "$(a 1)" "$(a 2)" "$(a 3)" '-j RETURN'
expect 0 '^ok$' "$TOOL" script ipv4 filter "DOCKER-USER@1=$(a 9)" "DOCKER-USER@1=$(a 8)" \
	"DOCKER-USER@4=$(a 7)" "DOCKER-USER@5=$(a 6)" DOCKER-USER@3 "DOCKER-USER@7=$(a 5)" \
	DOCKER-USER@1 "DOCKER-USER@6=$(a 4)"
is DOCKER-USER "$(a 9)" "$(a 7)" "$(a 6)" "$(a 2)" "$(a 3)" "$(a 4)" "$(a 5)" '-j RETURN'
expect 0 '^ok$' "$TOOL" script ipv4 filter DOCKER-USER@8 DOCKER-USER@1 'DOCKER-USER@1=-j RETURN' \
	DOCKER-USER@2 DOCKER-USER@2
is DOCKER-USER '-j RETURN' "$(a 2)" "$(a 3)" "$(a 4)" "$(a 5)"

# Random edits, against a model of them in the shell.
list=() script=() n=0
RANDOM=7
iptables-nft -F DOCKER-USER
for _ in $(seq 15); do
	script=()
	for _ in $(seq 12); do
		if [ ${#list[@]} -gt 0 ] && [ $((RANDOM % 3)) = 0 ]; then
			at=$((RANDOM % ${#list[@]}))
			list=("${list[@]:0:at}" "${list[@]:at+1}")
			script+=("DOCKER-USER@$((at + 1))")
		else
			at=$((RANDOM % (${#list[@]} + 1))) n=$((n + 1))
			list=("${list[@]:0:at}" "$(a $n)" "${list[@]:at}")
			script+=("DOCKER-USER@$((at + 1))=$(a $n)")
		fi
	done
	expect 0 '^ok$' "$TOOL" script ipv4 filter "${script[@]}"
	is DOCKER-USER "${list[@]}"
done

# A rule that is not touched keeps its handle; a rule that is moved keeps its counters.
iptables-nft -F DOCKER-USER
iptables-nft -A DOCKER-USER -c 5 6 -s 10.0.0.1 -j DROP
handles() { nft -a list chain ip filter DOCKER-USER 2>/dev/null | sed -n 's/.*# handle //p'; }
if command -v nft >/dev/null; then
	before=$(handles)
	expect 0 '^ok$' "$TOOL" script ipv4 filter "DOCKER-USER@1=$(a 2)" "DOCKER-USER@3=$(a 3)"
	case " $(handles | tr '\n' ' ')" in
	*" $(sed -n 2p <<<"$before") "*) ;;
	*) fail "a rule that stays got another handle" ;;
	esac
fi
expect 0 '\[5:6\] -A DOCKER-USER -s 10.0.0.1' iptables-nft-save -c

# Chains: deleted when empty; a jump may be reversed in the same transaction.
expect 0 '^ok$' "$TOOL" script ipv4 filter +ONE +OTHER 'ONE@1=-j OTHER'
expect 0 '^ok$' "$TOOL" script ipv4 filter ONE@1 -OTHER -ONE +OTHER 'OTHER@1=-j ACCEPT'
expect 1 '' iptables-nft -S ONE
is OTHER '-j ACCEPT'
expect 1 "cannot remove the chain 'OTHER'.*not empty; nothing was written" \
	"$TOOL" script ipv4 filter -OTHER
expect 1 "cannot create the chain 'OTHER'.*it already exists" "$TOOL" script ipv4 filter +OTHER
expect 1 "cannot insert rule 9 of the chain 'OTHER' in the ipv4 table 'filter': .*no rule with that" \
	"$TOOL" script ipv4 filter 'OTHER@9=-j DROP'

# No edits, or edits that cancel each other, do not change the generation.
before=$(generation)
expect 0 '^ok$' "$TOOL" script ipv4 filter 'OTHER@1=-j DROP' OTHER@1 +NEW 'NEW@1=-j DROP' NEW@1 -NEW
[ "$before" = "$(generation)" ] || fail "something was written"

# The edit that the kernel refuses is named, and none of the others is applied.
before=$(generation)
expect 1 "cannot insert rule 2 of the chain 'OTHER'.*No such file.*is there a chain 'DOCKER-USER'" \
	"$TOOL" script ipv4 raw +OTHER 'OTHER@1=-j ACCEPT' 'OTHER@2=-j DOCKER-USER'
expect 1 "cannot insert rule 1 of the chain 'OTHER'.*Invalid argument; target 'REJECT' was refused" \
	"$TOOL" script ipv4 mangle +OTHER 'OTHER@1=-j REJECT'
# What is last in the list is sent first: the rule is refused, or the jump that leads to it.
expect 1 "cannot insert rule 1 of the chain 'OTHER'.*Invalid argument; dmesg may say more" \
	"$TOOL" script ipv4 filter 'OTHER@1=-m owner --uid-owner 0 -j DROP' 'FORWARD@1=-j OTHER'
expect 1 "cannot insert rule 1 of the chain 'FORWARD'.*Invalid argument; a rule that 'OTHER' has or leads to may" \
	"$TOOL" script ipv4 filter 'FORWARD@1=-j OTHER' 'OTHER@1=-m owner --uid-owner 0 -j DROP'
expect 1 "cannot insert rule 1 of the chain 'OTHER'.*in a loop" \
	"$TOOL" script ipv4 filter 'OTHER@1=-j DOCKER-USER' 'DOCKER-USER@1=-j OTHER'
expect 1 "nf_tables has no -j QUEUE.*nothing was written" \
	"$TOOL" script ipv4 filter 'OTHER@1=-j ACCEPT' 'OTHER@1=-j QUEUE'
[ "$before" = "$(generation)" ] || fail "a refused change was written"

# Others write meanwhile, in this table or elsewhere: nothing is written.
expect 1 '^changed$' "$TOOL" between ipv4 filter 'iptables-nft -A OTHER -j DROP'
expect 1 '^changed$' "$TOOL" between ipv4 filter 'ip6tables-nft -t nat -N ELSEWHERE'
expect 0 '^ok$' "$TOOL" between ipv4 filter true
is FORWARD '-i between0 -j DROP' '-j DOCKER-USER'

# Both families in one transaction.
expect 0 '^ok$' "$TOOL" script ipv6 filter +FORWARD 'FORWARD@1=-j ACCEPT'
expect 0 '^-A FORWARD -j ACCEPT' ip6tables-nft -S FORWARD

# Base chains that are not those of iptables are recognized.
if command -v nft >/dev/null; then
	nft add chain ip filter strange '{ type filter hook forward priority 10; policy drop; }'
	nft add table ip security
	nft add chain ip security FORWARD '{ type filter hook forward priority 149; }'
	"$TOOL" dump filter >"$WORK/dump"
	grep -q '^ strange foreign$' "$WORK/dump" || fail "a foreign base chain is not seen"
	"$TOOL" dump security >"$WORK/dump"
	grep -q '^ FORWARD foreign$' "$WORK/dump" || fail "a FORWARD of another priority counts as that of iptables"
	nft delete table ip security
	nft delete chain ip filter strange
fi
iptables-nft -P FORWARD DROP
"$TOOL" dump filter | grep -q '^ FORWARD DROP$' || fail "the policy is not read"
