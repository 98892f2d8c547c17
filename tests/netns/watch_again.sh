#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A watch leaves its copy of Docker's chains for the next one: what is lost while none runs comes
# back as well, but nothing of another dockerd, and nothing from a file that others may write.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

copy=/run/dockfw/watch/docker-chains
translations() { "iptables-$KIND" -t nat -S | grep -c DNAT; }
there() { [ "$(translations)" != 0 ]; }
gone() { ! there; }
killed() { kill -KILL "$watch" && ! wait "$watch"; } 2>/dev/null
# A copy is taken a second after the last write.
stored() { until_true [ -s "$copy" ] && until_true jq -e ".dockerd == $dockerd" "$copy"; }
# Nothing comes back in longer than dockerd has for it.
nothing_back() { sleep 6 && gone && ! jq -es 'any(.[]; .event == "restored")' "$WORK/events"; }
lost_between() { killed && ipt -t nat -F; }
# The next watch, with what was lost before it.
next() {
	: >"$WORK/events"
	"$DOCKFW" -f "$CONF" -b "$KIND" --watch --format=json "$@" >>"$WORK/events" 2>"$WORK/reported" &
	watch=$!
	event '.event == "wrong"'
}

# not_used WHY NAME COMMAND…: what the command makes of the file is reported at -v, and no more.
not_used() {
	local why=$1 name=$2
	shift 2
	cp "$copy" "$WORK/copy"
	"$@" || not_ok "$name"
	try "$name: the next watch starts" next -v
	try "$name: is reported at -v" until_true grep -q "'$copy' is not used: .*$why" "$WORK/reported"
	# A second of quiet is not over: it has not stored anything.
	killed
	rm -f "$copy" && cp "$WORK/copy" "$copy" && chmod 644 "$copy"
}
writable() { chmod 666 "$copy"; }
of_another() { chown 4242 "$copy"; }
linked() { mv "$copy" "$WORK/elsewhere" && ln -s "$WORK/elsewhere" "$copy"; }
cut_off() { truncate -s -100 "$copy"; }
of_nothing() { echo '{}' >"$copy"; }

hosts_up
for KIND in nft legacy; do
	clear_tables
	rm -rf /run/dockfw
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	two_rules
	listen=0.0.0.0 port=80 proxies=()
	try "$KIND: dockerd" dockerd
	try "$KIND: a docker-proxy" proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80
	try "$KIND: the watch starts" watch
	try "$KIND: its copy is stored" stored
	try "$KIND: only for its user" [ "$(stat -c '%a %u' ${copy%/*})" = "700 0" ]
	try "$KIND: killed, and then a flush" lost_between
	try "$KIND: nothing is there" gone
	try "$KIND: the next watch starts" next
	try "$KIND: it brings back what was lost" event '.event == "restored"'
	try "$KIND: the port works" until_true reaches "$allowed" 198.51.100.10
	try "$KIND: for nobody else" refused "$outsider" 198.51.100.10
	if [ "$KIND" = nft ]; then
		try "files: lost while no watch runs" lost_between
		not_used 'others may write it' "others may write the file" writable
		not_used 'others may write it' "the file is another user's" of_another
		not_used '' "a link" linked
		not_used 'it is not JSON' "the file is cut off" cut_off
		not_used "it is not a copy of Docker's chains" "no copy" of_nothing
		writable
		try "a file that others may write: the next watch starts" next
		try "a file that others may write: nothing comes back" nothing_back
		try "a file that others may write: the watch ends" stop
		rm -f "$copy" && cp "$WORK/copy" "$copy" && chmod 644 "$copy"
		try "the file as it was: the next watch starts" next
		try "the file as it was: it comes back" event '.event == "restored"'
		try "the file as it was: all of it" until_true there
	fi

	# ---- another dockerd ----
	try "$KIND: lost while no watch runs" lost_between
	end "$dockerd"
	try "$KIND: another dockerd" dockerd
	try "$KIND: the next watch starts" next
	try "$KIND: nothing of the one before comes back" nothing_back
	try "$KIND: the watch ends" stop
	end "$dockerd" "${proxies[@]}"
done

# ---- it cannot be stored ----
clear_tables
rm -rf /run/dockfw && : >/run/dockfw
load docker-28.5
try "no folder: dockerd" dockerd
try "no folder: the watch starts" watch
try "no folder: is reported" until_true grep -q "cannot create '/run/dockfw/watch'" "$WORK/reported"
try "no folder: with what follows from it" until_true grep -q "while no watch runs cannot be brought back" "$WORK/reported"
ipt -t nat -F
try "no folder: the watch itself brings back what is lost" event '.event == "restored"'
try "no folder: it was reported once" [ "$(grep -c 'cannot create' "$WORK/reported")" = 1 ]
try "no folder: the watch ends" stop
end "$dockerd"
finish
