#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is ignored, fails or takes too long: a report claims nothing that is not so, and
# leaves out no edit.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

says() { grep -qE -- "$1" "$WORK/out" "$WORK/err" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
says_not() { ! grep -E -- "$1" "$WORK/out" "$WORK/err"; }
json_is() { jq -e "$1" "$WORK/out" >/dev/null || { cat "$WORK/out"; return 1; }; }

# ---- ignored findings ----

KIND=nft
two_rules
load docker-28.5
dockfw 0 -4 --repair >/dev/null
ipt -F DOCKER-USER && ipt -D FORWARD -j DOCKER-USER
sed -i '1i ignore = { "user-jump-missing", "rule-missing" }' "$CONF"
claims_nothing() { [ ! -s "$WORK/err" ] && says_not 'comes first|holds'; }
try "ignored: a check" dockfw 0 -4
try "ignored: its line has the ids" [ "$(cat "$WORK/out")" = 'OK, 2 findings ignored: user-jump-missing, rule-missing (nft, ipv4)' ]
try "ignored: the plugin's line" dockfw 0 -4 --format=nagios
try "ignored: it has the ids" says '^DOCKFW OK - 2 findings ignored: user-jump-missing, rule-missing \|'
try "ignored: the perfdata are true" says "'ipv4_order_ok'=0;.* 'ipv4_rules_missing'=2;"
try "ignored: nothing else is claimed" claims_nothing
dockfw 0 -4 --format=nagios -v
try "ignored: with -v each has a line" says '^ignored critical user-jump-missing ipv4: FORWARD never'
dockfw 0 -4 -v
try "ignored: in text as well" says '^ignored   rule-missing  +ipv4: DOCKER-USER does not hold'
try "ignored: metrics" dockfw 0 -4 --format=prometheus
try "ignored: what is missing is counted" says '^dockfw_rules_missing\{family="ipv4"\} 2'
try "ignored: so are the findings" says '^dockfw_findings\{id="user-jump-missing",severity="critical"\} 1'
try "ignored: and how many are ignored" says '^dockfw_findings_ignored\{id="rule-missing",severity="critical"\} 2'
try "ignored: json" dockfw 0 -4 --format=json
try "ignored: it has them" json_is '.findings == [] and ([.ignored[].id] | sort) == ["rule-missing", "rule-missing", "user-jump-missing"] and (.ignored[0] | has("message", "remedy"))'
ipt -A DOCKER-USER -s 192.0.2.1 -j RETURN -m comment --comment dockfw
try "ignored, and another finding" dockfw 1 -4
try "ignored: the line has both" says '^WARNING: 1 finding \(nft, ipv4\); 2 findings ignored: user-jump-missing, rule-missing$'
try "ignored: --check-config warns" dockfw 0 --check-config
try "ignored: of each that can be critical" [ "$(grep -c 'ignore has .* can be critical' "$WORK/err")" = 2 ]
sed -i '1s/.*/ignore = { "user-jump-missing", "rule-missing", "rule-stale" }/' "$CONF"
try "ignored: a repair" dockfw 0 -4 --repair
try "ignored: nothing is ignored then" says '^OK: repaired with 4 edits; DOCKER-USER comes first and holds the 2 configured rules'

# ---- every edit is shown ----

# A chain that leaves the configuration: its jump, its two rules, and the chain.
GUARD=off
held() {
	write_conf <<<'chain "DOCKER-USER" { rules = { "-s 192.0.2.0/24 -j OFFICE" } }
chain "OFFICE" { rules = { "-s 192.0.2.1 -j RETURN", "-j DROP" } }'
	clear_tables
	load docker-28.5
	dockfw 0 -4 --repair
	echo 'chain "DOCKER-USER" { rules = { } } guard = "off"' >"$CONF"
}
# shows EDITS: each edit that the json lists has its line in the text and for the plugin.
shows() {
	local texts
	dockfw "$wanted" -4 --repair ${dry:+"$dry"} --format=json
	texts=$(jq -r '.edits[] | select(.rule) | .rule' "$WORK/out")
	[ "$(jq '.edits | length' "$WORK/out")" = "$1" ] || { cat "$WORK/out"; return 1; }
	[ -n "$dry" ] || held
	dockfw "$wanted" -4 --repair ${dry:+"$dry"}
	cat "$WORK/out"
	while read -r text; do
		[ "$(grep -cE '^  [-+] ' "$WORK/out")" = "$(wc -l <<<"$texts")" ] &&
			grep -qE -- "^  [-+] +([0-9]+|-)  $text" "$WORK/out" || return 1
	done <<<"$texts"
	[ -n "$dry" ] || held
	dockfw "$wanted" -4 --repair ${dry:+"$dry"} --format=nagios -v
	cat "$WORK/out"
	[ "$(grep -cE "^(edit|would) (insert|delete|create|drop|drop-table) ipv4 " "$WORK/out")" = "$1" ]
}
for KIND in nft legacy; do
	dry=--dry-run wanted=1
	held
	try "$KIND: a dry run shows every edit" shows 4
	try "$KIND: it has written nothing" says '^would drop ipv4 filter OFFICE$'
	dry='' wanted=0
	try "$KIND: so does a repair" shows 4
	try "$KIND: it has written them" says '^edit drop ipv4 filter OFFICE$'
	clear_tables
done
# The findings of a family are ignored, and it has edits.
KIND=nft
two_rules
sed -i '1i ignore = { "rule-missing" }' "$CONF"
load docker-28.5
dockfw 0 -4 --repair --dry-run
try "an ignored finding: a dry run shows its edits" says '^  \+     -  -s 203.0.113.123/32 .* -j RETURN'
unset GUARD

# ---- names of interfaces and chains that a terminal would act on ----

# harmless: what was printed is UTF-8, and every character in it is shown as it is.
harmless() {
	python3 -c '
import sys, unicodedata
text = sys.stdin.buffer.read().decode("utf-8").replace("\r\n", "").replace("\n", "")
sys.exit(not text or any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text))' && return
	cat -v "$WORK/out"
	return 1
}
# shown OPTION…: in a file and on a terminal, which has colours otherwise.
shown() {
	"$DOCKFW" -f "$CONF" -b nft "$@" >"$WORK/out" 2>"$WORK/err"
	cat "$WORK/out" "$WORK/err" | harmless || return 1
	on_terminal "$@" && ! LC_ALL=C grep -aF "$name" "$WORK/out"
}
on_terminal() {
	TERM=xterm python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$DOCKFW" -f "$CONF" -b nft "$@" >"$WORK/out" </dev/null
	[ -s "$WORK/out" ]
}
clear_tables
two_rules
load docker-28.5
ip link add docker0 type bridge && ip address add 172.17.0.1/16 dev docker0 && ip link set docker0 up
sysctl -qw net.ipv4.ip_forward=1
on_terminal --exposure
try "a terminal has colours" says $'\e'
for name in $'x\xff|\e[31mRED' $'y\xc2\x9b31m' $'z\xe2\x80\xae\xc2'; do
	ip link add name "$name" type bridge && ip address add 192.0.2.1/24 dev "$name" && ip link set "$name" up
	ipt -N "C$name" 2>/dev/null && ipt -A "C$name" -j ACCEPT && ipt -I FORWARD -j "C$name"
	ipt -I FORWARD -i "$name" -j ACCEPT
	quoted=$(printf %q "$name")
	for format in text json; do
		try "$quoted: --exposure as $format" shown --exposure --format=$format
		try "$quoted: --trace as $format" shown --trace "from 192.0.2.9 in $name to 172.17.0.2 tcp 80" --format=$format
	done
	for format in text json nagios prometheus; do
		try "$quoted: a check as $format" shown -v --format=$format
	done
	ip link delete "$name"
	clear_tables
	load docker-28.5
done

# ---- the time limit, wherever it strikes ----

# late SYSCALL N OPTION…: the Nth such call takes longer than the time limit. strace delays it.
late() {
	LSAN_OPTIONS=detect_leaks=0 gives 3 strace -qq -o /dev/null --inject="$1:delay_enter=1200000:when=$2" \
		"$DOCKFW" -f "$CONF" -b "$KIND" --timeout=1 "${@:3}" || return 1
	grep -q 'timed out after 1 s while' "$WORK/err" "$WORK/out" && return
	cat "$WORK/out" "$WORK/err"
	return 1
}
# silent_late: as a text, nothing is said about the tables.
silent_late() { late "$@" && [ ! -s "$WORK/out" ]; }
for KIND in nft legacy; do
	clear_tables
	two_rules
	load docker-28.5
	dockfw 0 --repair
	# What starts libxtables; what reads the tables.
	for call in 'clone 1' 'recvmsg 2' 'sendto 1'; do
		# shellcheck disable=SC2086 # a call and its number
		try "$KIND: a check that is late at $call" silent_late $call
	done
	clones=$(strace -qq -c -U calls,name -o "$WORK/calls" "$DOCKFW" -f "$CONF" -b "$KIND" -v >/dev/null; awk '$2 == "clone" { print $1 }' "$WORK/calls")
	try "$KIND: the rules are printed late" silent_late clone "$clones" -v
	if [ "$KIND" = nft ]; then
		try "json" late clone 1 -v --format=json
		try "it has no finding" json_is '.exit == 3 and .status == "unknown" and .findings == []'
		try "a plugin" late recvmsg 2 --format=nagios
		try "its line claims nothing" says '^DOCKFW UNKNOWN - timed out after 1 s while [^|]* \| .time.=[0-9.]*s;;;0$'
		try "metrics" late recvmsg 2 --format=prometheus
		try "none is about the tables" says_not 'rules_missing|dockfw_findings'
		try "--exposure" silent_late recvmsg 3 --exposure
		try "--trace" silent_late recvmsg 3 --trace 'from 192.0.2.9 in ens3 to 172.17.0.2 tcp 80'
	fi
	# A wrong rule does not make the rest of a file that was not read a broken one.
	sed -i 's/"-i ens3 -p tcp --dport 80 -j REJECT"/"--wrong",\n&/' "$CONF"
	try "$KIND: a wrong rule, and late" silent_late clone 2
	two_rules
	try "$KIND: a removal that is late with the configuration" late clone 1 --remove
	try "$KIND: takes nothing out" dockfw 0
done
KIND=nft
clear_tables
two_rules
load docker-28.5
dockfw 0 --repair
ipt -F DOCKER-USER
try "a repair whose rules are printed late" late clone "$clones" --repair
try "it reports the write" says '^UNKNOWN: timed out .*; repaired with 2 edits'
ipt -F DOCKER-USER
strace -qq -c -U calls,name -o "$WORK/calls" "$DOCKFW" -f "$CONF" -b nft --repair >/dev/null
reads=$(awk '$2 == "recvmsg" { print $1 }' "$WORK/calls")
ipt -F DOCKER-USER
try "a repair that is late after its write" late recvmsg $((reads - 1)) --repair
try "it does not claim what is left" says_not '^(repaired|critical|warning) '
try "it reports the write" says '^UNKNOWN: timed out .*; apart from that, repaired with 2 edits'

# ---- one family is written, and the kernel refuses the other ----

KIND=legacy GUARD=off
clear_tables
two_rules
load docker-28.5 && load docker-28.5.ipv6 ip6tables
strace -qq -e trace=setsockopt -e signal=none -o "$WORK/calls" "$DOCKFW" -f "$CONF" -b legacy --repair >/dev/null
call=$(grep -nE 'SOL_IPV6, IP6T_SO_SET_REPLACE.* = 0$' "$WORK/calls" | head -n 1 | cut -d: -f1)
refuse_ipv6() {
	ipt -F DOCKER-USER && ip6tables-legacy -F DOCKER-USER
	LSAN_OPTIONS=detect_leaks=0 gives 3 strace -qq -o /dev/null --inject="setsockopt:error=EINVAL:when=$call" \
		"$DOCKFW" -f "$CONF" -b legacy --repair "$@"
}
try "the IPv6 table is refused" refuse_ipv6
try "the report has the edits of IPv4" says "^UNKNOWN: .*written: ipv4 'filter'; .*repaired with 2 edits"
try "each of them, and no other" [ "$(grep -c '^  + .* -j RE' "$WORK/out")" = 2 ]
try "they are in force" [ "$(ipt -S DOCKER-USER | grep -c 'dockfw -j RE')" = 2 ]
try "json" refuse_ipv6 --format=json
try "it has them, too" json_is '.written and ([.edits[].family] == ["ipv4", "ipv4"]) and .findings == []'
unset GUARD

# ---- a typo in the configuration: --exposure and --trace answer from the tables ----

KIND=nft
clear_tables
load docker-28.5
write_conf <<<'outside = { "none9" }
publish "80/tcp" { interface = { "ens3" } allow = { "any" } }'
ip link set ens3 up && ip address add 198.51.100.10/24 dev ens3
dockfw 1 --repair
dockfw 0 --exposure -4 && cp "$WORK/out" "$WORK/exposure"
packet='from 192.0.2.9 in ens3 to 172.17.0.2 tcp 80'
dockfw 0 --trace "$packet" && cp "$WORK/out" "$WORK/trace"
echo 'outsid = { "ens3" }' >>"$CONF"
same() { cmp "$WORK/$1" "$WORK/out" && grep -q "$CONF:3: .*outsid" "$WORK/err" && grep -q "$2" "$WORK/err"; }
try "a typo: --trace" dockfw 0 --trace "$packet"
try "a typo: the same, by the last good configuration" same trace 'the answer is from the tables; .* last good configuration'
try "a typo: --exposure" dockfw 0 --exposure -4
try "a typo: the same" same exposure 'last good configuration'
ipt -F DOCKER-USER && nft delete table ip dockfw
ipt -I FORWARD -j ACCEPT
try "a typo: --fail-if-open counts every open port" dockfw 2 --exposure --fail-if-open -4
rm -rf /var/lib/dockfw
try "a typo: without a last good configuration" dockfw 0 --exposure --format=json
try "a typo: it is json" json_is '.exposure | length > 0'
try "a typo: the warning says what is not known" grep -q 'the publish sections are not known' "$WORK/err"
ipt -F FORWARD && ipt -P FORWARD DROP
try "a typo: --fail-if-open does not say that all is well" dockfw 1 --exposure --fail-if-open -4
sed -i 3d "$CONF" && echo 'chain "DOCKER-USER" { rules = { "--wrong" } }' >>"$CONF"
try "a wrong rule: the rest of the file counts" dockfw 0 --exposure -4
try "a wrong rule: that is a warning" grep -q 'and from the rest of' "$WORK/err"
CONF=$WORK/nowhere.conf
try "a file that does not exist" dockfw 3 --exposure
finish
