#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What monitoring reads: a plugin's line, metrics and JSON, for hosts that are correct,
# broken, repaired and unreadable, and with texts that imitate a format's syntax.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

KIND=nft

# ---- the plugin's line ----

# plugin STATUS WORD [OPTION…]: one line of less than 80 characters; perfdata follows the grammar.
plugin() {
	local status=$1 word=$2 value
	shift 2
	dockfw "$status" --format=nagios "$@" || return 1
	cat "$WORK/out" "$WORK/err"
	[ ! -s "$WORK/err" ] || return 1
	first=$(head -n 1 "$WORK/out")
	[[ $first == "DOCKFW $word - "* ]] || return 1
	[ "$(grep -c . <<<"$first")" = 1 ] && [ "$(tr -cd '|' <"$WORK/out" | wc -c)" = 1 ] || return 1
	text=${first%%|*}
	# No character is cut in two, and none is one that some readers take for the end of a line.
	python3 -c 'import sys; assert len(open(sys.argv[1], encoding="utf-8", newline="").read().splitlines()) == int(sys.argv[2])' \
		"$WORK/out" "$(wc -l <"$WORK/out")" || return 1
	[ "$(LC_ALL=C; echo ${#text})" -lt 80 ] && [[ $first == *'|'* ]] || return 1
	# label=value[UOM];[warn];[crit];[min];[max], with blanks between them.
	value='(U|-?[0-9.]+(s|%|B|c)?)(;[0-9.:~@-]*){0,4}'
	grep -qE "^( '[^'=]+'=$value)+ ?$" <<<"${first#*|}" || { echo "perfdata: ${first#*|}"; return 1; }
}
lines() { test "$(wc -l <"$WORK/out")" "$@"; }

# ---- metrics ----

# promtool would accept output without any metric, so the status must be there as well.
metrics() { # STATUS [OPTION…]
	local status=$1
	shift
	dockfw "$status" --format=prometheus "$@" || return 1
	cat "$WORK/out"
	grep -q "^dockfw_status $status\$" "$WORK/out" || return 1
	if command -v promtool >/dev/null; then
		promtool check metrics <"$WORK/out"
	fi
}
metric() { # LINE
	grep -qxF "$1" "$WORK/out" || { echo "no '$1' in:"; cat "$WORK/out"; return 1; }
}

# ---- json ----

# json STATUS WORD [OPTION…]: read by a parser that accepts only JSON in UTF-8.
json() {
	local status=$1 word=$2
	shift 2
	dockfw "$status" --format=json "$@" || return 1
	python3 -c '
import json, sys
text = open(sys.argv[1], "rb").read().decode("utf-8")
report = json.loads(text, parse_constant=sys.exit)
want = {"status", "exit", "version", "backend", "families", "error", "findings", "ignored", "open_ports", "guard", "edits", "later_edits", "losses", "gains", "written", "docker_restarted"}
assert want <= set(report) <= want | {"found"}, set(report)
assert report["exit"] == int(sys.argv[2]) and report["status"] == sys.argv[3], report
for finding in report["findings"] + report["ignored"] + report.get("found", []):
    assert set(finding) == {"id", "severity", "family", "table", "chain", "rule", "text", "handle", "message",
                            "remedy", "repairable"}, finding
    assert "\n" not in finding["message"], finding
for port in (report["open_ports"] or {"ports": []})["ports"]:
    assert set(port) - {"port_end"} == {"family", "protocol", "port", "hosts", "interfaces", "certain", "anyone",
                                        "sources", "nearby", "message"}, port
for family, guard in report["guard"].items():
    assert family in ("ipv4", "ipv6") and set(guard) == {"refused"} and guard["refused"] >= 0, guard
for edit in report["edits"] + report["later_edits"]:
    assert set(edit) == {"op", "family", "table", "chain", "position", "rule"}, edit
for who in report["losses"] + report["gains"]:
    assert set(who) == {"family", "table", "chain", "rule", "message"}, who
    assert "\n" not in who["message"], who
' "$WORK/out" "$status" "$word" || { cat "$WORK/out"; return 1; }
}

# ---- a host in each state ----

load reload-debian-12
two_rules
try "broken: the plugin's line" plugin 2 CRITICAL -4
try "broken: there is nothing else" lines = 1
try "broken: with -v a line for each finding" plugin 2 CRITICAL -4 -v
try "broken: so there are more lines" lines -gt 3
try "broken: metrics" metrics 2 -4
try "broken: two rules are missing" metric 'dockfw_rules_missing{family="ipv4"} 2'
try "broken: a finding is counted" metric 'dockfw_findings{id="user-jump-late",severity="warning"} 1'
try "broken: the count of an absent finding is 0" metric 'dockfw_findings{id="contested",severity="critical"} 0'
try "broken: json" json 2 critical
try "broken: it shows that nothing was written" jq -e '.written == false and (.edits | length > 0)' "$WORK/out"
try "a dry run: json" json 2 critical --repair --dry-run
try "repaired: json" json 0 ok --repair
try "repaired: it has what was found" jq -e '.written and (.found | length > 2) and .findings == []' "$WORK/out"
try "correct: the plugin's line" plugin 0 OK
try "correct: there is nothing else" lines = 1
try "correct: metrics" metrics 0
try "correct: no rule is missing" metric 'dockfw_rules_missing{family="ipv4"} 0'
try "correct: json" json 0 ok
ipt -F FORWARD
try "repaired: metrics" metrics 0 --repair
try "repaired: the edits are counted" metric 'dockfw_edits 1'
ipt -F DOCKER-USER
try "repaired: the plugin's line" plugin 0 OK --repair
ipt -A DOCKER-USER -s 192.0.2.1 -j RETURN -m comment --comment dockfw
try "a warning: the plugin's line" plugin 1 WARNING
try "a warning: metrics" metrics 1
try "a warning: json" json 1 warning

has_order() { grep -qF " 'ipv4_order_ok'=$1;" "$WORK/out"; }
try "one rule too many: the plugin's line" plugin 1 WARNING
try "one rule too many: the order is correct" has_order 1
ipt -I FORWARD -i ens3 -j ACCEPT
try "an accept first: the plugin's line" plugin 2 CRITICAL
try "an accept first: the order is not correct" has_order 0

# Before Docker starts, one finding stands for all others, so none of them is known.
clear_tables
try "before Docker: the plugin's line" plugin 3 UNKNOWN -4
try "before Docker: the order is not known" has_order U
try "before Docker: nor are the rules" grep -qF "'ipv4_rules_missing'=U;" "$WORK/out"
try "before Docker: metrics" metrics 3 -4
try "before Docker: two rules are configured" metric 'dockfw_rules_configured{family="ipv4"} 2'
try "before Docker: how many are missing is left out" test "$(grep -c '^dockfw_rules_missing' "$WORK/out")" = 0
load reload-debian-12

# Errors are reported in the format that the reader expects.
good=$CONF CONF=$WORK/nowhere.conf
try "no configuration: the plugin's line" plugin 3 UNKNOWN
try "no configuration: metrics" metrics 3
try "no configuration: json" json 3 unknown
try "no configuration: json has the reason" jq -e '.error | contains("nowhere.conf")' "$WORK/out"
CONF=$good
try "a bad option: the plugin's line" plugin 3 UNKNOWN --no-such-option
try "a bad value: json" json 3 unknown --wait=soon
try "a bad option before --format: json" json 3 unknown --no-such-option
cp "$CONF" "$WORK/$(printf 'bad|name\n|x=1')"
CONF=$WORK/$(printf 'bad|name\n|x=1')
echo 'colour = "|y=2"' >>"$CONF"
try "an error with bars: the plugin's line" plugin 3 UNKNOWN -v
for dots in '' . ..; do
	CONF=$WORK/$dots$(printf 'ä%.0s' {1..60})
	try "an error that is cut after '$dots': the plugin's line" plugin 3 UNKNOWN -v
done
CONF=$good

# ---- what the guard has refused ----

clear_tables
hosts_up
load docker-28.5
write_conf <<<'publish "9000/tcp" { }'
dockfw 0 --repair >/dev/null
refuses() { refused "$outsider" "$1" 9000; } # ADDRESS
try "a packet over IPv4" refuses 198.51.100.10
try "and one over IPv6" refuses 2001:db8:51::10
try "and another" refuses 2001:db8:51::10
packets_end
counted() { nft list table "$1" dockfw | awk '{ for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) } END { print n + 0 }'; }
n4=$(counted ip) n6=$(counted ip6)
try "they were counted" test "$((n4 >= 1 && n6 >= 2))" = 1
try "text" dockfw 0 -v
try "it has the numbers" grep -qE "^The guard has refused $n4 packets? over IPv4 and $n6 over IPv6\$" "$WORK/out"
try "the plugin's line" plugin 0 OK
try "it has them, too" grep -qF " 'refused_ipv4'=${n4}c 'refused_ipv6'=${n6}c " "$WORK/out"
try "metrics" metrics 0
try "of IPv4" metric "dockfw_guard_refused_packets_total{family=\"ipv4\"} $n4"
try "of IPv6" metric "dockfw_guard_refused_packets_total{family=\"ipv6\"} $n6"
try "json" json 0 ok
try "it has them as numbers" jq -e ".guard == {ipv4: {refused: $n4}, ipv6: {refused: $n6}}" "$WORK/out"
nft delete table ip6 dockfw
dockfw 1 --format=json
try "a family without a guard is left out" jq -e '.guard | keys == ["ipv4"]' "$WORK/out"
for name in allowed outsider container; do ip netns delete "$name"; done
ip link delete ens3 && ip link add ens3 type bridge
ip link delete docker0
two_rules

# ---- texts that imitate syntax ----

clear_tables
load docker-28.5
# A comment of any bytes but NUL, in a rule of another program before the jump in FORWARD.
evil() { # COMMENT
	ipt -F FORWARD && ipt -N DOCKER-USER 2>/dev/null
	ipt -A FORWARD -m comment --comment "$1" -j ACCEPT && ipt -A FORWARD -j DOCKER-USER &&
		ipt -A DOCKER-USER -m comment --comment "$1" -j RETURN
}
number=0
for text in "a|b=1;2" $'a\nDOCKFW OK - all is well | x=1' $'\xff\xfe\xc3' $'\x1b[31mred' "\" } { '" \
	$'\xc2\x9b31m \xc2\x85 \xe2\x80\xa8 \xe2\x80\xae, as some would read them' $'\xed\xa0\x80 half of a pair' $'\xf4\x90\x80\x80 beyond Unicode' "$(head -c 255 /dev/zero | tr '\0' '|')"; do
	number=$((number + 1))
	try "text $number: it is added" evil "$text"
	try "text $number: the plugin's lines" plugin 2 CRITICAL -v
	try "text $number: metrics" metrics 2
	try "text $number: json" json 2 critical
	try "text $number: json of a dry run" json 2 critical --repair --dry-run
	# Nothing that a terminal would interpret.
	dockfw 2 >/dev/null
	if ! python3 -c '
import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8").read().replace("\n", "")
sys.exit(any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text))' "$WORK/out"; then
		not_ok "text $number: a control character is in the text"
	else
		ok "text $number: no control character is in the text"
	fi
done
for name in $'\xff\xfe' 'a|b=1' $'\x1b[31m'; do
	number=$((number + 1))
	ipt -F FORWARD
	nft "add chain ip filter \"$name\"" 2>/dev/null || ipt -N "$name" 2>/dev/null || continue
	ipt -A "$name" -j ACCEPT && ipt -A FORWARD -j "$name" && ipt -A FORWARD -j DOCKER-USER
	try "chain $number: the plugin's lines" plugin 2 CRITICAL -v
	try "chain $number: metrics" metrics 2
	try "chain $number: json" json 2 critical
done

odd=$WORK/$'a\n\e[31m\xff.conf'
cp "$CONF" "$odd"
valid() { gives 0 "$DOCKFW" --check-config -f "$odd" && [ "$(cat "$WORK/out")" = "$WORK/a\\x0a\\x1b[31m\\xff.conf: $valid" ]; }
valid=$(dockfw 0 --check-config && sed "s|^$CONF: ||" "$WORK/out")
try "the name of a configuration" valid

# ---- a report in a file ----

clear_tables
load docker-28.5
folder=$WORK/reports file=$WORK/reports/dockfw.prom
mkdir "$folder"
umask 077
put() { dockfw 0 --repair --format=prometheus -o "$file" && [ ! -s "$WORK/out" ]; }
alone() { [ "$(ls -A "$folder")" = dockfw.prom ] || { ls -lA "$folder"; return 1; }; }
try "a report's file" put
try "everyone can read it" [ "$(stat -c %a "$file")" = 644 ]
try "nothing else is left there" alone
# A run that fails before it has read anything: the file shows that, and is not stale.
failed() { # OPTION…
	echo 'dockfw_last_run_timestamp_seconds 1' >"$file"
	gives 3 "$DOCKFW" -f "$CONF" "$@" && grep -qx 'dockfw_status 3' "$file" && alone &&
		[ "$(sed -n 's/^dockfw_last_run_timestamp_seconds //p' "$file")" -ge "$began" ]
}
began=$(date +%s)
good=$CONF CONF=$WORK/nowhere.conf
try "no configuration: the file is written" failed --repair --format=prometheus -o "$file"
CONF=$good
try "a bad option: as well" failed --no-such-option --format=prometheus -qo "$file"
try "a bad value: as well" failed --format=prometheus --wait=soon --output="$file"
without_rights() {
	local program=$DOCKFW DOCKFW=$WORK/powerless
	printf '#!/bin/sh\nexec setpriv --bounding-set=-net_admin,-net_raw %q "$@"\n' "$(realpath "$program")" >"$DOCKFW"
	chmod +x "$DOCKFW"
	failed --format=prometheus -o "$file"
}
try "no right to read: as well" without_rights
echo precious >"$WORK/precious"
ln -sf "$WORK/precious" "$file"
put_at_link() { dockfw 3 --format=prometheus -o "$file" && grep -q 'not a regular file; name a file' "$WORK/err"; }
try "a link in its place" put_at_link
try "the target of the link is unchanged" grep -qx precious "$WORK/precious"
try "and so is the link" [ -L "$file" ]
rm "$file"
ln -f "$WORK/precious" "$file"
try "in place of a hard link" put
try "the other name of the file is unchanged" grep -qx precious "$WORK/precious"
no_folder() { dockfw 3 -o "$WORK/nowhere/report" && grep -q "nowhere/report.*No such file" "$WORK/err"; }
try "a folder that does not exist" no_folder
a_folder() { dockfw 3 -o "$folder" && grep -q "$folder" "$WORK/err"; }
mknod "$folder/null" c 1 3 && mkfifo "$folder/fifo" && ln -s /dev/stdout "$folder/stdout" || exit 1
stays() { # NAME: it is unchanged, and nothing else is left in its folder
	local before
	before=$(ls -lA "$folder")
	dockfw 3 -o "$folder/$1" && grep -q "$1.*not a regular file; name a file, or omit --output" "$WORK/err" &&
		[ "$(ls -lA "$folder")" = "$before" ]
}
for name in null fifo stdout; do try "$name in its place" stays $name; done
rm "$folder"/{null,fifo,stdout}
try "a folder in its place" a_folder
mount -t tmpfs -o size=4k,nr_inodes=16 tmpfs "$folder"
head -c 4096 /dev/zero >"$folder/full"
full() { dockfw 3 --format=json -v -o "$file" && grep -q "No space" "$WORK/err" && [ "$(ls -A "$folder")" = full ]; }
try "a full file system" full
umount "$folder"
no_stdout() { gives 3 sh -c "'$DOCKFW' -f '$CONF' -b nft $1 >/dev/full" && grep -q "No space" "$WORK/err"; }
for format in text nagios json prometheus; do
	try "stdout that is full: $format" no_stdout "--format=$format"
done
try "stdout that is full: --exposure" no_stdout --exposure
try "stdout that is full: --capture" no_stdout --capture
try "stdout that is full: --check-config -v" no_stdout '--check-config -v'
# One write fails, and those after it do not.
loses_a_part() { # OPTION…
	LSAN_OPTIONS=detect_leaks=0 gives 3 strace -qq -o "$WORK/trace" -P "$WORK/out" -e trace=write \
		-e inject=write:error=ENOSPC:when=1 "$DOCKFW" "$@" &&
		grep -q INJECTED "$WORK/trace" && [ "$(grep -c 'cannot write to standard output' "$WORK/err")" = 1 ]
}
{
	echo 'chain "DOCKER-USER" { rules = {'
	for number in {1..200}; do echo "\"-s 10.0.0.$number -j DROP\","; done
	echo '} }'
} >"$WORK/long.conf"
for mode in --help '--explain rule-missing' --list-findings "--check-config -v -f $WORK/long.conf" \
	"--capture -b nft -f $CONF"; do
	# shellcheck disable=SC2086 # two words or more
	try "a part of stdout is lost: ${mode%% *}" loses_a_part $mode
done

# A closed stream is like /dev/null: no file that is opened later gets the report.
closed() { gives 0 sh -c "'$DOCKFW' -f '$CONF' -b nft -v <&- >&- 2>&-" && cmp "$CONF" "$WORK/conf"; }
cp "$CONF" "$WORK/conf"
try "stdin, stdout and stderr that are closed" closed

# ---- in place of what the program lives on ----

clear_tables
load docker-28.5
mkdir -m 755 "$WORK/own" && own=$WORK/own state=/var/lib/dockfw && umask 022
{ cat "$CONF" && echo 'include("more.conf")'; } >"$own/main.conf"
echo 'publish "9999/tcp" { allow = { "203.0.113.9" } }' >"$own/more.conf"
touch -d '1 minute ago' "$own"/*.conf
ln "$own/main.conf" "$own/linked" && ln -s "$own" "$WORK/way"
gives 0 "$DOCKFW" -f "$own/main.conf" -b nft --repair || exit 1
stored=$(echo "$state"/*own-main.conf)
everything() { sha256sum "$own"/* "$state"/*.conf 2>&1; tables | sed 's/\[[0-9]*:[0-9]*\]//g'; }
# spares REASON FILE OPTION…: it is refused in one line, and nothing is written anywhere.
spares() {
	local said="dockfw-check: cannot put a report in place of '$2': $1; name another file with --output"
	everything >"$WORK/before"
	gives 3 "$DOCKFW" -f "$own/main.conf" -b nft -o "${@:2}" || return 1
	[ ! -s "$WORK/out" ] && diff - "$WORK/err" <<<"$said" && everything | diff "$WORK/before" -
}
ipt -F DOCKER-USER
main="it is the configuration" more="the configuration includes it" last="its folder is that of the last good configurations"
for format in text json nagios prometheus; do
	for mode in --check --repair --exposure; do
		try "the configuration: $mode $format" spares "$main" "$own/main.conf" $mode --format=$format
		try "what it includes: $mode $format" spares "$more" "$own/more.conf" $mode --format=$format
		try "the last good one: $mode $format" spares "$last" "$stored" $mode --format=$format
	done
done
try "what it includes: --remove" spares "$more" "$own/more.conf" --remove
try "what it includes: --remove in json" spares "$more" "$own/more.conf" --remove --format=json
try "the configuration: --trace" spares "$main" "$own/main.conf" --trace from 203.0.113.1 in ens3 tcp 80
try "what it includes: a watch" spares "$more" "$own/more.conf" --watch --format=prometheus
try "another name of it" spares "$main" "$own/linked" --repair
try "another way to it" spares "$main" "$WORK/way/../own/main.conf" --repair
try "another file in that folder" spares "$last" "$state/report" --repair --format=json
try "another folder of last good ones" spares "$last" "$own/report" --repair --state-folder "$WORK/way"
usage_error() {
	everything >"$WORK/before"
	gives 3 "$DOCKFW" --no-such-option --format=json -o "$1" -f "$own/main.conf" && everything | diff "$WORK/before" -
}
try "the report of a wrong option" usage_error "$own/main.conf"
broken() {
	echo 'nonsense' >>"$own/more.conf" && touch -d '1 minute ago' "$own/more.conf"
	gives 3 "$DOCKFW" -f "$own/main.conf" -b nft --repair --format=json -o "$own/more.conf" &&
		grep -q "place of '$own/more.conf': $more;" "$WORK/err" && grep -q nonsense "$own/more.conf"
}
try "one that is broken" broken
missing() { mv "$own/main.conf" "$own/away" && rm "$own/linked" && spares "$main" "$own/main.conf" "$@"; }
try "one that is missing" missing --exposure
try "a report beside it" gives 3 "$DOCKFW" -f "$own/main.conf" -b nft --check --format=json -o "$own/report" -4 --state-folder "$WORK/none"
try "is written" [ -s "$own/report" ]
finish
