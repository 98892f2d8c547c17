#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A configuration that breaks after it was in force: the last good one holds the host, and
# the fault is reported. What is stored, where, and by whom.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock
STATE=/var/lib/dockfw
mkdir -p "$WORK/etc/conf.d" "$WORK/good/conf.d"
CONF=$WORK/etc/dockfw.conf

cat >"$WORK/good/dockfw.conf" <<'END'
# the main file
outside = { "ens3" }
include("conf.d/*.conf")
chain "OFFICE" { rules = { "-s 203.0.113.123 -j RETURN", "-j DROP" } }
publish "443/tcp" { allow = { "203.0.113.0/24" } }
END
echo 'chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 80 -j OFFICE" } }' >"$WORK/good/conf.d/web.conf"
stored() { echo "$STATE/$(sed 's|^/||; s|-|%2d|g; s|/|-|g' <<<"$CONF")"; }
# Puts the good files in place, with an old time.
restore() {
	rm -rf "${WORK:?}/etc"
	cp -a "$WORK/good" "$WORK/etc" && find "$WORK/etc" -exec touch -d '1 minute ago' {} +
}
# backdated COMMAND…: the configuration is not one that is being written.
backdated() { "$@" && find "$WORK/etc" -exec touch -h -d '1 minute ago' {} + 2>/dev/null; }
rules() { "iptables-$KIND-save" -t filter 2>/dev/null | grep -v '^#' && nft -s list table ip dockfw; }
# What firewalld's reload leaves, and a flush of everything.
flush() { iptables-"$KIND" -F DOCKER-USER; nft flush table ip dockfw 2>/dev/null || true; }
says() { grep -qE -- "$1" "$WORK/out" "$WORK/err" || { cat "$WORK/out" "$WORK/err"; return 1; }; }

# holds WORDS: the rules come back at a repair, which reports why the last good configuration
# is in force; what is stored stays; a check agrees.
holds() {
	local before
	before=$(cat "$(stored)") && flush || return 1
	dockfw 2 --repair --format=json && says "\"message\": \".*$1.*; the last good configuration \(.* UTC, $(stored)\) is in force instead\"" || return 1
	[ "$(jq -r '.findings[] | .severity + " " + .id' "$WORK/out")" = "critical configuration-broken" ] || return 1
	rules | diff "$WORK/rules" - || return 1
	[ "$before" = "$(cat "$(stored)")" ] || return 1
	silent dockfw 2 --check && says 'is checked instead' && says "^dockfw-check: .*$1" || return 1
	says "configuration-broken: (correct the file; this lists every error: dockfw-check -f $CONF -b $KIND --check-config|restore the file, or state .*)\$" || return 1
	silent dockfw 2 --repair --dry-run --format=nagios &&
		[ ! -s "$WORK/err" ] && says '^DOCKFW CRITICAL - 1 finding: configuration-broken \|'
}
# breaks NAME WORDS COMMAND…
breaks() {
	local name=$1 expected=$2
	shift 2
	restore && backdated "$@"
	try "$KIND: $name" holds "$expected"
}
in_place() { printf '%s\n' "$1" >"$CONF"; }
append() { printf '%s\n' "$1" >>"$CONF"; }

for KIND in nft legacy; do
	clear_tables
	rm -rf "$STATE"
	load docker-28.5
	restore
	backdated in_place 'famlies = { }'
	try "$KIND: nothing is stored: nothing is written" silent dockfw 3 --repair
	try "$KIND: and that is said" says "no last good configuration of '$CONF' is stored: what the kernel holds stays as it is"
	restore
	try "$KIND: a dry run stores nothing" dockfw 2 --repair --dry-run -q
	try "$KIND: nor does a repair of one family" dockfw 0 --repair -4 -q
	try "$KIND: so nothing is stored" [ ! -e "$STATE" ]
	try "$KIND: a repair stores" dockfw 0 --repair -q
	try "$KIND: for its user only" [ "$(stat -c %a:%u "$STATE" "$(stored)" | tr '\n' ' ')" = '700:0 600:0 ' ]
	rules >"$WORK/rules"
	node=$(stat -c %i "$(stored)")
	try "$KIND: what is the same" dockfw 0 --repair -q
	try "$KIND: is not written again" [ "$(stat -c %i "$(stored)")" = "$node" ]

	cp "$(stored)" "$WORK/stored"
	sed -i '$d' "$(stored)"
	backdated append 'famlies = { }'
	try "$KIND: what is stored is cut off: nothing is written" silent dockfw 3 --repair
	try "$KIND: it is named" says "the last good configuration '$(stored)' cannot be used: it is cut off"
	try "$KIND: and not missing" says "no last good configuration of '$CONF' can be used: what the kernel holds stays as it is"
	cp "$WORK/stored" "$(stored)"

	breaks "a syntax error" "etc/dockfw.conf:6: there is no setting 'famlies'" append 'famlies = { }'
	breaks "an error in a rule" "web.conf:1: .*--dprt" \
		sed -i 's/--dport/--dprt/' "$WORK/etc/conf.d/web.conf"
	breaks "a file of zero length" 'etc/dockfw.conf:1: no rule is configured' truncate -s 0 "$CONF"
	breaks "a setting only" 'etc/dockfw.conf:1: no rule is configured' in_place 'guard = "auto"'
	breaks "a file that is cut off" "etc/dockfw.conf:4: .*cut off in line 4; .*end\(\)" \
		sed -i '/^publish/d' "$CONF"
	breaks "a folder of includes that is empty" \
		"etc/dockfw.conf:3: no file matches '.*/conf.d/\*.conf', and 1 did" rm "$WORK/etc/conf.d/web.conf"
	breaks "a folder of includes that is gone" 'dockfw.conf:3: cannot search' rm -r "$WORK/etc/conf.d"
	breaks "no file" 'cannot open' rm "$CONF"
	breaks "no folder" 'cannot open' mv "$WORK/etc" "$WORK/away"
	rm -rf "$WORK/away"
	breaks "a file that others may write" 'is writable by' chmod 0666 "$CONF"
	breaks "a file of another user" 'belongs to user' chown 65534 "$CONF"
	restore
	try "$KIND: the file is right again" dockfw 0 --repair
done

# ---- what means less is stated ----

KIND=nft
clear_tables
load docker-28.5
dockfw 0 --repair -q
try "an empty section states it" backdated in_place 'chain "DOCKER-USER" { rules = { } }'
try "then the rules go" dockfw 0 --repair
try "and nothing is filtered" says '^OK: repaired with [0-9]+ edits; no rule is configured: nothing is filtered; DOCKER-USER comes first \(nft, ipv4\)$'
try "in one line of a plugin" dockfw 0 --format=nagios
try "too" says '^DOCKFW OK - no rule is configured: nothing is filtered \|'
restore
try "all of it" dockfw 0 --repair -q
sed -i '/publish/d' "$CONF"
backdated append 'end()'
try "end() states that a file is whole" dockfw 0 --repair -q
backdated sed -i '/^end/d' "$CONF"
try "without it, it is cut off" dockfw 2 --repair
try "which is said" says 'cut off in line 4'
backdated sed -i 's/113.123/113.124/' "$CONF"
try "also if something else has changed" dockfw 2 --repair
try "which is said, too" says 'does not end with end\(\)'

# ---- without a last good one, the rules in the kernel count ----

restore
rm -rf "$STATE"
dockfw 0 --repair -q
rm -rf "$STATE"
backdated truncate -s 0 "$CONF"
rules >"$WORK/rules" # with the jump where it belongs
iptables-nft -D FORWARD -j DOCKER-USER
iptables-nft -A FORWARD -j DOCKER-USER
try "no rule is configured, and some are there" dockfw 2 --repair --format=json
kept() {
	[ "$(jq -r '.findings[] | .family + " " + .id' "$WORK/out")" = "ipv4 configuration-broken
ipv6 configuration-broken" ] &&
		rules | diff "$WORK/rules" - && [ ! -e "$STATE" ]
}
try "they stay, and the order is repaired" kept
backdated in_place 'chain "DOCKER-USER" { rules = { } }'
try "unless it is stated" dockfw 0 --repair -q
try "then they go" [ "$(nft list ruleset | grep -c dockfw)" = 0 ]

# ---- the store ----

restore
mkdir -p "$STATE"
mount -t tmpfs -o size=4k,mode=700 tmpfs "$STATE"
head -c 4096 /dev/zero >"$STATE/full"
try "a full disk does not stop a repair" dockfw 0 --repair -q
try "but is said" says "cannot be stored as the last good one in '$STATE': No space left"
try "and leaves nothing" [ "$(ls -A "$STATE")" = full ]
rm "$STATE/full"
try "with room again" dockfw 0 --repair -q
try "it is stored" [ "$(ls -A "$STATE")" = "$(basename "$(stored)")" ]
umount "$STATE"
: >"$STATE/.new"
try "what a killed run has left" dockfw 0 --repair -q
try "is removed" [ "$(ls -A "$STATE")" = "$(basename "$(stored)")" ]
: >"$STATE/.new"
try "also if there is nothing to store" dockfw 0 --repair -q
try "then, too" [ "$(ls -A "$STATE")" = "$(basename "$(stored)")" ]
chmod 0777 "$STATE" && rm "$STATE"/*
try "a folder that others may write" dockfw 0 --repair -q
try "is not written" says 'others may write to the folder'
chmod 0700 "$STATE"
chown 12345:12345 "$STATE"
try "a folder of a system user" dockfw 0 --repair -q
try "the file is that user's" [ "$(stat -c %u:%g:%a "$(stored)")" = 12345:12345:600 ]
backdated truncate -s 0 "$CONF"
try "and is read" dockfw 2 --check
chmod 0770 "$STATE"
try "unless others may write to the folder" dockfw 2 --check
try "which is said, too" says 'cannot be used: it belongs to another user'
rm -rf "$STATE"
try "another folder" gives 2 "$DOCKFW" -f "$CONF" -b nft --check --state-folder "$WORK/states"
restore
iptables-nft -F DOCKER-USER
try "something is missing with another folder" gives 2 "$DOCKFW" -f "$CONF" -b nft --check --state-folder "$WORK/it's"
command=$(sed -n "s|.* rule-missing: run: dockfw-check|'$DOCKFW'|p" "$WORK/out")
try "the remedy" gives 0 eval "$command"
try "is for that folder" [ -f "$WORK/it's/$(basename "$(stored)")" ]
backdated append 'nonsense' && rm -rf "$STATE"
try "an error, with another folder" gives 2 "$DOCKFW" -f "$CONF" -b nft --check --state-folder "$WORK/it's"
try "names the file in it" says "the last good configuration \(.* UTC, $WORK/it's/$(basename "$(stored)")\) is checked"
restore
ln -s "$WORK/unmounted" "$WORK/linked"
try "a link to a folder that is not there: a repair" gives 0 "$DOCKFW" -f "$CONF" -b nft --repair --state-folder "$WORK/linked"
try "reports that nothing is stored" says "cannot be stored as the last good one in '$WORK/linked': it is a link to a folder that is not there"
backdated append 'nonsense {'
try "the link, and a broken configuration" gives 3 "$DOCKFW" -f "$CONF" -b nft --check --state-folder "$WORK/linked"
try "one may be stored there" says "no last good configuration of '$CONF' can be used"
restore
try "is made" gives 0 "$DOCKFW" -f "$CONF" -b nft --repair --state-folder "$WORK/states"
try "and used" [ -f "$WORK/states/$(basename "$(stored)")" ]
mkdir -p "$WORK/etc" && cp "$CONF" "$WORK/etc/other.conf" && ln -s other.conf "$WORK/etc/link.conf"
relative() {
	(cd "$WORK/etc" && gives 0 "$DOCKFW" -f dockfw.conf -b nft --repair -q) || return 1
	cp "$(stored)" "$WORK/before" && dockfw 0 --repair -q && cmp "$WORK/before" "$(stored)"
}
try "a relative name stores the same" relative
rm -rf "$STATE"
for ((i = 0; i < 20; i++)); do
	"$DOCKFW" -f "$WORK/etc/link.conf" -b nft --repair -q >>"$WORK/many" 2>&1 &
done
wait
try "20 at once" [ ! -s "$WORK/many" ]
try "store one file, named after what the link leads to" \
	[ "$(ls -A "$STATE")" = "$(basename "$(CONF=$WORK/etc/other.conf stored)")" ]

# ---- a file that is being written ----

restore
dockfw 0 --repair -q
rules >"$WORK/rules"
: >"$CONF"
(sleep 0.1 && cat "$WORK/good/dockfw.conf" >"$CONF") &
try "the moment between two writes is not read" dockfw 0 --repair
wait
while :; do : >"$CONF"; sleep 0.1; cat "$WORK/good/dockfw.conf" >"$CONF"; sleep 0.1; done &
writer=$!
try "a file that never stays the same" dockfw 2 --repair --timeout=5
try "is said to change" says "the configuration '$CONF' keeps changing"
kill -KILL "$writer" && wait "$writer" 2>/dev/null
try "and the rules stay" diff "$WORK/rules" <(rules)

# A file that is replaced by one that looks old, as rsync does it, after it was opened.
restore
{ cat "$CONF"; echo 'chain "NEW" { rules = { "-j DROP" } }'; } >"$WORK/new.conf"
touch -d '1 minute ago' "$WORK/new.conf"
replaced() {
	local tries=0
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -P "$CONF" -e trace=read \
		-e inject=read:delay_exit=2000000:when=1 "$DOCKFW" -f "$CONF" --check-config -v >"$WORK/out" &
	# The file is open while the first read is delayed.
	until [ -n "$(find /proc/[0-9]*/fd -lname "$CONF" 2>/dev/null)" ]; do
		[ $((tries += 1)) -lt 200 ] || return 1
		sleep 0.01
	done
	mv "$WORK/new.conf" "$CONF"
	wait $! && grep -q 'chain "NEW"' "$WORK/out"
}
try "a file that is replaced while it is read" replaced

# ---- every cut point: tests/unit/last_good.c has all of them, these are for the program ----

restore
dockfw 0 --repair -q
"$DOCKFW" --check-config -v -f "$CONF" >"$WORK/whole"
cuts() {
	local size broken=0 same=0
	for ((size = 0; size < $(stat -c %s "$WORK/good/dockfw.conf"); size += 7)); do
		head -c "$size" "$WORK/good/dockfw.conf" >"$CONF"
		touch -d '1 minute ago' "$CONF"
		if dockfw 2 --check --format=json >/dev/null; then
			says '"id": "configuration-broken"' || return 1
			broken=$((broken + 1))
		else
			dockfw 0 --check && "$DOCKFW" --check-config -v -f "$CONF" | diff "$WORK/whole" - || return 1
			same=$((same + 1))
		fi
	done
	[ "$broken" -gt 20 ]
}
try "a file that is cut off anywhere" cuts

# ---- without a last good one, a wrong rule costs one rule ----

restore
rm -rf "$STATE"
sed -i 's/-s 203.0.113.123 -j RETURN/-m nosuch -j RETURN/' "$CONF"
backdated true
rules >"$WORK/rules"
try "a wrong rule" silent dockfw 2 --repair
try "does not change what is in force" diff "$WORK/rules" <(rules)
clear_tables
load docker-28.5
try "with nothing in force" dockfw 2 --repair
try "costs one rule" [ "$(iptables-nft -S OFFICE | tail -n +2)" = '-A OFFICE -m comment --comment dockfw -j DROP' ]
try "which is reported" says "critical  configuration-broken .*dockfw.conf:4: .*nosuch.*; no last good configuration can be used: the other rules are in force in chains that hold none of this program"
try "and is not the last good one" [ ! -e "$STATE" ]

# ---- a rule that no configured family can hold ----

restore
backdated in_place 'families = { "ipv6" } publish "80/tcp" { allow = { "192.0.2.1" } }
chain "DOCKER-USER" { rules = { "-4 -j DROP", "-s 192.0.2.1 -j DROP", "-m recent --name x --rcheck --mask 255.255.255.255 -j DROP" } }'
try "a rule that no configured family can hold" gives 0 "$DOCKFW" -f "$CONF" --check-config -q
try "is reported" says "dockfw.conf:2: no configured family can hold this rule, only IPv4: left out; put -4 before it"
try "and no other one is" [ "$(grep -c 'left out' "$WORK/err")" = 1 ]
backdated in_place 'publish "80/tcp" { allow = { "::ffff:192.0.2.1", "2001:db8::1" } }'
try "an address that no packet has" gives 0 "$DOCKFW" -f "$CONF" --check-config -q
try "is noted" says "dockfw.conf:1: 'allow': \"::ffff:192.0.2.1\" is an IPv4 address written as one of IPv6, from which no packet comes: write it as IPv4$"
try "and no other one is" [ "$(grep -c "'allow'" "$WORK/err")" = 1 ]

# ---- what was meant ----

backdated in_place 'publish "80/tcp" { allow = { "192.0.2.1/24" } }
chain "DOCKER-USER" { rules = {
"-s 10.1.2.3/8,10.0.0.1,10.0.0.0/8,10.0.0.0/255.0.0.0 -d 172.17.0.1/16 -j DROP",
"-s 2001:db8::1/64 -j DROP" } }'
noted() {
	gives 0 "$DOCKFW" -f "$CONF" --check-config -q && diff - "$WORK/err" <<-END
	dockfw-check: $CONF:1: '192.0.2.1/24' is the whole network 192.0.2.0/24: write it so, or the address without its prefix length
	dockfw-check: $CONF:3: '10.1.2.3/8' is the whole network 10.0.0.0/8: write it so, or the address without its prefix length
	dockfw-check: $CONF:3: '172.17.0.1/16' is the whole network 172.17.0.0/16: write it so, or the address without its prefix length
	dockfw-check: $CONF:4: '2001:db8::1/64' is the whole network 2001:db8::/64: write it so, or the address without its prefix length
	END
}
try "an address that is written for its network is noted" noted
backdated in_place 'chain "DOCKER-USER" { rules = {
"iptables -A DOCKER-USER -i ens3 -j DROP",
"-p tcp -dport 80 -j DROP" } }'
try "rules that are hardly right" gives 3 "$DOCKFW" -f "$CONF" --check-config
try "a pasted command is named with its options" says "dockfw.conf:2: .*options: '-i ens3 -j DROP'$"
try "one dash with the option that was meant" says "dockfw.conf:3: .*; '-dport' needs two dashes: write '--dport'$"
rm -rf "$STATE"
try "a check without a last good one" dockfw 2
try "has it in its finding" grep -qF "options: '-i ens3 -j DROP'" "$WORK/out"
for KIND in nft legacy; do
	load docker-28.5
	backdated in_place 'chain "DOCKER-USER" { rules = { "-j MASQUERADE" } }'
	try "$KIND: a target of another table" gives 3 "$DOCKFW" -f "$CONF" -b "$KIND" --check-config
	try "$KIND: is named with its table" says "\\(IPv4\\): .*; target 'MASQUERADE' is only for the table nat$"
done
chmod 711 "$WORK"
try "whoever may not try it" gives 0 setpriv --reuid 65534 --regid 65534 --clear-groups "$DOCKFW" -f "$CONF" --check-config
try "is warned once" [ "$(grep -c "dockfw.conf:1: '-j MASQUERADE': the kernel takes the target 'MASQUERADE' only in the table nat$" "$WORK/err")" = 1 ]
finish
