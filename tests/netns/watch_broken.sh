#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # for the scripts that are sourced
# --watch and a configuration that breaks: what is in force stays, and to mend any of its files
# puts the new one in force.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

KIND=nft
head='outside = { "ens3" }'
open='publish "80/tcp" { allow = { "203.0.113.123", "203.0.113.200" } }'
shut='publish "80/tcp" { allow = { "203.0.113.123" } }'
let_in() { reaches "$outsider" 198.51.100.10; }
shut_out() { refused "$outsider" 198.51.100.10; }
# A file is replaced at once, or the watch would read it twice.
put() { printf '%s\n' "${@:2}" >"$WORK/new" && mv "$WORK/new" "$1"; }
fresh() {
	clear_tables
	rm -rf /var/lib/dockfw "${WORK:?}/etc"
	load docker-28.5 && load docker-28.5.ipv6 ip6tables && mkdir -p "$WORK/etc/conf.d"
	CONF=$WORK/etc/dockfw.conf part=$WORK/etc/conf.d/a.conf
}

hosts_up
# ---- included files ----
typo() { put "$part" 'publish "80/tcp" { alow }'; }
cut_off() { put "$part" 'publish "80/tcp" {'; }
writable() { put "$part" "$shut" && chmod 666 "$part"; }
of_another() { put "$part" "$shut" && chown 4242 "$part"; }
missing() { rm "$part"; }
dangling() { ln -sf "$WORK/nowhere" "$part"; }
fifo() { rm "$part" && mkfifo "$part"; }
rewritten() { put "$part" "$shut"; }
chmod_back() { chmod 644 "$part"; }
chown_back() { chown 0 "$part"; }
# mended INCLUDED BREAK MEND
mended() {
	fresh
	put "$part" "$open" && put "$CONF" "$head" "include(\"$1\")"
	try "$1: a watch" watch
	try "$1: it lets the client in" let_in
	$2
	try "$1: $2: is reported" until_true grep -q 'the configuration that is in force stays\|in force instead' "$WORK/reported"
	sleep 1 # it has read what there is
	try "$1: $2: nothing is shut yet" let_in
	$3
	try "$1: $2: once it is mended, it is in force" until_true shut_out
	try "$1: that watch ends" stop
}
for pair in typo:rewritten cut_off:rewritten missing:rewritten dangling:rewritten fifo:rewritten \
	writable:chmod_back of_another:chown_back; do
	mended conf.d/a.conf "${pair%:*}" "${pair#*:}"
	# A pattern that matches nothing is no error.
	[ "${pair%:*}" = missing ] || mended 'conf.d/*.conf' "${pair%:*}" "${pair#*:}"
done

fresh
put "$WORK/etc/one" "$open" && put "$WORK/etc/two" "$shut" && ln -s ../one "$part"
put "$CONF" "$head" 'include("conf.d/a.conf")'
try "a watch of a file that includes a link by name" watch
try "the client is let in" let_in
swap() { ln -s ../two "$WORK/link" && mv -T "$WORK/link" "$part"; }
try "the link leads elsewhere" swap
try "and what it leads to is in force" until_true shut_out
try "that watch ends as well" stop

# ---- what is in force was never stored ----
# STATUS of systemd's protocol, line by line, to $WORK/status.
notified='
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as out:
    while True:
        out.write(s.recv(4096).decode() + "\n")'
python3 -c "$notified" "$WORK/notify" "$WORK/status" &
export NOTIFY_SOCKET=$WORK/notify
until_true test -S "$WORK/notify"
status() { tail -n 1 "$WORK/status" | grep -q "STATUS=$1;"; }
broken='"configuration-broken"'
config() { put "$CONF" "$head" 'docker-recovery = "none"' "$@"; }
# never_stored NAME: what keeps the next configuration from being stored has happened.
never_stored() {
	config "$shut" "${@:2}"
	try "$1: a newer one is in force" until_true shut_out
	sleep 2 # it has been read twice, and looked at
	no_events
	config "$shut" "${@:2}" 'publish "81/tcp" { alow = { "203.0.113.123" } }'
	try "$1: a typo is reported" until_true grep -q 'alow.*; the configuration that is in force stays' "$WORK/reported"
	try "$1: in an event" event ".event == \"wrong\" and (.findings | any(.id == $broken))"
	try "$1: and in the status" until_true status CRITICAL
	ipt -F DOCKER-USER
	try "$1: it goes on repairing" event '.event == "repaired"'
	try "$1: by what was in force" shut_out
	try "$1: and calls nothing right" gives 1 grep -q '"event":"right"' "$WORK/events"
	config "$shut" "${@:2}" 'publish "81/tcp" { allow = { "203.0.113.123" } }'
	try "$1: it is mended" event "any(.edits[]; (.rule // \"\") | contains(\"--ctorigdstport 81\"))"
	try "$1: the client stays out" shut_out
	try "$1: the watch ends" stop
}
holds() { let_in; }
begun() { fresh && config "$open" && watch && until_true eval 'ls /var/lib/dockfw/*.conf'; }
try "a watch whose state folder cannot be written" begun
mount --bind /var/lib/dockfw /var/lib/dockfw && mount -o remount,ro,bind /var/lib/dockfw
never_stored "read-only"
umount /var/lib/dockfw
try "a watch of a rule that the kernel refuses" begun
never_stored "refused" 'chain "DOCKER-USER" { rules = { "-m set --match-set nosuch src -j DROP" } }'
try "a watch that finds Docker's chains incomplete" begun
try "dockerd runs" dockerd
ip6tables-nft -F FORWARD && ip6tables-nft -F DOCKER-FORWARD
try "which is reported" event 'any(.findings[]; .id == "docker-chains-missing")'
no_events
ipt -F DOCKER-USER
try "a flush is repaired" event '.event == "repaired" and any(.findings[]; .id == "rule-missing")'
try "and no event calls the chains repaired" gives 1 \
	jq -es 'any(.[]; .event == "repaired" and any(.findings[]; .id == "docker-chains-missing"))' "$WORK/events"
config "$shut"
try "a newer one is in force" until_true shut_out
stored() { grep -rq '"81/tcp"' /var/lib/dockfw; }
config "$shut" 'publish "81/tcp" { allow = { "203.0.113.123" } }'
try "and stored, since it does not depend on them" until_true stored
try "the watch ends" stop
end "$dockerd"

try "a watch without a last good configuration" begun
rm -f /var/lib/dockfw/*.conf && no_events
put "$CONF" 'garbage {'
try "a broken file is an event" event ".event == \"wrong\" and (.findings | any(.id == $broken))"
try "and critical" until_true status CRITICAL
config "$open"
try "once it is mended, all is right" event '.event == "right"'
try "and the status says so" until_true status OK
try "it ends" stop
finish
