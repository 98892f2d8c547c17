#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every rule of the lists in this folder, installed by a repair: iptables lists it as
# it lists its own, and finds it by its text; a second repair writes nothing. The same
# matches in the guard: the kernel takes them, and a check finds them as configured.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

# Whether iptables and the kernel accept it in a chain that FORWARD jumps to.
taken() {
	printf '*filter\n:T - [0:0]\n:USER - [0:0]\n-A T %s\n-A FORWARD -j T\nCOMMIT\n' "$1" |
		"$command-restore" >/dev/null 2>&1
}

empty() { "$command" -F && "$command" -X; }

# Reads the lists, without the known differences, into the array rules.
NEVER_FOUND=$(never_found) || exit 1
# No configuration can have these, which match no packet.
NEGATED='! (-[io] \+|-[sd] (0\.0\.0\.0|::)/0)( |$)'
collect() {
	local rule
	rules=()
	while IFS= read -r rule; do
		grep -qxF -e "$KIND"$'\t'"$rule" -e any$'\t'"$rule" "$HERE/known.differences" && continue
		grep -qE -e "$NEGATED" <<<"$rule" && continue
		taken "$rule" && rules+=("$rule")
	done < <(grep -hv -e '^#' -e '^$' "$HERE/any.rules" "$HERE/$family.rules")
	echo "${#rules[@]} rules"
	empty && [ ${#rules[@]} -ge 250 ]
}

# Prints a line for each rule's chain; the arguments of FORMAT are the number and the rule.
each() { # FORMAT
	local number
	for number in "${!rules[@]}"; do
		# shellcheck disable=SC2059 # the format
		printf -- "$1\n" "$number" "${rules[number]}" || return 1
	done
}

listed() { "$command" -S | sed -n 's/^-A T//p' | sort -s -n -k 1,1; }

# The listing of iptables if iptables installs the rules itself, with the mark at the end.
by_iptables() {
	{
		printf '*filter\n:USER - [0:0]\n'
		each ':T%d - [0:0]%.0s'
		each '-A T%d %s -m comment --comment dockfw'
		echo COMMIT
	} | "$command-restore" && listed >"$WORK/theirs" && empty && [ "$(wc -l <"$WORK/theirs")" -ge ${#rules[@]} ]
}

configure() {
	local number rule
	for number in "${!rules[@]}"; do
		rule=${rules[number]//\\/\\\\}
		printf 'chain "T%d" { rules = { '\''%s'\'' } }\n' "$number" "${rule//\'/\\\'}"
	done >"$WORK/chains"
	write_conf < <(
		printf 'families = { "%s" }\nignore = { "interface-missing" }\nchain "USER" { }\nchain "DOCKER-USER" { rules = {\n' "$family"
		each '"-j T%d",%.0s'
		echo '} }'
		cat "$WORK/chains"
	)
}

as_theirs() { listed | diff "$WORK/theirs" -; }

# iptables -C takes no counters, and does not find a burst of 0 of its own.
found() {
	{
		echo '*filter'
		each '-C T%d %s -m comment --comment dockfw' | grep -vE -e ' (-c|--set-counters) ' -e '--limit-burst 0 ' \
			-e "$NEVER_FOUND"
		echo COMMIT
	} >"$WORK/input"
	"$command-restore" --noflush <"$WORK/input" 2>"$WORK/err" && return
	cat "$WORK/err"
	sed -n "$(sed -n 's/.*line \([0-9]*\).*/\1/p' "$WORK/err" | head -n 1)p" "$WORK/input"
	return 1
}

# Each match with both verdicts. The guard refuses by those that it can evaluate again,
# which most are; it accepts by all, if need be without the match.
guarded() {
	local rule table=ip all=("${rules[@]}") drop accept
	[ "$family" = ipv4 ] || table=ip6
	rules=()
	for rule in "${all[@]}"; do
		taken "$rule -j DROP" && rules+=("$rule -j DROP" "$rule -j ACCEPT")
	done
	empty
	configure
	dockfw 0 --repair && finds 0 '' && silent dockfw 0 --repair &&
		nft list table "$table" dockfw >"$WORK/guard" || return 1
	drop=$(grep -cE '\sdrop( |$)' "$WORK/guard")
	accept=$(grep -cE '\saccept( |$)' "$WORK/guard")
	# A list of addresses becomes several rules.
	echo "${#rules[@]} rules; in the guard $drop drop and $accept accept"
	[ $((accept * 2)) -ge ${#rules[@]} ] && [ $((drop * 4)) -ge $((accept * 3)) ]
}

for KIND in nft legacy; do
	for family in ipv4 ipv6; do
		command=iptables-$KIND
		[ "$family" = ipv4 ] || command=ip6tables-$KIND
		if [ $KIND = legacy ] && ! "$command" -S >/dev/null 2>&1; then
			ok "$KIND $family: all cases # SKIP this kernel has no ip_tables"
			continue
		fi
		try "$KIND $family: rules that iptables accepts" collect
		try "$KIND $family: iptables installs them" by_iptables
		configure
		try "$KIND $family: a repair installs them" dockfw 0 --repair
		try "$KIND $family: iptables lists them as its own" as_theirs
		try "$KIND $family: iptables finds them" found
		try "$KIND $family: a second repair writes nothing" silent dockfw 0 --repair
		try "$KIND $family: the guard holds their matches" guarded
		clear_tables
	done
done
finish
